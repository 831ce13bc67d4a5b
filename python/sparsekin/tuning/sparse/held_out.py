"""Models of a problem without each fold, and what they say of its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.l0.problem import Problem
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import solve
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.held_out import HeldOut, all_needed, collect_held_out
from sparsekin.tuning.parallel import in_order
from sparsekin.tuning.sparse.cross_validate import stacking_folds
from sparsekin.tuning.sparse.new_site import centre_of
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.stacking import Stacking
from sparsekin.tuning.sparse.stacking_losses import held_out_predictors, stack_losses
from sparsekin.tuning.sparse.training import like


def models_without(
    problem: Problem, folds: Folds, effort: int, n_jobs: int | None = None,
    search: Callable[[Problem], Solution] | None = None,
) -> list[Models]:  # fmt: skip
    """F models: `problem`, at its settings or by `search`, without each fold. Ctrl-C says what is lost."""
    search = partial(solve, effort=effort) if search is None else search
    pieces = [(problem, folds, fold, search) for fold in range(folds.n_folds)]
    models: list[Models] = in_order(_model_without, pieces, n_jobs=n_jobs)
    if len(models) < folds.n_folds:
        raise KeyboardInterrupt(all_needed(len(models), folds.n_folds))
    return models


def held_out(problem: Problem, folds: Folds, models: Sequence[Models]) -> HeldOut:
    """Linear predictors of held-out rows by the `models_without` each fold.

    A task that is left out is predicted by the mean of the models of the others.
    """
    return collect_held_out(problem.blocks, folds, [_predicted(problem, folds, *one) for one in enumerate(models)])


def of_left_out(blocks: TaskBlocks, folds: Folds, fold: int, model: Models) -> list[Floats]:
    """K of (n_k,) for all rows: what the mean of models without the task that `fold` leaves out says."""
    one = model.ensemble(centre_of(training_blocks(blocks, folds, fold)))
    return [one.predict(0, blocks.X_of(k), blocks.keep_of(k)) for k in range(blocks.n_tasks)]


def stacking(problem: Problem, folds: Folds, effort: int, models: Sequence[Models]) -> Stacking | None:
    """Weights of the task models of a problem with losses, from its `models_without` each fold.

    Where whole tasks are left out, from those without folds within the tasks. None where nothing can be stacked.
    """
    blocks = problem.blocks
    if blocks.shared or blocks.n_tasks == 1 or blocks.mixed:
        return None
    if folds.scheme != "within-task":
        folds = stacking_folds(blocks)
        models = models_without(problem, folds, effort)
    parts = [held_out_predictors(blocks, folds, fold, one) for fold, one in enumerate(models)]
    return stack_losses(blocks, folds, parts)


def _predicted(problem: Problem, folds: Folds, fold: int, model: Models) -> list[Floats]:
    """K of (n_k,) for all rows."""
    blocks = problem.blocks
    if folds.scheme == "leave-one-task-out":
        return of_left_out(blocks, folds, fold, model)
    return [model.predict(k, blocks.X_of(k), blocks.keep_of(k)) for k in range(problem.n_tasks)]


def _model_without(problem: Problem, folds: Folds, fold: int, search: Callable[[Problem], Solution]) -> Models:
    found = search(like(problem, training_blocks(problem.blocks, folds, fold)))
    if found.status == "interrupted":
        raise KeyboardInterrupt
    return Models(found.intercept, found.coef, found.keep_coef)
