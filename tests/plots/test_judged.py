"""What calibration plots and survival curves show: shares of groups, scikit-learn's and statsmodels' numbers."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from matplotlib.figure import Figure
from sklearn.calibration import calibration_curve
from statsmodels.duration.survfunc import SurvfuncRight

from sparsekin import MTHAL, SparseMTL
from sparsekin.errors import OptionError
from sparsekin.plots.calibration import quantile_groups

N = 200


def data(n_tasks=2, seed=0):
    rng = np.random.default_rng(seed)
    task = np.repeat([f"site {k}" for k in range(n_tasks)], N)
    X = rng.standard_normal((len(task), 4))
    eta = X[:, 1] - X[:, 2]
    time, censored = rng.exponential(5 * np.exp(-eta)), rng.uniform(1, 12, len(task))
    return X, task, {
        "binomial": (rng.random(len(task)) < 1 / (1 + np.exp(1 - eta))).astype(float),
        "poisson": rng.poisson(np.exp(0.5 * eta)).astype(float),
        "gaussian": eta + rng.standard_normal(len(task)),
        "cox": np.column_stack([np.minimum(time, censored) + 0.01, time <= censored]).astype(float),
    }  # fmt: skip


def fitted(family, n_tasks=2, **options):
    X, task, y = data(n_tasks)
    return SparseMTL(y[family], X, task, family=family, **options).fit(s=2, lambda_1=0.01, lambda_z=0.01)


def errors(ax):
    return next(one for one in ax.containers if hasattr(one, "has_yerr")).lines[0].get_data()


def test_groups_are_those_of_scikit_learn():
    fit = fitted("binomial")
    axes = fit.plot_calibration()
    _, task, y = data()
    for k, ax in enumerate(axes):
        mine = task == f"site {k}"
        p = fit.fittedvalues[mine].to_numpy()
        observed, predicted = calibration_curve(y["binomial"][mine], p, n_bins=10, strategy="quantile")
        np.testing.assert_allclose(errors(ax)[0], predicted, atol=0.02)  # a row at an edge goes to the other side
        np.testing.assert_allclose(errors(ax)[1], observed, atol=0.06)
        assert ax.get_title(loc="left").startswith(f"site {k}\nintercept")
        assert ax.get_xlim() == ax.get_ylim()


@pytest.mark.parametrize("family", ["binomial", "poisson", "gaussian"])
def test_a_group_has_its_mean_and_the_smooth_is_lowess(family):
    fit = fitted(family)
    ax = fit.plot_calibration()[0]
    _, task, y = data()
    mine = task == "site 0"
    p, seen = fit.fittedvalues[mine].to_numpy(), y[family][mine]
    codes = quantile_groups(p, 10)
    assert np.bincount(codes).tolist() == [20] * 10
    x, height = errors(ax)
    np.testing.assert_allclose(x, [p[codes == g].mean() for g in range(10)], atol=1e-10)
    np.testing.assert_allclose(height, [seen[codes == g].mean() for g in range(10)], atol=1e-10)
    smooth = sm.nonparametric.lowess(seen, p, frac=2 / 3, it=0, delta=0.01 * np.ptp(p))
    line = next(line for line in ax.lines if len(line.get_xdata()) == N)
    np.testing.assert_allclose(line.get_ydata(), smooth[:, 1], atol=1e-10)


def test_held_out_rows_are_drawn_where_there_are_any():
    fit = fitted("binomial").hold_out(4, rng=0)
    before, now = fit.plot_calibration(rows="apparent")[0], fit.plot_calibration()[0]
    assert before.figure.legends[0].get_title().get_text() == "apparent"
    assert now.figure.legends[0].get_title().get_text() == "out-of-fold"
    assert not np.array_equal(errors(before)[0], errors(now)[0])
    with pytest.raises(OptionError, match="rows='held' is not there; this fit has 'apparent' or 'out-of-fold'"):
        fit.plot_calibration(rows="held")


def test_survival_times_are_drawn_at_a_time_beside_kaplan_and_meier():
    fit = fitted("cox")
    ax = fit.plot_calibration(time=4.0)[0]
    _, task, y = data()
    mine = task == "site 0"
    risk = 1 - fit.predict(type="survival", times=4.0)[mine].to_numpy().ravel()
    codes = quantile_groups(risk, 10)
    x, height = errors(ax)
    np.testing.assert_allclose(x, [risk[codes == g].mean() for g in range(10)], atol=1e-10)
    for g in range(10):
        t, d = y["cox"][mine][codes == g].T
        curve = SurvfuncRight(t, d)
        at = np.searchsorted(curve.surv_times, 4.0, side="right") - 1
        kept = 1.0 if at < 0 else curve.surv_prob[at]
        assert height[g] == pytest.approx(1 - kept, abs=1e-10)
    with pytest.raises(OptionError, match="time= goes with cox tasks"):
        fit.plot_calibration()
    with pytest.raises(OptionError, match="time= goes with cox tasks"):
        fitted("binomial").plot_calibration(time=1.0)
    for bad in (0, -1, True, "5", [5.0]):
        with pytest.raises(OptionError, match="must be a number above 0"):
            fit.plot_calibration(time=bad)


def test_thirds_of_risk_and_their_predicted_curves():
    fit = fitted("cox")
    ax = fit.plot_survival()[1]
    _, task, y = data()
    mine = task == "site 1"
    eta = fit.predict(type="link")[mine].to_numpy()
    codes = quantile_groups(eta, 3)
    solid, dashed = ax.lines[::2], ax.lines[1::2]
    for g in range(3):
        curve = SurvfuncRight(*y["cox"][mine][codes == g].T)
        np.testing.assert_allclose(solid[g].get_ydata()[1:-1], curve.surv_prob, atol=1e-12)
        at = dashed[g].get_xdata()
        whole = fit.predict(type="survival", times=at)[mine].to_numpy()
        np.testing.assert_allclose(dashed[g].get_ydata(), whole[codes == g].mean(axis=0), atol=1e-10)
    assert solid[2].get_ydata()[-1] < solid[0].get_ydata()[-1]
    assert "C 0." in ax.get_title(loc="left")
    with pytest.raises(OptionError, match=r"plot_survival is of survival times, family='cox'"):
        fitted("binomial").plot_survival()


def test_held_out_survival_has_the_level_of_the_fit():
    fit = fitted("cox").hold_out(5, rng=0)
    inside = fit.survival_of(0, "apparent", np.array([4.0]))
    outside = fit.survival_of(0, "out-of-fold", np.array([4.0]))
    assert np.abs(inside - outside).mean() < 0.03
    shifted = fitted("cox")
    X, task, y = data()
    far = SparseMTL(y["cox"], X + 50, task, family="cox").fit(s=2, lambda_1=0.01, lambda_z=0.01).hold_out(5, rng=0)
    np.testing.assert_allclose(far.survival_of(0, "out-of-fold", np.array([4.0])), outside, atol=1e-6)
    assert shifted.held_out is None


def test_a_task_that_is_left_out_has_no_baseline_hazard():
    fit = fitted("cox", 3).hold_out(scheme="leave-one-task-out")
    axes = fit.plot_survival()
    assert len(axes[0].lines) == 3  # nothing is predicted
    with pytest.raises(OptionError, match="A task that was left out has no baseline hazard"):
        fit.plot_calibration(time=4.0)


def test_equal_predictions_are_one_group():
    X, task, y = data()
    cv = SparseMTL(y["cox"], X, task, family="cox").cross_validate(s=[0, 1], lambda_2=0.0, folds=3, rng=0)
    null = cv._at(len(cv.errors.settings))
    assert len(errors(null.plot_calibration(time=4.0)[0])[0]) == 1
    legend = null.plot_survival()[0].figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["middle risk", "predicted"]


def test_hal_and_averages_draw_too_and_of_many_tasks_twenty():
    X, task, y = data()
    hal = MTHAL(y["binomial"], X[:, 1:3], task, family="binomial", max_degree=1, knots=4).fit(0.01)
    assert len(hal.plot_calibration()) == 2
    rng = np.random.default_rng(0)
    many = np.repeat(np.arange(22), 30)
    Z = rng.standard_normal((len(many), 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = SparseMTL(rng.random(len(many)) < 0.5, Z, many, family="binomial").fit(s=1, lambda_z=0.1)
    axes = fit.plot_calibration()
    assert len(axes) == 20
    assert axes[0].figure.get_suptitle() == "The 20 of 22 tasks with most rows"
    with pytest.raises(OptionError, match="plot_calibration draws 20 panels, but ax has 1 axes"):
        fit.plot_calibration(ax=Figure().add_subplot())
