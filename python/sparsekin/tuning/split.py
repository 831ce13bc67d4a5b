"""A fold for every row, from a scikit-learn splitter or from a vector the user made."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.data.blocks import Ints
from sparsekin.data.reader import common_index, read_array, read_labels
from sparsekin.errors import DataError

Rng: TypeAlias = "int | np.random.Generator | None"


def split_rows(splitter: Any, codes: Ints, positions: Ints, groups: np.ndarray | None) -> Ints:
    """(N,) fold of each row.

    Parameters
    ----------
    splitter : scikit-learn splitter
        It sees the rows in the user's order.
    codes : (N,) task of each row; rows of no task (-1) are left out
    positions : (N,) place of each row in the user's data
    groups : (N,) group of each row, optional

    Raises
    ------
    DataError
        It holds a row out twice, or does not train on all rows that it does not hold out.
    """
    order = np.argsort(positions, kind="stable")
    order = order[codes[order] >= 0]
    ordered = None if groups is None else groups[order]
    of_row = np.full(len(codes), -1, np.int64)
    name = type(splitter).__name__
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)  # tasks are checked, groups differ
        pairs = list(splitter.split(np.zeros((len(order), 1)), codes[order], ordered))
    for fold, (train, test) in enumerate(pairs):
        rows = order[test]
        if np.any(of_row[rows] >= 0):
            row = int(positions[rows[of_row[rows] >= 0][0]])
            raise DataError(f"{name} holds row {row} out more than once; use a splitter that holds a row out once.")
        if len(train) + len(test) != len(order):
            raise DataError(
                f"{name} trains on {len(train)} rows of fold {fold} where {len(order) - len(test)} are not held out; "
                "use a splitter that trains on all other rows."
            )
        of_row[rows] = fold
    return of_row


def check_labels(given: Mapping[str, Any], index: pd.Index | None) -> None:
    """Refuse vectors that label their rows otherwise than the data, whose labels are `index`, or than each other.

    Raises
    ------
    DataError
    """
    data = {} if index is None else {"the data": pd.Series(0, index=index)}
    common_index(data | dict(given))


def read_vector(folds: Any, positions: Ints, n_given: int) -> Ints:
    """(N,) fold of each row from one fold per row of the user's data, -1 where a row is never held out."""
    given = read_array(folds)
    if given.ndim != 1 or len(given) != n_given:
        raise DataError(f"folds must have one fold for each of the {n_given} rows; it has shape {given.shape}.")
    if not np.issubdtype(given.dtype, np.integer):
        raise DataError(f"folds must hold whole numbers, -1 for a row that is never held out; it is {given.dtype}.")
    if given.min(initial=0) < -1:
        raise DataError(f"folds holds {int(given.min())}; folds are 0, 1, 2, ..., or -1 for never held out.")
    return np.asarray(given[positions], np.int64)


def read_groups(groups: Any, positions: Ints, n_given: int) -> NDArray[np.int64]:
    """(N,) code of the group of each row, from one label per row of the user's data."""
    labels = read_labels(groups)
    if len(labels) != n_given:
        raise DataError(f"groups must have one label for each of the {n_given} rows; it has {len(labels)}.")
    codes = pd.factorize(labels)[0][positions]
    if np.any(codes < 0):
        at, name = np.sort(positions[codes < 0]), getattr(groups, "name", None)
        said = "groups" if name is None else f"groups, column {str(name)!r},"
        where = f"row {at[0]}" if len(at) == 1 else f"{len(at)} of {len(codes)} rows, the first row {at[0]}"
        raise DataError(f"{said} is missing in {where}; give every row one, or leave such rows out of the data.")
    return np.asarray(codes, np.int64)


def check_groups_whole(of_row: Ints, groups: Ints, positions: Ints) -> None:
    """Refuse folds that tear a group apart.

    Raises
    ------
    DataError
    """
    order = np.lexsort((of_row, groups))
    torn = (np.diff(groups[order]) == 0) & (np.diff(of_row[order]) != 0)
    if torn.any():
        i = int(np.flatnonzero(torn)[0])
        one, other = order[i], order[i + 1]
        raise DataError(
            f"Rows {positions[one]} and {positions[other]} are of one group but in folds {of_row[one]} and "
            f"{of_row[other]}; give folds that keep groups together, or a splitter that uses groups."
        )
