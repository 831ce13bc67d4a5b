"""Surv() and cbind() on the left, offset() and strata() on the right: what they read, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from sparsekin.data.prepare import prepare_frame
from sparsekin.errors import DataError, FormulaError

ROWS = 12


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame({
        "time": rng.uniform(1, 5, ROWS), "status": rng.integers(0, 2, ROWS), "the days": rng.integers(1, 9, ROWS),
        "x": rng.normal(size=ROWS), "site": list("ab") * 6, "ward": list("uvw") * 4, "sex": list("mmff") * 3,
        "y": rng.integers(0, 4, ROWS), "n": 4,
    })  # fmt: skip


def prepared(formula, frame, **options):
    return prepare_frame(formula, frame, task="site", calls=True, **options)


def test_surv_names_its_columns_and_the_dot_leaves_them_out(frame):
    found = prepared("Surv(time, status) ~ .", frame)
    assert found.design.outcomes == ("Surv(time, status)",)
    assert found.blocks.feature_names == ("the days", "x", "ward[T.v]", "ward[T.w]", "sex[T.m]", "y", "n")
    np.testing.assert_array_equal(found.said.parts[0], frame[["time", "status"]])
    assert found.said.calls == ("Surv",)
    np.testing.assert_array_equal(found.blocks.y[1], frame["time"][frame["site"] == "b"])


def test_arguments_are_expressions(frame):
    found = prepared("Surv(time - 1, time / 0.5, status == 1) ~ x", frame)
    made = np.column_stack([frame["time"] - 1, frame["time"] / 0.5, frame["status"] == 1])
    np.testing.assert_allclose(found.said.parts[0], made)
    found = prepared("cbind(y, n - y) ~ x", frame)
    np.testing.assert_array_equal(found.said.parts[0], np.column_stack([frame["y"], 4 - frame["y"]]))
    np.testing.assert_allclose(found.blocks.y[0], frame["y"][frame["site"] == "a"] / 4)


def test_offsets_add_and_strata_cross(frame):
    found = prepared("y ~ . + offset(log(`the days`)) + offset(time) + strata(ward, sex)", frame)
    np.testing.assert_allclose(found.said.offset, np.log(frame["the days"]) + frame["time"])
    groups = frame["ward"] + frame["sex"]
    codes = found.said.strata.codes
    assert len(np.unique(codes)) == groups.nunique() == len({*zip(codes, groups, strict=True)})
    assert found.blocks.feature_names == ("status", "x", "n")


def test_missing_in_any_argument_is_a_missing_row(frame):
    frame["status"] = frame["status"].astype(float)
    frame.loc[2, "status"], frame.loc[4, "the days"], frame.loc[6, "ward"] = np.nan, np.nan, None
    formula = "Surv(time, status) ~ x + offset(`the days`) + strata(ward)"
    with pytest.raises(DataError, match=r"Missing values in 3 of 12 rows: .*Surv\(time, status\).*1"):
        prepared(formula, frame)
    found = prepared(formula, frame, missing="drop")
    assert sorted(found.ledger.dropped.tolist()) == [2, 4, 6]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ Surv(time, status)", r"'Surv\(time, status\)' is an outcome: it stands on the left side"),
        ("y ~ x:offset(n)", r"'x:offset\(n\)' is a product with offset\(\)"),
        ("offset(y) ~ x", r"'offset\(y\)' is no outcome: it stands on the right side"),
        ("Surv(time) ~ x", r"has 1 arguments; write Surv\(time, status\) or Surv\(start, stop, status\)"),
        ("cbind(y, n, x) ~ x", r"has 3 arguments; write cbind\(successes, failures\)"),
        ("Surv(time, status, type=1) ~ x", r"the argument type of Surv\(\), which has no names"),
        ("y ~ log(offset(x))", r"has offset\(\), which a formula cannot say"),
        ("y ~ x + strata(log(time))", r"holds the expression log\(time\); strata\(\) takes names of columns"),
        ("y ~ x + offset(log(z))", "'z' in the formula is not a column"),
        ("Surv(time, zz) ~ x", "'zz' in the formula is not a column"),
    ],
)
def test_what_cannot_be_said(frame, formula, message):
    with pytest.raises(FormulaError, match=message):
        prepared(formula, frame)


def test_an_argument_must_hold_numbers(frame):
    with pytest.raises(DataError, match="The status 'ward' is text"):
        prepared("Surv(time, ward) ~ x", frame)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("cbind(y, n) ~ x", "Write several outcomes as 'y1"),
        ("Surv(time, status) ~ x", r"Surv\(\) is for models that take family='cox'"),
        ("y ~ x + offset(n)", r"offset\(\) and strata\(\) are not for this model"),
    ],
)
def test_models_of_numbers_alone_refuse_them(frame, formula, message):
    with pytest.raises(FormulaError, match=message):
        prepare_frame(formula, frame, task="site")


def test_a_status_that_is_text_asks_which_value_is_the_event(frame):
    frame["status"] = np.where(frame["status"] > 0, "dead", "alive")
    with pytest.raises(
        DataError, match=r"The status 'status' is text \(it holds .*\): say which is the event, for inst"
    ):
        prepared("Surv(time, status) ~ x", frame)
    found = prepared("Surv(time, status == 'dead') ~ x", frame)
    np.testing.assert_array_equal(found.said.parts[0][:, 1], frame["status"] == "dead")
