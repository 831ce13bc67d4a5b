"""`alternatives(within=)`: prices, rivals and verdicts against all supports, looked at one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL
from sparsekin.errors import InterruptedWarning, OptionError
from sparsekin.l0.exact import cells
from sparsekin.l0.glm.fit import refit
from sparsekin.models.sparse.exact import problem_of

P, N = 6, (40, 60)
SITE = np.repeat(["north", "south"], N)


def data(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sites; x6 goes with x2, weak effects, so that much is near."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((sum(N), P)) * np.array([1, 2, 1, 0.5, 1, 3])
    X[:, 5] = X[:, 1] + 0.7 * rng.standard_normal(sum(N))
    return X, X[:, 1] - 0.4 * X[:, 4] + 0.25 * X[:, 2] * (SITE == "north") + 1.5 * rng.standard_normal(sum(N))


def ridge(X: np.ndarray, y: np.ndarray, S: tuple[int, ...], lambda_1: float) -> tuple[float, float, np.ndarray]:
    """Value, RSS and slopes (columns in units of their standard deviation) by the normal equations."""
    n = len(y)
    Z, r = (X - X.mean(0))[:, list(S)] / X.std(0)[list(S)], y - y.mean()
    b = np.linalg.solve(Z.T @ Z / n + lambda_1 * np.eye(len(S)), Z.T @ r / n)
    rss = float(np.sum((r - Z @ b) ** 2))
    return rss / (2 * n) + lambda_1 / 2 * float(b @ b), rss, b / X.std(0)[list(S)]


def every_choice(s: int, common: bool) -> list[tuple[tuple[int, ...], ...]]:
    sets = [S for m in range(s + 1) for S in combinations(range(P), m)]
    return [(S, S) for S in sets] if common else list(product(sets, sets))


@pytest.mark.parametrize("within", [1.0, 4.0])
@pytest.mark.parametrize(
    "settings", [{}, {"lambda_z": 0.03}, {"lambda_z": 0.5}, {"support": "common"}, {"support": "independent"}], ids=str
)
def test_cells_are_those_of_the_enumeration(settings: dict[str, Any], within: float) -> None:
    check(settings, within)


@pytest.mark.parametrize("lambda_z", [0.03, 0.5])
def test_bounds_of_tasks_at_prices_hold(lambda_z: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "GLANCE", 1)
    check({"lambda_z": lambda_z}, 3.0, strict=False)


def check(settings: dict[str, Any], within: float, strict: bool = True) -> None:
    X, y = data(0)
    common = settings.get("support") == "common"
    fit = SparseMTL(y, X, SITE).fit(s=2, lambda_1=0.02, **settings)
    table = fit.alternatives(within=within)
    assert table.attrs["status"] == "proven" or not strict
    rows = [SITE == "north", SITE == "south"]
    known = {
        (k, S): ridge(X[rows[k]], y[rows[k]], S, 0.02)
        for S in {S for c in every_choice(2, False) for S in c}
        for k in (0, 1)
    }
    choices = every_choice(2, common)
    zbar = np.array([len(set(A) ^ set(B)) for A, B in choices]) * settings.get("lambda_z", 0.0) / 4
    values = zbar + np.array([known[0, A][0] + known[1, B][0] for A, B in choices])
    best = int(values.argmin())
    assert fit.objective == pytest.approx(values[best], rel=1e-9)
    rss = np.array([[known[k, S][1] for k, S in enumerate(c)] for c in choices])
    n, f = np.array(N), rss[best] / (2 * np.array(N))
    held = np.array([[[j in S for S in c] for j in range(P)] for c in choices])  # (choices, p, K)
    seen = 0
    for k, j in product(range(2), range(P)):
        other = held[:, j, k] != held[best, j, k]
        i = int(np.where(other, values, np.inf).argmin())
        rise = values[i] - values[best]
        # of equal units in both tasks where they choose together
        distance = n[k] * np.log1p(rise / f[k]) if not common else _together(rise, f, n)
        cell = (f"x{j + 1}", ("north", "south")[k])
        if not held[best, j, k] and distance > within and (strict or cell not in table.index):
            assert cell not in table.index
            continue
        row = table.loc[cell]
        seen += 1
        said = {"every" if distance > within else "some"} | (set() if strict else {"undecided"})
        assert row["verdict"] in said
        near = [c for c in range(len(choices)) if values[c] <= values[best] + rise_at(within, k, f, n, common)]
        slopes = [0.0 if j not in choices[c][k] else known[k, choices[c][k]][2][choices[c][k].index(j)] for c in near]
        assert min(slopes) - 1e-9 <= row["low"] <= row["coef"] <= row["high"] <= max(slopes) + 1e-9
        if held[best, j, k]:
            assert row["distance"] == pytest.approx(distance, abs=2e-2)
            assert row["price"] == pytest.approx(float(n @ np.log(rss[i] / rss[best])), abs=2e-2)
            assert row["at_least"] <= distance + 1e-3
            assert row["proven"] or not strict
        else:
            assert row["distance"] >= distance - 1e-6
    assert seen == len(table)
    assert table.attrs["in no support"] == 2 * P - seen
    assert table.attrs["undecided"] == 0 or not strict


def rise_at(distance: float, k: int, f: np.ndarray, n: np.ndarray, common: bool) -> float:
    return float(np.sum(f * np.expm1(distance / 2 / n)) if common else f[k] * np.expm1(distance / n[k]))


def _together(rise: float, f: np.ndarray, n: np.ndarray) -> float:
    grid = np.linspace(0, 400, 40_001)
    rises = np.sum(f * np.expm1(grid[:, None] / 2 / n), axis=1)
    return float(np.interp(rise, rises, grid))


@pytest.mark.parametrize(
    ("family", "settings"),
    [
        ("binomial", {"lambda_z": 0.02}),
        ("binomial", {}),
        ("poisson", {"lambda_2": 0.1}),
        ("cox", {"support": "common"}),
    ],
    ids=str,
)
def test_cells_of_other_families(family: str, settings: dict[str, Any]) -> None:
    rng = np.random.default_rng(len(family))
    X = rng.standard_normal((90, 4))
    site, eta = np.repeat(["a", "b"], 45), X[:, 1] - 0.6 * X[:, 2]
    y = {
        "binomial": (rng.random(90) < 1 / (1 + np.exp(-eta))).astype(float),
        "poisson": rng.poisson(np.exp(eta / 2)).astype(float),
        "cox": np.column_stack([np.ceil(5 * rng.exponential(np.exp(-eta))), rng.random(90) < 0.7]).astype(float),
    }[family]
    fit = SparseMTL(y, X, site, family=family).fit(s=2, lambda_1=0.05, **settings)
    table = fit.alternatives(within=3)
    assert table.attrs["status"] == "proven"
    problem = problem_of(fit)
    sets = [np.array(S, np.int32) for m in range(3) for S in combinations(range(4), m)]
    common = settings.get("support") == "common"
    choices = [[S, S] for S in sets] if common else [list(c) for c in product(sets, sets)]
    fits = [refit(problem, c) for c in choices]
    values = np.array([one.F for one in fits if one is not None])
    assert fit.objective == pytest.approx(values.min(), rel=1e-9)
    for cell in table.index:
        j, k = int(cell[0][1:]) - 1, "ab".index(cell[1])
        inside = bool(fit.support.loc[cell[0], cell[1]])
        other = np.array([(j in c[k]) != inside for c in choices])
        distance = 2 * 45 * (np.where(other, values, np.inf).min() - values.min())  # w_k = 1, n_k rows
        assert table.loc[cell, "verdict"] == ("every" if distance > 3 else "some")
        if inside:
            assert table.loc[cell, "distance"] == pytest.approx(distance, abs=2e-2)


def test_one_vector_for_all_tasks_has_its_cells() -> None:
    X, y = data(0)
    table = SparseMTL(y, X, SITE).fit(s=2, lambda_1=0.02, lambda_2=np.inf).alternatives(within=2)
    assert table.attrs["status"] == "proven"
    assert len(table) % 2 == 0
    assert (table.loc[("x2", "north"), "verdict"]) == "every"
    np.testing.assert_allclose(table.xs("north", level="task")["coef"], table.xs("south", level="task")["coef"])


def test_limits_and_words(ctrl_c: Callable[[float], None]) -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((160, 300))
    X[:, 1:] += X[:, :-1]
    fit = SparseMTL(rng.standard_normal(160), X, np.repeat(["a", "b"], 80)).fit(s=5, lambda_1=1e-3, lambda_z=0.01)
    for wrong in (0, -1, True, "4", np.inf):
        with pytest.raises(OptionError, match="must be a positive number of likelihood units"):
            fit.alternatives(within=wrong)  # type: ignore[arg-type]
    started = time.perf_counter()
    table = fit.alternatives(within=4, time_limit=1.0)
    assert time.perf_counter() - started < 15
    assert table.attrs["status"] == "time limit"
    assert table.attrs["undecided"] > 0
    assert isinstance(table, pd.DataFrame)
    ctrl_c(1.0)
    with pytest.warns(InterruptedWarning, match="cells not looked at by then are undecided"):
        table = fit.alternatives(within=4, time_limit=60.0)
    assert table.attrs["status"] == "interrupted"
    assert len(table) >= 5
