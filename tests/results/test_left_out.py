"""Measures of studies left out, and what they say together."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from sparsekin import SparseMTL
from sparsekin.errors import OptionError
from sparsekin.inference.meta import random_effects
from sparsekin.results.left_out import Measured, back_from, scale_of
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


def test_predictors_are_those_of_the_probabilities_that_are_judged():
    found = left_out("binomial")
    for k, (eta, y) in enumerate(zip(found.predictors, found.blocks.y, strict=True)):
        assert found.performance["brier"].iloc[k] == pytest.approx(np.mean((y - expit(eta)) ** 2), rel=1e-12)


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
        "-log(1 - x)": (lambda x: -np.log(1 - x), lambda z: 1 - np.exp(-z), lambda x: 1 / (1 - x)),
    }  # fmt: skip
    expected = {"auc": "logit", "concordance": "logit", "rmse": "log", "brier": "log", "dispersion": "log",
                "explained": "-log(1 - x)", "brier_scaled": "-log(1 - x)"}  # fmt: skip
    for name, row in found.pooled.iterrows():
        assert row["scale"] == expected.get(name, "identity") == scale_of(name)
        go, back, slope = there[row["scale"]]
        x, se = found.performance[name].to_numpy(), found.performance[f"{name}_se"].to_numpy()
        one = random_effects(go(x), se * slope(x))
        ends = [one.estimate, one.lower, one.upper, one.pred_lower, one.pred_upper]
        named = ["estimate", "lower", "upper", "pred_lower", "pred_upper"]
        np.testing.assert_allclose(row[named].astype(float), back(np.array(ends)), rtol=1e-12)
        assert (row["tau2"], row["I2"], row["studies"]) == pytest.approx((one.tau2, one.I2, 4))


def measures(values, ses, name="auc"):
    values, ses = np.array(values, float)[:, None], np.array(ses, float)[:, None]
    return Measured((name,), np.full(len(values), 50.0), np.full(len(values), 9.0), values, ses, ({},) * len(values))


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


@pytest.mark.parametrize("name", ["explained", "brier_scaled"])
def test_no_interval_of_what_is_at_most_one_passes_it(name):
    one = measures([0.9, 0.3, 0.97, 0.8], [0.05, 0.2, 0.02, 0.1], name)
    found, n = one.together(name)
    assert n == 4
    ends = [
        back_from(name, end) for end in (found.pred_lower, found.lower, found.estimate, found.upper, found.pred_upper)
    ]
    assert ends == sorted(ends)
    assert 0.9 < ends[-1] < 1
    low, high = one.interval(name)
    assert ((low < one.values[:, 0]) & (one.values[:, 0] < high) & (high < 1)).all()


def test_a_study_known_exactly_is_left_out_and_two_predict_no_third():
    found, n = measures([2.0, 1.5, 1.2], [2e-16, 0.2, 0.1], "cal_slope").together("cal_slope")
    assert n == 2
    assert 1.2 < found.estimate < 1.5
    assert np.isnan([found.pred_lower, found.pred_upper]).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_study_of_one_value_has_no_slope_and_a_summary(seed):
    rng = np.random.default_rng(seed)
    X, site = rng.standard_normal((60, 3)), np.tile(["A", "B", "C"], 20)
    y = np.where(site == "A", 3.0, X[:, 1] + 0.5 * X[:, 2] + 0.5 * rng.standard_normal(60))
    found = SparseMTL(y, X, site).validate(**ONE)
    assert "cal_slope: the outcome does not vary" in found.performance.loc["A", "undefined"]
    assert np.isnan(found.performance.loc["A", ["cal_slope", "cal_slope_se", "explained"]].astype(float)).all()
    assert found.pooled.loc["cal_slope", "studies"] == 2
    text = " ".join(str(found.summary()).split())
    assert "prediction interval, of 3 studies or more" in text
    new = found.tidy().query("measure == 'cal_slope' and type == 'new study'").iloc[0]
    assert np.isnan(new["conf_low"])
    assert new["estimate"] == found.pooled.loc["cal_slope", "estimate"]
