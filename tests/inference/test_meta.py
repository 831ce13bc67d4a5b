"""A mean of studies with its intervals: the numbers of R's metafor, in any unit."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sparsekin.inference.meta import random_effects, usable

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
STORED = json.loads((REFERENCE / "meta.json").read_text(encoding="utf-8"))
SAME = ("estimate", "lower", "upper", "pred_lower", "pred_upper", "tau2", "I2", "Q", "p")


@cache
def metafor_now():
    """What metafor says today; None where it is not installed."""
    if shutil.which("Rscript") is None:
        return None
    made = subprocess.run(["Rscript", REFERENCE / "make_meta.R"], capture_output=True, text=True, check=False)
    return json.loads(made.stdout) if made.returncode == 0 else None


def is_as(found, theirs):
    for name in SAME:
        if len(theirs["yi"]) < 3 and name.startswith("pred"):  # metafor has one of two studies, with a t of one df
            assert np.isnan(getattr(found, name))
            continue
        assert getattr(found, name) == pytest.approx(theirs[name][0], rel=1e-8, abs=1e-14), name
    assert found.se == pytest.approx(theirs["error"][0], rel=1e-8)


@pytest.mark.parametrize("case", STORED)
def test_as_metafor_said(case):
    one = STORED[case]
    is_as(random_effects(np.array(one["yi"]), np.array(one["se"])), one)


@pytest.mark.parametrize("case", STORED)
def test_as_metafor_says(case):
    there = metafor_now()
    if there is None:
        pytest.skip("R with metafor is not installed")
    one = there[case]
    assert one["yi"] == pytest.approx(STORED[case]["yi"])
    is_as(random_effects(np.array(one["yi"]), np.array(one["se"])), one)


@pytest.mark.parametrize("unit", [1e-8, 1e-3, 1e8])
@pytest.mark.parametrize("case", STORED)
def test_in_another_unit_all_is_in_that_unit(case, unit):
    y, se = np.array(STORED[case]["yi"]), np.array(STORED[case]["se"])
    one, other = random_effects(y, se), random_effects(unit * y, unit * se)
    for name in ("estimate", "se", "lower", "upper", "pred_lower", "pred_upper"):
        assert getattr(other, name) == pytest.approx(unit * getattr(one, name), rel=1e-9, nan_ok=True)
    assert other.tau2 == pytest.approx(unit**2 * one.tau2, rel=1e-9, abs=1e-12 * unit**2 * se.max() ** 2)
    assert pytest.approx((one.I2, one.Q), rel=1e-9, abs=1e-12) == (other.I2, other.Q)


def test_no_studies_spread_less_than_their_errors():
    found = random_effects(np.array([1.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.3]))
    assert (found.estimate, found.se, found.tau2, found.I2, found.Q, found.p) == (1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    assert found.lower == found.upper == found.pred_lower == 1.0


def test_the_prediction_interval_holds_another_study_as_often_as_it_says():
    rng, held, runs = np.random.default_rng(0), 0, 400
    for _ in range(runs):
        se = rng.uniform(0.1, 0.3, 8)
        found = random_effects(rng.normal(0.5, np.hypot(0.4, se)), se, level=0.8)
        held += found.pred_lower < rng.normal(0.5, 0.4) < found.pred_upper
    assert abs(held / runs - 0.8) < 0.06  # three standard errors


def test_two_studies_do_not_say_where_a_third_is():
    found = random_effects(np.array([0.2, 1.1]), np.array([0.15, 0.25]))
    assert np.isnan([found.pred_lower, found.pred_upper]).all()
    assert found.lower < found.estimate < found.upper


@pytest.mark.parametrize("least", [1e-6, 1e-9, 1e-11])
def test_one_study_may_be_known_far_better_than_the_others(least):
    y, se = np.array([1.0, 1.2, 0.7]), np.array([least, 0.1, 0.2])
    assert usable(y, se).all()
    found = random_effects(y, se)
    assert np.isfinite([found.estimate, found.lower, found.upper, found.tau2, found.I2]).all()
    typical = 1 / (1 / 0.1**2 + 1 / 0.2**2)  # the limit as the first weight grows
    assert pytest.approx(found.tau2 / (found.tau2 + typical), rel=1e-6, abs=1e-12) == found.I2


def test_standard_errors_of_rounding_are_none():
    y, se = np.array([2.0, 2.0, 1.9, np.nan]), np.array([0.0, 3e-17, 0.1, 0.1])
    assert usable(y, se).tolist() == [False, False, True, False]
    for unit in (1e-100, 1e100):
        assert usable(unit * y, unit * se).tolist() == [False, False, True, False]
    assert not usable(np.full(3, 2.0), np.full(3, 1e-16)).any()
    assert not usable(np.empty(0), np.empty(0)).any()
