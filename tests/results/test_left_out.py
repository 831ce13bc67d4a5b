"""Measures of studies left out, and what they say together."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from sparsekin import SparseMTL
from sparsekin.errors import OptionError
from sparsekin.inference.meta import random_effects
from sparsekin.results.left_out import Measured, scale_of
from sparsekin.tuning.accuracy import standard_errors
from sparsekin.tuning.judge import judge

ONE = {"s": 2, "lambda_1": 0.05, "lambda_2": 0.0, "lambda_z": 0.0, "folds": 3, "rng": 0}


@cache
def left_out(family, seed=0, n=80, n_sites=4):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n * n_sites, 4))
    site = np.repeat([f"site {k}" for k in range(n_sites)], n)
    eta = X[:, 0] - 0.5 * X[:, 1] + np.repeat(rng.normal(0, 0.4, n_sites), n)
    y = {
        "gaussian": lambda: eta + rng.standard_normal(len(eta)),
        "binomial": lambda: rng.random(len(eta)) < expit(eta),
        "poisson": lambda: rng.poisson(np.exp(eta)),
        "cox": lambda: np.column_stack([rng.exponential(np.exp(-eta)), rng.random(len(eta)) < 0.7]),
    }[family]()
    return SparseMTL(y, X, site, family=family).validate(**ONE)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "cox"])
def test_a_study_has_the_numbers_of_the_judge_beside_their_standard_errors(family):
    found = left_out(family)
    for k in range(4):
        values, errors = (f(found.blocks, k, found.eta[k]) for f in (lambda *a: judge(*a).values, standard_errors))
        row = found.performance.iloc[k]
        for name, value in values.items():
            if name == "events" and family == "gaussian":
                assert "events" not in row
                continue
            assert row[name] == value
            if name not in ("n", "events"):
                assert row[f"{name}_se"] == errors[name]
    assert (found.performance["undefined"] == "").all()


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "cox"])
def test_studies_are_pooled_on_the_scale_that_is_named(family):
    found = left_out(family)
    there = {
        "logit": (logit, expit, lambda x: 1 / (x * (1 - x))), "log": (np.log, np.exp, lambda x: 1 / x),
        "identity": (np.asarray, np.asarray, np.ones_like),
    }  # fmt: skip
    expected = {"auc": "logit", "concordance": "logit", "rmse": "log", "brier": "log", "dispersion": "log"}
    for name, row in found.pooled.iterrows():
        assert row["scale"] == expected.get(name, "identity") == scale_of(name)
        go, back, slope = there[row["scale"]]
        x, se = found.performance[name].to_numpy(), found.performance[f"{name}_se"].to_numpy()
        one = random_effects(go(x), se * slope(x))
        ends = [one.estimate, one.lower, one.upper, one.pred_lower, one.pred_upper]
        named = ["estimate", "lower", "upper", "pred_lower", "pred_upper"]
        np.testing.assert_allclose(row[named].astype(float), back(np.array(ends)), rtol=1e-12)
        assert (row["tau2"], row["I2"], row["studies"]) == pytest.approx((one.tau2, one.I2, 4))


def measures(values, ses):
    values, ses = np.array(values, float)[:, None], np.array(ses, float)[:, None]
    return Measured(("auc",), np.full(len(values), 50.0), np.full(len(values), 9.0), values, ses, ({},) * len(values))


def test_what_lies_at_an_end_of_its_scale_or_is_not_defined_is_not_pooled():
    found, n = measures([0.8, 1.0, np.nan, 0.7], [0.05, 0.0, np.nan, 0.04]).together("auc")
    assert n == 2
    assert expit(found.estimate) == pytest.approx(0.74, abs=0.02)
    assert measures([0.8, 1.0], [0.05, 0.0]).together("auc") == (None, 1)
    low, high = measures([0.99, 1.0], [0.02, 0.0]).interval("auc")
    assert 0 < low[0] < 0.99 < high[0] < 1
    assert np.isnan([low[1], high[1]]).all()


def test_survival_curves_of_studies_left_out_are_not_predicted():
    found = left_out("cox")
    with pytest.raises(OptionError, match="A study that was left out has no baseline hazard"):
        found.plot_calibration(time=0.5)
    assert len(found.plot_survival()) == 4


def test_rows_say_what_was_predicted_of_them():
    found = left_out("binomial")
    rows = found.augment()
    assert rows.columns.tolist() == ["task", ".linear", ".fitted"]
    np.testing.assert_allclose(rows[".fitted"], expit(rows[".linear"]))
    np.testing.assert_array_equal(rows[".linear"], np.concatenate(found.eta))
    assert isinstance(found.performance, pd.DataFrame)
    assert found.kinds == ("task left out",)
