"""The forest of studies left out: each with its numbers, their mean, and where another study is expected."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from plots.test_every_picture import texts_outside
from results.test_left_out import left_out
from sparsekin.errors import OptionError
from sparsekin.results.left_out import Chosen


@pytest.fixture(scope="module")
def found():
    return left_out("binomial")


@pytest.mark.parametrize("measure", ["auc", "brier", "cal_intercept", "cal_slope", "explained"])
def test_numbers_stand_where_they_are(found, measure):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = found.plot_forest(measure)
        assert texts_outside(ax.figure) == []
    squares = ax.collections[1].get_offsets()
    np.testing.assert_allclose(squares[:, 0], found.performance[measure])
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "mean of 4 studies"
    pooled = found.pooled.loc[measure]
    diamond = ax.patches[0].get_xy()
    assert (diamond[:, 0].min(), diamond[:, 0].max()) == pytest.approx((pooled["lower"], pooled["upper"]))
    line = ax.collections[-1].get_segments()[0]
    assert line[:, 0] == pytest.approx([pooled["pred_lower"], pooled["pred_upper"]])
    assert ax.texts[1].get_text().startswith(f"{found.performance[measure].iloc[1]:.2f} (")
    assert f"{pooled['pred_lower']:.2f} to {pooled['pred_upper']:.2f}" in ax.get_title(loc="left")


def test_by_default_the_measure_that_ranks(found):
    assert found.plot_forest().get_xlabel() == "AUC, 95 %"
    assert left_out("gaussian", n=20).plot_forest().get_xlabel() == "deviance explained, 95 %"


def test_a_measure_that_is_not_there_is_refused(found):
    with pytest.raises(OptionError, match=r"measure='rmse' is not there; there are 'explained', 'auc', 'brier'"):
        found.plot_forest("rmse")


def test_an_rmse_has_the_digits_of_its_unit():
    one = left_out("gaussian", n=30)
    large = replace(one, measures=replace(one.measures, values=1000 * one.measures.values, ses=1000 * one.measures.ses))
    assert "." not in large.plot_forest("rmse").texts[0].get_text()
    assert "." in one.plot_forest("rmse").texts[0].get_text()


def test_a_study_without_numbers_has_a_row_and_fewer_than_two_no_mean(found):
    values, ses = found.measures.values.copy(), found.measures.ses.copy()
    values[1:], ses[1:] = np.nan, np.nan
    gone = Chosen(100, note="too few rows", tuned=False)
    alone = replace(found, measures=replace(found.measures, values=values, ses=ses),
                    chosen=(found.chosen[0], gone, gone, gone))  # fmt: skip
    ax = alone.plot_forest()
    assert [text.get_text() for text in ax.texts][1:] == ["not defined"] * 3
    assert not ax.patches
    assert ax.get_title(loc="left") == ""


def test_calibration_of_each_study(found):
    axes = found.plot_calibration()
    assert len(axes) == 4
    assert axes[0].get_title(loc="left").startswith("site 0")


def test_two_studies_have_a_mean_and_no_line_to_another(found):
    values, ses = found.measures.values.copy(), found.measures.ses.copy()
    values[2:], ses[2:] = np.nan, np.nan
    two = replace(found, measures=replace(found.measures, values=values, ses=ses))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = two.plot_forest()
    assert ax.patches
    assert ax.get_title(loc="left").startswith("I² = ")
    assert len(ax.collections) == len(found.plot_forest().collections) - 1
