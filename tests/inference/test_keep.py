"""Double selection adjusts for what confounds a kept term; its numbers are those of least squares on the union."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from inference.cases import ar1, problem_of
from sparsekin import SparseMTL
from sparsekin.data.blocks import Responses
from sparsekin.inference.beside_family import working_weights
from sparsekin.inference.keep import as_outcome, double_selection


def confounded(seed=0, K=2, n=100, p=30, theta=0.3):
    """Six confounders: strong for the exposure, weak for the outcome."""
    rng = np.random.default_rng(seed)
    X = [ar1(rng, n, p) for _ in range(K)]
    gamma, beta = np.zeros(p), np.zeros(p)
    gamma[:12:2] = 0.5
    beta[:12:2] = 0.2
    D = [x @ gamma + rng.standard_normal(n) for x in X]
    y = [theta * d + x @ beta + rng.standard_normal(n) for d, x in zip(D, X, strict=True)]
    return X, y, np.concatenate(D)[:, None]


def test_least_squares_on_the_union():
    X, y, D = confounded()
    blocks = problem_of(X, y, 3, 0.1, keep=D).blocks
    chosen = {0: [1, 4], 1: [4, 7, 8]}
    calls = []

    def choose(given):
        calls.append(given)
        out = np.zeros((30, 2), bool)
        out[chosen[len(calls) - 1]] = True
        return out

    found = double_selection(blocks, choose)
    assert len(calls) == 2
    assert calls[0].keep.shape[1] == calls[1].keep.shape[1] == 0
    np.testing.assert_array_equal(np.concatenate(calls[1].y), D[:, 0])
    for k in range(2):
        fit = sm.OLS(y[k], np.column_stack([D[100 * k : 100 * k + 100], X[k][:, [1, 4, 7, 8]], np.ones(100)])).fit()
        np.testing.assert_allclose(
            [found.slope[0, k], found.se[0, k], found.pvalue[0, k]],
            [fit.params[0], fit.bse[0], fit.pvalues[0]],
            rtol=1e-8,
        )
        assert found.df[k] == fit.df_resid


def test_a_constant_term_and_few_rows_have_no_slope():
    X, y, D = confounded(n=12)
    D[:12] = 1.0
    found = double_selection(problem_of(X, y, 3, 0.1, keep=D).blocks, lambda given: np.ones((30, 2), bool))
    assert np.isnan(found.slope).all()


def test_outcomes_of_missing_rows_stay_out():
    X, y, D = confounded()
    weights = (np.where(np.arange(100) < 5, 0.0, 1.0), np.ones(100))
    blocks = problem_of(X, y, 3, 0.1, weights=weights, keep=D).blocks
    assert (as_outcome(blocks, D[:, 0]).y[0][:5] == 0).all()


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_maximum_likelihood_on_the_union(family):
    X, eta, D = confounded()
    rng = np.random.default_rng(0)
    y = [outcome(rng, family, one / 2) for one in eta]
    blocks = problem_of(X, [one if one.ndim == 1 else one[:, 0] for one in y], 3, 0.1, keep=D).blocks
    given = Responses((family,) * 2, tuple(y), (None,) * 2, (None,) * 2, (None,) * 2)
    blocks = replace(blocks, responses=given, intercept=family != "cox")
    calls = []

    def choose(asked):
        calls.append(asked)
        out = np.zeros((30, 2), bool)
        out[[[1, 4], [4, 7, 8]][len(calls) - 1]] = True
        return out

    found = double_selection(blocks, choose)
    assert calls[0].responses is given
    assert calls[1].responses is None
    assert calls[1].intercept
    for k in range(2):
        Z = np.column_stack([D[100 * k : 100 * k + 100], X[k][:, [1, 4, 7, 8]]])
        slope, se = by_statsmodels(family, y[k], Z)
        assert found.slope[0, k] == pytest.approx(slope, rel=1e-6)
        assert found.se[0, k] == pytest.approx(se, rel=1e-4)
        w = calls[1].weights[k]
        assert w.mean() == pytest.approx(1.0, abs=0.02)
        assert np.ptp(w) > 0.1


def by_statsmodels(family, y, Z):
    if family == "cox":
        fit = sm.PHReg(y[:, 0], Z, status=y[:, 1], ties="efron").fit()
        return fit.params[0], fit.bse[0]
    kind = sm.families.Binomial() if family == "binomial" else sm.families.Poisson()
    fit = sm.GLM(y, np.column_stack([Z, np.ones(len(Z))]), family=kind).fit(tol=1e-12)
    dispersion = max(1.0, fit.pearson_chi2 / fit.df_resid) if family == "poisson" else 1.0
    return fit.params[0], fit.bse[0] * np.sqrt(dispersion)


def outcome(rng, family, eta):
    if family == "binomial":
        return (rng.random(len(eta)) < 1 / (1 + np.exp(-eta))).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(eta)).astype(float)
    time, until = rng.exponential(np.exp(-eta)), rng.exponential(2.0, len(eta))
    return np.column_stack([np.minimum(time, until), time <= until]).astype(float)


def test_working_weights_are_those_of_the_first_model():
    X, eta, D = confounded()
    y = outcome(np.random.default_rng(0), "binomial", eta[0])
    blocks = problem_of(X[:1], [y], 3, 0.1, keep=D[:100]).blocks
    blocks = replace(blocks, responses=Responses(("binomial",), (y,), (None,), (None,), (None,)))
    Z = np.column_stack([X[0][:, [1, 4]], D[:100], np.ones(100)])
    p = sm.GLM(y, Z, family=sm.families.Binomial()).fit().fittedvalues
    expected = p * (1 - p) / (p * (1 - p)).mean()
    np.testing.assert_allclose(working_weights(blocks, 0, np.array([1, 4])), expected, rtol=0.1)


def test_odds_of_an_exposure_are_not_confounded_by_selection():
    naive, honest = [], []
    for seed in range(4):
        X, eta, D = confounded(seed)
        y = [outcome(np.random.default_rng(seed), "binomial", one) for one in eta]
        model = SparseMTL(np.concatenate(y), np.vstack(X), np.repeat(["a", "b"], 100), keep=D, family="binomial")
        fit = model.fit(s=1, lambda_1=0.02, lambda_z=0.05, effort=0)
        table = fit.double_selection(folds=3, rng=seed)
        assert np.isfinite(table[["estimate", "conf_low", "conf_high"]]).all().all()
        ends = fit.conf_int(terms="keep", method="double-selection", rng=seed)
        assert ends.shape == (1, 4)
        naive += list(fit.params.iloc[1])
        honest += list(table["estimate"])
    assert np.mean(naive) > np.mean(honest) + 0.1


def test_the_naive_interval_is_biased_and_this_one_is_not():
    naive, honest = [], []
    for seed in range(6):
        X, y, D = confounded(seed)
        model = SparseMTL(np.concatenate(y), np.vstack(X), np.repeat(["a", "b"], 100), keep=D)
        fit = model.fit(s=2, lambda_1=1e-3, lambda_z=0.05)
        naive += list(fit.params.iloc[1] - 0.3)
        honest += list(fit.double_selection(rng=seed)["estimate"] - 0.3)
    assert np.mean(naive) > 0.1
    assert abs(np.mean(honest)) < 0.08
