"""Columns far from 0, as years of birth are: the hazard knows no origin, so neither may a fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from statsmodels.duration.hazard_regression import PHReg

from sparsekin import MTHAL, SparseMTL

NAMES = ["x0", "x1", "x2"]


def _people() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(80, 3))
    event = rng.exponential(np.exp(-0.7 * (X[:, 0] - 0.7 * X[:, 1])))
    until = rng.exponential(2, size=80)
    data = pd.DataFrame(X, columns=NAMES)
    return data.assign(
        time=np.ceil(10 * np.minimum(event, until)), status=(event <= until) * 1.0, task=np.repeat(["a", "b"], 40),
        ward=np.tile(["u", "v"], 40),
    )  # fmt: skip


def _model(people: pd.DataFrame, right: str = "x0 + x1 + x2", keep: tuple[str, ...] = ()) -> SparseMTL:
    return SparseMTL.from_formula(f"Surv(time, status) ~ {right}", people, task="task", family="cox", keep=keep)


@pytest.mark.parametrize("origin", [2e3, 1e6])
@pytest.mark.parametrize("keep", [(), ("x0",)])
def test_coefficients_are_those_of_phreg_wherever_columns_start(origin: float, keep: tuple[str, ...]) -> None:
    people = _people()
    moved = people.assign(x0=people["x0"] + origin)
    apart = _model(moved, keep=keep).fit(s=3, lambda_1=0.0).params
    for task, rows in people.groupby("task"):
        expected = PHReg(rows["time"], rows[NAMES], status=rows["status"], ties="efron").fit().params
        assert_allclose(apart[task][NAMES], expected, rtol=1e-5)
    pooled = _model(moved, keep=keep).fit(s=3, lambda_1=0.0, lambda_2=np.inf).params["a"][NAMES]
    expected = PHReg(people["time"], people[NAMES], status=people["status"], ties="efron", strata=people["task"])
    assert_allclose(pooled, expected.fit().params, rtol=1e-5)


@pytest.mark.parametrize("right", ["x0 + x1 + x2", "x0 + x1 + x2 + strata(ward)"])
def test_the_search_and_survival_are_the_same_wherever_columns_start(right: str) -> None:
    people = _people()
    moved = people.assign(x0=people["x0"] + np.where(people["task"] == "a", 1e6, 3e3))
    given = {"s": 1, "lambda_1": 0.02, "lambda_z": 0.02}
    here, there = _model(people, right).fit(**given), _model(moved, right).fit(**given)
    assert here.params.loc["x0"].ne(0).any()
    assert_allclose(there.params, here.params, atol=1e-8)
    assert_allclose(there.objective, here.objective, rtol=1e-10)
    times = [2.0, 8.0]
    assert_allclose(there.predict(type="survival", times=times), here.predict(type="survival", times=times), atol=1e-8)


@pytest.mark.parametrize("origin", [1e6, 1e8])
@pytest.mark.parametrize("apart", ["task", "ward"])
def test_kept_columns_may_start_elsewhere_in_every_task_and_stratum(origin: float, apart: str) -> None:
    people = _people()
    right = "x0 + x1 + x2 + strata(ward)"
    codes = people[apart].map({"a": 0.0, "b": 1.0, "u": 0.0, "v": 1.0})
    given = {"s": 1, "lambda_1": 0.0, "lambda_2": np.inf if apart == "task" else 0.0}
    here, there = (
        _model(one, right, ("x0",)).fit(**given) for one in (people, people.assign(x0=people["x0"] + origin * codes))
    )  # fmt: skip
    assert_allclose(there.params, here.params, rtol=1e-6)
    if apart == "task":
        groups = people["task"] + people["ward"]
        names = ["x0", here.selected[0]]
        told = PHReg(people["time"], people[names], status=people["status"], ties="efron", strata=groups).fit()
        assert_allclose(here.params["a"][names], told.params, rtol=1e-6)


def test_baselines_and_functions_are_the_same_wherever_columns_start() -> None:
    people = _people()
    moved = people.assign(x0=people["x0"] + 1e6)
    tables = [_model(one).compare(s=[1], lambda_1=0.02, folds=2, rng=0).tidy() for one in (people, moved)]
    assert_allclose(tables[1]["estimate"], tables[0]["estimate"], rtol=1e-3)
    formula = "Surv(time, status) ~ x0 + h(x1)"
    fits = [
        MTHAL.from_formula(formula, one, task="task", family="cox").fit(lambda_=0.05) for one in (people, moved)
    ]  # fmt: skip
    assert_allclose(*(one.predict(type="survival", times=[3.0]) for one in fits), atol=1e-5)
