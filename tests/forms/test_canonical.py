import numpy as np
import pytest

from forms.planted import plant
from sparsekin.forms.canonical import canonical_rotation, turn
from sparsekin.forms.problem import Point, make_problem, objective
from sparsekin.forms.solve import solve
from sparsekin.forms.starts import random_loadings

SMALL = {"n": 80, "widths": (5, 9, 7), "d": 3}


def test_the_form_is_as_stated():
    found = solve(make_problem(*plant(0, **SMALL).blocks, 3, ridge=0.5))
    total = found.codes_fixed + found.codes_random
    np.testing.assert_allclose(total.T @ total / 80, np.eye(3), atol=1e-8)
    squares = found.alpha.T @ found.alpha
    np.testing.assert_allclose(squares, np.diag(np.diag(squares)), atol=1e-8 * squares.max())
    assert (np.diff(np.diag(squares)) <= 0).all()
    assert (found.alpha[np.abs(found.alpha).argmax(axis=0), range(3)] > 0).all()


@pytest.mark.parametrize("d", [3, 6])
def test_any_coordinates_lead_to_the_same_table(d):
    rng = np.random.default_rng(1)
    problem = make_problem(*plant(1, missing=0.0, **SMALL).blocks, d)
    point = Point(*(rng.standard_normal((w, d)) for w in (5, 9, 7)), *rng.standard_normal((2, 80, d)))
    moved = turn(point, rng.standard_normal((d, d)))
    assert objective(problem, moved) == pytest.approx(objective(problem, point))
    one, two = (turn(p, canonical_rotation(problem, p)) for p in (point, moved))
    for name in ("alpha", "beta", "u", "K", "H"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), atol=1e-5)


def test_two_starts_give_the_same_table():
    problem = make_problem(*plant(2).blocks, 3, ridge=1.0)
    one, two = (solve(problem, tolerance=1e-11, rng=np.random.default_rng(seed)) for seed in (1, 2))
    np.testing.assert_allclose(one.alpha, two.alpha, atol=2e-3)
    np.testing.assert_allclose(one.beta, two.beta, atol=2e-3)
    np.testing.assert_allclose(one.codes_fixed, two.codes_fixed, atol=2e-2)


def test_a_random_start_finds_what_the_spectral_start_finds():
    problem = make_problem(*plant(3).blocks, 3, ridge=1.0)
    rng = np.random.default_rng(7)
    spectral = solve(problem, starts=1, tolerance=1e-11)
    other = solve(problem, first=random_loadings(problem, rng), tolerance=1e-11)
    assert spectral.objective == pytest.approx(other.objective, rel=1e-5)
    np.testing.assert_allclose(spectral.alpha, other.alpha, atol=5e-3)


def test_basis_leads_from_free_coordinates_to_codes():
    found = solve(make_problem(*plant(4, **SMALL).blocks, 3, ridge=0.5))
    codes = np.hstack([found.codes_fixed, found.codes_random])
    g = codes @ np.linalg.pinv(found.basis).T
    np.testing.assert_allclose(g @ found.basis.T, codes, atol=1e-8)


def test_orthogonal_turns_only():
    found = solve(make_problem(*plant(5, **SMALL).blocks, 3, orthogonal=True))
    total = found.codes_fixed + found.codes_random
    gram = total.T @ total
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-7 * gram.max())


def test_l1_keeps_its_zeros():
    problem = make_problem(*plant(6, **SMALL).blocks, 3, ridge=1.0, l1=20.0)
    found = solve(problem, estimate_noise=False)
    assert np.sum(found.beta == 0) > 0
