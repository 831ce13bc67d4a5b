"""Values as one JSON text and raw little-endian buffers: exact, missing values included.

What JSON cannot hold stands in the text as an object with a field ``$``, and its numbers in a buffer:

=============== ==================================================================================
``$``           meaning
=============== ==================================================================================
number          a float: ``text`` with 17 digits
array           float64 with two or more axes, the first running fastest: ``dim``
double          float64; a missing value is NaN
integer         int32; a missing value is -2^31
logical         int32, 0 or 1; a missing value is -2^31
factor          int32, 0-based codes; ``levels``, ``ordered``; a missing value is -2^31
date            float64, days since 1970-01-01; a missing value is NaN
character       ``values``, text or null; no buffer
frame           ``rows``, ``names`` and ``columns``, each one of the vectors above
=============== ==================================================================================

``at`` counts the buffers from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.errors import DataError

MISSING = -(2**31)
Buffers = Sequence[bytes | bytearray]


def read(value: Any, buffers: Buffers) -> Any:
    r"""Rebuild what the other side wrote.

    Parameters
    ----------
    value : parsed JSON
    buffers : raw bytes

    Returns
    -------
    dict, list, str, number, bool or None; ndarray for an array; Series for a vector; DataFrame for a frame

    Examples
    --------
    >>> read({"$": "integer", "at": 0}, [b"\x01\x00\x00\x00\x00\x00\x00\x80"]).tolist()
    [1, <NA>]
    """
    if isinstance(value, list):
        return [read(item, buffers) for item in value]
    if not isinstance(value, dict):
        return value
    if "$" in value:
        return _READERS[value["$"]](value, buffers)
    return {name: read(item, buffers) for name, item in value.items()}


def write(value: Any, buffers: list[bytearray]) -> Any:
    """Make a value JSON can hold, the numbers of arrays and frames being added to `buffers`.

    Raises
    ------
    DataError
        A column holds what neither side can read.

    Examples
    --------
    >>> out = []
    >>> write({"coef": np.array([[0.5], [2.0]])}, out), len(out[0])
    ({'coef': {'$': 'array', 'at': 0, 'dim': [2, 1]}}, 16)
    """
    if isinstance(value, Mapping):
        return {str(name): write(item, buffers) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [write(item, buffers) for item in value]
    if isinstance(value, pd.DataFrame):
        columns = [_write_vector(value.iloc[:, j], buffers) for j in range(value.shape[1])]
        return {"$": "frame", "rows": len(value), "names": [str(name) for name in value.columns], "columns": columns}
    if isinstance(value, pd.Series | pd.Index):
        return _write_vector(pd.Series(value), buffers)
    if isinstance(value, np.ndarray):
        return _write_array(value, buffers) if value.ndim > 1 else _write_vector(pd.Series(value), buffers)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if np.isnan(value) else {"$": "number", "text": repr(value)}
    return value


def _numbers(value: Mapping[str, Any], buffers: Buffers, dtype: str) -> np.ndarray:
    return np.frombuffer(buffers[value["at"]], dtype)


def _whole(value: Mapping[str, Any], buffers: Buffers) -> tuple[np.ndarray, np.ndarray]:
    """Integers, and which of them are missing."""
    numbers = _numbers(value, buffers, "<i4")
    return numbers, numbers == MISSING


def _read_array(value: Mapping[str, Any], buffers: Buffers) -> np.ndarray:
    return _numbers(value, buffers, "<f8").reshape(value["dim"], order="F")


def _read_integer(value: Mapping[str, Any], buffers: Buffers) -> pd.Series:
    numbers, gone = _whole(value, buffers)
    return (
        pd.Series(numbers.astype(np.int64))
        if not gone.any()
        else pd.Series(pd.arrays.IntegerArray(numbers.astype(np.int64), gone))
    )


def _read_logical(value: Mapping[str, Any], buffers: Buffers) -> pd.Series:
    numbers, gone = _whole(value, buffers)
    truth = numbers == 1
    return pd.Series(truth) if not gone.any() else pd.Series(pd.arrays.BooleanArray(truth, gone))


def _read_factor(value: Mapping[str, Any], buffers: Buffers) -> pd.Series:
    codes, gone = _whole(value, buffers)
    levels = pd.Index(value["levels"], dtype=object if not value["levels"] else None)
    return pd.Series(pd.Categorical.from_codes(np.where(gone, -1, codes), levels, ordered=value["ordered"]))


def _read_date(value: Mapping[str, Any], buffers: Buffers) -> pd.Series:
    days = _numbers(value, buffers, "<f8")
    known = np.isfinite(days)
    dates = np.full(len(days), np.datetime64("NaT"), "datetime64[s]")
    dates[known] = np.floor(days[known]).astype("datetime64[D]")
    return pd.Series(dates)


def _read_frame(value: Mapping[str, Any], buffers: Buffers) -> pd.DataFrame:
    columns = [read(column, buffers) for column in value["columns"]]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(value["rows"]))
    return frame.set_axis(value["names"], axis=1)


_READERS: dict[str, Callable[[Mapping[str, Any], Buffers], Any]] = {
    "number": lambda value, buffers: float(value["text"]),
    "array": _read_array,
    "double": lambda value, buffers: pd.Series(_numbers(value, buffers, "<f8")),
    "integer": _read_integer,
    "logical": _read_logical,
    "factor": _read_factor,
    "date": _read_date,
    "character": lambda value, buffers: pd.Series(value["values"], dtype="str"),
    "frame": _read_frame,
}


def _put(numbers: np.ndarray, dtype: str, buffers: list[bytearray]) -> int:
    """Add the numbers, the first axis running fastest, and say where they are."""
    flat = np.ravel(np.asarray(numbers, dtype), order="F")
    buffers.append(bytearray(flat.view(np.uint8).data))
    return len(buffers) - 1


def _write_array(array: np.ndarray, buffers: list[bytearray]) -> dict[str, Any]:
    return {"$": "array", "at": _put(array, "<f8", buffers), "dim": list(array.shape)}


def _write_vector(column: pd.Series, buffers: list[bytearray]) -> dict[str, Any]:
    gone, dtype = column.isna().to_numpy(), column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        levels = [str(level) for level in dtype.categories]
        at = _put(np.where(gone, MISSING, column.cat.codes.astype(np.int64)), "<i4", buffers)
        return {"$": "factor", "at": at, "levels": levels, "ordered": bool(dtype.ordered)}
    if pd.api.types.is_bool_dtype(dtype):
        return {"$": "logical", "at": _put(_filled(column, gone), "<i4", buffers)}
    if pd.api.types.is_integer_dtype(dtype):
        numbers = column.array[~gone].to_numpy(np.int64) if gone.any() else column.to_numpy(np.int64)
        if len(numbers) == 0 or abs(int(numbers.min())) < 2**31 > int(numbers.max()):
            return {"$": "integer", "at": _put(_filled(column, gone), "<i4", buffers)}
    if pd.api.types.is_numeric_dtype(dtype):
        return {"$": "double", "at": _put(column.to_numpy(np.float64, na_value=np.nan), "<f8", buffers)}
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return {"$": "date", "at": _put(_days(column, gone), "<f8", buffers)}
    values = [None if missing else value for value, missing in zip(column.tolist(), gone, strict=True)]
    if not all(value is None or isinstance(value, str) for value in values):
        raise DataError(f"Column '{column.name}' holds values of type {dtype}, which cannot be passed on.")
    return {"$": "character", "values": values}


def _filled(column: pd.Series, gone: np.ndarray) -> np.ndarray:
    """Whole numbers with missing ones as -2^31."""
    out = np.full(len(column), MISSING, np.int64)
    out[~gone] = column.array[~gone].astype(np.int64)
    return out


def _days(column: pd.Series, gone: np.ndarray) -> np.ndarray:
    days = column.dt.tz_localize(None).to_numpy("datetime64[ns]").astype(np.int64) / 86_400e9
    return np.where(gone, np.nan, days)
