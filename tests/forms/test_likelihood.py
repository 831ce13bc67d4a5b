import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.stats import multivariate_normal

from forms.planted import angles, monotone, plant
from sparsekin.forms import em, likelihood
from sparsekin.forms.block import make_block
from sparsekin.forms.compress import compressible
from sparsekin.forms.decode import code_covariance, expected_codes
from sparsekin.forms.likelihood import solve_likelihood
from sparsekin.forms.problem import make_problem
from sparsekin.forms.rows import find_patterns

SMALL = {"n": 60, "widths": (4, 8, 6), "d": 2}


def two_sites(n):
    return make_block(np.column_stack([np.arange(n) < n // 2, np.arange(n) >= n // 2]).astype(float))


def problems():
    """Complete, with gaps, without Z, and with an H of one dimension."""
    full, gaps = plant(0, missing=0.0, **SMALL).blocks, plant(1, missing=0.2, **SMALL).blocks
    return {
        "complete": make_problem(*full, 2, ridge=1.0),
        "gaps": make_problem(*gaps, 2, ridge=1.0),
        "no Z": make_problem(*gaps[:2], make_block(np.empty((60, 0))), 2, ridge=1.0),
        "two sites": make_problem(*gaps[:2], two_sites(60), 2, ridge=1.0),
    }


@pytest.fixture(params=["complete", "gaps", "no Z", "two sites"])
def problem(request):
    return problems()[request.param]


def some_parameters(problem, rng):
    m = len(problem.free)
    loadings = [rng.standard_normal((block.width, problem.d)) for block in problem.blocks]
    loadings[1][:, problem.rank_x :] = 0.0
    loadings[2][:, : problem.d - problem.rank_z] = 0.0
    D = [rng.uniform(0.2, 2.0, block.width) for block in problem.blocks]
    means = tuple(rng.standard_normal(block.width) * problem.gaps for block in problem.blocks)
    return em.Parameters(tuple(loadings), tuple(D), rng.standard_normal((m, m)), means)


def direct(problem, now):
    """-2 log L without its constant, and the prior, row by row."""
    d, free = problem.d, problem.free
    alpha, beta, u = now.loadings
    M = np.vstack([np.hstack([alpha, alpha]), block_diag(beta, u)])[:, free]
    D = np.concatenate(now.D)
    table = np.hstack([block.values for block in problem.blocks]) - np.concatenate(now.means)
    seen = np.hstack([np.ones(b.values.shape) if b.seen is None else b.seen for b in problem.blocks]) > 0
    S = M @ now.root @ now.root.T @ M.T + np.diag(D)
    total = 0.0
    for row, here in zip(table, seen, strict=True):
        if here.any():
            log = multivariate_normal(cov=S[np.ix_(here, here)]).logpdf(row[here])
            total += -2 * log - here.sum() * np.log(2 * np.pi)
    v = np.repeat(np.maximum(problem.noise, em.LEAST), [block.width for block in problem.blocks])
    assert d == problem.d
    return total + em.PRIOR * np.sum(np.log(D) + v / D)


def test_what_is_minimised_is_the_likelihood(problem):
    now = some_parameters(problem, np.random.default_rng(0))
    found = em.expect(problem, now, find_patterns(problem.blocks))
    assert found.value == pytest.approx(direct(problem, now), rel=1e-9)


def test_batches_of_patterns_do_not_matter(monkeypatch):
    problem = problems()["gaps"]
    now, patterns = some_parameters(problem, np.random.default_rng(0)), find_patterns(problem.blocks)
    at_once = em.expect(problem, now, patterns)
    monkeypatch.setattr(em, "_BATCH", 70)
    apart = em.expect(problem, now, patterns)
    assert apart.value == pytest.approx(at_once.value, rel=1e-12)
    np.testing.assert_allclose(apart.second, at_once.second, rtol=1e-10, atol=1e-10)
    for one, other in zip(apart.grams, at_once.grams, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


def test_a_step_lowers_it_from_anywhere(problem):
    patterns = find_patterns(problem.blocks)
    for seed in range(5):
        now, values = some_parameters(problem, np.random.default_rng(seed)), []
        for _ in range(8):
            found = em.expect(problem, now, patterns)
            values.append(found.value)
            now = em.maximise(problem, now, found)
        assert (np.diff(values) < 0).all()


def test_the_end_is_a_minimum(problem):
    """No small change of a loading, a variance or the covariance of codes lowers what is minimised."""
    course = likelihood.best_course(problem, True, 3, 200, 1e-5, None, None)[0]
    start, patterns = em.first_parameters(course.problem, course.point), find_patterns(problem.blocks)
    now, trace, _ = likelihood.run(course.problem, start, patterns, 8000, 1e-12)
    best, rng = em.expect(course.problem, now, patterns).value, np.random.default_rng(0)
    for _ in range(30):
        loadings = tuple(L + 1e-3 * rng.standard_normal(L.shape) * (L != 0) for L in now.loadings)
        D = tuple(
            np.maximum(D * np.exp(1e-3 * rng.standard_normal(D.shape)), least)
            for D, least in zip(now.D, em.LEASTS, strict=True)
        )
        means = tuple(m + 1e-3 * rng.standard_normal(m.shape) * problem.gaps for m in now.means)
        root = now.root @ (np.eye(len(now.root)) + 1e-3 * rng.standard_normal(now.root.shape))
        assert em.expect(course.problem, em.Parameters(loadings, D, root, means), patterns).value > best
    assert (np.diff(trace) <= 1e-10 * abs(best)).all()


def test_the_trace_never_rises(problem):
    found = solve_likelihood(problem)
    assert found.status == "converged"
    assert monotone(found, problem)
    assert found.objective == pytest.approx(found.trace[-1], rel=1e-9)


def test_compressed_rows_lead_to_the_same_fit(monkeypatch):
    problem = make_problem(*plant(3, n=300, widths=(4, 10, 6), d=2, missing=0.0).blocks, 2, ridge=1.0)
    assert compressible(problem)
    few = solve_likelihood(problem, tolerance=1e-11)
    monkeypatch.setattr(likelihood, "compressible", lambda problem: False)
    every = solve_likelihood(problem, tolerance=1e-11)
    np.testing.assert_allclose(few.column_noise, every.column_noise, rtol=1e-3)
    np.testing.assert_allclose(few.codes_fixed, every.codes_fixed, atol=2e-2)
    np.testing.assert_allclose(code_covariance(few), code_covariance(every), atol=1e-2)


def test_codes_of_the_fit_are_those_expected_from_its_rows(problem):
    found = solve_likelihood(problem)
    K, H = expected_codes(found, problem.around(problem.split(found.means)).blocks)
    np.testing.assert_allclose(K, found.codes_fixed, atol=1e-6)
    np.testing.assert_allclose(H, found.codes_random, atol=1e-6)


def test_variances_of_columns_are_found():
    planted = plant(4, n=2000, widths=(6, 20, 10), d=2, missing=0.05)
    blocks = planted.blocks
    found = solve_likelihood(make_problem(*blocks, 2, ridge=1.0))
    truth = np.concatenate([
        np.mean(((full - signal) / block.scale) ** 2, axis=0)
        for full, signal, block in zip(planted.full, planted.signal, blocks, strict=True)
    ])  # fmt: skip
    np.testing.assert_allclose(found.column_noise, truth, rtol=0.2)
    assert max(angles(found, planted, blocks)) < 2.5


def test_ctrl_c_keeps_the_best_so_far(monkeypatch):
    calls = []

    def stop(problem, now, found, whole=em.maximise):
        calls.append(1)
        if len(calls) > 4:
            raise KeyboardInterrupt
        return whole(problem, now, found)

    monkeypatch.setattr(likelihood, "maximise", stop)
    found = solve_likelihood(problems()["gaps"])
    assert found.status == "interrupted"
    assert len(found.trace) == 5
    assert np.isfinite(found.alpha).all()
    assert solve_likelihood(problems()["gaps"], max_sweeps=3).status == "interrupted"


def test_sweep_limit_is_reported():
    found = solve_likelihood(problems()["gaps"], max_sweeps=3, tolerance=0.0)
    assert found.status == "sweep limit"
