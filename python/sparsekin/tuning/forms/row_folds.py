"""Rows with a response into folds, for a mixed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Ints
from sparsekin.errors import DataError, OptionError
from sparsekin.tuning.split import check_groups_whole, check_labels, read_groups, read_vector, split_rows


def fold_rows(
    folds: Any, groups: Any, rows: Ints, task_codes: Ints, rng: np.random.Generator, index: pd.Index | None
) -> Ints:
    """(n,) fold that holds each row out, -1: none.

    Parameters
    ----------
    folds : int, scikit-learn splitter or array of shape (n,)
    groups : array of shape (n,), optional
    rows : the rows that can be held out
    task_codes : (n,)
        Splitters see them as what to stratify by.
    rng : numpy.random.Generator
    index : n labels, optional
        Row labels of the user's data, which `folds` and `groups` must share if they have any.

    Raises
    ------
    OptionError
        `folds` is none of these.
    DataError
        A vector or splitter does not fit the rows or their labels.
    """
    n = len(task_codes)
    places = np.arange(n)
    check_labels({"folds": folds, "groups": groups}, index)
    chosen = None if groups is None else read_groups(groups, places, n)
    can, number = np.isin(places, rows), isinstance(folds, int | np.integer)
    if folds is None or isinstance(folds, bool | np.bool_):
        raise OptionError(f"folds = {folds!r} is neither a number of folds, a splitter nor a fold per row.")
    if number and chosen is None:
        of_row = np.full(n, -1, np.int64)
        of_row[rows] = rng.permutation(np.arange(len(rows)) % int(folds))
        return of_row
    if number or (hasattr(folds, "split") and not isinstance(folds, np.ndarray)):
        splitter = _by_group(int(folds), chosen, rows, rng) if number else folds
        codes = np.where(can, np.asarray(task_codes, np.int64) - int(np.min(task_codes)), -1)
        of_row = split_rows(splitter, codes, places, chosen)
    else:
        of_row = np.where(can, read_vector(folds, places, n), -1)
    if chosen is not None:
        check_groups_whole(of_row[can], chosen[can], places[can])
    return _checked(of_row)


def _by_group(n: int, groups: Ints | None, rows: Ints, rng: np.random.Generator) -> Any:
    from sklearn.model_selection import StratifiedGroupKFold

    assert groups is not None
    there = len(np.unique(groups[rows]))
    if there < n:
        raise DataError(f"groups has {there} different values but folds = {n}; use fewer folds.")
    return StratifiedGroupKFold(n, shuffle=True, random_state=int(rng.integers(2**32)))


def _checked(of_row: Ints) -> Ints:
    counts = np.bincount(of_row[of_row >= 0])
    if np.any(counts == 0) or len(counts) == 0:
        at = int(np.flatnonzero(counts == 0)[0]) if len(counts) else 0
        raise DataError(f"Fold {at} holds out no row with a response; number the folds 0, 1, 2, ...")
    if len(counts) == 1 and not np.any(of_row < 0):
        raise DataError("All rows are in one fold, so nothing is left to train on; use at least 2 folds.")
    return of_row
