"""Any table becomes a pandas frame, untouched; the ledger says what left."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from data.entrance_frames import mixed_frame
from sparsekin.data.frame import RowLedger, list_names, suggest, to_pandas
from sparsekin.data.prepare import prepare_frame
from sparsekin.errors import DataError


def test_pandas_is_passed_through():
    frame = mixed_frame()
    assert to_pandas(frame) is frame


def test_numbered_columns_become_text_without_touching_the_users_frame():
    frame = pd.DataFrame(np.eye(3))
    assert list(to_pandas(frame).columns) == ["0", "1", "2"]
    assert list(frame.columns) == [0, 1, 2]


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas, lambda f: {c: f[c].to_numpy() for c in f}])
def test_other_tables_give_the_same_blocks(convert):
    frame = mixed_frame().reset_index(drop=True).drop(columns="stage")
    expected = prepare_frame("y ~ .", frame, task="site")
    found = prepare_frame("y ~ .", convert(frame), task="site")
    assert found.design.feature_names == expected.design.feature_names
    np.testing.assert_array_equal(found.blocks.X, expected.blocks.X)
    assert found.blocks.task_names == ("a", "b")


def test_polars_nulls_and_categories_are_read():
    data = pl.DataFrame(
        {"y": [1.0, 2.0, None, 4.0], "x": [1, 2, 3, None], "g": ["u", "v", "u", "v"]},
        schema_overrides={"g": pl.Enum(["v", "u"])},
    )
    found = prepare_frame("y ~ x", data, task="g", missing="drop")
    assert found.blocks.task_names == ("v", "u")
    assert found.ledger.describe() == "2 of 4 rows dropped: y (1), x (1)"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pl.LazyFrame({"y": [1]}), "LazyFrame.*collect"),
        (np.eye(3), "ndarray have no named columns"),
        ([1, 2], "list have no named columns"),
        (None, "NoneType have no named columns"),
        (pd.DataFrame({"y": []}), "no rows"),
        (pd.DataFrame(), "no rows"),
        ({"y": [1, 2], "x": [1]}, "cannot be made into a table"),
        (pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]), "2 columns are named 'a'"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "2 columns are named '1'"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "several levels"),
    ],
)
def test_what_is_no_table(data, message):
    with pytest.raises(DataError, match=message):
        to_pandas(data)


def test_ledger_describes():
    ledger = RowLedger(240, 233, (("crp", 2), ("age", 5)))
    assert ledger.describe() == "7 of 240 rows dropped: age (5), crp (2)"
    assert ledger.n_dropped == 7
    assert RowLedger(3, 3).describe() == "3 rows, none dropped"
    many = RowLedger(20, 0, tuple((f"c{i}", 1) for i in range(11)))
    assert many.describe().endswith("c7 (1) and 3 more")


def test_suggestions():
    assert suggest("agee", ["age", "bmi"]) == "Did you mean 'age'?"
    assert suggest("zzz", ["age", "bmi"]) == "There are 'age', 'bmi'."
    assert suggest("zzz", []) == ""
    assert list_names(range(10)) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
