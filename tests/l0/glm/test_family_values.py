"""Values of given supports at many ridges and links, of tasks with losses: against slopes, GLMs and Cox regressions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from statsmodels.duration.hazard_regression import PHReg

from sparsekin import SparseMTL
from sparsekin.l0.glm.values import read_columns, values_of
from sparsekin.l0.grid import Settings, solve_grid
from sparsekin.l0.problem import Problem
from sparsekin.l0.tied import tied_solution

K, N, P = 3, 40, 5
TASKS = np.repeat(["A", "B", "C"], N)
RIDGES, LINKS = np.array([0.02, 0.3]), np.array([0.0, 0.1, 3.0, np.inf])
GLM = {"binomial": sm.families.Binomial(), "poisson": sm.families.Poisson()}


def made(family: str, seed: int = 0, q: int = 0, weighted: bool = False) -> tuple[Problem, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    X = 2 + rng.standard_normal((K * N, P)) * np.array([1, 3, 0.1, 1, 10])
    eta = X[:, 0] - 0.3 * X[:, 1] - 2 + np.repeat([-0.5, 0.0, 0.5], N)
    time, censored = rng.exponential(np.exp(-eta)), rng.exponential(2, K * N)
    y = {
        "binomial": (rng.random(K * N) < 1 / (1 + np.exp(-eta))).astype(float),
        "poisson": rng.poisson(np.exp(0.5 * eta)).astype(float),
        "cox": np.column_stack([np.minimum(time, censored), time <= censored]).astype(float),
    }[family]
    keep = 5 + 2 * rng.standard_normal((K * N, q))
    w = rng.uniform(0.5, 2, K * N) if weighted else np.ones(K * N)
    offset = 0.2 * rng.standard_normal(K * N)
    model = SparseMTL(
        y, X, TASKS, family=family, keep=keep if q else None, weights=w if weighted else None, offset=offset
    )  # fmt: skip
    problem = model._problem("heterogeneous", "auto", 1, np.inf)
    return problem, {"X": X, "y": y, "keep": keep, "w": w, "offset": offset}


def support_of(seed: int) -> NDArray[np.bool_]:
    """Columns that all tasks, some, and none select."""
    found = np.random.default_rng(seed).random((P, K)) < 0.6
    found[0], found[4] = True, False
    return found


def loss(family: str, y: NDArray[Any], eta: NDArray[Any], w: NDArray[Any]) -> float:
    """The loss of a task up to a constant, written out."""
    if family == "binomial":
        return float(w @ (np.logaddexp(0, eta) - y * eta) / w.sum())
    if family == "poisson":
        return float(w @ (np.exp(eta) - y * eta) / w.sum())
    time, died = y.T
    logs = [np.log(w[time >= t] @ np.exp(eta[time >= t])) for t in time]
    return float((w * died) @ (np.array(logs) - eta) / w.sum())


@pytest.mark.parametrize(
    ("family", "q", "weighted"),
    [("binomial", 0, True), ("binomial", 2, False), ("poisson", 1, True), ("cox", 1, False), ("cox", 0, True)],
)
def test_values_minimise_what_is_written_out(family: str, q: int, weighted: bool) -> None:
    problem, d = made(family, 1, q, weighted)
    support = support_of(2)
    union = np.flatnonzero(support.any(axis=1))
    found = values_of(read_columns(problem, union), support, RIDGES, LINKS)
    sd = d["X"].std(axis=0) if not weighted else np.sqrt(np.average(
        (d["X"] - np.average(d["X"], axis=0, weights=d["w"])) ** 2, axis=0, weights=d["w"]
    ))  # fmt: skip
    share = problem.task_weights
    rows = [task == TASKS for task in "ABC"]
    within = [np.average((d["keep"][at] - np.average(d["keep"][at], axis=0, weights=d["w"][at])) ** 2, axis=0,
                         weights=d["w"][at]) for at in rows] if q else [np.ones(0)] * K  # fmt: skip
    keep_sd = np.sqrt(share @ np.array(within) / share.sum())

    def F(theta: NDArray[Any], ridge: float, link: float) -> float:
        level, g, b = theta[:K], theta[K : K + q * K].reshape(q, K), np.zeros((P, K))
        b[support] = theta[K + q * K :]
        total = ridge / 2 * np.sum(b**2)
        for part in (g, b):
            total += link / 2 * np.sum((part - part.mean(axis=1, keepdims=True)) ** 2)
        for k, at in enumerate(rows):
            eta = d["X"][at] / sd @ b[:, k] + d["keep"][at] / keep_sd @ g[:, k] + level[k] * (family != "cox")
            total += share[k] * loss(family, d["y"][at], eta + d["offset"][at], d["w"][at])
        return float(total)

    for i, (ridge, link) in enumerate((ridge, link) for ridge in RIDGES for link in LINKS):
        coef = np.zeros((P, K))
        coef[found.columns] = found.coef[i]
        if link == np.inf:
            everywhere = support.all(axis=1)
            assert not coef[~everywhere].any()
            assert np.ptp(coef, axis=1).max() < 1e-12
            continue
        b, g = coef * sd[:, None], found.keep_coef[i] * keep_sd[:, None]
        theta = np.concatenate([found.intercept[i], g.ravel(), b[support]])
        steps = 1e-5 * np.eye(len(theta))
        slope = [F(theta + step, ridge, link) - F(theta - step, ridge, link) for step in steps]
        np.testing.assert_allclose(np.array(slope) / 2e-5, 0.0, atol=1e-6)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_pooled_is_one_glm(family: str) -> None:
    problem, d = made(family, 3, 1, True)
    support = np.zeros((P, K), bool)
    support[[0, 1, 3]] = True
    found = values_of(read_columns(problem, np.array([0, 1, 3])), support, np.zeros(1), np.array([np.inf]))
    sites = (TASKS[:, None] == np.array(["A", "B", "C"])).astype(float)
    columns = np.column_stack([sites, d["keep"], d["X"][:, [0, 1, 3]]])
    glm = sm.GLM(d["y"], columns, GLM[family], freq_weights=d["w"], offset=d["offset"]).fit(tol=1e-13)
    mine = np.concatenate([found.intercept[0], found.keep_coef[0][:, 0], found.coef[0][:, 0]])
    np.testing.assert_allclose(mine, glm.params, atol=1e-4)  # a ridge of 1e-6 is the least


def test_pooled_survival_is_stratified() -> None:
    problem, d = made("cox", 4)
    support = np.zeros((P, K), bool)
    support[[0, 1]] = True
    found = values_of(read_columns(problem, np.array([0, 1])), support, np.zeros(1), np.array([np.inf]))
    strata = np.unique(TASKS, return_inverse=True)[1]
    y = d["y"]
    model = PHReg(y[:, 0], d["X"][:, :2], status=y[:, 1], strata=strata, offset=d["offset"], ties="efron")
    np.testing.assert_allclose(found.coef[0][:, 0], model.fit().params, atol=1e-4)
    assert not found.intercept.any()


def test_no_settings_are_no_search_however_many_columns() -> None:
    X, none = np.random.default_rng(0).standard_normal((40, 2100)), np.empty(0)
    model = SparseMTL((X[:, 0] > 0).astype(float), X, np.repeat(["A", "B"], 20), family="binomial")
    found = solve_grid(model._problem("heterogeneous", "auto", 1), Settings(none.astype(np.int64), none, none, none))
    assert len(found) == 0


@pytest.mark.parametrize("family", ["binomial", "cox"])
def test_a_tied_fit_is_where_these_values_are(family: str) -> None:
    problem, _ = made(family, 5, 1)
    asked, support = replace(problem, lambda_1=0.1, lambda_2=0.5), support_of(5)
    fit = tied_solution(asked, support)
    found = values_of(read_columns(problem, np.flatnonzero(support.any(axis=1))), support, np.array([0.1]),
                      np.array([0.5]))  # fmt: skip
    np.testing.assert_allclose(fit.keep_coef, found.keep_coef[0], atol=1e-12)
    loose = tied_solution(replace(asked, lambda_2=0.0), support)
    assert fit.objective > loose.objective - 1e-12
