"""Any table becomes a pandas frame; the ledger remembers which rows left and why."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.data.reader import in_native_order, index_of
from sparsekin.errors import DataError, kind_of

_SHOWN = 8


@dataclass(frozen=True, slots=True, eq=False)
class RowLedger:
    """Which rows of the user's data were used, and why the others left.

    ========= ======================== ==========================================================
    field     shape                    meaning
    ========= ======================== ==========================================================
    n_given   int                      rows in the data
    n_kept    int                      rows used
    reasons   of (str, int)            per column (or reason): how many dropped rows miss it;
                                       a row that misses two columns counts in both
    tasks     of (label, int, int)     per task: rows given, rows used (multi-label: cells observed)
    dropped   (n_given - n_kept,)      0-based positions of the dropped rows in the user's data
    ========= ======================== ==========================================================

    Examples
    --------
    >>> RowLedger(240, 233, (("age", 5), ("crp", 2))).describe()
    '7 of 240 rows dropped: age (5), crp (2)'
    """

    n_given: int
    n_kept: int
    reasons: tuple[tuple[str, int], ...] = ()
    tasks: tuple[tuple[object, int, int], ...] = ()
    dropped: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))

    @property
    def n_dropped(self) -> int:
        """Rows that are not used."""
        return self.n_given - self.n_kept

    def describe(self) -> str:
        """One line for a person."""
        if not self.n_dropped:
            return f"{self.n_given} rows, none dropped"
        return f"{self.n_dropped} of {self.n_given} rows dropped: {list_counts(self.reasons)}"


def to_pandas(data: Any) -> pd.DataFrame:
    """Return the data as a pandas frame with text column names; a pandas frame is not copied and never changed.

    Parameters
    ----------
    data : pandas.DataFrame, any eager frame narwhals reads (polars, pyarrow, ...), or dict of arrays

    Raises
    ------
    DataError
        If it is no table, has no rows, two columns have the same name, or Series in a dict have different row labels.

    Examples
    --------
    >>> to_pandas({"y": [1.0, 2.0], "x": [0.0, 1.0]}).shape
    (2, 2)
    """
    frame = _as_frame(data)
    if isinstance(frame.columns, pd.MultiIndex):
        raise DataError("The data have columns of several levels; flatten them to one level of names.")
    names = [str(name) for name in frame.columns]
    if not all(isinstance(name, str) for name in frame.columns):
        frame = frame.set_axis(names, axis=1)
    if len(set(names)) < len(names):
        name = next(name for i, name in enumerate(names) if name in names[:i])
        raise DataError(f"{names.count(name)} columns are named '{name}'; give every column a name of its own.")
    if len(frame) == 0:
        raise DataError("The data have no rows.")
    return _in_native_order(frame)


def _as_frame(data: Any) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, Mapping):
        index_of(data)
        try:
            return pd.DataFrame(dict(data))
        except ValueError as error:
            raise DataError(f"The dict cannot be made into a table: {error}") from error
    try:
        return nw.from_native(data, eager_only=True).to_pandas()
    except TypeError:
        hint = "call .collect() first" if hasattr(data, "collect") else "pass a data frame or a dict of columns"
        raise DataError(f"Data of type {type(data).__name__} have no named columns to read; {hint}.") from None
    except ModuleNotFoundError as error:
        raise DataError(f"Reading {kind_of(data)} needs {error.name}; install it or pass pandas.") from error


def _in_native_order(frame: pd.DataFrame) -> pd.DataFrame:
    foreign = [str(name) for name, dtype in frame.dtypes.items() if isinstance(dtype, np.dtype) and not dtype.isnative]
    return frame.assign(**{name: in_native_order(frame[name].to_numpy()) for name in foreign}) if foreign else frame


def list_counts(counts: Iterable[tuple[str, int]]) -> str:
    """List counts: 'age (5), crp (2)', at most eight of them, most frequent first."""
    ranked = sorted(counts, key=lambda item: -item[1])
    text = ", ".join(f"{name} ({count})" for name, count in ranked[:_SHOWN])
    return text + (f" and {len(ranked) - _SHOWN} more" if len(ranked) > _SHOWN else "")


def list_names(names: Iterable[object]) -> str:
    """List names: 'a', 'b', 'c' and so on, at most eight of them."""
    listed = list(names)
    text = ", ".join(repr(name) for name in listed[:_SHOWN])
    return text + (f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else "")


def suggest(name: str, known: Iterable[str]) -> str:
    """Name the closest known names, or lists what there is."""
    known = list(known)
    close = [other for other in known if other.casefold() == name.casefold()]
    close = close or difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(repr(match) for match in close)}?"
    return f"There are {list_names(known)}." if known else ""
