"""Calibration of given predictors: the coefficients of statsmodels, and why they are not there."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.duration.hazard_regression import PHReg

from sparsekin.losses.recalibrate import ALIKE, FLAT, SEPARATED, recalibrate

N = 120
EXACT = {"tol": 1e-14, "maxiter": 200}


def drawn(seed=0):
    rng = np.random.default_rng(seed)
    eta = 1.5 * rng.standard_normal(N) - 0.5
    return rng, eta, rng.integers(1, 4, N).astype(float)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("family", "model"), [("binomial", sm.families.Binomial()), ("poisson", sm.families.Poisson()),
                          ("gaussian", sm.families.Gaussian())],
)  # fmt: skip
def test_it_is_the_glm_on_the_predictor_as_offset_and_as_column(family, model, weighted):
    rng, eta, w = drawn()
    y = {
        "binomial": lambda: (rng.random(N) < 1 / (1 + np.exp(0.4 - 0.6 * eta))).astype(float),
        "poisson": lambda: rng.poisson(np.exp(0.3 + 0.7 * eta)).astype(float),
        "gaussian": lambda: 1 + 0.5 * eta + rng.standard_normal(N),
    }[family]()
    given = w if weighted else None
    found = recalibrate(family, y, eta, given)
    moved = sm.GLM(y, np.ones((N, 1)), offset=eta, family=model, freq_weights=given).fit(**EXACT)
    both = sm.GLM(y, sm.add_constant(eta), family=model, freq_weights=given).fit(**EXACT)
    assert found.intercept == pytest.approx(moved.params[0], abs=1e-8)
    assert found.slope == pytest.approx(both.params[1], abs=1e-8)
    assert found.reason == ""


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("family", ["binomial", "poisson", "overdispersed", "gaussian"])
def test_standard_errors_are_those_of_the_glm(family, weighted):
    rng, eta, w = drawn(3)
    y = {
        "binomial": lambda: (rng.random(N) < 1 / (1 + np.exp(-0.6 * eta))).astype(float),
        "poisson": lambda: 3.0 + (rng.random(N) < 0.5),
        "overdispersed": lambda: rng.poisson(np.exp(0.7 * eta) * rng.gamma(0.5, 2.0, N)).astype(float),
        "gaussian": lambda: 1 + 0.5 * eta + rng.standard_normal(N),
    }[family]()
    w = w / w.mean() if weighted else np.ones(N)  # weights say which rows count more, not how many there are
    kind = "poisson" if family == "overdispersed" else family
    found = recalibrate(kind, y, eta, 7.0 * w if weighted else None)
    model = getattr(sm.families, kind.capitalize())()
    X = sm.add_constant(eta)
    moved = sm.GLM(y, np.ones((N, 1)), offset=eta, family=model, freq_weights=w).fit(**EXACT)
    both = sm.GLM(y, X, family=model, freq_weights=w).fit(**EXACT)
    for fit, se, at in ((moved, found.intercept_se, 0), (both, found.slope_se, 1)):
        dispersion = fit.pearson_chi2 / (N - at - 1)
        factor = max(1.0, dispersion) if kind == "poisson" else 1.0
        assert kind != "poisson" or at == 0 or (dispersion > 1) == (family == "overdispersed")
        assert se == pytest.approx(fit.bse[at] * np.sqrt(factor), rel=1e-6)


def test_standard_errors_of_trials_and_of_cox():
    rng, eta, _ = drawn(1)
    trials = rng.integers(1, 6, N)
    good = rng.binomial(trials, 1 / (1 + np.exp(-0.7 * eta)))
    counts = np.column_stack([good, trials - good]).astype(float)
    both = sm.GLM(counts, sm.add_constant(eta), family=sm.families.Binomial()).fit(**EXACT)
    moved = sm.GLM(counts, np.ones((N, 1)), offset=eta, family=sm.families.Binomial()).fit(**EXACT)
    found = recalibrate("binomial", counts, eta)
    assert (found.intercept_se, found.slope_se) == pytest.approx((moved.bse[0], both.bse[1]), rel=1e-6)
    time, died = np.ceil(5 * rng.exponential(np.exp(-0.8 * eta))), rng.random(N) < 0.7
    found = recalibrate("cox", np.column_stack([time, died]).astype(float), eta)
    there = PHReg(time, eta[:, None], status=died, ties="efron").fit(**EXACT)
    assert found.slope_se == pytest.approx(there.bse[0], rel=1e-6)
    assert np.isnan(found.intercept_se)


def test_successes_and_failures_are_trials():
    rng, eta, _ = drawn(1)
    trials = rng.integers(1, 6, N)
    good = rng.binomial(trials, 1 / (1 + np.exp(-0.7 * eta)))
    counts = np.column_stack([good, trials - good]).astype(float)
    found = recalibrate("binomial", counts, eta)
    both = sm.GLM(counts, sm.add_constant(eta), family=sm.families.Binomial()).fit(**EXACT)
    moved = sm.GLM(counts, np.ones((N, 1)), offset=eta, family=sm.families.Binomial()).fit(**EXACT)
    assert (found.intercept, found.slope) == pytest.approx((moved.params[0], both.params[1]), abs=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_has_a_slope_alone(ties):
    rng, eta, _ = drawn(2)
    time, strata = np.ceil(5 * rng.exponential(np.exp(-0.8 * eta))), rng.integers(0, 3, N)
    died = rng.random(N) < 0.7
    found = recalibrate("cox", np.column_stack([time, died]).astype(float), eta, None, strata, ties)
    there = PHReg(time, eta[:, None], status=died, strata=strata, ties=ties).fit(**EXACT)
    assert found.slope == pytest.approx(there.params[0], abs=1e-8)
    assert np.isnan(found.intercept)


def test_scales_and_origins_of_predictors_do_not_matter():
    rng, eta, _ = drawn(3)
    y = (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float)
    one = recalibrate("binomial", y, eta)
    far = recalibrate("binomial", y, 1e-6 * eta + 7)
    assert 1e-6 * far.slope == pytest.approx(one.slope, rel=1e-7)


def test_a_slope_that_is_not_defined_says_why():
    _, eta, _ = drawn()
    y = (eta > 0).astype(float)
    assert recalibrate("binomial", y, eta).reason == SEPARATED
    assert np.isnan(recalibrate("binomial", y, eta).slope)
    for flat in (0.0, 2.3):
        found = recalibrate("binomial", y, np.full(N, flat))
        assert found.reason == FLAT
        assert found.intercept == pytest.approx(np.log(y.mean() / (1 - y.mean())) - flat)
    early = np.column_stack([np.exp(-eta), np.ones(N)])
    assert recalibrate("cox", early, eta).reason == SEPARATED


def test_numbers_that_do_not_vary_have_no_slope():
    _, eta, _ = drawn()
    found = recalibrate("gaussian", np.full(N, 0.1), eta)
    assert (found.reason, np.isnan([found.slope, found.slope_se]).all()) == (ALIKE, True)
    assert found.intercept == pytest.approx(0.1 - eta.mean())
    assert found.intercept_se > 0
