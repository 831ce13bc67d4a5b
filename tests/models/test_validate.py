"""External validation: new rows with outcomes are judged as rows of the fit are."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from statsmodels.duration.hazard_regression import PHReg

from sparsekin import MTHAL, SparseMTL
from sparsekin.errors import DataError, OptionError

N = 200


def people(seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((N, 3)), columns=["a", "b", "c"])
    frame["ward"] = np.tile(["north", "south"], N // 2)
    eta = frame["a"] - 0.5 * frame["b"]
    frame["ill"] = np.where(rng.random(N) < 1 / (1 + np.exp(-eta)), "yes", "no")
    frame["time"] = rng.exponential(5 * np.exp(-eta)) + 0.01
    frame["died"] = (rng.random(N) < 0.7).astype(int)
    frame["days"] = rng.integers(1, 5, N)
    frame["falls"] = rng.poisson(np.exp(0.5 * eta) * frame["days"])
    return frame


def fitted(left, right="a + b + c", **options):
    return SparseMTL.from_formula(f"{left} ~ {right}", people(), "ward", **options).fit(s=2, lambda_1=0.01)


@pytest.mark.parametrize(
    ("left", "right", "options"),
    [("ill", "a + b + c", {"family": "binomial"}), ("falls", "a + b + c + offset(log(days))", {"family": "poisson"}),
     ("Surv(time, died)", "a + b + c", {}), ("Surv(time, died)", "a + b + c + strata(days)", {}), ("a", "b + c", {})],
)  # fmt: skip
def test_rows_of_the_fit_are_judged_as_apparent(left, right, options):
    fit = fitted(left, right, **options)
    there = fit.validate(people().sample(frac=1, random_state=1))
    same = ["explained", "auc", "brier", "rmse", "concordance", "cal_intercept", "cal_slope"]
    columns = [name for name in same if name in fit.performance]
    pd.testing.assert_frame_equal(
        there.performance.droplevel(1)[columns], fit.performance.droplevel(1)[columns], atol=1e-7
    )
    assert there.performance.index.get_level_values(1).unique().tolist() == ["new rows"]


def test_new_rows_have_the_numbers_of_scikit_learn_and_a_gap_leaves():
    fit, new = fitted("ill", family="binomial"), people(1)
    new.loc[3, "b"], new.loc[5, "ill"] = np.nan, None
    there = fit.validate(new)
    whole = new.drop(index=[3, 5])
    for ward in ("north", "south"):
        mine = whole[whole["ward"] == ward]
        p, y = fit.predict(mine), (mine["ill"] == "yes").astype(int)
        assert there.performance.loc[(ward, "new rows"), "auc"] == pytest.approx(roc_auc_score(y, p))
        assert there.performance.loc[(ward, "new rows"), "brier"] == pytest.approx(brier_score_loss(y, p))
    assert repr(there) == "<Validation: 198 of 200 new rows, 2 tasks, how='task'>"
    assert "198 of 200 new rows have outcome, columns and task" in str(there.summary())
    assert len(there.plot_calibration()) == 2


def test_survival_times_have_the_baseline_of_their_task():
    fit, new = fitted("Surv(time, died)"), people(2)
    there = fit.validate(new)
    mine = new["ward"] == "south"
    expected = fit.predict(new[mine], type="survival", times=[2.0]).to_numpy()
    np.testing.assert_allclose(there.survival_of(1, "new rows", np.array([2.0])), expected, atol=1e-12)
    eta = fit.predict(new[mine], type="link").to_numpy()[:, None]
    slope = PHReg(new["time"][mine], eta, status=new["died"][mine], ties="efron").fit().params[0]
    assert there.performance.loc[("south", "new rows"), "cal_slope"] == pytest.approx(slope, abs=1e-6)
    assert len(there.plot_survival()) == len(there.plot_calibration(time=2.0)) == 2


def test_of_studies_that_were_not_seen_each_is_judged():
    fit, new = fitted("Surv(time, died)"), people(3)
    new["ward"] = np.tile(["east", "west"], N // 2)
    there = fit.validate(new, how="mean")
    assert there.task_index.tolist() == ["east", "west"]
    with pytest.raises(DataError, match="The model was not fitted to task 'east'"):
        fit.validate(new)
    with pytest.raises(OptionError, match="These rows have no baseline hazard in the fit"):
        there.plot_calibration(time=1.0)
    assert len(there.plot_survival()) == 2
    alone = fit.validate(new.drop(columns="ward"), how="mean")
    assert alone.task_index.tolist() == ["new rows"]


def test_one_outcome_in_a_study_or_in_all_is_said():
    fit, new = fitted("ill", family="binomial"), people(4)
    new["ill"] = np.where(new["ward"] == "south", "yes", new["ill"])
    there = fit.validate(new)
    assert there.performance.loc[("south", "new rows"), "undefined"].startswith("explained, auc, brier_scaled, cal_int")
    alone = fit.validate(new[new["ward"] == "north"].assign(ill="yes"))
    row = alone.performance.loc[("north", "new rows")]
    assert row["undefined"].endswith("only one outcome")
    assert row["events"] == 0
    assert row["brier"] == pytest.approx(np.mean((1 - fit.predict(new[new["ward"] == "north"])) ** 2))
    assert "only one outcome" in str(alone.summary())
    assert len(alone.plot_calibration()) == 1
    with pytest.raises(DataError, match=r"The outcome of the new rows holds 'maybe'; the fit knows 'no', 'yes'\."):
        fit.validate(new.assign(ill="maybe"))
    with pytest.raises(DataError, match="Of the new rows"):
        fit.validate(new.drop(columns="ill"))
    with pytest.raises(DataError, match="None of the 200 new rows has the outcome and all columns of the fit"):
        fit.validate(new.assign(a=np.nan))
    with pytest.raises(OptionError, match="y is for fits of arrays"):
        fit.validate(new, new["ill"])


@pytest.mark.parametrize(("left", "options"), [("falls", {"family": "poisson"}), ("Surv(time, died)", {})])
def test_rows_without_events_are_judged_as_far_as_they_can_be(left, options):
    there = fitted(left, **options).validate(people(6).assign(falls=0, died=0))
    assert there.performance["undefined"].str.endswith("no events").all()
    assert there.performance["events"].tolist() == [0, 0]


@pytest.mark.parametrize("kind", ["sparse", "hal"])
def test_arrays(kind):
    new, old = people(5), people()
    X, Z = (one[["a", "b", "c"]].to_numpy() for one in (old, new))
    if kind == "sparse":
        fit = SparseMTL(old["ill"].to_numpy(), X, old["ward"].to_numpy(), family="binomial").fit(s=2)
    else:
        fit = MTHAL(old["ill"].to_numpy(), X, old["ward"].to_numpy(), family="binomial", max_degree=1, knots=4).fit(
            0.02
        )
    there = fit.validate(Z, new["ill"].to_numpy(), task=new["ward"].to_numpy())
    mine = (new["ward"] == "north").to_numpy()
    p = fit.predict(Z[mine], task="north")
    assert there.performance["auc"].iloc[0] == pytest.approx(roc_auc_score(new["ill"][mine] == "yes", p))
    with pytest.raises(OptionError, match="The model was fitted to arrays: give y"):
        fit.validate(Z, task=new["ward"].to_numpy())


def test_times_and_counts_in_arrays():
    old, new = people(), people(6)
    X, Z, ward = old[["a", "b", "c"]].to_numpy(), new[["a", "b", "c"]].to_numpy(), old["ward"].to_numpy()
    fit = SparseMTL(old[["time", "died"]].to_numpy(float), X, ward, family="cox").fit(s=2)
    there = fit.validate(Z, new[["time", "died"]].to_numpy(float), task=ward)
    assert there.performance["events"].sum() == new["died"].sum()
    rates = SparseMTL(old["falls"].to_numpy(), X, ward, family="poisson", exposure=old["days"].to_numpy()).fit(s=2)
    with_days = rates.validate(Z, new["falls"].to_numpy(), task=ward, offset=np.log(new["days"].to_numpy()))
    without = rates.validate(Z, new["falls"].to_numpy(), task=ward)
    assert (with_days.performance["cal_intercept"].abs() < without.performance["cal_intercept"].abs()).all()


def test_outcomes_of_one_x_are_refused():
    X = people()[["a", "b"]].to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = SparseMTL(people()[["c", "time"]].to_numpy(), X).fit(s=1)
    with pytest.raises(OptionError, match="here the tasks are outcomes of one X"):
        fit.validate(X, people()[["c", "time"]].to_numpy())
