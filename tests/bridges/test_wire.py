"""What R writes arrives as it was meant, and what is written comes back the same."""

import json
import struct

import numpy as np
import pandas as pd
import pytest

from sparsekin.bridges.columns.vectors import MISSING
from sparsekin.bridges.columns.wire import read, write
from sparsekin.errors import DataError


def there_and_back(value):
    buffers = []
    text = json.dumps(write(value, buffers))
    return read(json.loads(text), buffers)


def whole(*numbers):
    return bytearray(struct.pack(f"<{len(numbers)}i", *numbers))


def real(*numbers):
    return bytearray(struct.pack(f"<{len(numbers)}d", *numbers))


def test_missing_values_of_every_kind_that_R_writes_are_missing():
    buffers = [whole(7, MISSING), whole(1, MISSING), whole(1, MISSING), real(19782.0, np.nan), real(0.5, np.nan)]
    columns = [
        {"$": "integer", "at": 0},
        {"$": "logical", "at": 1},
        {"$": "factor", "at": 2, "levels": ["low", "high"], "ordered": True},
        {"$": "date", "at": 3},
        {"$": "double", "at": 4},
        {"$": "character", "values": ["", None]},
    ]
    names = ["count", "flag", "grade", "day", "dose", "text"]
    frame = read({"$": "frame", "rows": 2, "names": names, "columns": columns}, buffers)
    assert frame.iloc[0].tolist() == [7, True, "high", pd.Timestamp("2024-02-29"), 0.5, ""]
    assert frame.isna().iloc[1].all()
    assert not frame.isna().iloc[0].any()
    assert frame["grade"].cat.ordered


def test_without_missing_values_numbers_are_plain_numpy():
    assert read({"$": "integer", "at": 0}, [whole(1, 2)]).dtype == np.int64
    assert read({"$": "logical", "at": 0}, [whole(1, 0)]).dtype == bool


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, -3]),
        pd.Series([1, None], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([0.1 + 0.2, np.nan, -np.inf]),
        pd.Series(["a", None, "λ"], dtype="str"),
        pd.Series(pd.Categorical(["z", None, "a"], ["z", "a", "unused"])),
        pd.Series(pd.to_datetime(["1969-12-31", None, "2024-02-29"]).astype("datetime64[s]")),
    ],
    ids=lambda column: str(column.dtype),
)
def test_columns_come_back_as_they_went(column):
    pd.testing.assert_series_equal(there_and_back(column), column)
    empty = there_and_back(column.iloc[:0])
    assert len(empty) == 0


def test_a_frame_with_many_levels_keeps_its_missing_codes():
    levels = [f"level {i}" for i in range(300)]
    column = pd.Series(pd.Categorical([levels[299], None, levels[0]], levels))
    pd.testing.assert_frame_equal(there_and_back(pd.DataFrame({"g": column})), pd.DataFrame({"g": column}))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (0, 3), (1, 1)])
def test_arrays_keep_shape_and_bits(shape):
    array = np.random.default_rng(0).standard_normal(shape)
    found = there_and_back(array)
    assert found.shape == shape
    assert np.array_equal(found, array)
    assert np.array_equal(there_and_back(np.asfortranarray(array)), array)


def test_the_first_axis_runs_fastest_as_in_R():
    buffers = []
    write(np.array([[1.0, 2.0], [3.0, 4.0]]), buffers)
    assert buffers == [real(1, 3, 2, 4)]


def test_numbers_in_the_text_are_exact():
    for number in (0.1 + 0.2, 1e-310, np.float64(np.pi), np.inf):
        assert there_and_back({"x": number})["x"] == number
    assert there_and_back(float("nan")) is None
    assert there_and_back(np.int64(3)) == 3


def test_large_integers_become_doubles():
    assert there_and_back(pd.Series([2**31])).tolist() == [2.0**31]
    assert there_and_back(pd.Series([MISSING])).tolist() == [float(MISSING)]


def test_a_column_of_anything_else_is_refused_by_name():
    with pytest.raises(DataError, match="Column 'odd' holds values of type object"):
        write(pd.DataFrame({"odd": [(1,), (2,)]}), [])
