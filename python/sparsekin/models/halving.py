"""What every estimator checks before the rows of a fit are halved, and says after Ctrl-C."""

from __future__ import annotations

import operator

from sparsekin.data.blocks import Ints, TaskBlocks
from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import DataError, InterruptedWarning, OptionError, warn
from sparsekin.inference.clusters import n_groups
from sparsekin.losses.occurrences import events_of_tasks
from sparsekin.results.base import TaskFit
from sparsekin.results.unavailable import FROM_MOMENTS
from sparsekin.tuning.split import check_labels, read_groups

LEAST_ROWS, LEAST_GROUPS = 4, 2


def check_halving(fit: TaskFit, pairs: object, groups: object) -> Ints | None:
    """(N,) codes of the groups given.

    Raises
    ------
    OptionError
        `pairs` is not a whole number of at least 10, or the fit was made from moments.
    DataError
        A task has fewer than 4 rows or 2 groups, or `groups` does not fit the rows.
    """
    check_pairs(pairs)
    refuse_on_disk(fit.blocks, "stability()")
    if fit.blocks.origin is not None:
        raise OptionError(f"Rows cannot be halved: {FROM_MOMENTS}.")
    for k, (name, n) in enumerate(zip(fit.blocks.task_names, fit.blocks.n_obs, strict=True)):
        least, what = least_count(fit.blocks, k)
        if min(n, least) < LEAST_ROWS:
            count, of = (n, "rows") if n < LEAST_ROWS else (least, what)
            raise DataError(
                f"Task {name!r} has {count} {of}, too few to halve; it needs {LEAST_ROWS}, or drop the task."
            )
    check_labels({"groups": groups}, fit.index)
    codes = None if groups is None else read_groups(groups, fit.row_positions, len(fit.index))
    if codes is not None:
        _check_groups(fit.blocks, codes)
    return codes


def _check_groups(blocks: TaskBlocks, groups: Ints) -> None:
    """Groups (N,) stay whole, so that a task needs one for each half."""
    for name, rows, w in zip(blocks.task_names, blocks.rows, blocks.weights, strict=True):
        n = n_groups(groups[rows] if w is None else groups[rows][w > 0])
        if n < LEAST_GROUPS:
            raise DataError(
                f"Task {name!r} has {n} group of rows, too few to halve; it needs {LEAST_GROUPS}: leave groups out, or "
                "drop the task."
            )


def least_count(blocks: TaskBlocks, k: int) -> tuple[int, str]:
    """Rows of the smaller class, or events; the rows where neither is meant."""
    family = blocks.families_said[k]
    if family == "cox" or (family == "binomial" and blocks.outcome_of(k).ndim == 1):
        return int(events_of_tasks(blocks)[k]), "events" if family == "cox" else "rows in its smaller class"
    return int(blocks.n_obs[k]), "rows"


def check_pairs(pairs: object) -> None:
    """Raise `OptionError` unless pairs is a whole number of at least 10."""
    try:
        if isinstance(pairs, bool) or operator.index(pairs) < 10:  # type: ignore[arg-type]
            raise TypeError
    except TypeError:
        raise OptionError(f"pairs = {pairs!r} must be a whole number of at least 10; 50 is usual.") from None


def warn_of_missing(done: int, pairs: int) -> None:
    """Say after Ctrl-C how many pairs of halves there are."""
    if done < pairs:
        warn(f"Interrupted: {done} of {pairs} pairs of halves are finished and kept.", InterruptedWarning)
