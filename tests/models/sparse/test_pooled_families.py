"""lambda_2 = inf of yes/no outcomes, counts and survival times: one regression, an intercept or stratum per task."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.duration.hazard_regression import PHReg

from sparsekin import SparseMTL
from sparsekin.errors import DataWarning, OptionError, SolverError
from sparsekin.models.sparse.results import SparseResults

K, N, P = 3, 60, 7
TASKS = np.repeat(["A", "B", "C"], N)
SITES = (TASKS[:, None] == np.array(["A", "B", "C"])).astype(float)
FAMILIES = {"binomial": sm.families.Binomial(), "poisson": sm.families.Poisson(), "gaussian": sm.families.Gaussian()}


def data(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((K * N, P)) + 3.0 * rng.standard_normal(P)
    eta = X[:, 0] - X[:, 0].mean() - 0.7 * (X[:, 3] - X[:, 3].mean()) + np.repeat([-0.5, 0.0, 0.5], N)
    time, censored = rng.exponential(np.exp(-eta)), rng.exponential(1.5, K * N)
    trials = rng.integers(1, 5, K * N)
    won = rng.binomial(trials, 1 / (1 + np.exp(-eta)))
    return {
        "X": X, "weights": rng.uniform(0.5, 2.0, K * N), "keep": rng.standard_normal((K * N, 1)),
        "offset": 0.3 * rng.standard_normal(K * N), "strata": rng.integers(0, 2, K * N),
        "binomial": (rng.random(K * N) < 1 / (1 + np.exp(-eta))).astype(float),
        "poisson": rng.poisson(np.exp(0.5 * eta)).astype(float),
        "gaussian": eta + rng.standard_normal(K * N),
        "trials": np.column_stack([won, trials - won]).astype(float),
        "cox": np.column_stack([np.round(np.minimum(time, censored), 1) + 0.1, time <= censored]).astype(float),
    }  # fmt: skip


def coefficients(fit: SparseResults) -> np.ndarray:
    """Intercepts, the always-in coefficient, slopes of what is selected; all tasks have the same but the first."""
    table = fit.params.to_numpy()
    slopes = table[2:][fit.support.iloc[:, 0].to_numpy()]
    assert (table[1:] == table[1:, :1]).all()
    return np.concatenate([table[0], table[1, :1], slopes[:, 0]])


@pytest.mark.parametrize("family", ["binomial", "poisson", "gaussian", "trials"])
def test_it_is_one_glm_with_an_intercept_per_task(family: str) -> None:
    d = data()
    y, w, name = d[family], d["weights"], "binomial" if family == "trials" else family
    model = SparseMTL(y, d["X"], TASKS, family=name, weights=w, keep=d["keep"], offset=d["offset"])
    fit = model.fit(s=3, lambda_1=0.0, lambda_2=np.inf)
    S = np.flatnonzero(fit.support.iloc[:, 0])
    columns = np.column_stack([SITES, d["keep"], d["X"][:, S]])
    found = sm.GLM(y, columns, FAMILIES[name], freq_weights=w, offset=d["offset"]).fit(tol=1e-13, maxiter=100)
    np.testing.assert_allclose(coefficients(fit), found.params, rtol=1e-8, atol=1e-8)
    eta = columns @ found.params + d["offset"]
    np.testing.assert_allclose(fit.predict(type="link"), eta, atol=1e-7)
    if family != "gaussian":
        np.testing.assert_allclose(fit.deviance.sum(), found.deviance, rtol=1e-8)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("strata", [False, True])
def test_it_is_one_cox_regression_stratified_by_task(ties: str, strata: bool) -> None:
    d = data()
    given = {"strata": d["strata"]} if strata else {}
    fit = SparseMTL(d["cox"], d["X"], TASKS, family="cox", ties=ties, **given).fit(s=2, lambda_1=0.0, lambda_2=np.inf)
    S = np.flatnonzero(fit.support.iloc[:, 0])
    groups = np.unique(TASKS, return_inverse=True)[1] * 2 + d["strata"] * strata
    time, status = d["cox"].T
    found = PHReg(time, d["X"][:, S], status=status, strata=groups, ties=ties).fit()
    np.testing.assert_allclose(fit.params.to_numpy()[S, 0], found.params, rtol=1e-8)
    assert (fit.params.nunique(axis=1) == 1).all()


def test_no_other_support_is_better() -> None:
    d = data(1)
    for family in ("binomial", "poisson"):
        fit = SparseMTL(d[family], d["X"], TASKS, family=family).fit(s=2, lambda_1=0.0, lambda_2=np.inf)
        deviance = {
            S: sm.GLM(d[family], np.column_stack([SITES, d["X"][:, S]]), FAMILIES[family]).fit().deviance
            for S in combinations(range(P), 2)
        }
        assert tuple(np.flatnonzero(fit.support.iloc[:, 0])) == min(deviance, key=lambda S: deviance[S])


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_a_large_lambda_2_comes_close_and_proofs_hold(family: str, tmp_path: Any) -> None:
    d = data(2)
    model = SparseMTL(d[family], d["X"], TASKS, family=family, standardize="pooled")
    pooled = model.fit(s=3, lambda_1=0.1, lambda_2=np.inf)
    near = model.fit(s=3, lambda_1=0.1, lambda_2=1e6, support="common", task_weights="rows")
    np.testing.assert_allclose(near.params, pooled.params, atol=1e-4)
    assert near.objective == pytest.approx(pooled.objective, rel=1e-5)
    proven = pooled.certify()
    assert proven.status == "optimal"
    assert 0 < pooled.bound_root().bound <= pooled.objective + 1e-12
    pooled.save(tmp_path / "fit.npz")
    pd.testing.assert_frame_equal(SparseResults.load(tmp_path / "fit.npz").task_fit, pooled.task_fit)


def test_missing_outcomes_of_one_x() -> None:
    d = data(3)
    X, rng = d["X"], np.random.default_rng(0)
    Y = (rng.random((K * N, 2)) < 1 / (1 + np.exp(-X[:, :1] + X[:, :1].mean()))).astype(float)
    Y[:20, 0] = np.nan
    fit = SparseMTL(Y, X, family="binomial").fit(s=1, lambda_1=0.0, lambda_2=np.inf, task_weights="rows")
    j = int(np.flatnonzero(fit.support.iloc[:, 0])[0])
    there = ~np.isnan(Y)
    rows = np.vstack([np.column_stack([there[:, k] & (k == i) for i in (0, 1)]) for k in (0, 1)]).astype(float)
    columns = np.column_stack([rows, np.tile(X[:, j], 2)])[there.T.ravel()]
    found = sm.GLM(Y.T.ravel()[there.T.ravel()], columns, sm.families.Binomial()).fit(tol=1e-13)
    np.testing.assert_allclose(fit.params.iloc[0], found.params[:2], atol=1e-8)
    np.testing.assert_allclose(fit.params.iloc[1 + j], found.params[2], atol=1e-8)


def test_the_path_has_it_and_the_criterion_counts_it_once() -> None:
    d = data(4)
    y, X = d["binomial"], d["X"]
    path = SparseMTL(y, X, TASKS, family="binomial").path(s=2, lambda_1=1e-9, lambda_2=[0, np.inf], lambda_z=0.0)
    fit = path.at(lambda_2=np.inf)
    S = np.flatnonzero(fit.support.iloc[:, 0])
    deviance = sm.GLM(y, np.column_stack([SITES, X[:, S]]), sm.families.Binomial()).fit().deviance
    bic = deviance + 3 * np.log(N) + 2 * np.log(K * N)
    assert path.criterion(0.0).iloc[-1] == pytest.approx(bic, rel=1e-6)


def test_what_cannot_be_pooled_says_so() -> None:
    d = data(5)
    X, y = d["X"].copy(), d["binomial"]
    mixed = SparseMTL(
        np.where(TASKS == "A", d["gaussian"], y), X, TASKS, family={"A": "gaussian", "B": "binomial", "C": "binomial"}
    )
    with pytest.raises(OptionError, match="lambda_2 = inf is one model for all tasks, and here they are binomial, gau"):
        mixed.fit(s=2, lambda_2=np.inf)
    with pytest.raises(OptionError, match="lambda_z shares supports"):
        mixed.path(s=2, lambda_2=[0, np.inf])
    X[:, 2] = y + 0.01 * X[:, 2]
    with pytest.raises(SolverError, match="In all tasks together x3 separates the outcome"):
        SparseMTL(y, X, TASKS, family="binomial").fit(s=1, lambda_1=0.0, lambda_2=np.inf)
    assert SparseMTL(y, X, TASKS, family="binomial").fit(s=1, lambda_2=np.inf).separated == (True,) * K
    rare = y.copy()
    rare[np.flatnonzero(rare)[9:]] = 0
    rare[[0, N, 2 * N]] = 1
    with pytest.warns(DataWarning, match="All tasks together have .* events for 6 selected features"):
        SparseMTL(rare, d["X"], TASKS, family="binomial").fit(s=6, lambda_2=np.inf)


def test_coefficients_of_different_families_are_not_tied() -> None:
    d = data(6)
    y = np.where(TASKS == "A", d["gaussian"], np.where(TASKS == "B", d["binomial"], d["poisson"]))
    families = {"A": "gaussian", "B": "binomial", "C": "poisson"}
    mixed = SparseMTL(y, d["X"], TASKS, family=families)
    said = (
        "lambda_2 = 0.5 ties the coefficients of the tasks, and those of different families are not on one scale: 'A' "
        "is gaussian, 'B' is binomial, 'C' is poisson. Use lambda_2 = 0; lambda_z shares supports."
    )
    asked: list[Callable[[], Any]] = [
        lambda: mixed.fit(s=2, lambda_2=0.5),
        lambda: mixed.fit(s=2, lambda_2=0.5, dial=True),
        lambda: mixed.path(s=2, lambda_2=[0.0, 0.5]),
        lambda: mixed.select(s=2, lambda_2=0.5),
        lambda: mixed.cross_validate(s=2, lambda_2=[0.1, 0.5]),
        lambda: mixed.compare(s=2, lambda_2=0.5),
    ]
    for ask in asked:
        with pytest.raises(OptionError, match=re.escape(said)):
            ask()
    assert (mixed.path(s=2, lambda_2="auto", lambda_z=0.0).table["lambda_2"] == 0).all()
    cv = mixed.cross_validate(s=[1, 2], lambda_1=[0.01, 0.1], folds=3, rng=0)
    assert (cv.table["lambda_2"].dropna() == 0).all()
    assert set(cv.families.index) == {"share", "separate"}
    counts = SparseMTL(d["poisson"], d["X"], TASKS, family="poisson")
    assert counts.fit(s=2, lambda_2=0.5).lambda_2 == 0.5
