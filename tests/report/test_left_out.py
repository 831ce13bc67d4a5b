"""Tables of an internal-external validation say what its numbers are."""

from dataclasses import replace

import numpy as np
import pytest

from results.test_left_out import left_out
from sparsekin.report.document import Document


@pytest.fixture(scope="module")
def found():
    return left_out("binomial")


def test_the_summary_names_the_rule_the_scales_and_all_numbers(found):
    page = found.summary()
    assert isinstance(page, Document)
    text = " ".join(str(page).split())
    assert "4 of 4 studies were left out in turn. One setting was given, so that nothing was tuned: the others" in text
    assert "folds" not in text
    assert "The level of a study left out (log odds, or log rate) counts in the deviance explained here" in text
    assert "how far it is off is cal. intercept, calibration in the large" in text
    assert "predicted by the mean of the slopes of its tasks, and in the middle of their rows the mean of their" in text
    assert "AUC as logits, Brier as logs, explained and scaled Brier as -log(1 - x) (tau too)" in text
    assert "95 % prediction interval. Calibration" in text
    assert "Calibration is ideal at intercept 0 and slope 1." in text
    row = found.performance.iloc[1]
    assert f"{row['auc']:.2f} ({row['auc_se']:.2f})" in text
    one = found.pooled.loc["auc"]
    assert f"{one['pred_lower']:.2f} to {one['pred_upper']:.2f}" in text
    for made in (page.as_html(), page.as_latex(), page.as_csv()):
        assert "site 3" in made


def test_what_is_tuned_says_so_and_squared_errors_have_no_level_that_is_free():
    found = left_out("gaussian")
    text = " ".join(str(found.summary()).split())
    assert "calibration in the large" not in text
    tried = [replace(one, n_settings=2 if k else 1) for k, one in enumerate(found.chosen)]
    text = " ".join(str(replace(found, chosen=tuple(tried)).summary()).split())
    assert "On the others the tuning was done anew by 3 folds (the best setting of each cross-validation)" in text


def test_tidy_has_studies_means_and_another_study(found):
    tidy = found.tidy()
    assert tidy.groupby("measure")["type"].value_counts().unstack().to_numpy().tolist() == [[1, 1, 4]] * 6
    auc = tidy[tidy["measure"] == "auc"].set_index("type")
    assert auc.loc["mean", "estimate"] == found.pooled.loc["auc", "estimate"]
    assert auc.loc["new study", ["conf_low", "conf_high"]].tolist() == (
        found.pooled.loc["auc", ["pred_lower", "pred_upper"]].tolist()
    )
    studies = auc.loc["study"]
    np.testing.assert_array_equal(studies["std_error"], found.performance["auc_se"])
    assert ((studies["conf_low"] < studies["estimate"]) & (studies["estimate"] < studies["conf_high"])).all()
    assert auc.loc["mean", "n"] == studies["n"].sum() == 320


def test_glance_is_one_row(found):
    one = found.glance()
    assert one.shape[0] == 1
    assert one.loc[0, ["which", "studies", "left_out", "nobs"]].tolist() == ["best", 4, 4, 320]
    assert one.loc[0, "cal_slope"] == found.pooled.loc["cal_slope", "estimate"]


def test_of_many_studies_quartiles_are_shown():
    many = left_out("gaussian", n=12, n_sites=14)
    text = str(many.summary())
    assert "three quarters" in text
    assert "Quartiles of 14 studies, and the settings of 12" in text
    assert "events" not in text
    assert "RMSE as logs, explained as -log(1 - x) (tau too)" in text
