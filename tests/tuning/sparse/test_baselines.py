"""Baselines against scikit-learn, enumeration and plain least squares."""

from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, MultiTaskLasso, Ridge

from sparsekin import SparseMTL
from sparsekin.l0.grid import cross
from sparsekin.tuning.folds import make_folds, training_blocks
from sparsekin.tuning.sparse.baselines import lasso as lassos
from sparsekin.tuning.sparse.baselines.boosting import fit_boosting, why_no_boosting
from sparsekin.tuning.sparse.baselines.lasso import (
    fit_lasso_per_task,
    fit_multi_task_lasso,
    fit_pooled_lasso,
    lasso,
    why_no_multi_task,
)
from sparsekin.tuning.sparse.baselines.pooled import fit_pooled_l0
from sparsekin.tuning.sparse.baselines.pretrain import ALPHAS, fit_pretrained
from sparsekin.tuning.sparse.baselines.ridge import fit_pooled_ridge, fit_ridge_per_task
from sparsekin.tuning.sparse.new_site import centre_of
from sparsekin.tuning.sparse.scoring import Models
from tuning.cv_cases import prepared, problem_of

SHARES = np.array([0.05, 0.3, 0.8])
LASSOS = cross([12], SHARES, [0.0], [0.0])
CASES = [{}, {"weighted": True, "keep": True}]


def rows_of(blocks):
    """X, y, w, keep, task of all rows."""
    w = [np.ones(len(y)) if w is None else w for y, w in zip(blocks.y, blocks.weights, strict=True)]
    X = [blocks.X_of(k) for k in range(blocks.n_tasks)]
    keep = [blocks.keep_of(k) for k in range(blocks.n_tasks)]
    task = np.repeat(np.arange(blocks.n_tasks), [len(y) for y in blocks.y])
    return np.vstack(X), np.concatenate(blocks.y), np.concatenate(w), np.vstack(keep), task


def left_of(columns, U, w):
    """What columns U leave of others, by weighted least squares."""
    root = np.sqrt(w)[:, None]
    return columns - U @ np.linalg.lstsq(U * root, columns * root, rcond=None)[0]


def design(blocks):
    """X, y with dummies of the tasks and always-in columns projected out, the sd of X over all rows, w, dummies."""
    X, y, w, keep, task = rows_of(blocks)
    U = np.column_stack([task[:, None] == np.arange(blocks.n_tasks), keep]).astype(float)
    sd = np.sqrt(np.average((X - np.average(X, axis=0, weights=w)) ** 2, axis=0, weights=w))
    left = left_of(np.column_stack([X, y]), U, w)
    return left[:, :-1] / sd, left[:, -1], sd, w, U


def check_unpenalised(model, blocks):
    """Intercepts and always-in coefficients leave nothing that dummies and always-in columns explain."""
    X, y, w, keep, task = rows_of(blocks)
    U = np.column_stack([task[:, None] == np.arange(blocks.n_tasks), keep])
    gap = y - np.einsum("ij,ij->i", X, model.coef[:, task].T) - model.intercept[task]
    gap -= np.einsum("ij,ij->i", keep, model.keep_coef[:, task].T)
    np.testing.assert_allclose(U.T @ (w * gap), 0, atol=1e-7)
    assert np.all(model.keep_coef == model.keep_coef[:, :1])
    assert np.all(model.coef == model.coef[:, :1])


@pytest.mark.parametrize("case", CASES)
def test_pooled_lasso_is_scikit_learns_with_dummies_projected_out(case):
    found = prepared(**case)
    models = fit_pooled_lasso(found.blocks, problem_of(found), LASSOS)
    A, r, sd, w, _ = design(found.blocks)
    largest = np.abs(A.T @ (w * r)).max() / w.sum()
    for share, model in zip(SHARES, models, strict=True):
        oracle = Lasso(share * largest, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(A, r, sample_weight=w)
        np.testing.assert_allclose(model.coef[:, 0] * sd, oracle.coef_, atol=2e-3)
        assert oracle.coef_.any()
        check_unpenalised(model, found.blocks)
    (empty,) = fit_pooled_lasso(found.blocks, problem_of(found), cross([12], [1.0], [0.0], [0.0]))
    assert not empty.coef.any()


@pytest.mark.parametrize("case", CASES)
def test_pooled_ridge_is_scikit_learns_with_dummies_projected_out(case):
    found = prepared(**case)
    (model,) = fit_pooled_ridge(found.blocks, problem_of(found), cross([12], [0.3], [0.0], [0.0]))
    A, r, sd, w, _ = design(found.blocks)
    oracle = Ridge(0.3 * w.sum(), fit_intercept=False).fit(A, r, w)
    np.testing.assert_allclose(model.coef[:, 0] * sd, oracle.coef_, rtol=1e-8, atol=1e-12)
    check_unpenalised(model, found.blocks)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lambda_1", [0.0, 0.2])
def test_pooled_l0_is_the_best_subset_with_dummies(case, lambda_1):
    found = prepared(**case)
    models = fit_pooled_l0(found.blocks, problem_of(found), cross([1, 3], [lambda_1], [0.0], [0.0]), 1)
    A, r, sd, w, _ = design(found.blocks)

    def best(s):
        def fit(S):
            G = (A[:, S] * w[:, None]).T @ A[:, S] / w.sum() + lambda_1 * np.eye(s)
            b = np.linalg.solve(G, (A[:, S] * w[:, None]).T @ r / w.sum())
            return w @ (r - A[:, S] @ b) ** 2 / w.sum() + lambda_1 * b @ b, S, b

        return min((fit(list(S)) for S in combinations(range(12), s)), key=lambda one: one[0])[1:]

    for s, model in zip((1, 3), models, strict=True):
        S, b = best(s)
        assert np.flatnonzero(model.coef[:, 0]).tolist() == S
        np.testing.assert_allclose(model.coef[S, 0] * sd[S], b, rtol=1e-7)
        check_unpenalised(model, found.blocks)


def test_pooled_fits_in_the_units_of_each_outcome():
    """With scaled outcomes the common model is one of standard deviations."""
    found = prepared()
    blocks = replace(found.blocks, y=tuple(y * unit for y, unit in zip(found.blocks.y, (1.0, 1e3, 1e-3), strict=True)))
    scaled = partial(problem_of, scale_outcome=True)
    for fit, tried in ((fit_pooled_lasso, LASSOS), (fit_pooled_ridge, LASSOS)):
        one = fit(found.blocks, scaled(found), tried)[1]
        other = fit(blocks, scaled(replace(found, blocks=blocks)), tried)[1]
        np.testing.assert_allclose(other.coef, one.coef * [1.0, 1e3, 1e-3], rtol=1e-6)
        np.testing.assert_allclose(other.intercept, one.intercept * [1.0, 1e3, 1e-3], rtol=1e-6)


@pytest.mark.parametrize("mode", ["within", "pooled", False])
def test_lasso_per_task_is_scikit_learns(mode):
    found = prepared(weighted=True, keep=True)
    problem = problem_of(found, mode)
    models = fit_lasso_per_task(found.blocks, problem, LASSOS)
    for k in range(3):
        X, y, w = found.blocks.X_of(k), found.blocks.y[k], found.blocks.weights[k]
        U, sd = np.column_stack([np.ones(24), found.blocks.keep_of(k)]), problem.standard.scale[:, k]
        left = left_of(np.column_stack([X, y]), U, w)
        A, r = left[:, :-1] / sd, left[:, -1]
        largest = np.abs(A.T @ (w * r)).max() / w.sum()
        for share, model in zip(SHARES, models, strict=True):
            oracle = Lasso(share * largest, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(A, r, w)
            np.testing.assert_allclose(model.coef[:, k] * sd, oracle.coef_, atol=5e-3)
            gap = y - X @ model.coef[:, k] - U[:, 1:] @ model.keep_coef[:, k] - model.intercept[k]
            np.testing.assert_allclose(U.T @ (w * gap), 0, atol=1e-8)


@pytest.mark.parametrize("case", [{}, {"weighted": True, "keep": True}, {"shared": True, "weighted": True}])
def test_ridge_is_scikit_learns_on_standardised_columns(case):
    found = prepared(**case)
    problem, blocks = problem_of(found), found.blocks
    (model,) = fit_ridge_per_task(blocks, problem, cross([12], [0.3], [0.0], [0.0]))
    for k in range(3):
        w = np.ones(24) if blocks.weights[k] is None else blocks.weights[k]
        U, sd = np.column_stack([np.ones(24), blocks.keep_of(k)]), problem.standard.scale[:, k]
        left = left_of(np.column_stack([blocks.X_of(k), blocks.y[k]]), U, w)
        oracle = Ridge(alpha=0.3 * w.sum(), fit_intercept=False).fit(left[:, :-1] / sd, left[:, -1], w)
        np.testing.assert_allclose(model.coef[:, k], oracle.coef_ / sd, rtol=1e-8)
        gap = blocks.y[k] - blocks.X_of(k) @ model.coef[:, k] - U[:, 1:] @ model.keep_coef[:, k] - model.intercept[k]
        np.testing.assert_allclose(U.T @ (w * gap), 0, atol=1e-8)


def test_a_factor_is_a_penalty_of_its_own():
    """scikit-learn has no penalty factors: the same by proximal gradient steps."""
    rng = np.random.default_rng(0)
    A, factors = rng.standard_normal((60, 6)), np.array([1.0, 1.0, 4.0, 4.0, np.inf, 0.5])
    y = A @ np.array([1.0, -0.5, 1.0, 0.2, 2.0, 0.0]) + rng.standard_normal(60)
    alpha = 0.2 * (np.abs(A.T @ y) / factors).max() / 60
    b, step = np.zeros(6), 60 / np.linalg.norm(A, 2) ** 2
    for _ in range(5000):
        b = b + step * A.T @ (y - A @ b) / 60
        b = np.where(np.isinf(factors), 0.0, np.sign(b) * np.maximum(np.abs(b) - step * alpha * factors, 0.0))
    np.testing.assert_allclose(lasso(A, y, 60.0, np.array([0.2]), factors)[0], b, atol=2e-3)
    assert np.count_nonzero(b) >= 3


def pretrained(found, alpha, start=0.3):
    tried, first = cross([12], SHARES, [alpha], [0.0]), cross([12], [start], [0.0], [0.0])
    return fit_pretrained(found.blocks, problem_of(found), tried, first)


@pytest.mark.parametrize("case", CASES)
def test_pretraining_runs_from_pooling_to_the_lasso_per_task(case):
    found = prepared(**case)
    apart = fit_lasso_per_task(found.blocks, problem_of(found), LASSOS)
    for one, other in zip(pretrained(found, 1.0), apart, strict=True):
        np.testing.assert_allclose(one.coef, other.coef, atol=1e-12)
        np.testing.assert_allclose(one.intercept, other.intercept)
    (pooled,) = fit_pooled_lasso(found.blocks, problem_of(found), cross([12], [0.3], [0.0], [0.0]))
    inside = pooled.support[:, 0]
    assert 0 < inside.sum() < 12
    models = pretrained(found, 0.0)
    assert not any(model.coef[~inside].any() for model in models)
    assert any(np.ptp(model.coef, axis=1).max() > 1e-3 for model in models)  # the tasks do differ
    (nothing_own,) = fit_pretrained(
        found.blocks, problem_of(found), cross([12], [1.0], [0.0], [0.0]), cross([12], [0.3], [0.0], [0.0])
    )
    np.testing.assert_allclose(nothing_own.coef, pooled.coef, rtol=1e-9)


def test_pretraining_penalises_other_columns_more():
    """At alpha = 1/2: half of the pooled fit is taken off, and columns outside its support cost twice as much."""
    found = prepared()
    problem, blocks = problem_of(found), found.blocks
    (pooled,) = fit_pooled_lasso(blocks, problem, cross([12], [0.3], [0.0], [0.0]))
    models = pretrained(found, 0.5)
    for k in range(3):
        X, sd = blocks.X_of(k), problem.standard.scale[:, k]
        y = blocks.y[k] - 0.5 * X @ pooled.coef[:, k]
        factors = np.where(pooled.support[:, k], 1.0, 2.0)
        A = (X - X.mean(axis=0)) / sd / factors
        largest = np.abs(A.T @ (y - y.mean())).max() / 24
        for share, model in zip(SHARES, models, strict=True):
            oracle = Lasso(share * largest, tol=1e-12, max_iter=100_000).fit(A, y)
            own = (model.coef[:, k] - 0.5 * pooled.coef[:, k]) * sd
            np.testing.assert_allclose(own, oracle.coef_ / factors, atol=5e-3)


def test_alphas_have_both_ends():
    assert ALPHAS[0] == 0.0
    assert ALPHAS[-1] == 1.0


FITTERS = {
    "pooled lasso": lambda b, p: fit_pooled_lasso(b, p, LASSOS),
    "pooled ridge": lambda b, p: fit_pooled_ridge(b, p, LASSOS),
    "pooled L0": lambda b, p: fit_pooled_l0(b, p, cross([2], [0.1], [0.0], [0.0]), 1),
    "lasso per task": lambda b, p: fit_lasso_per_task(b, p, LASSOS),
    "ridge per task": lambda b, p: fit_ridge_per_task(b, p, LASSOS),
    "pretrained": lambda b, p: fit_pretrained(b, p, cross([12], SHARES, [0.5], [0.0]), LASSOS.take(np.array([1]))),
}


@pytest.mark.parametrize(
    ("name", "shared"), [*((name, False) for name in FITTERS), ("lasso per task", True), ("ridge per task", True)]
)
def test_a_weight_of_two_is_a_row_twice(name, shared):
    found = prepared(shared=shared, seed=3)
    blocks, rng = found.blocks, np.random.default_rng(0)
    X, y, _, _, task = rows_of(blocks) if not shared else (blocks.X, np.column_stack(blocks.y), 0, 0, None)
    times = rng.integers(1, 4, len(X))

    def made(rows, weights):
        model = SparseMTL(y[rows], X[rows], None if task is None else task[rows], weights=weights)
        problem = model._problem("heterogeneous", "equal", 1)
        return FITTERS[name](problem.blocks, problem)

    rows = np.arange(len(X))
    for one, other in zip(made(rows, times.astype(float)), made(np.repeat(rows, times), None), strict=True):
        np.testing.assert_allclose(one.coef, other.coef, atol=2e-3 if "ridge" not in name else 1e-9)
        np.testing.assert_allclose(one.intercept, other.intercept, atol=5e-3 if "ridge" not in name else 1e-9)


@pytest.mark.parametrize("name", FITTERS)
def test_held_out_rows_have_no_say(name):
    found = prepared(weighted=True, keep=True)
    problem, folds = problem_of(found), make_folds(found.blocks, folds=4, rng=0)
    blocks = found.blocks
    spoilt = replace(
        blocks,
        X=np.asfortranarray(np.where((folds.of_row == 1)[:, None], 1e3 * blocks.X + 7.0, blocks.X)),
        y=tuple(np.where(folds.of_row[rows] == 1, 55.0, y) for y, rows in zip(blocks.y, blocks.rows, strict=True)),
    )
    one = FITTERS[name](training_blocks(blocks, folds, 1), problem)
    other = FITTERS[name](training_blocks(spoilt, folds, 1), problem)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a.coef, b.coef, atol=1e-6)
        np.testing.assert_allclose(a.intercept, b.intercept, atol=1e-6)


@pytest.mark.parametrize("name", FITTERS)
def test_columns_that_cannot_be_used(name):
    """Constant in a task, in all tasks, within the tasks, and the same as an always-in column."""
    found = prepared(keep=True)
    blocks = found.blocks
    X = blocks.X.copy(order="F")
    X[blocks.rows[0], 0] = 4.0
    X[:, 1] = 7.0
    for k, rows in enumerate(blocks.rows):
        X[rows, 2] = float(k)
    X[:, 3] = 2.0 * blocks.keep[:, 0] - 1.0
    changed = replace(blocks, X=X)
    for model in FITTERS[name](changed, problem_of(replace(found, blocks=changed))):
        assert np.isfinite(model.coef).all()
        assert not model.coef[[1, 2, 3]].any()
        if name.endswith("per task"):
            assert model.coef[0, 0] == 0.0


def test_a_site_left_out_gets_the_mean_of_the_intercepts_by_rows():
    found = prepared(weighted=True)
    training = training_blocks(found.blocks, make_folds(found.blocks, scheme="leave-one-task-out"), 1)
    (model,) = fit_pooled_l0(training, problem_of(found), cross([2], [0.1], [0.0], [0.0]), 1)
    y, w = (np.concatenate([part[k] for k in (0, 2)]) for part in (found.blocks.y, found.blocks.weights))
    X = np.vstack([found.blocks.X_of(k) for k in (0, 2)])
    site = np.repeat([0.0, 1.0], 24)
    whole = SparseMTL(y, X, weights=w, keep=site[:, None]).fit(2, lambda_1=0.1)
    np.testing.assert_allclose(model.coef, np.repeat(whole.solution.coef, 2, axis=1), rtol=1e-7)
    np.testing.assert_allclose(np.diff(model.intercept), whole.solution.keep_coef[0], rtol=1e-7)
    new = model.ensemble(centre_of(training))
    rows = [found.blocks.weights[k].sum() for k in (0, 2)]
    np.testing.assert_allclose(new.intercept, np.average(model.intercept, weights=rows), rtol=1e-9)
    np.testing.assert_allclose(new.coef[:, 0], whole.solution.coef[:, 0], rtol=1e-7)


# several outcomes


def test_multi_task_lasso_is_scikit_learns_on_training_rows():
    found = prepared(shared=True)
    problem, folds = problem_of(found), make_folds(found.blocks, folds=4, rng=0)
    training = training_blocks(found.blocks, folds, 1)
    models = fit_multi_task_lasso(training, problem, LASSOS)
    rows = folds.of_row != 1
    X, Y = found.blocks.X[rows], np.column_stack(found.blocks.y)[rows]
    sd = X.std(axis=0)
    A, R = (X - X.mean(axis=0)) / sd, Y - Y.mean(axis=0)
    largest = np.linalg.norm(A.T @ R, axis=1).max() / len(A)
    for share, model in zip(SHARES, models, strict=True):
        oracle = MultiTaskLasso(share * largest, tol=1e-10, max_iter=100_000).fit(A, R)
        np.testing.assert_allclose(model.coef, (oracle.coef_ / sd).T, atol=2e-3)
        np.testing.assert_allclose(model.intercept, (Y - X @ model.coef).mean(axis=0))


def test_why_there_is_no_multi_task_lasso():
    assert why_no_multi_task(problem_of(prepared(shared=True, weighted=True))) == ""
    assert "each task has rows of its own" in why_no_multi_task(problem_of(prepared()))
    y = np.random.default_rng(0).standard_normal((20, 2))
    y[3, 1] = np.nan
    gaps = SparseMTL(y, np.random.default_rng(1).standard_normal((20, 3)), missing="drop")
    assert "every outcome in every row" in why_no_multi_task(gaps._problem("heterogeneous", "equal", 1))


# boosting


def test_boosting_is_scikit_learns_with_the_task_as_a_category():
    found = prepared(keep=True, n=60)
    problem, folds = problem_of(found), make_folds(found.blocks, folds=3, rng=0)
    models = fit_boosting(training_blocks(found.blocks, folds, 0), problem, cross([12], [25, 50], [3], [0.0]))
    X, y, _, keep, task = rows_of(found.blocks)
    Z, seen = np.column_stack([X, keep, task]), folds.of_row != 0
    for rounds, model in zip((25, 50), models, strict=True):
        oracle = HistGradientBoostingRegressor(
            learning_rate=0.05, max_iter=rounds, max_leaf_nodes=3, min_samples_leaf=10, random_state=0,
            categorical_features=[13], early_stopping=False,
        ).fit(Z[seen], y[seen])  # fmt: skip
        for k in range(3):
            at = task == k
            np.testing.assert_allclose(model.predict(k, X[at], keep[at]), oracle.predict(Z[at]), rtol=1e-9)
        new, centre = np.column_stack([X, keep, np.full(len(X), np.nan)]), centre_of(found.blocks)
        np.testing.assert_allclose(model.ensemble(centre).predict(0, X, keep), oracle.predict(new), rtol=1e-9)
        assert model.support is None


def test_boosting_takes_so_many_tasks():
    assert why_no_boosting(problem_of(prepared())) == ""
    many = replace(
        problem_of(prepared()), blocks=replace(prepared().blocks, y=(np.zeros(1),) * 300, weights=(None,) * 300)
    )
    assert why_no_boosting(many) == "scikit-learn's boosting takes at most 255 tasks, not 300"


def test_models_say_what_they_select():
    model = Models(np.zeros(2), np.array([[0.0, 1.0], [2.0, 0.0]]), np.empty((0, 2)))
    assert model.support.tolist() == [[False, True], [True, False]]
    np.testing.assert_allclose(model.predict(1, np.array([[3.0, 4.0]]), np.empty((1, 0))), 3.0)


def test_a_lasso_that_is_left_early_is_no_reason_to_warn(monkeypatch):
    """scikit-learn warns of it, as for nearly collinear columns; warnings are errors here."""
    monkeypatch.setattr(lassos, "MAX_ITER", 3)
    rng = np.random.default_rng(0)
    task, X = np.repeat(np.arange(3), 12), rng.standard_normal((36, 8))
    X[:, 4:] = X[:, :4] + 1e-3 * X[:, 4:]
    y = X[:, 0] + 0.1 * task + 0.01 * rng.standard_normal(36)
    with pytest.warns(ConvergenceWarning):
        lasso(X, y, 36.0, np.geomspace(1e-3, 1, 40))
    for n_jobs in (1, 2):
        comparison = SparseMTL(y, X, task).compare(s=1, lambda_z=0, folds=3, rng=0, n_jobs=n_jobs)
        assert comparison.table["mean"].notna().all()


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_boosting_of_families_has_their_loss(family):
    rng = np.random.default_rng(0)
    X, task = rng.standard_normal((160, 3)), np.repeat([0, 1], 80)
    days = rng.uniform(1, 3, 160)
    eta = X[:, 0] ** 2 - 1
    yes = (rng.random(160) < 1 / (1 + np.exp(-eta))).astype(float)
    y = yes if family == "binomial" else rng.poisson(days * np.exp(eta)).astype(float)
    known = {} if family == "binomial" else {"exposure": days}
    problem = SparseMTL(y, X, task, family=family, **known)._problem("heterogeneous", "equal", 1)
    (model,) = fit_boosting(problem.blocks, problem, cross([3], [25], [3], [0.0]))
    given = {"learning_rate": 0.05, "max_iter": 25, "max_leaf_nodes": 3, "min_samples_leaf": 10, "random_state": 0,
             "categorical_features": [3], "early_stopping": False}  # fmt: skip
    Z = np.column_stack([X, task])
    if family == "binomial":
        told = HistGradientBoostingClassifier(**given).fit(Z, y).decision_function(Z)
    else:
        logs = np.log(days)  # as the model has them: of equal splits rounding decides
        shares = np.exp(logs - logs.max())
        made = HistGradientBoostingRegressor(loss="poisson", **given).fit(Z, y / np.exp(logs), sample_weight=shares)
        told = np.log(made.predict(Z))
    found = np.concatenate([model.predict(k, X[task == k], np.empty((80, 0))) for k in (0, 1)])
    np.testing.assert_allclose(found, told, rtol=1e-6, atol=1e-8)


def test_trials_are_boosted_as_rows_of_yes_and_no():
    rng = np.random.default_rng(0)
    X, task, n = rng.standard_normal((80, 2)), np.repeat([0, 1], 40), rng.integers(1, 6, 80)
    y = rng.binomial(n, 1 / (1 + np.exp(-X[:, 0])))
    problem = SparseMTL(np.column_stack([y, n - y]), X, task, family="binomial")._problem("heterogeneous", "equal", 1)
    (model,) = fit_boosting(problem.blocks, problem, cross([2], [25], [3], [0.0]))
    eta = model.predict(0, X[:40], np.empty((40, 0)))
    assert np.corrcoef(eta, X[:40, 0])[0, 1] > 0.7
    assert np.mean(1 / (1 + np.exp(-eta))) == pytest.approx(y[:40].sum() / n[:40].sum(), abs=0.1)


def test_boosting_says_what_it_has_no_loss_for():
    X, task = np.random.default_rng(0).standard_normal((40, 2)), np.repeat([0, 1], 20)
    time = np.column_stack([np.arange(1.0, 41), np.tile([1.0, 0.0], 20)])
    cox = SparseMTL(time, X, task, family="cox")._problem("heterogeneous", "equal", 1)
    assert why_no_boosting(cox) == "scikit-learn's boosting has no loss for survival times"
    ill = SparseMTL(time[:, 1], X, task, family="binomial", offset=np.ones(40))._problem("heterogeneous", "equal", 1)
    assert why_no_boosting(ill) == "scikit-learn's boosting takes no offsets of yes/no outcomes"
