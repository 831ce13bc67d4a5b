"""A task label of another type is refused with the remedy, by every estimator, never taken for a new task."""

import datetime

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, MixedForms, SparseMTL
from sparsekin.data.labels import find_labels
from sparsekin.errors import DataError


@pytest.mark.parametrize(
    ("known", "given", "remedy"),
    [
        (4, "4", r"Task '4' of the new rows is text; the fit knows 4, which is a number\. .* astype\(int\)"),
        ("4", 4, r"Task 4 of the new rows is a number; the fit knows '4', which is text\. .* astype\(str\)"),
        (4, "4.0", r"is text; the fit knows 4"),
        ("4", 4.0, r"is a number; the fit knows '4'"),
        ("04", 4, r"is a number; the fit knows '04'"),
        (4.5, " 4.5", r"astype\(float\)"),
        (True, "True", r"the fit knows True, which is true or false"),
        (pd.Timestamp("2020-01-01"), "2020-01-01", r"is text; the fit knows Timestamp"),
        (pd.Timestamp("2020-01-01"), datetime.date(2020, 1, 1), r"is a date; the fit knows"),
    ],
)
def test_a_label_that_reads_like_one_of_another_type(known, given, remedy):
    with pytest.raises(DataError, match=remedy):
        find_labels([given], [known])


def test_labels_that_are_new_or_missing():
    found = find_labels(["north", None, np.nan, pd.NA, 5, np.int64(4), 4.0, pd.NaT], [3, 4])
    assert found.tolist() == [-1, -1, -1, -1, -1, 1, 1, -1]


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    made = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "y"]).assign(site=np.repeat([3, 4, 5], 20))
    return made.assign(y=made["a"] + made["site"] + 0.1 * made["y"])


@pytest.mark.filterwarnings("ignore:Heywood case")
@pytest.mark.parametrize("how", ["task", "mean"])
def test_every_estimator_refuses_it(frame, how):
    new = frame.assign(site=frame["site"].astype(str))
    message = r"Task '3' of the new rows is text; the fit knows 3, which is a number\. .* astype\(int\)"
    for fit in (
        SparseMTL.from_formula("y ~ a + b", frame, task="site").fit(s=1),
        MTHAL.from_formula("y ~ h(.)", frame, task="site").fit(0.1),
    ):
        with pytest.raises(DataError, match=message):
            fit.predict(new, how=how)
        with pytest.raises(DataError, match=message):
            fit.predict(frame.drop(columns="site"), task=new["site"])
    forms = MixedForms.from_formula("y ~ a + b", frame, task="site").fit(d=1)
    with pytest.raises(DataError, match=message):
        forms.predict(new)
