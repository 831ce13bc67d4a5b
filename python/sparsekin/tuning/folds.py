"""Folds are data: which fold holds each row out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Floats, Ints, TaskBlocks
from sparsekin.data.profile import unpenalised_columns
from sparsekin.data.random import make_generator
from sparsekin.errors import DataError, OptionError
from sparsekin.losses.occurrences import occurrences
from sparsekin.options import Scheme, check_option
from sparsekin.tuning.split import (
    Rng,
    check_groups_whole,
    check_labels,
    read_groups,
    read_vector,
    split_rows,
)


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """Which fold holds each row out.

    ======= ====== ======================================================================
    field   shape  meaning
    ======= ====== ======================================================================
    of_row  (N,)   fold of each row of ``blocks.X``, 0..F-1; -1: never held out
    n_folds int    F
    scheme  str    "within-task", or "leave-one-task-out", where fold k is task k
    ======= ====== ======================================================================
    """

    of_row: Ints
    n_folds: int
    scheme: Scheme

    def held_out(self, blocks: TaskBlocks, fold: int, k: int) -> Bools:
        """(n_k,) the rows of task k that `fold` holds out; rows of weight 0 are never among them."""
        out = self.of_row[blocks.rows[k]] == fold
        w = blocks.weights[k]
        return np.asarray(out if w is None else out & (w > 0))


def make_folds(
    blocks: TaskBlocks,
    *,
    scheme: Scheme = "within-task",
    folds: Any = 10,
    groups: Any = None,
    rng: Rng = None,
    positions: Ints | None = None,
    n_given: int | None = None,
    index: pd.Index | None = None,
) -> Folds:
    """Assign rows to folds.

    Parameters
    ----------
    blocks : TaskBlocks
    scheme : {"within-task", "leave-one-task-out"}
        ``"within-task"``: every fold holds out some rows of every task; ``"leave-one-task-out"``: fold k holds out
        task k, to judge predictions for a new study.
    folds : int, scikit-learn splitter or array of shape (n_given,)
        Number of folds; or any splitter, which sees the rows in the user's order, the task codes as y, and `groups`;
        or the fold of each row of the user's data, -1 for a row that is never held out. Not used when tasks are left
        out.
    groups : array of shape (n_given,), optional
        Rows of one group (one patient) stay in one fold, across tasks too.
    rng : int, numpy.random.Generator or None
        Shuffles the rows.
    positions : (N,) int, optional
        Position of each row of ``blocks.X`` in the user's data; by default the rows stand as given.
    n_given : int, optional
        Rows of the user's data, dropped ones included; by default N.
    index : n_given labels, optional
        Row labels of the user's data, which `folds` and `groups` must share if they have any.

    Returns
    -------
    Folds

    Raises
    ------
    OptionError
        A number of folds, scheme or combination that makes no sense.
    DataError
        A task has fewer rows than there are folds, a vector or splitter does not fit the rows or their labels, or no
        outcome varies within a task.

    Notes
    -----
    Folds of a number: scikit-learn's StratifiedKFold on the task codes, StratifiedGroupKFold with groups; KFold on the
    rows when outcomes share one X, so that a row is held out of all outcomes together.
    """
    check_option("scheme", scheme, get_args(Scheme))
    N = int(blocks.X.shape[0])
    places = np.arange(N) if positions is None else np.asarray(positions)
    given = N if n_given is None else n_given
    check_labels({"folds": folds, "groups": groups}, index)
    if scheme == "leave-one-task-out":
        return _leave_one_task_out(blocks, folds, groups)
    check_outcomes_vary(blocks)
    chosen = None if groups is None else read_groups(groups, places, given)
    if isinstance(folds, bool | np.bool_ | str | float | np.floating) or folds is None:
        raise OptionError(f"folds = {folds!r} is neither a number of folds, a splitter nor a fold per row.")
    if isinstance(folds, int | np.integer):
        _check_number(blocks, int(folds), chosen)
        codes = event_codes(blocks)
        if np.bincount(codes[codes >= 0]).max(initial=0) < folds:  # nothing to stratify by, scikit-learn refuses
            codes = task_codes(blocks)
        of_row = split_rows(number_splitter(int(folds), blocks, chosen, rng), codes, places, chosen)
    elif hasattr(folds, "split") and not isinstance(folds, np.ndarray):
        of_row = split_rows(folds, task_codes(blocks), places, chosen)
    else:
        of_row = read_vector(folds, places, given)
    if chosen is not None:
        check_groups_whole(of_row, chosen, places)
    return _checked(Folds(of_row, int(of_row.max(initial=-1)) + 1, scheme))


def check_outcomes_vary(blocks: TaskBlocks) -> None:
    """Refuse outcomes of one value in every task: errors of all settings would be rounding.

    Raises
    ------
    DataError
    """
    for y, w in zip(blocks.y, blocks.weights, strict=True):
        if np.ptp(y if w is None else y[w > 0]) > 0:
            return
    every = "" if blocks.n_tasks == 1 else " in every task"
    raise DataError(f"The outcome has one value{every}: there is nothing to predict, so no setting can be judged.")


def task_codes(blocks: TaskBlocks) -> Ints:
    """(N,) task of each row of ``blocks.X``, -1 for rows of none; all 0 when tasks share one X."""
    codes = np.full(blocks.X.shape[0], 0 if blocks.shared else -1, np.int64)
    for k, rows in enumerate(() if blocks.shared else blocks.rows):
        codes[rows] = k
    return codes


def event_codes(blocks: TaskBlocks) -> Ints:
    """(N,) as `task_codes`, where outcomes are events those with and without apart: yes and no, dead and censored."""
    codes, given = task_codes(blocks), blocks.responses
    if given is None or blocks.shared:
        return codes
    codes = np.where(codes >= 0, 2 * codes, codes)
    for k, family in enumerate(given.families):
        if family == "cox" or (family == "binomial" and given.y[k].ndim == 1):
            codes[blocks.rows[k]] += occurrences(family, given.y[k])[:, 0] > 0
    return codes


def check_events(blocks: TaskBlocks, folds: Folds) -> None:
    """Refuse folds that leave a task with yes alone, no alone, or no event.

    Raises
    ------
    DataError
    """
    given = blocks.responses
    if given is None or folds.scheme == "leave-one-task-out":
        return
    for k, (family, y, task) in enumerate(zip(given.families, given.y, blocks.task_names, strict=True)):
        happened = occurrences(family, y)
        for fold in range(folds.n_folds):
            out = folds.held_out(blocks, fold, k)
            given_w = blocks.weights[k]
            w = np.where(out, 0.0, np.ones(len(out)) if given_w is None else given_w)
            if (w @ happened > 0).all():
                continue
            what = "one outcome only" if family == "binomial" else "no event"
            raise DataError(
                f"Task {task!r} has {what} among the training rows of fold {fold}; give fewer folds, folds that spread "
                "its events, or drop the task."
            )


def number_splitter(n: int, blocks: TaskBlocks, groups: Ints | None, rng: Rng) -> Any:
    """The scikit-learn splitter for `n` folds."""
    from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold

    seed = int(make_generator(rng).integers(2**32))
    kind = StratifiedGroupKFold if groups is not None else KFold if blocks.shared else StratifiedKFold
    return kind(n, shuffle=True, random_state=seed)


def training_blocks(blocks: TaskBlocks, folds: Folds, fold: int) -> TaskBlocks:
    """What `fold` trains on: held-out rows get weight 0 and outcome 0; a task that is left out leaves.

    X is not copied. Outcomes of one X whose weights are the same array share one array again.
    """
    if folds.scheme == "leave-one-task-out":
        left = [k for k in range(blocks.n_tasks) if k != fold]
        return replace(
            blocks,
            y=tuple(blocks.y[k] for k in left),
            rows=tuple(blocks.rows[k] for k in left),
            weights=tuple(blocks.weights[k] for k in left),
            task_names=tuple(blocks.task_names[k] for k in left),
            responses=None if blocks.responses is None else blocks.responses.take(left),
        )
    made: dict[object, Floats] = {}
    weights, y = [], []
    for k in range(blocks.n_tasks):
        out, w = folds.of_row[blocks.rows[k]] == fold, blocks.weights[k]
        key = id(w) if blocks.shared else k
        if key not in made:
            made[key] = np.where(out, 0.0, 1.0 if w is None else w)
        weights.append(made[key])
        y.append(np.where(out, 0.0, blocks.y[k]))
    return replace(blocks, y=tuple(y), weights=tuple(weights))


def check_training_rows(blocks: TaskBlocks, folds: Folds) -> None:
    """Refuse folds that take all rows of a task.

    Raises
    ------
    DataError
    """
    what = "Outcome" if blocks.shared else "Task"
    for k in range(blocks.n_tasks):
        for fold in range(folds.n_folds):
            if folds.held_out(blocks, fold, k).sum() == blocks.n_obs[k]:
                raise DataError(
                    f"{what} {blocks.task_names[k]!r} keeps 0 training rows in fold {fold}; give folds that leave it "
                    f"some, or drop the {what.lower()}."
                )


def check_folds(blocks: TaskBlocks, folds: Folds, s: int) -> None:
    """Refuse folds that leave a task too few training rows for s features besides its unpenalised columns.

    Raises
    ------
    DataError
    """
    what = "outcome" if blocks.shared else "task"
    for k in range(blocks.n_tasks) if folds.scheme == "within-task" else ():
        columns = unpenalised_columns(blocks, k)
        unpenalised = int(np.linalg.matrix_rank(columns)) if columns.shape[1] else 0  # NumPy 1.26 has no rank of none
        for fold in range(folds.n_folds):
            n = int(blocks.n_obs[k] - folds.held_out(blocks, fold, k).sum())
            if n - unpenalised < s:
                besides = "" if n < s or not unpenalised else " besides the intercept and the always-in terms"
                besides = besides if blocks.keep_names else besides.replace(" and the always-in terms", "")
                raise DataError(
                    f"{what.capitalize()} {blocks.task_names[k]!r} keeps {n} training row{'s' * (n != 1)} in fold "
                    f"{fold} but s = {s}{besides}; lower s, use more folds or drop the {what}."
                )


def training_rows(blocks: TaskBlocks, folds: Folds | None, fold: int) -> int:
    """Rows of all tasks together that train when `fold` is held out; all of them where there are no folds."""
    if folds is None or fold < 0:
        return int(blocks.n_obs.sum())
    return int(blocks.n_obs.sum() - sum(folds.held_out(blocks, fold, k).sum() for k in range(blocks.n_tasks)))


def _leave_one_task_out(blocks: TaskBlocks, folds: Any, groups: Any) -> Folds:
    if blocks.shared:
        raise OptionError(
            "scheme='leave-one-task-out' predicts a task from the others; here the tasks are outcomes of the same "
            "rows. Use scheme='within-task'."
        )
    if blocks.n_tasks < 2:
        raise OptionError("scheme='leave-one-task-out' needs at least 2 tasks; the data have 1.")
    if groups is not None or not isinstance(folds, int | np.integer):
        name = "folds" if groups is None else "groups"
        raise OptionError(f"scheme='leave-one-task-out' makes the folds from the tasks; do not give {name}.")
    return Folds(task_codes(blocks), blocks.n_tasks, "leave-one-task-out")


def _check_number(blocks: TaskBlocks, n: int, groups: Ints | None) -> None:
    if n < 2:
        raise OptionError(f"folds = {n}; cross-validation needs at least 2.")
    if groups is not None and len(np.unique(groups)) < n:
        raise DataError(f"groups has {len(np.unique(groups))} different values but folds = {n}; use fewer folds.")
    what = "Outcome" if blocks.shared else "Task"
    for name, rows in zip(blocks.task_names, blocks.n_obs.tolist(), strict=True):
        if rows < n:
            raise DataError(
                f"{what} {name!r} has {rows} row{'s' * (rows != 1)} but folds = {n}; use at most {max(rows, 2)} folds "
                f"or drop the {what.lower()}."
            )


def _checked(folds: Folds) -> Folds:
    counts = np.bincount(folds.of_row[folds.of_row >= 0], minlength=folds.n_folds)
    if folds.n_folds < 2 and not (folds.n_folds == 1 and np.any(folds.of_row < 0)):
        raise DataError("All rows are in one fold, so nothing is left to train on; use at least 2 folds.")
    if np.any(counts == 0):
        raise DataError(f"Fold {int(np.flatnonzero(counts == 0)[0])} holds out no row; number the folds 0, 1, 2, ...")
    return folds
