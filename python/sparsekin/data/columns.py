"""What a column of a frame holds, and its values as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.frame import list_names
from sparsekin.errors import DataError

Kind = Literal["number", "bool", "text", "other"]

_INFERRED: dict[str, Kind] = {
    "string": "text",
    "empty": "text",
    "boolean": "bool",
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "decimal": "number",
}
_CHUNK = 1024


def is_plain(dtype: Any) -> bool:
    """Whether a dtype holds real numbers (or true and false) ready to be copied."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "biuf"
    return bool(pd.api.types.is_numeric_dtype(dtype)) and not pd.api.types.is_complex_dtype(dtype)


def column_kind(column: pd.Series) -> Kind:
    """Say what a column holds; a column of mixed types is a `DataError` that shows two values."""
    dtype = column.dtype
    if pd.api.types.is_bool_dtype(dtype) and not isinstance(dtype, pd.CategoricalDtype):
        return "bool"
    if is_plain(dtype):
        return "number"
    if isinstance(dtype, pd.CategoricalDtype | pd.StringDtype):
        return "text"
    if not pd.api.types.is_object_dtype(dtype):
        return "text" if pd.api.types.is_string_dtype(dtype) else "other"
    inferred = pd.api.types.infer_dtype(column, skipna=True)
    if inferred.startswith("mixed") and inferred not in _INFERRED:
        first: dict[str, Any] = {}
        for value in column.dropna():
            first.setdefault(type(value).__name__, value)
        shown = " and ".join(f"{name} ({value!r})" for name, value in first.items())
        raise DataError(f"Column '{column.name}' mixes {shown}; make it one type.")
    return _INFERRED.get(inferred, "other")


def as_floats(frame: pd.DataFrame, names: Sequence[str]) -> Floats:
    """(n, m) the named number columns as float64, NaN where missing."""
    part = frame[list(names)]
    for name, dtype in part.dtypes.items():
        if not is_plain(dtype) and column_kind(part[name]) not in ("number", "bool"):
            raise DataError(f"Column '{name}' held numbers when fitting, but now holds {_example(part[name])}.")
    return np.asarray(part.to_numpy(np.float64, na_value=np.nan))


def missing_in(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, Bools]:
    """(n,) masks of the missing cells of each named column that has any."""
    found: dict[str, Bools] = {}
    for first in range(0, len(names), _CHUNK):
        part = list(names[first : first + _CHUNK])
        gaps = frame[part].isna().to_numpy()
        found |= {part[j]: gaps[:, j] for j in np.flatnonzero(gaps.any(axis=0))}
    return found


def as_read(column: pd.Series, kind: Kind, levels: tuple[Any, ...] | None) -> Any:
    """Return the complete column as formulaic shall see it: numpy numbers, used categories, else as is."""
    if levels is not None:
        _check_levels(column, levels)
    if kind == "other":
        return column.array
    if kind == "text":
        values = column.astype(object).to_numpy() if levels is not None else column
        categorical = pd.Categorical(values, categories=None if levels is None else list(levels))
        return categorical if levels is not None else categorical.remove_unused_categories()
    if column_kind(column) not in ("number", "bool"):
        raise DataError(f"Column '{column.name}' held numbers when fitting, but now holds {_example(column)}.")
    values = column.to_numpy(np.float64) if kind == "bool" else column.to_numpy()
    if kind == "bool":
        if not np.isin(values, (0.0, 1.0)).all():
            raise DataError(f"Column '{column.name}' held true and false when fitting, but now other numbers.")
        return values.astype(bool)
    return values.astype(np.int64 if values.dtype.kind in "iu" else np.float64)


def _example(column: pd.Series) -> str:
    """The first values of a column, for a message."""
    return list_names(pd.unique(column.dropna().astype(object)).tolist()[:3])


def _check_levels(column: pd.Series, levels: tuple[Any, ...]) -> None:
    unseen = [level for level in pd.unique(column.astype(object)).tolist() if level not in set(levels)]
    if unseen:
        which = "level" if len(unseen) == 1 else "levels"
        raise DataError(
            f"Column '{column.name}' has {which} {list_names(unseen)} not seen when fitting "
            f"(seen: {list_names(levels)})."
        )
