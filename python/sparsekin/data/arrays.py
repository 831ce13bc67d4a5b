"""Arrays as given to Fortran-ordered float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sparsekin.data.blocks import Bools, Floats, Matrix
from sparsekin.data.columns import column_kind
from sparsekin.data.frame import list_names, to_pandas
from sparsekin.data.reader import read_array
from sparsekin.data.rows import Codes
from sparsekin.errors import DataError

_CHUNK = 1024


def is_frame(data: Any) -> bool:
    """Whether the data carry column names of their own."""
    return not isinstance(data, np.ndarray) and not sparse.issparse(data) and hasattr(data, "columns")


def match_columns(data: Any, names: Sequence[str]) -> Any:
    """Return the named columns of a frame in the order of the fit; anything else as it is."""
    if not is_frame(data):
        return data
    frame = to_pandas(data)
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise DataError(f"The data lack columns the model was fitted with: {list_names(absent)}.")
    return frame[list(names)]


def as_matrix(data: Any, what: str, fortran: bool = True) -> Matrix:
    """(n, m) float64: a view where possible, a `csc_array` if sparse.

    Raises
    ------
    DataError
        If it is not two-dimensional, or does not hold real numbers.
    """
    if sparse.issparse(data):
        return _as_csc(data, what)
    if is_frame(data):
        data = _numbers_of(to_pandas(data), what)
    values = read_array(data)
    if values.ndim != 2:
        raise DataError(f"{what} must have two dimensions (rows, columns), not shape {values.shape}.")
    if values.dtype.kind not in "biufO":
        raise DataError(f"{what} must hold real numbers, not {values.dtype}.")
    try:
        return np.asarray(values, dtype=np.float64, order="F" if fortran else None)
    except (TypeError, ValueError):
        raise DataError(f"{what} holds values that are not numbers.") from None


def _as_csc(data: Any, what: str) -> sparse.csc_array:
    if data.ndim != 2:
        raise DataError(f"{what} must have two dimensions (rows, columns), not shape {data.shape}.")
    if data.dtype.kind not in "biuf":
        raise DataError(f"{what} must hold real numbers, not {data.dtype}.")
    matrix = sparse.csc_array(data).astype(np.float64, copy=False)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    return matrix


def _numbers_of(frame: pd.DataFrame, what: str) -> Floats:
    bad = [name for name in frame.columns if column_kind(frame[name]) not in ("number", "bool")]
    if bad:
        raise DataError(
            f"{what} must hold numbers only, but {list_names(bad)} do not; "
            "use a formula, which turns text and categories into columns."
        )
    return np.asarray(frame.to_numpy(np.float64, na_value=np.nan))


def take_rows(X: Matrix, rows: Codes, own: bool = True) -> Matrix:
    """(len(rows), m) those rows, Fortran-ordered; `X` itself when they are all of its rows and need not be owned."""
    if len(rows) == X.shape[0] and bool(np.all(rows == np.arange(len(rows)))):
        if sparse.issparse(X):
            return X.copy() if own else X
        return np.array(X, order="F") if own else np.asfortranarray(X)
    if sparse.issparse(X):
        return sparse.csc_array(sparse.csr_array(X)[rows])
    out = np.empty((len(rows), X.shape[1]), order="F")
    for first in range(0, X.shape[1], _CHUNK):
        out[:, first : first + _CHUNK] = X[rows, first : first + _CHUNK]
    return out


def finite_rows(X: Matrix, what: str, names: Sequence[str]) -> Bools:
    """(n,) rows without a missing (NaN) value; an infinite value is a `DataError` that names its column."""
    n, m = X.shape
    complete = np.ones(n, bool)
    if not isinstance(X, np.ndarray):
        bad = np.flatnonzero(~np.isfinite(X.data))
        columns = np.searchsorted(X.indptr, bad, side="right") - 1
        _refuse_infinite(np.isinf(X.data[bad]), columns, what, names)
        complete[X.indices[bad]] = False
        return complete
    for first in range(0, m, _CHUNK):
        part = X[:, first : first + _CHUNK]
        if np.isfinite(part).all():
            continue
        _refuse_infinite(np.asarray(np.isinf(part).any(axis=0)), np.arange(first, first + part.shape[1]), what, names)
        complete &= ~np.isnan(part).any(axis=1)
    return complete


def gaps_by_column(X: Matrix, what: str, names: Sequence[str]) -> dict[str, Bools]:
    """(n,) masks of the missing cells of each column that has any."""
    incomplete = np.flatnonzero(~finite_rows(X, what, names))
    if not len(incomplete):
        return {}
    part = X[incomplete] if isinstance(X, np.ndarray) else X[incomplete].toarray()
    cells: Bools = np.isnan(part)
    gaps: dict[str, Bools] = {}
    for j in np.flatnonzero(cells.any(axis=0)):
        mask = np.zeros(X.shape[0], bool)
        mask[incomplete] = cells[:, j]
        gaps[names[int(j)]] = mask
    return gaps


def _refuse_infinite(infinite: Bools, columns: Codes, what: str, names: Sequence[str]) -> None:
    if infinite.any():
        name = names[int(columns[np.flatnonzero(infinite)[0]])]
        raise DataError(f"Column '{name}' of {what} holds infinite values; only finite numbers can be used.")
