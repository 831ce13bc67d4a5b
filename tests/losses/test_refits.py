"""Refits are what statsmodels finds, with weights, offsets, strata, entry and both ties."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize

from losses.cases import NAMES, case
from sparsekin.losses.families import make_loss
from sparsekin.losses.refit import null_model, refit

FAMILIES = {"gaussian": sm.families.Gaussian(), "binomial": sm.families.Binomial(), "poisson": sm.families.Poisson()}


@pytest.mark.parametrize("name", ["gaussian", "binomial", "trials", "poisson"])
def test_as_glm(name):
    one = case(name, n=200)
    y, w = one.y, one.weights
    if y.ndim == 2:
        trials = y.sum(axis=1)
        y, w = np.divide(y[:, 0], trials, out=np.zeros(200), where=trials > 0), w * trials
    there = w > 0
    model = sm.GLM(
        y[there], sm.add_constant(one.X[there]), FAMILIES[one.family], offset=one.offset[there], freq_weights=w[there]
    )
    theirs = model.fit(tol=1e-14, maxiter=100)
    ours = refit(one.loss(), one.X, one.U)
    assert ours.converged
    np.testing.assert_allclose([*ours.keep, *ours.coef], theirs.params, atol=1e-9)
    assert ours.value == pytest.approx(theirs.deviance / (2 * w.sum()), rel=1e-10)
    null = model.fit_constrained(np.eye(4)[1:])
    found = null_model(one.loss(), one.U)
    np.testing.assert_allclose(found.keep[0], null.params[0], atol=1e-7)
    assert found.value == pytest.approx(null.deviance / (2 * w.sum()), rel=1e-9)


@pytest.mark.parametrize("name", ["cox", "breslow", "untied", "strata", "entry", "entry strata breslow"])
def test_as_phreg(name):
    one = case(name, n=200)
    ties = one.options.get("ties", "efron")
    entry = one.y[:, 0] if one.y.shape[1] == 3 else None
    model = sm.PHReg(
        one.y[:, -2], one.X, status=one.y[:, -1], entry=entry, strata=one.options.get("strata"), offset=one.offset,
        ties=ties,
    )  # fmt: skip
    theirs = model.fit()
    ours = refit(one.loss(weights=None), one.X, one.U)
    assert ours.converged
    np.testing.assert_allclose(ours.coef, theirs.params, atol=1e-8)
    null = one.loss(weights=None).value(one.offset)
    assert (null - ours.value) * 200 == pytest.approx(theirs.llf - model.loglike(np.zeros(3)), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_ridge_is_added_to_slopes_alone(name):
    one = case(name)
    loss = one.loss()
    ours = refit(loss, one.X, one.U, 0.2)

    def value(theta):
        return loss.value(loss.offset + one.X @ theta[:3] + one.U @ theta[3:]) + 0.1 * theta[:3] @ theta[:3]

    def slope(theta):
        r = loss.residual(loss.offset + one.X @ theta[:3] + one.U @ theta[3:])
        return np.concatenate([0.2 * theta[:3] - one.X.T @ r, -one.U.T @ r])

    theta = np.concatenate([ours.coef, ours.keep])
    assert ours.value == pytest.approx(value(theta), rel=1e-12)
    best = minimize(value, np.zeros(len(theta)), jac=slope, method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(theta, best.x, atol=1e-6)
    again = refit(loss, one.X, one.U, 0.2, ours.coef, ours.keep)
    assert again.steps <= 2
    assert again.value == pytest.approx(ours.value, rel=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_columns_that_repeat_each_other_are_no_trouble(name):
    one = case(name)
    once = refit(one.loss(), one.X, one.U)
    twice = refit(one.loss(), one.X, np.column_stack([one.U, one.U, one.X[:, :1] * 1e5, np.ones(60)]))
    assert twice.converged
    assert twice.value == pytest.approx(once.value, rel=1e-9)
    assert np.abs(twice.coef).max() < 10


@pytest.mark.parametrize("name", ["binomial", "poisson", "untied"])
def test_separation_is_seen_and_stays_finite(name):
    one = case(name)
    y = one.y.copy()
    column = np.where(y > 0, 1.0, -1.0)
    if name == "untied":
        column = -np.argsort(np.argsort(y[:, 0])).astype(float)
        y[:, 1] = 1.0
    if name == "poisson":
        column = (y > 0) * 1.0
    loss = make_loss(one.family, y, one.weights)
    found = refit(loss, column[:, None], one.U)
    assert found.separated
    assert np.isfinite([found.value, *found.coef, *found.keep, *found.eta]).all()
    held = refit(loss, column[:, None], one.U, 1 / 60)
    assert held.converged
    assert not held.separated


def test_given_up_when_it_cannot_be_good_enough():
    one = case("binomial", n=200)
    whole = refit(one.loss(), one.X, one.U)
    short = refit(one.loss(), one.X, one.U, allowed=whole.value - 1e-2)
    assert not short.converged
    assert short.steps < whole.steps
    assert refit(one.loss(), one.X, one.U, allowed=whole.value + 1e-9).converged
