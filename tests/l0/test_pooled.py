"""lambda_2 = inf is one regression with an intercept per task: against statsmodels, closed forms and enumeration."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import sparse

from oracles.instances import blocks_of
from sparsekin.data.profile import estimable, residualize, unpenalised_basis, unpenalised_coef
from sparsekin.data.standardize import standardize
from sparsekin.l0.exact.bounds import root_bounds
from sparsekin.l0.exact.certify import certify, runners_up
from sparsekin.l0.exact.rounding import relax
from sparsekin.l0.grid import cross, solve_grid
from sparsekin.l0.polish import refit
from sparsekin.l0.pooled import pooled_problem, to_tasks
from sparsekin.l0.problem import make_problem, objective
from sparsekin.l0.solve import solve

SIZES = (25, 40, 31)


def made(seed=0, p=7, q=0, sizes=SIZES, weighted=False, intercept=True):
    """Tasks of different sizes, levels and noise."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(k, 1 + k, (n, p)) for k, n in enumerate(sizes)]
    keep = [rng.normal(50.0, 3.0, (n, q)) for n in sizes]
    y = [
        10 * k + x @ np.r_[1.0, -0.7, 0.4, np.zeros(p - 3)] + rng.normal(0, 1 + k, len(x)) + z.sum(axis=1)
        for k, (x, z) in enumerate(zip(X, keep, strict=True))
    ]
    weights = [rng.integers(0, 4, n).astype(float) for n in sizes] if weighted else None
    return blocks_of(X, y, weights, keep, intercept=intercept)


def tasks_weighed(blocks, how):
    n = blocks.weight_sums
    return {"rows": n * len(n) / n.sum(), "equal": np.ones(len(n)), "odd": 0.3 + np.arange(len(n))}[how]


def pooled_by(blocks, s, how="rows", mode="pooled", scale_outcome=False, **penalties):
    return make_problem(
        blocks, standardize(blocks, mode, scale_outcome), np.full(blocks.n_tasks, s),
        task_weights=tasks_weighed(blocks, how), lambda_2=np.inf, **penalties,
    )  # fmt: skip


def frame_of(blocks, how="rows"):
    """All rows, with the weight each has in the objective."""
    parts = []
    for k, share in enumerate(tasks_weighed(blocks, how) / blocks.weight_sums):
        given = blocks.weights[k]
        part = pd.DataFrame(np.asarray(blocks.X_of(k)), columns=list(blocks.feature_names))
        part[list(blocks.keep_names)] = blocks.keep_of(k)
        parts.append(part.assign(y=blocks.y[k], w=share * (1.0 if given is None else given), task=f"t{k}"))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("how", ["rows", "equal", "odd"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("q", [0, 2])
def test_one_regression_with_an_intercept_per_task(how, weighted, q):
    blocks = made(q=q, weighted=weighted)
    found = solve(pooled_by(blocks, 3, how, lambda_z=0.3))
    names = [blocks.feature_names[j] for j in np.flatnonzero(found.support[:, 0])]
    data = frame_of(blocks, how)
    formula = " + ".join(["y ~ C(task)", *names, *blocks.keep_names])
    expected = smf.wls(formula, data, weights=data["w"]).fit()
    assert len(names) == 3
    assert np.all(found.support == found.support[:, :1])
    sites = np.r_[0.0, [expected.params[f"C(task)[T.t{k}]"] for k in (1, 2)]]
    np.testing.assert_allclose(found.intercept, expected.params["Intercept"] + sites, rtol=1e-10)
    for k in range(3):
        np.testing.assert_allclose(found.coef[found.support[:, k], k], expected.params[names], rtol=1e-10)
        np.testing.assert_allclose(found.keep_coef[:, k], expected.params[list(blocks.keep_names)], rtol=1e-10)
    assert found.objective == pytest.approx(float(data["w"] @ expected.resid**2) / 2, rel=1e-10)


@pytest.mark.parametrize("q", [0, 1])
@pytest.mark.parametrize("intercept", [True, False])
def test_ridge_in_closed_form(q, intercept):
    blocks = made(seed=1, q=q, intercept=intercept)
    problem = pooled_by(blocks, 7, lambda_1=0.8)
    found = solve(problem)
    data, sd = frame_of(blocks), np.vstack([blocks.X_of(k) for k in range(3)]).std(axis=0)
    free = np.column_stack([data[list(blocks.keep_names)], *([pd.get_dummies(data["task"])] if intercept else [])])
    A, w = np.column_stack([data[list(blocks.feature_names)] / sd, free.astype(float)]), data["w"].to_numpy()
    ridge = np.diag(np.r_[np.full(7, 3 * 0.8), np.zeros(free.shape[1])])  # K lambda_1 / 2 ||b||^2
    b = np.linalg.solve(A.T @ (A * w[:, None]) + ridge, A.T @ (w * data["y"]))
    np.testing.assert_allclose(found.coef_standardized, np.tile(b[:7, None], 3), rtol=1e-9)
    np.testing.assert_allclose(found.coef, np.tile((b[:7] / sd)[:, None], 3), rtol=1e-9)
    np.testing.assert_allclose(found.keep_coef, np.tile(b[7 : 7 + q, None], 3), rtol=1e-9)
    np.testing.assert_allclose(found.intercept, b[7 + q :] if intercept else np.zeros(3), rtol=1e-9)
    value = w @ (data["y"] - A @ b) ** 2 / 2 + 3 * 0.8 / 2 * b[:7] @ b[:7]
    assert found.objective == pytest.approx(value, rel=1e-12)
    assert objective(problem, found.coef_standardized) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_best_subset_of_all(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(8, 30, 4)
    X = [rng.standard_normal((n, 9)) for n in sizes]
    y = [x @ rng.normal(0.3, 0.3, 9) + rng.normal(0, 2, len(x)) for x in X]
    blocks = blocks_of(X, y)
    found = solve(pooled_by(blocks, 3, "equal"), effort=2)
    rows = np.vstack([(x - x.mean(axis=0)) / np.sqrt(len(x)) for x in X])
    out = np.concatenate([(v - v.mean()) / np.sqrt(len(v)) for v in y])
    rss = {S: sm.OLS(out, rows[:, S]).fit().ssr for S in combinations(range(9), 3)}
    assert tuple(np.flatnonzero(found.support[:, 0])) == min(rss, key=rss.get)
    assert found.objective == pytest.approx(min(rss.values()) / 2, rel=1e-10)


def test_F_of_equal_coefficients_is_K_times_that_of_the_pooled_problem():
    for weighted, how, scaled in ((False, "rows", False), (True, "odd", True), (True, "equal", False)):
        tied = pooled_by(made(weighted=weighted), 3, how, scale_outcome=scaled, lambda_1=0.4)
        coef = np.random.default_rng(1).standard_normal((7, 1)) * [[1], [0], [1], [1], [0], [0], [0]]
        finite = objective(replace(tied, lambda_2=2.5), np.repeat(coef, 3, axis=1))
        assert 3 * objective(pooled_problem(tied), coef) == pytest.approx(finite, rel=1e-12)
        assert objective(tied, np.repeat(coef, 3, axis=1)) == pytest.approx(finite, rel=1e-12)
        assert objective(tied, coef * [[1.0, 1.0, 1.1]]) == np.inf


def test_rows_by_rows_are_not_weighed_or_copied():
    blocks = made()
    one = pooled_problem(pooled_by(blocks, 3)).blocks
    assert one.weights == (None,)
    assert one.X is blocks.X


def test_scaled_outcomes_have_one_vector_on_their_own_scale():
    blocks = made()
    units = np.array([1.0, 1000.0, 1e-3])
    other = replace(blocks, y=tuple(y * u for y, u in zip(blocks.y, units, strict=True)))
    found = [solve(pooled_by(b, 3, scale_outcome=True, lambda_1=0.1)) for b in (blocks, other)]
    np.testing.assert_allclose(found[1].coef, found[0].coef * units, rtol=1e-9)
    np.testing.assert_allclose(found[1].intercept, found[0].intercept * units, rtol=1e-9)
    sd = np.array([y.std() for y in blocks.y])
    np.testing.assert_allclose(found[0].coef / sd, np.repeat(found[0].coef[:, :1] / sd[0], 3, axis=1), rtol=1e-12)


def test_a_column_that_is_constant_in_a_task_may_be_selected_and_one_that_only_tells_tasks_apart_may_not():
    blocks = made()
    X = np.array(blocks.X)
    X[blocks.rows[1], 0] = 7.0
    for k in range(3):
        X[blocks.rows[k], 1] = k * 1.1
    blocks = replace(blocks, X=np.asfortranarray(X))
    found = solve(pooled_by(blocks, 7))
    assert found.support[0].all()
    assert not found.support[1].any()
    data = frame_of(blocks)
    expected = smf.ols("y ~ C(task) + x0 + x2 + x3 + x4 + x5 + x6", data).fit().params
    np.testing.assert_allclose(found.coef[0], expected["x0"], rtol=1e-10)


def test_an_always_in_column_that_only_tells_tasks_apart_has_coefficient_0():
    blocks = made(q=2)
    keep = np.array(blocks.keep)
    for k in range(3):
        keep[blocks.rows[k], 0] = (3.0, 5.0, 5.0)[k]
    blocks = replace(blocks, keep=keep)
    found = solve(pooled_by(blocks, 3))
    expected = smf.ols("y ~ C(task) + keep1 + x0 + x1 + x2", frame_of(blocks)).fit().params
    np.testing.assert_array_equal(found.keep_coef[0], 0)
    np.testing.assert_allclose(found.keep_coef[1], expected["keep1"], rtol=1e-10)


def test_sparse_and_dense_agree_and_rows_of_left_out_tasks_do_not_count():
    blocks = made()
    rare = np.where(np.asarray(blocks.X) > 0.5, blocks.X, 0.0)
    dense = replace(blocks, X=np.asfortranarray(rare))
    thin = replace(blocks, X=sparse.csc_array(rare))
    a, b = (solve(pooled_by(one, 3, lambda_1=0.01)) for one in (dense, thin))
    np.testing.assert_allclose(a.coef, b.coef, rtol=1e-9)
    two = {name: getattr(dense, name)[1:] for name in ("y", "rows", "weights", "task_names")}
    left = solve(pooled_by(replace(dense, **two), 3))
    alone = solve(pooled_by(blocks_of([dense.X_of(k) for k in (1, 2)], list(dense.y[1:])), 3))
    np.testing.assert_allclose(left.coef, alone.coef, rtol=1e-10)
    assert left.objective == pytest.approx(alone.objective, rel=1e-12)


def test_outcomes_of_one_X_have_one_vector():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((50, 6))
    y = [X @ rng.normal(0.5, 0.2, 6) + 5 * k + rng.standard_normal(50) for k in range(3)]
    weights = [(rng.random(50) > 0.1 * k).astype(float) for k in range(3)]
    blocks = blocks_of(X, y, weights)
    found = solve(pooled_by(blocks, 6, "rows"))
    expected = smf.wls("y ~ C(task) + x0 + x1 + x2 + x3 + x4 + x5", frame_of(blocks), weights=np.concatenate(weights))
    np.testing.assert_allclose(found.coef, np.tile(expected.fit().params.iloc[3:].to_numpy()[:, None], 3), rtol=1e-10)


def test_growing_lambda_2_comes_to_the_pooled_fit():
    blocks = made(seed=4)
    tied = pooled_by(blocks, 3, lambda_1=0.05)
    limit = solve(tied)
    spread, values = [], []
    for lambda_2 in (0.0, 0.1, 1.0, 10.0, 1e3, 1e6):
        at = replace(tied, lambda_2=lambda_2)
        b = refit(at, limit.support)
        spread.append(np.sum((b - b.mean(axis=1, keepdims=True)) ** 2))
        values.append(objective(at, b, limit.support))
    assert np.all(np.diff(spread) < 0)
    assert np.all(np.diff([*values, limit.objective]) > 0)
    np.testing.assert_allclose(b, limit.coef_standardized, atol=1e-4)
    assert spread[-1] < 1e-8


def test_supports_that_differ_have_coefficients_where_all_agree():
    tied = pooled_by(made(), 3)
    support = np.zeros((7, 3), bool)
    support[:3] = True
    support[1, 2] = False
    b = refit(tied, support)
    assert np.array_equal(b != 0, np.tile([[1], [0], [1], [0], [0], [0], [0]], 3))


def test_the_way_back_scales_what_was_proven():
    tied = pooled_by(made(), 3, lambda_1=0.1)
    one = replace(solve(pooled_problem(tied)), bound=0.5, swap_gain=0.25)
    back = to_tasks(tied, one)
    assert (back.bound, back.swap_gain, back.objective) == (1.5, 0.75, 3 * one.objective)


def test_a_grid_holds_pooled_settings_beside_others():
    blocks = made(seed=5, q=1)
    tied = pooled_by(blocks, 3)
    settings = cross([0, 1, 3], [0.0, 0.1], [0.0, 1.0, np.inf], [0.0, 0.2])
    steps = []
    grid = solve_grid(tied, settings, step=steps.append)
    finite = settings.take(~settings.tied)
    alone = solve_grid(tied, finite)
    assert sum(steps) == len(settings)
    np.testing.assert_array_equal(grid.objective[~settings.tied], alone.objective)
    for i in np.flatnonzero(settings.tied):
        asked = settings.at(tied, int(i))
        found, expected = grid.solution(int(i)), solve(asked)
        np.testing.assert_allclose(found.coef, expected.coef, rtol=1e-10)
        np.testing.assert_allclose(found.intercept, expected.intercept, rtol=1e-10)
        np.testing.assert_allclose(found.keep_coef, expected.keep_coef, rtol=1e-10)
        assert grid.objective[i] == pytest.approx(objective(asked, found.coef_standardized), rel=1e-10)
        assert found.objective == pytest.approx(grid.objective[i], rel=1e-10)
    only = solve_grid(tied, cross([0, 2], [0.0], [np.inf], [0.0]))
    data = frame_of(blocks)
    null = smf.wls("y ~ C(task) + keep0", data, weights=data["w"]).fit()
    assert only.objective[0] == pytest.approx(data["w"] @ null.resid**2 / 2, rel=1e-10)
    assert only.solution(0).keep_coef[0, 1] == pytest.approx(null.params["keep0"], rel=1e-10)


def test_proofs_are_those_of_enumeration():
    blocks = made(seed=6, p=8, q=1)
    tied = pooled_by(blocks, 3, "odd", lambda_1=0.02)
    data = frame_of(blocks, "odd")
    sd = np.vstack([blocks.X_of(k) for k in range(3)]).std(axis=0)
    free = np.column_stack([pd.get_dummies(data["task"]).astype(float), data["keep0"]])
    X, root = data[list(blocks.feature_names)].to_numpy() / sd, np.sqrt(data["w"].to_numpy())

    def value(S):
        A = np.column_stack([X[:, S], free]) * root[:, None]
        A = np.vstack([A, np.sqrt(3 * 0.02) * np.eye(len(S), A.shape[1])])
        b = np.r_[data["y"] * root, np.zeros(len(S))]
        return float(np.sum((b - A @ np.linalg.lstsq(A, b, rcond=None)[0]) ** 2) / 2)

    every = sorted((value(list(S)), S) for size in range(4) for S in combinations(range(8), size))
    found = solve(tied)
    supports = [np.flatnonzero(found.support[:, k]).astype(np.int32) for k in range(3)]
    assert tuple(supports[0]) == every[0][1]
    best, proof = certify(tied, supports, gap=1e-6)
    assert proof.status == "optimal"
    assert proof.objective == pytest.approx(every[0][0], rel=1e-9)
    assert proof.bound <= every[0][0] * (1 + 1e-9)
    assert [tuple(S) for S in best] == [every[0][1]] * 3
    others, how = runners_up(tied, supports, 4)
    assert how == "proven"
    assert [tuple(S[2]) for _, S in others] == [S for _, S in every[1:5]]
    np.testing.assert_allclose([v for v, _ in others], [v for v, _ in every[1:5]], rtol=1e-9)
    relaxed = relax(tied)
    assert relaxed.certificate.bound <= every[0][0] * (1 + 1e-9)
    assert np.array_equal(relaxed.z, np.repeat(relaxed.z[:, :1], 3, axis=1))
    bounds = root_bounds(solve_grid(tied, cross([2, 3], [0.02], [np.inf], [0.0])))
    assert 0 < bounds[1] <= every[0][0] * (1 + 1e-9)


def test_one_task_has_nothing_to_pool():
    blocks = made(sizes=(30,))
    a = solve(pooled_by(blocks, 3))
    b = solve(make_problem(blocks, standardize(blocks, "pooled"), np.array([3])))
    np.testing.assert_array_equal(a.coef, b.coef)


def test_indicators_known_to_be_disjoint_give_what_any_columns_give():
    blocks = pooled_problem(pooled_by(made(q=2, weighted=True), 3, "odd")).blocks
    assert blocks.sites == 2
    plain = replace(blocks, sites=0)
    a, b = unpenalised_basis(blocks, 0), unpenalised_basis(plain, 0)
    w, X = blocks.weights[0], np.asarray(blocks.X)
    np.testing.assert_allclose(a.T @ (w[:, None] * a), np.eye(5), atol=1e-12)
    np.testing.assert_allclose(residualize(X, a, w), residualize(X, b, w), atol=1e-11)
    for values in (blocks.y[0], X):
        for one, other in zip(unpenalised_coef(blocks, 0, values), unpenalised_coef(plain, 0, values), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(estimable(blocks, 0), estimable(plain, 0))


@pytest.mark.parametrize(("calls", "finite", "tied"), [(1, False, False), (3, True, False)])
def test_an_interrupt_keeps_what_was_met(calls, finite, tied):
    heard = []

    def step(n):
        heard.append(n)
        if len(heard) == calls:
            raise KeyboardInterrupt

    settings = cross([1, 2], [0.0], [0.0, np.inf], [0.0, 0.1])
    grid = solve_grid(pooled_by(made(), 3), settings, step=step)
    assert grid.stopped
    at = grid.finished.reshape(2, 2, 2)  # lambda_2, s, lambda_z
    assert at[0].all() == finite
    assert at[1].all() == tied
    assert np.array_equal(np.isnan(grid.objective), ~grid.finished)
