"""Checks of the tables of a mixed form, in the user's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sparsekin.data.blocks import Matrix
from sparsekin.data.reader import read_array
from sparsekin.data.rows import Codes
from sparsekin.errors import DataError

_LARGEST = 1e150  # its square is a number, and so are sums of such squares


def check_tables(tables: Sequence[Matrix], names: Sequence[Sequence[str]]) -> None:
    """Refuse a column of Y, X or Z without an observed value, and what `check_finite` refuses."""
    for what, table, columns in zip("YXZ", tables, names, strict=True):
        if not sparse.issparse(table) and (empty := np.isnan(table).all(axis=0)).any():
            raise DataError(f"Column '{columns[int(np.argmax(empty))]}' of {what} has no observed value; leave it out.")
    check_finite(tables, names)


def check_finite(tables: Sequence[Matrix], names: Sequence[Sequence[str]]) -> None:
    """Refuse infinite cells, and columns whose squares overflow or vanish; sparse tables cannot have gaps either."""
    for what, table, columns in zip("YXZ", tables, names, strict=True):
        if sparse.issparse(table):
            if not np.isfinite(table.data).all():
                raise DataError(f"{what} is sparse and holds values that are not finite; make it dense to have gaps.")
        elif (infinite := np.isinf(table).any(axis=0)).any():
            name = columns[int(np.argmax(infinite))]
            raise DataError(f"Column '{name}' of {what} holds infinite values; only finite numbers can be used.")
        _check_size(table, what, columns)


def _check_size(table: Matrix, what: str, names: Sequence[str]) -> None:
    """Refuse a column whose squares are too large or too small to be numbers."""
    if 0 in table.shape:
        return
    size = abs(table).max(axis=0).toarray().ravel() if sparse.issparse(table) else np.abs(table)
    largest = size if size.ndim == 1 else np.where(np.isnan(size), 0.0, size).max(axis=0)
    bad = (largest > _LARGEST) | ((largest > 0) & (largest < 1 / _LARGEST))
    if bad.any():
        j = int(np.argmax(bad))
        raise DataError(
            f"Column '{names[j]}' of {what} has values up to {largest[j]:g}, whose squares cannot be computed; "
            "give it in other units, or correct the value."
        )


def refuse_truth(columns: dict[Any, Any]) -> None:
    """Responses are numbers: true and false are for a binomial model."""
    for name, column in columns.items():
        if sparse.issparse(column):
            continue
        values = np.ravel(read_array(column))
        known = pd.Series(values).dropna() if values.dtype == object else pd.Series(dtype=object)
        if values.dtype == bool or (len(known) and known.map(type).isin([bool, np.bool_]).all()):
            raise DataError(
                f"Response '{name}' holds true and false, but mixed forms are for numbers; use MTHAL with "
                "family='binomial', or convert it to 0 and 1 to have it treated as a number."
            )


def silent_tasks(outcomes: Matrix, codes: Codes, n_tasks: int) -> tuple[bool, ...]:
    """(K,) whether no row of the task has a response."""
    known = np.ones(len(codes), bool) if sparse.issparse(outcomes) else ~np.isnan(outcomes).all(axis=1)
    return tuple(bool(none) for none in np.bincount(codes[known & (codes >= 0)], minlength=n_tasks) == 0)
