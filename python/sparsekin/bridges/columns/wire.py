"""Values as one JSON text and raw little-endian buffers: exact, missing values included.

What JSON cannot hold stands in the text as an object with a field ``$``, and its numbers in a buffer:

=============== ==================================================================================
``$``           meaning
=============== ==================================================================================
number          a float: ``text`` with 17 digits
array           float64 with two or more axes, the first running fastest: ``dim``
double, ...     a vector of that kind (`sparsekin.bridges.columns.vectors`); a factor has ``levels``, ``ordered``
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

from sparsekin.bridges.columns.vectors import NUMBERS, kind_of, to_numbers, to_series, to_texts

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


def _numbers(value: Mapping[str, Any], buffers: Buffers, dtype: str = "<f8") -> np.ndarray:
    return np.frombuffer(buffers[value["at"]], dtype)


def _read_array(value: Mapping[str, Any], buffers: Buffers) -> np.ndarray:
    return _numbers(value, buffers).reshape(value["dim"], order="F")


def _read_vector(value: Mapping[str, Any], buffers: Buffers) -> pd.Series:
    kind = value["$"]
    numbers = _numbers(value, buffers, NUMBERS[kind])
    return to_series(kind, numbers, value.get("levels", ()), value.get("ordered", False))


def _read_frame(value: Mapping[str, Any], buffers: Buffers) -> pd.DataFrame:
    columns = [read(column, buffers) for column in value["columns"]]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(value["rows"]))
    return frame.set_axis(value["names"], axis=1)


_READERS: dict[str, Callable[[Mapping[str, Any], Buffers], Any]] = {
    **dict.fromkeys(NUMBERS, _read_vector),
    "array": _read_array,
    "character": lambda value, buffers: pd.Series(value["values"], dtype="str"),
    "frame": _read_frame,
    "number": lambda value, buffers: float(value["text"]),
}


def _put(numbers: np.ndarray, dtype: str, buffers: list[bytearray]) -> int:
    """Add the numbers, the first axis running fastest, and say where they are."""
    flat = np.ravel(np.asarray(numbers, dtype), order="F")
    buffers.append(bytearray(flat.view(np.uint8).data))
    return len(buffers) - 1


def _write_array(array: np.ndarray, buffers: list[bytearray]) -> dict[str, Any]:
    return {"$": "array", "at": _put(array, "<f8", buffers), "dim": list(array.shape)}


def _write_vector(column: pd.Series, buffers: list[bytearray]) -> dict[str, Any]:
    kind = kind_of(column)
    if kind == "character":
        return {"$": kind, "values": to_texts(column)}
    out = {"$": kind, "at": _put(to_numbers(column, kind), NUMBERS[kind], buffers)}
    if kind == "factor":
        levels = [str(level) for level in column.cat.categories]
        return {**out, "levels": levels, "ordered": bool(column.cat.ordered)}
    return out
