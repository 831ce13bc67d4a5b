"""Folds of rows that are a part already, of a half or without a fold: how many rows that takes, and the folds."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import numpy as np

from sparsekin.data.blocks import TaskBlocks
from sparsekin.errors import DataError, OptionError
from sparsekin.tuning.folds import Folds, check_training_rows, make_folds
from sparsekin.tuning.split import Rng

INNER = 5  # folds of the tuning, fewer where a task has fewer rows


def read_number(folds: object) -> int:
    """The number of folds, where nothing else will do.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> read_number(10)
    10
    """
    if isinstance(folds, bool) or not isinstance(folds, Integral):
        raise OptionError(f"folds = {folds!r} is not a number of folds; give a whole number of at least 2.")
    if folds < 2:
        raise OptionError(f"folds = {folds}; cross-validation needs at least 2.")
    return int(folds)


TO_CHOOSE = " to choose settings on; cross-validation needs 2"


def inner_folds(blocks: TaskBlocks, folds: int, rng: Rng, why: str = TO_CHOOSE) -> Folds:
    """At most `folds` folds within tasks, each of which leaves every task rows to train on.

    Raises
    ------
    DataError
        A task has fewer than 2 rows; `why` says what needs them.
    """
    least = int(np.argmin(blocks.n_obs))
    if blocks.n_obs[least] < 2:
        what = "Outcome" if blocks.shared else "Task"
        found = _rows(int(blocks.n_obs[least]))
        raise DataError(f"{what} {blocks.task_names[least]!r} has {found}{why}, or drop the {what.lower()}.")
    made = make_folds(blocks, folds=int(min(folds, blocks.n_obs[least])), rng=rng)
    check_training_rows(blocks, made)
    return made


def check_rows_to_tune(blocks: TaskBlocks, outer: int, free: Sequence[int], why: str, instead: str) -> None:
    """Refuse tasks with too few rows for a cross-validation without each of `outer` folds; a half is one of 2.

    Parameters
    ----------
    outer : int
        Folds, fewer where a task has fewer rows.
    free : K int
        Coefficients of each task that come before the features.
    why, instead : str
        What needs the rows, and what else to do.

    Raises
    ------
    DataError
    """
    needed = {one: rows_to_tune(outer, one) for one in set(free)}
    for k in np.argsort(blocks.n_obs, kind="stable"):
        if blocks.n_obs[k] < needed[free[k]]:
            what = "outcome" if blocks.shared else "task"
            raise DataError(
                f"{what.capitalize()} {blocks.task_names[k]!r} has {_rows(int(blocks.n_obs[k]))} but retune=True needs "
                f"{needed[free[k]]}: {why} {instead}, or drop the {what}."
            )


def rows_to_tune(outer: int, free: int) -> int:
    """The least number of rows from which on every split leaves a task some to train on.

    Inner folds are of all rows, those of the outer fold with weight 0, so that the split may be uneven.

    Examples
    --------
    >>> rows_to_tune(10, 0), rows_to_tune(2, 0), rows_to_tune(2, 4)
    (4, 8, 10)
    """
    return 1 + max(n for n in range(1, 40 + 3 * free) if not _enough(n, min(outer, n), free))


def _enough(n: int, outer: int, free: int) -> bool:
    left = n - -(-n // outer)
    return left >= max(2, free + 1) and left - -(-n // min(INNER, left)) >= 1


def _rows(n: int) -> str:
    return f"{n} row{'s' * (n != 1)}"
