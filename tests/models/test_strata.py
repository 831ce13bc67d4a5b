"""Survival of new rows in the strata that a fit knows, as R's survfit(coxph(...), newdata); others are refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import needs_r, run_r
from sparsekin import MTHAL, SparseMTL
from sparsekin.errors import DataError, OptionError

N, TIMES = 240, [0.3, 1.0, 2.5]
COX = "Surv(time, died) ~ a + b + strata(sex, ward)"


def people(seed=0, n=N):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((n, 2)), columns=["a", "b"])
    frame["site"] = np.tile(["north", "south"], n // 2)
    frame["sex"], frame["ward"] = rng.choice(["f", "m"], n), rng.integers(1, 3, n)
    time = rng.exponential(np.exp(0.8 * frame["a"] - 0.5 * frame["b"])) * (1 + (frame["sex"] == "m"))
    frame["time"], frame["died"] = (time + 0.05).round(1) + 0.1, (rng.random(n) < 0.7).astype(int)
    frame["entry"] = np.where(rng.random(n) < 0.3, frame["time"] / 2, 0.0)
    return frame


@pytest.fixture(scope="module")
def fit():
    return SparseMTL.from_formula(COX, people(), "site").fit(s=2)


@needs_r
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_new_rows_have_the_curves_of_survfit(tmp_path, ties, late):
    old, new = people(), people(1, 20).drop(columns=["time", "died", "entry"])
    told = {"old": old.to_dict("records"), "new": new.to_dict("records"), "ties": ties, "late": late, "times": TIMES}
    path = tmp_path / "people.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    answers = json.loads(run_r(Path(__file__).with_name("survfit.R"), path))
    formula = COX.replace("(time", "(entry, time") if late else COX
    found = SparseMTL.from_formula(formula, old, "site", ties=ties).fit(s=2, lambda_1=0)
    curves = found.predict(new, type="survival", times=TIMES)
    for site in ("north", "south"):
        np.testing.assert_allclose(curves[new["site"] == site], answers[site], atol=1e-8)


def test_rows_of_the_fit_have_the_same_curves_as_new_rows(fit, tmp_path):
    old = people()
    own = fit.predict(type="survival", times=TIMES)
    moved = old.sample(frac=1, random_state=2).drop(columns=["time", "died"])
    pd.testing.assert_frame_equal(fit.predict(moved, type="survival", times=TIMES).sort_index(), own)
    fit.save(tmp_path / "fit.npz")
    again = type(fit).load(tmp_path / "fit.npz")
    pd.testing.assert_frame_equal(again.predict(old, type="survival", times=TIMES), own)
    bent = MTHAL.from_formula(COX.replace("a + b", "h(a, k=5) + h(b, k=5)"), old, "site").fit(0.02)
    pd.testing.assert_frame_equal(
        bent.predict(moved, type="survival", times=TIMES).sort_index(), bent.predict(type="survival", times=TIMES)
    )


def test_strata_of_arrays_are_given_again():
    old = people()
    y, X, site, sex = (old[name].to_numpy() for name in (["time", "died"], ["a", "b"], "site", "sex"))
    found = SparseMTL(y, X, site, family="cox", strata=sex).fit(s=2)
    own = found.predict(type="survival", times=TIMES)
    pd.testing.assert_frame_equal(found.predict(X, task=site, type="survival", times=TIMES, strata=sex), own)
    there = found.validate(X, y, task=site, strata=sex)
    assert there.performance["concordance"].tolist() == pytest.approx(found.performance["concordance"].tolist())
    np.testing.assert_allclose(there.survival_of(0, "new rows", np.array(TIMES)), own[site == "north"], atol=1e-12)
    with pytest.raises(OptionError, match="The fit has strata= of an array: give strata=, one value per new row"):
        found.predict(X, task=site, type="survival", times=1.0)
    with pytest.raises(DataError, match="strata has 3 values for 240 new rows"):
        found.predict(X, task=site, type="survival", times=1.0, strata=sex[:3])
    with pytest.raises(OptionError, match='strata= goes with type="survival"'):
        found.predict(X, task=site, strata=sex)
    with pytest.raises(OptionError, match="the rows of the fit have theirs"):
        found.predict(type="survival", times=1.0, strata=sex)


def test_a_stratum_that_the_task_does_not_have_is_named(fit):
    new = people(1, 20)
    with pytest.raises(
        DataError, match=r"Task 'north' has no baseline hazard in stratum 'sex=f, ward=7' \(it has them"
    ):
        fit.predict(new.assign(ward=[7, *new["ward"][1:]], sex=["f", *new["sex"][1:]]), type="survival", times=1.0)
    with pytest.raises(DataError, match=r"The fit has strata\(ward\), which new rows need too"):
        fit.predict(new.drop(columns="ward"), type="survival", times=1.0)
    with pytest.raises(DataError, match=r"Stratum '.' of the new rows is text; the fit knows ., which is a number"):
        fit.predict(new.assign(ward=new["ward"].astype(str)), type="survival", times=1.0)
    with pytest.raises(OptionError, match=r"strata= is for fits that were given an array; here the new rows have"):
        fit.predict(new, type="survival", times=1.0, strata=new["sex"])
    assert fit.predict(new.assign(ward=7)).notna().all()


def test_a_row_without_a_stratum_has_no_curve(fit):
    new = people(1, 20)
    new.loc[4, "sex"] = None
    curves = fit.predict(new, type="survival", times=TIMES)
    assert curves.isna().all(axis=1).tolist() == [i == 4 for i in range(20)]


def test_validation_draws_survival_in_strata_unless_one_is_new(fit):
    new = people(3)
    there = fit.validate(new)
    expected = fit.predict(new[new["site"] == "south"], type="survival", times=TIMES).to_numpy()
    np.testing.assert_allclose(there.survival_of(1, "new rows", np.array(TIMES)), expected, atol=1e-12)
    with pytest.raises(OptionError, match="the fit does not know a stratum"):
        fit.validate(new.assign(ward=9)).plot_calibration(time=1.0)
