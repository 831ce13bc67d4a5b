import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forms.planted import monotone, plant
from sparsekin.forms.em import LEAST
from sparsekin.forms.likelihood import solve_likelihood
from sparsekin.forms.problem import Point, make_problem, misfit
from sparsekin.forms.solve import solve


@st.composite
def problems(draw):
    """Small problems of every kind: wide and narrow blocks, gaps, more dimensions than columns, penalties."""
    widths = (draw(st.integers(1, 5)), draw(st.integers(0, 8)), draw(st.integers(0, 6)))
    d = draw(st.integers(1, max(1, min(3, widths[1] + widths[2]))))
    missing = draw(st.sampled_from([0.0, 0.05, 0.4]))
    planted = plant(
        draw(st.integers(0, 1000)), n=draw(st.integers(8, 40)), widths=widths, d=2,
        noise=draw(st.sampled_from([0.0, 0.3, 3.0])), missing=missing,
    )  # fmt: skip
    orthogonal = draw(st.booleans()) and all(w == 0 or w >= d for w in widths)
    noise = [draw(st.sampled_from([0.05, 1.0, 4.0])) for _ in range(3)]
    ridge = draw(st.sampled_from([0.0, 0.01, 0.1, 5.0]))
    l1 = 0.0 if orthogonal else draw(st.sampled_from([0.0, 2.0])) * (ridge > 0)
    problem = make_problem(*planted.blocks, d, noise=noise, ridge=ridge, l1=l1, orthogonal=orthogonal)
    blocked = (0 < problem.rank_x < d) or (0 < problem.rank_z < d)
    return make_problem(*planted.blocks, d, noise=noise, ridge=ridge, l1=l1, orthogonal=orthogonal and not blocked)


@settings(max_examples=60, deadline=None)
@given(problems(), st.booleans(), st.sampled_from([1e-8, 0.0]))
def test_the_objective_never_rises_within_a_run(problem, estimate, tolerance):
    found = solve(problem, estimate_noise=estimate, starts=2, max_sweeps=60, tolerance=tolerance)
    assert monotone(found, problem)
    assert found.objective <= found.trace[-1] * (1 + 1e-9) + 1e-13 * found.trace[0] + 1e-12
    assert np.isfinite(found.objective)
    assert all(np.isfinite(part).all() for part in (*found.loadings, found.codes_fixed, found.codes_random))


@settings(max_examples=40, deadline=None)
@given(problems())
def test_maximum_likelihood_never_rises(problem):
    assume(problem.rank_x + problem.rank_z >= problem.d)
    free = make_problem(*problem.blocks, problem.d, ridge=problem.ridge)
    found = solve_likelihood(free, starts=2, max_sweeps=40)
    rounding = 1e-13 * sum(block.n_cells for block in free.blocks) / LEAST
    assert (np.diff(found.trace) <= 1e-10 * np.abs(found.trace[:-1]) + rounding).all()
    assert all(np.isfinite(part).all() for part in (*found.loadings, found.codes_fixed, found.codes_random))
    assert (found.column_noise >= LEAST).all()


@settings(max_examples=30, deadline=None)
@given(problems())
def test_the_canonical_form_fits_alike(problem):
    found = solve(problem, estimate_noise=False, starts=1, max_sweeps=30)
    point = Point(*found.loadings, found.codes_fixed, found.codes_random, problem.split(found.means))
    unpenalised = misfit(problem, point) @ (1 / problem.noise)
    assert unpenalised <= found.objective * (1 + 1e-6) + 1e-6


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(30)))
def test_the_order_of_rows_does_not_matter(seed, order):
    planted = plant(seed, n=30, widths=(3, 6, 5), d=2, missing=0.1)
    one = make_problem(*planted.blocks, 2, ridge=1.0)
    from sparsekin.forms.block import make_block

    two = make_problem(*[make_block(table[list(order)]) for table in planted.tables], 2, ridge=1.0)
    a, b = (solve(problem, estimate_noise=False, starts=1, max_sweeps=50) for problem in (one, two))
    assert a.objective == pytest.approx(b.objective, rel=1e-6)
