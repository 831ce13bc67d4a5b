"""Values of given supports: each is the least squares of one stacked system, and at inf one regression of all rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from oracles.instances import blocks_of, problem_of
from sparsekin.l0.problem import objective
from sparsekin.l0.tied import tied_solution
from sparsekin.l0.values import products, values

RIDGES, LINKS = np.array([0.05, 0.4]), np.array([0.0, 0.1, 3.0, np.inf])


def made(seed: int, q: int = 0, weighted: bool = False, intercept: bool = True):
    rng = np.random.default_rng(seed)
    n = (25, 18, 30)
    X = [5 + rng.standard_normal((m, 6)) * np.array([1, 3, 0.1, 1, 1, 10]) for m in n]
    keep = [rng.standard_normal((m, q)) * 7 + 2 for m in n] if q else None
    y = [x @ rng.standard_normal(6) + 4 * k + rng.standard_normal(len(x)) for k, x in enumerate(X)]
    weights = [rng.uniform(0.2, 2, m) * (np.arange(m) != 3) for m in n] if weighted else None
    blocks = blocks_of(X, y, weights, keep, intercept)
    rows = blocks.weight_sums
    return problem_of(blocks, 3, mode="pooled", task_weights=rows * 3 / rows.sum())


def stacked(problem, support, ridge: float, link: float):
    """Slopes (p, K) and always-in coefficients (q, K), user's scale, by least squares of rows of our own."""
    blocks, K, p, q = problem.blocks, 3, 6, problem.blocks.keep.shape[1]
    n, W = blocks.weight_sums, problem.task_weights
    ws = [np.ones(len(y)) if w is None else w for y, w in zip(blocks.y, blocks.weights, strict=True)]
    kept = [blocks.keep_of(k) for k in range(K)]
    centred = [Z - np.average(Z, axis=0, weights=w) * blocks.intercept for Z, w in zip(kept, ws, strict=True)]
    keep_sd = np.sqrt(sum(W[k] / n[k] * (ws[k] @ centred[k] ** 2) for k in range(K)) / W.sum())
    sd = np.concatenate([keep_sd, problem.standard.scale[:, 0]])
    z, rows, right = q + p, [], []
    for k in range(K):
        one = [np.ones((len(ws[k]), 1))] if blocks.intercept else [np.empty((len(ws[k]), 0))]
        block = np.zeros((len(ws[k]), K * z + K))
        block[:, k * z : (k + 1) * z] = np.column_stack([blocks.keep_of(k), blocks.X_of(k)]) / sd
        block[:, K * z + k] = one[0][:, 0] if blocks.intercept else 0.0
        root = np.sqrt(ws[k] * W[k] / n[k])
        rows.append(block * root[:, None])
        right.append(blocks.y[k] * root)
    for k in range(K):
        for j in range(z):
            row = np.zeros(K * z + K)
            row[k * z + j] = np.sqrt(ridge if j >= q else 0.0)
            rows.append(row[None])
            row = np.zeros(K * z + K)
            row[j : K * z : z] = -np.sqrt(link) / K
            row[k * z + j] += np.sqrt(link)
            rows.append(row[None])
    A, r = np.vstack(rows), np.concatenate([*right, np.zeros(2 * K * z)])
    free = np.concatenate([np.concatenate([np.ones(q, bool), support[:, k]]) for k in range(K)] + [np.ones(K, bool)])
    found = np.zeros(len(free))
    found[free] = np.linalg.lstsq(A[:, free], r, rcond=None)[0]
    coef = (found[: K * z].reshape(K, z) / sd).T
    return coef[q:], coef[:q]


SUPPORTS = [
    np.ones((6, 3), bool),
    np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 0], [1, 1, 1], [0, 0, 1]], bool),
    np.zeros((6, 3), bool),
]


@pytest.mark.parametrize("support", SUPPORTS, ids=["all", "some", "none"])
@pytest.mark.parametrize(("q", "weighted", "intercept"), [(0, False, True), (2, True, True), (1, False, False)])
def test_finite_links_against_one_least_squares(support, q, weighted, intercept):
    problem = made(1, q, weighted, intercept)
    one = values(products(problem, np.arange(6)), support, RIDGES, LINKS)
    for i, ridge in enumerate(RIDGES):
        for j, link in enumerate(LINKS[:-1]):
            coef, keep = stacked(problem, support, ridge, link)
            at = i * len(LINKS) + j
            np.testing.assert_allclose(one.coef[at], coef[one.columns], atol=1e-6 * max(abs(coef).max(), 1))
            np.testing.assert_allclose(one.keep_coef[at], keep, atol=1e-6 * max(abs(keep).max(initial=0), 1))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("q", [0, 2])
def test_at_infinity_one_regression_with_an_intercept_per_task(q, weighted):
    problem = made(2, q, weighted)
    blocks = problem.blocks
    support = np.zeros((6, 3), bool)
    support[[0, 4]] = True
    one = values(products(problem, np.array([0, 2, 4])), support, np.zeros(1), np.array([np.inf]))
    codes = np.repeat(np.arange(3), [len(y) for y in blocks.y])
    Z = np.column_stack([codes == k for k in range(3)] + [blocks.keep, blocks.X[:, [0, 4]]]).astype(float)
    w = np.concatenate([np.ones(len(y)) if v is None else v for y, v in zip(blocks.y, blocks.weights, strict=True)])
    fitted = sm.WLS(np.concatenate(blocks.y), Z, w).fit().params
    np.testing.assert_allclose(one.intercept[0], fitted[:3], rtol=1e-4)
    np.testing.assert_allclose(one.keep_coef[0], np.repeat(fitted[3 : 3 + q, None], 3, 1), rtol=1e-4)
    np.testing.assert_allclose(one.coef[0], np.repeat(fitted[3 + q :, None], 3, 1), rtol=1e-4)


def test_a_column_that_one_task_leaves_out_is_out_at_infinity():
    problem = made(3)
    one = values(products(problem, np.arange(6)), SUPPORTS[1], np.array([0.1]), np.array([1e9, np.inf]))
    np.testing.assert_allclose(one.coef[0], one.coef[1], atol=1e-5)
    assert set(one.columns[one.coef[1].any(axis=1)]) == {4}


def test_more_columns_than_rows_are_fitted_with_the_least_ridge():
    rng = np.random.default_rng(0)
    blocks = blocks_of([rng.standard_normal((5, 8)) for _ in range(2)], [rng.standard_normal(5) for _ in range(2)])
    problem = problem_of(blocks, 8, mode="pooled")
    one = values(products(problem, np.arange(8)), np.ones((8, 2), bool), np.zeros(1), np.array([0.0, 1.0]))
    assert np.isfinite(one.coef).all()


@pytest.mark.parametrize("q", [0, 2])
def test_tied_solutions_are_least(q):
    problem = made(4, q)
    support = SUPPORTS[1]
    problem = replace(problem, lambda_1=0.05, lambda_2=0.7, lambda_z=0.02)
    found = tied_solution(problem, support)
    if q == 0:
        assert found.objective == pytest.approx(objective(problem, found.coef_standardized, support), rel=1e-9)
    else:
        assert found.objective >= objective(problem, found.coef_standardized, support)
    coef, keep = stacked(problem, support, 0.05, 0.7)
    np.testing.assert_allclose(found.coef, coef, atol=1e-6)
    np.testing.assert_allclose(found.keep_coef, keep, atol=1e-6)


def test_pooled_values_are_one_vector_where_a_column_is_constant_in_a_task():
    rng = np.random.default_rng(0)
    X = [rng.standard_normal((20, 2)) * 5 for _ in range(2)]
    X[1][:, 1] = 3.0
    blocks = blocks_of(X, [x.sum(axis=1) for x in X])
    problem = problem_of(blocks, 2, mode="pooled")
    found = values(products(problem, np.arange(2)), np.ones((2, 2), bool), np.zeros(1), np.array([np.inf]))
    np.testing.assert_allclose(found.coef[0], 1.0, atol=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
def test_without_columns_values_are_the_means(weighted):
    problem = made(0, weighted=weighted)
    none = products(problem, np.empty(0, np.int64))
    one = values(none, np.zeros((6, 3), bool), RIDGES, LINKS)
    assert one.coef.shape == (len(RIDGES) * len(LINKS), 0, 3)
    means = [np.average(y, weights=w) for y, w in zip(problem.blocks.y, problem.blocks.weights, strict=True)]
    np.testing.assert_allclose(one.intercept, np.tile(means, (len(one), 1)))


@pytest.mark.parametrize("q", [0, 2])
def test_many_penalties_at_once_are_each_of_them_alone(q):
    read, support = products(made(6, q), np.arange(6)), SUPPORTS[1]
    ridges, links = np.geomspace(1e-3, 10, 9), np.array([np.inf, 0.0, *np.geomspace(1e-2, 1e3, 9)])
    many = values(read, support, ridges, links)
    for i, (ridge, link) in enumerate((a, b) for a in ridges for b in links):
        one = values(read, support, np.array([ridge]), np.array([link]))
        np.testing.assert_allclose(many.coef[i], one.coef[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(many.keep_coef[i], one.keep_coef[0], rtol=1e-9, atol=1e-12)


def test_without_links_a_column_that_is_constant_in_a_task_has_no_slope_there():
    rng = np.random.default_rng(0)
    X = [rng.standard_normal((20, 3)) for _ in range(2)]
    X[1][:, 1] = 3.0
    problem = problem_of(blocks_of(X, [x.sum(axis=1) for x in X]), 3, mode="pooled")
    found = values(products(problem, np.arange(3)), np.ones((3, 2), bool), RIDGES, np.zeros(1))
    assert (found.coef[:, 1, 1] == 0).all()
    assert ((found.coef != 0).sum(axis=1) == [3, 2]).all()
