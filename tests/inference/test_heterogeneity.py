"""Q, tau^2 and I^2 are those of statsmodels' combine_effects, Welch's F that of its one-way analysis of variance."""

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.oneway import anova_oneway

from sparsekin.inference.heterogeneity import heterogeneity_of


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # statsmodels, where tau^2 < 0
@pytest.mark.parametrize("seed", range(6))
def test_against_statsmodels(seed):
    rng = np.random.default_rng(seed)
    samples = [rng.normal(rng.normal(0, 0.4), rng.uniform(0.5, 2), n) for n in (12, 30, 25, 18)[: 2 + seed % 3]]
    b, n = np.array([s.mean() for s in samples]), np.array([len(s) for s in samples])
    se = np.array([s.std(ddof=1) for s in samples]) / np.sqrt(n)
    found = heterogeneity_of(b, se, n - 1.0)
    told = combine_effects(b, se**2, method_re="dl")
    np.testing.assert_allclose([found.Q, found.tau2], [told.q, max(told.tau2, 0)], rtol=1e-10, atol=1e-12)
    assert pytest.approx(max(told.i2, 0), abs=1e-12) == found.I2
    if told.tau2 >= 0:
        assert found.mean == pytest.approx(told.mean_effect_re, rel=1e-10)
        assert found.se == pytest.approx(told.sd_eff_w_re, rel=1e-10)
    assert found.welch_p == pytest.approx(anova_oneway(samples, use_var="unequal").pvalue, rel=1e-9)


def test_tasks_that_say_nothing_do_not_count():
    b, se, df = np.array([0.2, np.nan, 0.4]), np.array([0.1, np.nan, 0.1]), np.array([20.0, 3.0, 20.0])
    found = heterogeneity_of(b, se, df)
    assert found.df == 1
    assert pytest.approx(2.0) == found.Q
    assert np.isnan(found.prediction(0.95)).all()
    assert heterogeneity_of(b[:2], se[:2], df[:2]) is None


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_tasks_known_exactly_do_not_count():
    b, se, df = np.array([-3e-17, 0.2, 0.4]), np.array([4e-17, 0.1, 0.1]), np.full(3, 20.0)
    found = heterogeneity_of(b, se, df)
    assert (found.df, found.Q) == pytest.approx((1, 2.0))
    assert heterogeneity_of(b, np.array([4e-17, 3e-17, 0.1]), df) is None


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_one_task_may_be_known_far_better_than_the_others():
    found = heterogeneity_of(np.array([1.0, 1.2, 0.7]), np.array([1e-10, 0.1, 0.2]), np.full(3, 20.0))
    assert (found.Q, found.tau2) == pytest.approx((4 + 2.25, 4.25 / 250))
    assert 0 < found.welch_p < 1
