"""The dial on folds: errors of every setting, and for each family the mean of its best settings, judged honestly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsekin.data.blocks import Ints, TaskBlocks
from sparsekin.l0.fold_share import SharedFolds, share_folds
from sparsekin.l0.pooled import pooled_problem
from sparsekin.l0.problem import Problem
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.parallel import in_order
from sparsekin.tuning.sparse.dial.fit import models_at
from sparsekin.tuning.sparse.dial.score import score_batches
from sparsekin.tuning.sparse.dial.search import Known, Searched, search_dial
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.errors import CvErrors, FoldErrors, collect, spread
from sparsekin.tuning.sparse.training import like


@dataclass(frozen=True, slots=True, eq=False)
class DialErrors:
    """What cross-validation of the dial found.

    ======== ============= =====================================================================
    field    shape         meaning
    ======== ============= =====================================================================
    errors   CvErrors      of every setting; its `settings` are those of ``dial.table``
    problem  Problem       all rows
    dial     Dial
    searched F of Searched what each finished fold found, for means of some of its models
    ======== ============= =====================================================================
    """

    errors: CvErrors
    problem: Problem
    dial: Dial
    searched: tuple[Searched, ...]

    def training(self, fold: int) -> Problem:
        """The problem without the rows that a fold holds out."""
        return like(self.problem, training_blocks(self.problem.blocks, self.errors.folds, fold))


def as_one_task(problem: Problem, dial: Dial) -> Problem | None:
    """The rows of all tasks as one task; None where no such model is tried."""
    return pooled_problem(problem) if dial.pools else None


def search_rows(problem: Problem, dial: Dial, effort: int, known: Known | None = None) -> Searched:
    """All searches on the rows of a problem, as `search_dial`."""
    return search_dial(problem, as_one_task(problem, dial), dial, effort, known=known)


def cross_validate_dial(
    problem: Problem, dial: Dial, folds: Folds, *, effort: int = 1, n_jobs: int | None = None, progress: bool = False,
    before: DialErrors | None = None,
) -> DialErrors:  # fmt: skip
    """Errors of every setting of the dial on the held-out rows of every fold.

    Parameters
    ----------
    problem : Problem
        With columns on one scale and tasks weighted by their rows, so that lambda_2 = inf is pooling.
    dial : Dial
    folds : Folds
    effort, n_jobs, progress
        As for `sparsekin.tuning.sparse.cross_validate.cross_validate`; nothing warns that Ctrl-C came.
    before : DialErrors, optional
        What the same dial without the largest ridges found on all of the folds: the rest is searched for and judged.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C came before the first fold was finished.
    """
    table = dial.table
    known = _known(before, folds)
    new = np.arange(len(table)) if before is None else np.flatnonzero(~np.isin(table.lambda_1, before.dial.ridges))
    own = [(dial, folds, fold, effort, known[fold], new) for fold in range(folds.n_folds)]
    if folds.scheme == "within-task" and problem.losses is None:
        shared = share_folds(problem, folds.of_row)
        pooled = share_folds(pooled_problem(problem), folds.of_row) if dial.pools else None
        pieces: list[tuple[Any, ...]] = [(shared, pooled, problem.blocks, *one) for one in own]
        work: Callable[..., Any] = _shared_fold
    else:
        pieces = [(problem, *one) for one in own]
        work = _fold
    found = in_order(work, pieces, n_jobs=n_jobs, progress=progress, complete=lambda one: one is not None)
    found = [one for one in found if one is not None]
    if not found:
        raise KeyboardInterrupt
    errors = collect(table.take(new), folds, problem.n_tasks, [one[0] for one in found])
    errors = errors if before is None else spread(table, before.errors, errors, new)
    return DialErrors(errors, problem, dial, tuple(one[1] for one in found))


def _known(before: DialErrors | None, folds: Folds) -> list[Known | None]:
    """For each fold what was found on it before."""
    if before is None:
        return [None] * folds.n_folds
    return [Known(before.dial.ridges, one) for one in before.searched]


def _shared_fold(
    shared: SharedFolds, pooled: SharedFolds | None, blocks: TaskBlocks, dial: Dial, folds: Folds, fold: int,
    effort: int, known: Known | None, rows: Ints,
) -> tuple[FoldErrors, Searched] | None:  # fmt: skip
    training, workspace = shared.training(fold)
    together, opened = (None, None) if pooled is None else pooled.training(fold)
    try:
        found = search_dial(training, together, dial, effort, workspace, opened, known)
    except KeyboardInterrupt:
        return None
    return _judged(blocks, training, found, dial, folds, fold, rows), found


def _fold(
    problem: Problem, dial: Dial, folds: Folds, fold: int, effort: int, known: Known | None, rows: Ints
) -> tuple[FoldErrors, Searched] | None:
    training = like(problem, training_blocks(problem.blocks, folds, fold))
    try:
        found = search_rows(training, dial, effort, known)
    except KeyboardInterrupt:
        return None
    return _judged(problem.blocks, training, found, dial, folds, fold, rows), found


def _judged(
    blocks: TaskBlocks, training: Problem, found: Searched, dial: Dial, folds: Folds, fold: int, rows: Ints
) -> FoldErrors:
    models = models_at(training, found, dial, rows)
    return score_batches(blocks, training_blocks(blocks, folds, fold), folds, fold, models, len(rows))
