"""The dial on folds: errors of every setting, and for each family the mean of its best settings, judged honestly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sparsekin.data.blocks import TaskBlocks
from sparsekin.l0.fold_share import SharedFolds, share_folds
from sparsekin.l0.pooled import pooled_problem
from sparsekin.l0.problem import Problem
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.parallel import in_order
from sparsekin.tuning.sparse.dial.fit import Searched, models_at, search_dial
from sparsekin.tuning.sparse.dial.score import score_batches
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.errors import CvErrors, FoldErrors, collect
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


def search_rows(problem: Problem, dial: Dial, effort: int) -> Searched:
    """All searches on the rows of a problem, as `search_dial`."""
    return search_dial(problem, as_one_task(problem, dial), dial, effort)


def cross_validate_dial(
    problem: Problem, dial: Dial, folds: Folds, *, effort: int = 1, n_jobs: int | None = None, progress: bool = False
) -> DialErrors:
    """Errors of every setting of the dial on the held-out rows of every fold.

    Parameters
    ----------
    problem : Problem
        With columns on one scale and tasks weighted by their rows, so that lambda_2 = inf is pooling.
    dial : Dial
    folds : Folds
    effort, n_jobs, progress
        As for `sparsekin.tuning.sparse.cross_validate.cross_validate`; nothing warns that Ctrl-C came.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C came before the first fold was finished.
    """
    if folds.scheme == "within-task" and problem.losses is None:
        shared = share_folds(problem, folds.of_row)
        pooled = share_folds(pooled_problem(problem), folds.of_row) if dial.pools else None
        pieces: list[tuple[Any, ...]] = [
            (shared, pooled, problem.blocks, dial, folds, fold, effort) for fold in range(folds.n_folds)
        ]
        work: Callable[..., Any] = _shared_fold
    else:
        pieces = [(problem, dial, folds, fold, effort) for fold in range(folds.n_folds)]
        work = _fold
    found = in_order(work, pieces, n_jobs=n_jobs, progress=progress, complete=lambda one: one is not None)
    found = [one for one in found if one is not None]
    if not found:
        raise KeyboardInterrupt
    errors = collect(dial.table, folds, problem.n_tasks, [one[0] for one in found])
    return DialErrors(errors, problem, dial, tuple(one[1] for one in found))


def _shared_fold(
    shared: SharedFolds, pooled: SharedFolds | None, blocks: TaskBlocks, dial: Dial, folds: Folds, fold: int,
    effort: int,
) -> tuple[FoldErrors, Searched] | None:  # fmt: skip
    training, workspace = shared.training(fold)
    together, opened = (None, None) if pooled is None else pooled.training(fold)
    try:
        found = search_dial(training, together, dial, effort, workspace, opened)
    except KeyboardInterrupt:
        return None
    return _judged(blocks, training, found, dial, folds, fold), found


def _fold(problem: Problem, dial: Dial, folds: Folds, fold: int, effort: int) -> tuple[FoldErrors, Searched] | None:
    training = like(problem, training_blocks(problem.blocks, folds, fold))
    try:
        found = search_rows(training, dial, effort)
    except KeyboardInterrupt:
        return None
    return _judged(problem.blocks, training, found, dial, folds, fold), found


def _judged(blocks: TaskBlocks, training: Problem, found: Searched, dial: Dial, folds: Folds, fold: int) -> FoldErrors:
    models = models_at(training, found, dial)
    return score_batches(blocks, training_blocks(blocks, folds, fold), folds, fold, models, len(dial.table))
