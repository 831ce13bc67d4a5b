"""Half-samples of a HAL fit and its prediction intervals, in the user's names."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from sparsekin import MTHAL, HALResults
from sparsekin.errors import DataError, DataWarning, OptionError
from sparsekin.results.unavailable import Unavailable

RNG = np.random.default_rng(3)
X = RNG.uniform(-2, 2, (240, 3))
TASK = np.repeat(["A", "B"], 120)
Y = 0.8 * X[:, 0] + 0.5 * RNG.standard_normal(240)


@pytest.fixture(scope="module")
def fit():
    return MTHAL(Y, X, TASK, max_degree=1, knots=6).fit(0.05)


@pytest.fixture(scope="module")
def sure(fit):
    return fit.stability(pairs=10, rng=1)


def test_before_halves_everything_says_how_to_get_them(fit):
    assert fit.se_kind == "none"
    assert "stability() has curves of rows that did not choose, with bands: band(variable)" in str(fit.pvalues)
    for answer in (fit.frequency, fit.variable_frequency, fit.band("x1")):
        assert isinstance(answer, Unavailable)
        assert "stability()" in answer.reason
    assert "frequency" not in fit.tidy()
    assert "In half-samples" not in fit.summary().as_text()


def test_how_often_variables_come_back(sure):
    assert sure.frequency.index[0] == "x1"
    assert sure.frequency.loc["x1"].tolist() == [1.0, 1.0, 1.0]
    assert sure.variable_frequency.index.tolist() == ["x1", "x2", "x3"]
    assert (sure.variable_frequency.iloc[:, 1:].max(axis=1) <= sure.variable_frequency["any"]).all()
    assert sure.se_kind == "halves"


def test_a_band_is_around_the_held_out_curve(sure):
    band = sure.band("x1", level=0.99)
    assert band.columns.tolist() == [(task, what) for task in "AB" for what in ("estimate", "lower", "upper")]
    for task in "AB":
        middle = (band[task, "lower"] + band[task, "upper"]) / 2
        np.testing.assert_allclose(middle, band[task, "estimate"])
        truth = 0.8 * (band.index - X[:, 0].mean())
        assert ((band[task, "lower"] < truth) & (truth < band[task, "upper"])).mean() > 0.9
    with pytest.raises(DataError, match="'x7' is no variable"):
        sure.band("x7")
    with pytest.raises(OptionError, match="level = 95 must be a number between 0 and 1"):
        sure.band("x1", 95)


def test_a_variable_that_is_rarely_chosen_has_no_band(fit):
    high = MTHAL(Y, X, TASK, max_degree=1, knots=6).fit(0.5 * MTHAL(Y, X, TASK, max_degree=1, knots=6).lambda_max)
    found = high.stability(pairs=10, rng=0).band("x3")
    assert isinstance(found, Unavailable)
    assert "fewer than 10 half-samples chose a main effect of 'x3'" in found.reason


def test_tables_and_picture(sure):
    text = sure.summary().as_text()
    assert "In half-samples" in text
    assert "of 20 half-samples that chose a function of the set in any task" in text
    assert "No standard errors" not in text
    rows = sure.tidy()
    assert rows.loc[rows["section"] == "x1", "frequency"].eq(1.0).all()
    assert rows.loc[rows["kind"] == "intercept", ["frequency", "frequency_any"]].isna().all().all()
    bands = [one for one in sure.plot_curves("x1")[0].collections if isinstance(one, PolyCollection)]
    assert len(bands) == 2
    ends = bands[0].get_paths()[0].vertices[:, 1]
    told = sure.band("x1")["A"]
    assert ends.min() == pytest.approx(told["lower"].min())
    assert ends.max() == pytest.approx(told["upper"].max())


def test_saved_and_loaded(sure, tmp_path):
    sure.save(tmp_path / "fit.npz")
    again = HALResults.load(tmp_path / "fit.npz")
    assert again.frequency.equals(sure.frequency)
    assert again.band("x1").equals(sure.band("x1"))
    assert again.summary().as_text() == sure.summary().as_text()
    for ask in (again.stability, lambda: again.predict(X[:3], task=TASK[:3], interval="prediction")):
        with pytest.raises(OptionError, match="a file keeps the selected ones only: fit the model again"):
            ask()


def test_patients_stay_whole_and_bad_requests(fit):
    told = fit.stability(pairs=10, rng=0, groups=np.arange(240) // 3)
    assert told.se_kind == "halves, by group"
    assert np.isfinite(told.band("x1")).all().all()
    with pytest.raises(OptionError, match="must be a whole number of at least 10"):
        fit.stability(pairs=3)
    with pytest.raises(DataError, match="Task 'B' has 3 rows, too few to halve"):
        MTHAL(Y[:123], X[:123], TASK[:123], max_degree=1, knots=3).fit(0.2).stability()


def test_outcomes_of_one_design():
    both = MTHAL(np.column_stack([Y, -Y]), X, max_degree=1, knots=4).fit(0.1)
    band = both.stability(pairs=10, rng=0).band("x1")
    np.testing.assert_allclose(band["y1", "estimate"], -band["y2", "estimate"], atol=1e-8)
    ends = both.predict(X[:4], interval="prediction")
    assert ends.columns.tolist() == [(y, what) for y in ("y1", "y2") for what in ("predicted", "lower", "upper")]


def test_prediction_intervals_hold_new_rows(fit):
    rng = np.random.default_rng(9)
    new = rng.uniform(-2, 2, (600, 3))
    task = np.repeat(["B", "A"], 300)
    y = 0.8 * new[:, 0] + 0.5 * rng.standard_normal(600)
    found = fit.predict(new, task=task, interval="prediction", level=0.9)
    assert found["predicted"].equals(fit.predict(new, task=task))
    assert 0.84 < ((found["lower"] <= y) & (y <= found["upper"])).mean() < 0.96
    assert found.equals(fit.predict(new, task=task, interval="prediction", level=0.9))
    assert (fit.predict(new, task=task, interval="prediction", level=0.995)["upper"] == np.inf).all()


def test_every_fold_of_intervals_tunes_anew(fit):
    rng = np.random.default_rng(9)
    new, task = rng.uniform(-2, 2, (300, 3)), np.repeat(["B", "A"], 150)
    y = 0.8 * new[:, 0] + 0.5 * rng.standard_normal(300)
    blunt = MTHAL(Y, X, TASK, max_degree=1, knots=6).fit(1e6)
    given = blunt.predict(new, task=task, interval="prediction", folds=4)
    with pytest.warns(DataWarning, match="140 of 300 points lie outside their interval"):
        tuned = blunt.predict(new, task=task, interval="prediction", folds=4, retune=True)
    width = {name: (one["upper"] - one["lower"]).mean() for name, one in (("given", given), ("tuned", tuned))}
    assert width["tuned"] < 0.7 * width["given"]
    assert 0.84 < ((tuned["lower"] <= y) & (y <= tuned["upper"])).mean() < 0.96
    assert tuned["predicted"].equals(blunt.predict(new, task=task))
    again = fit.predict(new, task=task, interval="prediction", folds=4, retune=True)
    assert again["lower"].equals(tuned["lower"])  # whatever the lambda of the fit
    with pytest.raises(OptionError, match="retune = 'yes'"):
        fit.predict(new, task=task, interval="prediction", retune="yes")


def test_prediction_intervals_that_cannot_be(fit):
    with pytest.raises(DataError, match="Prediction intervals are of new rows"):
        fit.predict(interval="prediction")
    with pytest.raises(OptionError, match="how='task'"):
        fit.predict(X[:3], how="mean", interval="prediction")
    with pytest.raises(OptionError, match="ask the fit that was relaxed"):
        fit.relax().predict(X[:3], task=TASK[:3], interval="prediction")
    yes = MTHAL(Y > 0, X, TASK, max_degree=1, knots=3, family="binomial").fit(0.05)
    with pytest.raises(OptionError, match="is for gaussian outcomes"):
        yes.predict(X[:3], task=TASK[:3], interval="prediction")


def test_halves_that_choose_nothing_say_so():
    sure = MTHAL(Y, X, TASK, max_degree=1, knots=6).fit(1e6).stability(10, rng=0)
    assert sure.frequency.empty
    assert not sure.variable_frequency.to_numpy().any()
    assert isinstance(sure.band("x1"), Unavailable)
    assert "None of 20 half-samples chose a function." in sure.summary().as_text()


def test_a_task_of_one_group_is_refused(fit):
    with pytest.raises(DataError, match="Task 'A' has 1 group of rows, too few to halve; it needs 2"):
        fit.stability(10, groups=TASK)
