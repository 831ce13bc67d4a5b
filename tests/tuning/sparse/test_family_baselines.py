"""Baselines of yes/no outcomes, counts and survival times, against scikit-learn, statsmodels and optimality."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, PoissonRegressor
from statsmodels.duration.hazard_regression import PHReg

from sparsekin import SparseMTL
from sparsekin.errors import OptionError
from sparsekin.l0.grid import cross
from sparsekin.losses.families import make_loss
from sparsekin.tuning.sparse.baselines.curved import lasso_of_loss, ridge_of_loss
from sparsekin.tuning.sparse.baselines.families import fit_pooled_lasso, fit_pooled_ridge, fit_pretrained

K, N, P = 3, 50, 8
TASKS = np.repeat(["A", "B", "C"], N)
SITES = (TASKS[:, None] == np.array(["A", "B", "C"])).astype(float)
GLM = {"binomial": sm.families.Binomial(), "poisson": sm.families.Poisson()}


def data(family: str, seed: int = 0, p: int = P) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((K * N, p))
    eta = X[:, 0] - 0.7 * X[:, 1] + np.repeat([-0.5, 0.0, 0.5], N)
    time, censored = rng.exponential(np.exp(-eta)), rng.exponential(2, K * N)
    return X, {
        "binomial": (rng.random(K * N) < expit(eta)).astype(float),
        "poisson": rng.poisson(np.exp(0.5 * eta)).astype(float),
        "cox": np.column_stack([np.minimum(time, censored), time <= censored]).astype(float),
    }[family]


def test_a_lasso_is_scikit_learns_where_there_is_one_intercept() -> None:
    X, y = data("binomial")
    loss = make_loss("binomial", y)
    shares = np.array([0.05, 0.3, 1.0])
    coef, free = lasso_of_loss(loss, X, np.ones((K * N, 1)), shares)
    largest = np.abs(X.T @ (y - y.mean())).max() / (K * N)
    for i, share in enumerate(shares[:2]):
        told = LogisticRegression(
            l1_ratio=1.0, C=1 / (K * N * share * largest), solver="saga", tol=1e-10, max_iter=100_000
        ).fit(X, y)  # fmt: skip
        np.testing.assert_allclose(coef[i], told.coef_[0], atol=1e-5)
        assert free[i, 0] == pytest.approx(told.intercept_[0], abs=1e-5)
    assert not coef[2].any()


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_a_pooled_lasso_leaves_sites_alone_as_statsmodels_does(family: str) -> None:
    X, y = data(family, 1)
    model = SparseMTL(y, X, TASKS, family=family, standardize=False)
    found = fit_pooled_lasso(model.blocks, model._problem("heterogeneous", "auto", 1), cross([P], [0.1], [0], [0]))[0]
    assert found is not None
    means = SITES @ np.array([y[task == TASKS].mean() for task in "ABC"])
    alpha = 0.1 * np.abs(X.T @ (y - means)).max() / (K * N)
    columns = np.column_stack([SITES, X])
    told = sm.GLM(y, columns, GLM[family]).fit_regularized(
        alpha=np.concatenate([np.zeros(K), np.full(P, alpha)]), L1_wt=1.0, maxiter=2000, cnvrg_tol=1e-12, zero_tol=1e-12
    )
    np.testing.assert_allclose(np.concatenate([found.intercept, found.coef[:, 0]]), told.params, atol=1e-4)
    assert (found.coef == found.coef[:, :1]).all()


@pytest.mark.parametrize(("family", "p"), [("binomial", 8), ("binomial", 400), ("cox", 8), ("cox", 300)])
def test_slopes_of_a_lasso_are_alpha_where_selected_and_below_elsewhere(family: str, p: int) -> None:
    X, y = data(family, 2, p)
    loss = make_loss(family, y)
    U = np.empty((K * N, 0)) if family == "cox" else np.ones((K * N, 1))
    shares = np.geomspace(0.1, 1, 6)
    coef, free = lasso_of_loss(loss, X, U, shares)
    null = loss.residual(np.full(K * N, 0.0 if family == "cox" else np.log(y.mean() / (1 - y.mean()))))
    largest = np.abs(X.T @ null).max()
    for b, g, share in zip(coef, free, shares, strict=True):
        slope = X.T @ loss.residual(X @ b + U @ g)
        np.testing.assert_allclose(slope[b != 0], share * largest * np.sign(b[b != 0]), rtol=2e-3)
        assert np.abs(slope).max() <= share * largest * 1.002
    assert (coef != 0).sum(axis=1)[0] > 2


@pytest.mark.parametrize("p", [8, 300])
def test_ridges_are_those_of_scikit_learn(p: int) -> None:
    X, y = data("binomial", 3, p)
    count = data("poisson", 3, p)[1]
    ones, ridges = np.ones((K * N, 1)), np.array([0.01, 1.0])
    coef, free = ridge_of_loss(make_loss("binomial", y), X, ones, ridges)
    told = LogisticRegression(C=1 / (K * N * 0.01), tol=1e-12, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(coef[0], told.coef_[0], atol=1e-5)
    assert free[0, 0] == pytest.approx(told.intercept_[0], abs=1e-5)
    coef, _ = ridge_of_loss(make_loss("poisson", count), X, ones, ridges)
    rates = PoissonRegressor(alpha=1.0, tol=1e-12, max_iter=10_000).fit(X, count)
    np.testing.assert_allclose(coef[1], rates.coef_, atol=1e-5)


def test_a_pooled_ridge_of_survival_is_stratified() -> None:
    X, y = data("cox", 4)
    model = SparseMTL(y, X, TASKS, family="cox", standardize=False)
    found = fit_pooled_ridge(model.blocks, model._problem("heterogeneous", "auto", 1), cross([P], [0.05], [0], [0]))[0]
    assert found is not None
    strata = np.unique(TASKS, return_inverse=True)[1]
    told = PHReg(y[:, 0], X, status=y[:, 1], strata=strata, ties="efron")
    score = told.score(found.coef[:, 0]) / (K * N)
    np.testing.assert_allclose(score, 0.05 * found.coef[:, 0], atol=1e-8)
    assert not found.intercept.any()


def test_pretraining_is_a_lasso_with_an_offset() -> None:
    X, y = data("binomial", 5)
    model = SparseMTL(y, X, TASKS, family="binomial", standardize=False)
    problem, start = model._problem("heterogeneous", "auto", 1), cross([P], [0.3], [0], [0])
    pooled = fit_pooled_lasso(model.blocks, problem, start)[0]
    assert pooled is not None
    found = fit_pretrained(model.blocks, problem, cross([P], [0.2, 0.5], [0.5], [0]), start)
    at = TASKS == "B"
    known = 0.5 * X[at] @ pooled.coef[:, 1]
    factors = np.where(pooled.coef[:, 1] != 0, 1.0, 2.0)
    loss = make_loss("binomial", y[at], offset=known)
    own, level = lasso_of_loss(loss, X[at], np.ones((N, 1)), np.array([0.2, 0.5]), factors)
    for i, one in enumerate(found):
        assert one is not None
        np.testing.assert_allclose(one.coef[:, 1], own[i] + 0.5 * pooled.coef[:, 1], atol=1e-12)
        assert one.intercept[1] == pytest.approx(level[i, 0], abs=1e-9)


@pytest.mark.parametrize("family", ["binomial", "cox"])
def test_a_comparison_has_them_all(family: str) -> None:
    X, y = data(family, 6, 5)
    model = SparseMTL(y, X, TASKS, family=family)
    options: dict[str, Any] = {"s": [2], "lambda_z": [0.0], "folds": 2, "rng": 0}
    found = model.compare(**options)
    assert found.metric == "deviance"
    assert found.table.loc["null", "mean"] > found.table.loc["pooled lasso", "mean"]
    assert {"pooled ridge", "pooled L0", "pretrained lasso", "dial, averaged"} <= set(found.table.index)
    assert {"shared supports", "lasso per task", "independent L0"} <= set(found.table.index)
    assert list(found.unavailable) == ["multi-task lasso"]
    assert np.isfinite(found.table[["mean", "difference", "difference_se", "selected"]]).all().all()
    assert "by Mean deviance" in str(found.summary())
    assert found.families.chosen in ("pooling", "sharing", "separate models")


def test_a_comparison_of_new_studies_by_auc() -> None:
    X, y = data("binomial", 7, 5)
    model = SparseMTL(y, X, TASKS, family="binomial")
    found = model.compare(s=[1], lambda_z=[0.0], scheme="leave-one-task-out", metric="auc", boosting=True)
    assert found.table.loc["null", "mean"] == 0.5
    assert (found.table["difference"] <= 0).all()
    assert 0.4 < found.table.loc["gradient boosting", "mean"] < 1
    with pytest.raises(OptionError, match="metric='rmse' is not for binomial outcomes"):
        model.compare(metric="rmse")


def test_several_families_are_not_pooled() -> None:
    X, y = data("binomial", 8, 4)
    counts = data("poisson", 8, 4)[1]
    model = SparseMTL(
        np.where(TASKS == "A", counts, y), X, TASKS, family={"A": "poisson", "B": "binomial", "C": "binomial"}
    )
    found = model.compare(s=[1], lambda_z=[0.0], folds=2, rng=0)
    assert found.unavailable["pooled lasso"] == "the tasks are of several families"
    assert found.metric == "relative deviance"
    assert found.table.loc["null", "mean"] == pytest.approx(1.0)
