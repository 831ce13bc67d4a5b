"""R's vectors as pandas columns and back: kinds, and numbers in which a missing value has R's code.

========= ======== ===========================================================
kind      numbers  missing
========= ======== ===========================================================
double    float64  NaN
integer   int32    -2^31
logical   int32    -2^31; else 0 or 1
factor    int32    -2^31; else 0-based codes of the levels
date      float64  NaN; else days since 1970-01-01
character none     None in a list of text
========= ======== ===========================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from sparsekin.errors import DataError

MISSING = -(2**31)
Kind: TypeAlias = Literal["double", "integer", "logical", "factor", "date", "character"]
NUMBERS: dict[Kind, str] = {"double": "<f8", "date": "<f8", "integer": "<i4", "logical": "<i4", "factor": "<i4"}


def to_series(kind: Kind, numbers: np.ndarray, levels: Sequence[str] = (), ordered: bool = False) -> pd.Series:
    """The column that R's numbers stand for.

    Examples
    --------
    >>> to_series("integer", np.array([7, MISSING], np.int32)).tolist()
    [7, <NA>]
    """
    if kind == "double":
        return pd.Series(numbers)
    if kind == "date":
        return pd.Series(_dates(numbers))
    gone = numbers == MISSING
    if kind == "factor":
        names = pd.Index(list(levels), dtype="str")
        return pd.Series(pd.Categorical.from_codes(np.where(gone, -1, numbers), names, ordered=ordered))
    if kind == "logical":
        truth = numbers == 1
        return pd.Series(pd.arrays.BooleanArray(truth, gone) if gone.any() else truth)
    whole = numbers.astype(np.int64)
    return pd.Series(pd.arrays.IntegerArray(whole, gone) if gone.any() else whole)


def kind_of(column: pd.Series) -> Kind:
    """What R calls a column like this; integers too large for R are doubles.

    Raises
    ------
    DataError
        Neither numbers, text, categories nor dates.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "factor"
    if pd.api.types.is_bool_dtype(dtype):
        return "logical"
    if pd.api.types.is_integer_dtype(dtype):
        known = column.dropna()
        small = len(known) == 0 or MISSING < int(known.min()) <= int(known.max()) < 2**31
        return "integer" if small else "double"
    if pd.api.types.is_numeric_dtype(dtype):
        return "double"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "date"
    if all(isinstance(value, str) for value in column.dropna()):
        return "character"
    raise DataError(f"Column '{column.name}' holds values of type {dtype}, which R cannot be given.")


def to_numbers(column: pd.Series, kind: Kind) -> np.ndarray:
    """The numbers that stand for a column; not for text."""
    gone = column.isna().to_numpy()
    if kind == "double":
        return np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    if kind == "date":
        days = column.dt.tz_localize(None).to_numpy("datetime64[ns]").astype(np.int64) / 86_400e9
        return np.where(gone, np.nan, days)
    out = np.full(len(column), MISSING, np.int32)
    out[~gone] = (column.cat.codes if kind == "factor" else column)[~gone].to_numpy(np.int32)
    return out


def to_texts(column: pd.Series) -> list[str | None]:
    """Text, None where it is missing."""
    return [value if isinstance(value, str) else None for value in column.tolist()]


def _dates(days: np.ndarray) -> np.ndarray:
    known = np.isfinite(days)
    dates = np.full(len(days), np.datetime64("NaT"), "datetime64[s]")
    dates[known] = np.floor(days[known]).astype("datetime64[D]")
    return dates
