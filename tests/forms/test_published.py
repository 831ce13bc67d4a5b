import numpy as np
import pytest

from forms.planted import angles, plant
from sparsekin.forms.problem import Point, make_problem, objective
from sparsekin.forms.published import decode, first_point, published_iteration, refit, soft_threshold
from sparsekin.forms.solve import solve, solve_published
from sparsekin.forms.starts import spectral_loadings

SMALL = {"n": 60, "widths": (4, 8, 6), "d": 2, "missing": 0.0}


def problem_and_point(seed=0, **options):
    problem = make_problem(*plant(seed, **SMALL).blocks, 2, **options)
    return problem, first_point(problem, spectral_loadings(problem, np.random.default_rng(0)))


def test_refit_is_least_squares_on_each_code():
    problem, point = problem_and_point()
    fresh = refit(problem, point)
    for block, codes, loadings in zip(problem.blocks, point.codes, fresh.loadings, strict=True):
        np.testing.assert_allclose(loadings.T, np.linalg.lstsq(codes, block.values, rcond=None)[0], atol=1e-9)


@pytest.mark.parametrize(("block", "place"), [("Y", 0), ("X", 1), ("Z", 2)])
def test_a_decoded_code_is_least_squares_on_the_loadings(block, place):
    problem, point = problem_and_point()
    moved = decode(problem, point, block)
    expected = np.linalg.lstsq(point.loadings[place], problem.blocks[place].values.T, rcond=None)[0].T
    np.testing.assert_allclose(moved.codes[place], expected, atol=1e-9)


def test_it_is_not_a_descent():
    rises = 0
    for seed in range(6):
        problem, point = problem_and_point(seed)
        values = []
        for _ in range(30):
            point, value = published_iteration(problem, point)
            values.append(value)
        rises += bool((np.diff(values) > 1e-9 * values[0]).any())
    assert rises > 0


def test_coordinates_do_not_matter():
    problem, point = problem_and_point(1)
    R = np.array([[2.0, 0.3], [-0.4, 0.5]])
    moved = Point(*point.loadings, point.K @ R, point.H @ R)
    for _ in range(5):
        point, value = published_iteration(problem, point)
        moved, same = published_iteration(problem, moved)
    assert same == pytest.approx(value, rel=1e-8)


def test_als_reaches_a_lower_objective_and_is_nearer_the_truth():
    for seed in (1, 2):
        planted = plant(seed)
        blocks = planted.blocks
        problem = make_problem(*blocks, 3)
        published, als = solve_published(problem), solve(problem, estimate_noise=False)
        assert als.objective < published.objective
        assert max(angles(als, planted, blocks)) < max(angles(published, planted, blocks))


def test_without_a_random_block_h_stays_zero():
    planted = plant(2, n=60, widths=(4, 8, 0), d=2, missing=0.0)
    found = solve_published(make_problem(*planted.blocks, 2))
    assert not found.codes_random.any()
    assert found.objective > 0


def test_soft_threshold():
    np.testing.assert_array_equal(soft_threshold(np.array([-3.0, -1.0, 0.5, 2.0]), 1.0), [-2.0, -0.0, 0.0, 1.0])


def test_reported_objective_is_that_of_the_codes():
    problem, point = problem_and_point(3)
    point, value = published_iteration(problem, point)
    assert value == objective(problem, point)
