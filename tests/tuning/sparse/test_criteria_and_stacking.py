import doctest
import math

import numpy as np
import pytest
from scipy.optimize import minimize

from sparsekin import SparseMTL
from sparsekin.tuning.sparse import criteria, stacking
from sparsekin.tuning.sparse.criteria import ebic, support_code
from sparsekin.tuning.sparse.stacking import Stacking, from_triangles, stack, triangle
from tuning.cv_cases import made, prepared


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_ebic_by_hand(gamma):
    truth = made(n_tasks=1)
    res = SparseMTL(truth.y, truth.X, truth.task).fit(3)
    rss, n, p = float((res.resid**2).sum()), 24, 12
    expected = n * math.log(rss / n) + 4 * math.log(n) + 2 * gamma * math.log(math.comb(p, 3))
    found = res.solution
    assert ebic(res.blocks, found.coef, found.intercept, found.keep_coef, gamma) == pytest.approx(expected)


def test_ebic_of_tasks_with_weights_and_kept_columns():
    found = prepared(weighted=True, keep=True)
    blocks, rng = found.blocks, np.random.default_rng(0)
    coef = np.where(rng.random((12, 3)) < 0.3, 1.0, 0.0)
    keep, intercept = np.ones((1, 3)), np.zeros(3)
    expected = 2 * 1.0 * support_code(coef != 0)
    for k in range(3):
        left = blocks.y[k] - blocks.X_of(k) @ coef[:, k] - blocks.keep_of(k) @ keep[:, k]
        mean_square = np.average(left**2, weights=blocks.weights[k])
        expected += 24 * np.log(mean_square) + (np.count_nonzero(coef[:, k]) + 2) * np.log(24)
    assert ebic(blocks, coef, intercept, keep) == pytest.approx(expected)


def test_ebic_counts_the_kept_terms_that_have_a_coefficient():
    truth = made(n_tasks=2)
    dose = truth.X[:, :1]
    kept = np.hstack([dose, 1000 * dose + 3, np.where(truth.task == truth.task[0], 1.0, dose[:, 0])[:, None]])
    found = SparseMTL(truth.y, truth.X[:, 1:], truth.task, keep=kept).fit(0)
    expected = 0.0
    for task in np.unique(truth.task):
        rows = truth.task == task
        A = np.column_stack([np.ones(rows.sum()), dose[rows]])
        rss = np.linalg.lstsq(A, truth.y[rows], rcond=None)[1][0]
        expected += rows.sum() * math.log(rss / rows.sum()) + np.linalg.matrix_rank(A) * math.log(rows.sum())
    solved = found.solution
    assert ebic(found.blocks, solved.coef, solved.intercept, solved.keep_coef) == pytest.approx(expected)


def test_a_model_without_spare_rows_is_never_chosen():
    blocks = prepared(n=8).blocks
    assert ebic(blocks, np.ones((12, 3)), np.zeros(3), np.zeros((0, 3))) == math.inf


def test_the_code_is_short_for_shared_supports_and_never_longer_than_one_by_one():
    def code(*tasks, p=40):
        Z = np.zeros((p, len(tasks)), bool)
        for k, chosen in enumerate(tasks):
            Z[list(chosen), k] = True
        return support_code(Z)

    one = math.log(math.comb(40, 3))
    assert code({0, 1, 2}) == pytest.approx(one)
    assert code({0, 1, 2}, {0, 1, 2}, {0, 1, 2}) == pytest.approx(one)
    assert code({0, 1, 2}, {0, 1, 3}) == pytest.approx(math.log(math.comb(40, 4)) + 2 * math.log(4))
    assert code({0, 1, 2}, {3, 4, 5}, p=6) == pytest.approx(2 * math.log(math.comb(6, 3)))
    assert code(set(), set()) == 0


def test_stacking_solves_its_least_squares():
    rng = np.random.default_rng(0)
    f, w = rng.standard_normal((50, 3)) + 2, rng.uniform(0.2, 2, 50)
    y = f @ [0.7, -0.3, 0.2] - 4 + rng.standard_normal(50)
    found = stack(f, y, w)
    direct = minimize(
        lambda v: w @ (y - v[0] - f @ v[1:]) ** 2, np.ones(4), bounds=[(None, None), *[(0, None)] * 3], tol=1e-14
    )
    np.testing.assert_allclose([found.intercept, *found.weights], direct.x, atol=1e-4)
    assert found.weights[1] == 0
    assert found.intercept < 0
    assert stack(f, y, w, intercept=False).intercept == 0


@pytest.mark.parametrize("intercept", [True, False])
def test_stacking_of_parts_is_that_of_all_rows(intercept):
    rng = np.random.default_rng(0)
    f, y, w = rng.standard_normal((40, 5)), rng.standard_normal(40), rng.uniform(0.2, 2, 40)
    f[:, 4] = f[:, 3]  # two models may be the same
    cuts = [slice(0, 3), slice(3, 4), slice(4, 40)]  # also parts with fewer rows than models
    parts = from_triangles([triangle(f[cut], y[cut], w[cut], intercept) for cut in cuts], intercept)
    whole = stack(f, y, w, intercept)
    np.testing.assert_allclose(f @ parts.weights + parts.intercept, f @ whole.weights + whole.intercept, atol=1e-10)


def test_weights_combine_models():
    combined = Stacking(np.array([0.5, 2.0]), 3.0).combine(np.array([1.0, 2.0]), np.eye(2), np.zeros((0, 2)))
    assert [part.tolist() for part in combined] == [[7.5], [[0.5], [2.0]], []]


@pytest.mark.parametrize("room", [criteria, stacking])
def test_examples(room):
    assert doctest.testmod(room).failed == 0
