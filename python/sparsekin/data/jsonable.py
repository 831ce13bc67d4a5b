"""Plain values to JSON and back, exactly: tuples, arrays, dates and dicts with keys that are not text."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.errors import DataError

_TAG = "!"


def encode(value: Any) -> Any:
    """Make a value JSON can hold, from which `decode` makes the same value again.

    Examples
    --------
    >>> decode(encode({1: (2.5, None)}))
    {1: (2.5, None)}
    """
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and key != _TAG for key in value):
            return {key: encode(item) for key, item in value.items()}
        return {_TAG: "dict", "v": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {_TAG: "tuple", "v": [encode(item) for item in value]}
    if isinstance(value, np.ndarray):
        return {_TAG: "array", "dtype": value.dtype.str, "v": value.tolist()}
    if isinstance(value, pd.Interval):
        return {_TAG: "interval", "v": [encode(value.left), encode(value.right), value.closed]}
    for kind, type_ in (("timestamp", pd.Timestamp | np.datetime64 | dt.datetime), ("date", dt.date)):
        if isinstance(value, type_):
            return {_TAG: kind, "v": pd.Timestamp(value).isoformat()}
    if isinstance(value, pd.Timedelta | dt.timedelta):
        return {_TAG: "timedelta", "v": pd.Timedelta(value).isoformat()}
    raise DataError(f"A value of type {type(value).__name__} cannot be saved: {value!r}")


def decode(value: Any) -> Any:
    """Return the value `encode` was given."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TAG not in value:
        return {key: decode(item) for key, item in value.items()}
    return _DECODERS[value[_TAG]](value)


_DECODERS: dict[str, Any] = {
    "dict": lambda value: {decode(key): decode(item) for key, item in value["v"]},
    "tuple": lambda value: tuple(decode(item) for item in value["v"]),
    "array": lambda value: np.array(value["v"], dtype=value["dtype"]),
    "interval": lambda value: pd.Interval(decode(value["v"][0]), decode(value["v"][1]), value["v"][2]),
    "timestamp": lambda value: pd.Timestamp(value["v"]),
    "date": lambda value: pd.Timestamp(value["v"]).date(),
    "timedelta": lambda value: pd.Timedelta(value["v"]),
}
