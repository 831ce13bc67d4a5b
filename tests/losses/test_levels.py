"""The level that fits best beside predictors, against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from sparsekin.losses.families import make_loss
from sparsekin.losses.levels import best_levels

FAMILIES = {"binomial": sm.families.Binomial(), "poisson": sm.families.Poisson()}
RNG = np.random.default_rng(0)
ETA = RNG.normal(0.0, 2.0, (6, 80))
ETA[0] = 0.0
Y = {"binomial": (RNG.random(80) < 0.3).astype(float), "poisson": RNG.poisson(1.5, 80).astype(float)}
W = np.where(np.arange(80) < 9, 0.0, RNG.uniform(0.5, 2.0, 80))


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_it_is_the_intercept_of_a_regression_with_the_predictor_as_offset(family: str) -> None:
    found = best_levels(make_loss(family, Y[family], W), ETA)
    for a, eta in zip(found, ETA, strict=True):
        one = sm.GLM(Y[family], np.ones((80, 1)), FAMILIES[family], offset=eta, freq_weights=W).fit(tol=1e-13)
        assert a == pytest.approx(one.params[0], abs=1e-8)


def test_of_trials_successes_count_as_rows() -> None:
    trials = np.random.default_rng(1).integers(1, 6, 80)
    won = np.random.default_rng(2).binomial(trials, 0.4)
    y = np.column_stack([won, trials - won]).astype(float)
    found = best_levels(make_loss("binomial", y), ETA[:1] + ETA[1:2])
    one = sm.GLM(y, np.ones((80, 1)), FAMILIES["binomial"], offset=ETA[1]).fit(tol=1e-13)
    assert found[0] == pytest.approx(one.params[0], abs=1e-8)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_far_predictors_and_outcomes_without_a_level_have_finite_ones(family: str) -> None:
    wide = best_levels(make_loss(family, Y[family]), 100 * ETA)
    loss = make_loss(family, Y[family])
    for a, eta in zip(wide, 100 * ETA, strict=True):
        near = [loss.value(eta + a + step) for step in (-0.1, 0.0, 0.1)]
        assert near[1] == min(near)
    for y in (np.zeros(80), np.ones(80))[: 1 + (family == "binomial")]:
        alone = make_loss(family, y)
        a = best_levels(alone, ETA)
        assert np.isfinite(a).all()
        assert alone.value(ETA[1] + a[1]) < 1e-6
