"""Cross-validation: fit on the training rows of each fold, judge on the rows it holds out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.errors import InterruptedWarning, warn
from sparsekin.l0.fold_share import SharedFolds, share_folds
from sparsekin.l0.glm.descent import SHORTLIST
from sparsekin.l0.grid import GridFit, Settings, solve_grid
from sparsekin.l0.problem import Problem
from sparsekin.options import Ensemble
from sparsekin.tuning.folds import Folds, make_folds, training_blocks
from sparsekin.tuning.parallel import in_order
from sparsekin.tuning.sparse.errors import CvErrors, FoldErrors, collect
from sparsekin.tuning.sparse.fold_errors import fold_errors
from sparsekin.tuning.sparse.scoring import Models, Predictor, predict_by_all, score
from sparsekin.tuning.sparse.stacking import Stacking, from_triangles, triangle
from sparsekin.tuning.sparse.stacking_losses import held_out_predictors, stack_losses
from sparsekin.tuning.sparse.training import like

Fitter: TypeAlias = Callable[[TaskBlocks], Sequence[Predictor | None]]  # training rows -> a model per setting

STACKING_FOLDS = 5  # inner folds for the weights of stacking


def cross_validate(
    problem: Problem,
    settings: Settings,
    folds: Folds,
    *,
    effort: int = 1,
    ensemble: Ensemble = "mean",
    n_jobs: int | None = None,
    progress: bool = False,
    shortlist: int = SHORTLIST,
) -> CvErrors:
    """Errors of every setting on the held-out rows of every fold.

    Nothing crosses from one fold to another, nor from held-out rows to training: columns are standardised on the
    training rows, and held-out outcomes are replaced by 0 before the fit.

    Parameters
    ----------
    problem : Problem
        The data and how they are scaled and weighted; its own s and penalties are not used.
    settings : Settings
    folds : Folds
    effort : {0, 1, 2}
    ensemble : {"mean", "stack"}
        How the other tasks predict a task that is left out.
    n_jobs : int or None
        Folds at a time; results do not depend on it.
    progress : bool
    shortlist : int
        As for `l0.solve.solve`.

    Returns
    -------
    CvErrors

    Warns
    -----
    InterruptedWarning
        Ctrl-C came: `finished` says which settings and folds are there.
    """
    if folds.scheme == "within-task" and problem.losses is None:
        shared = share_folds(problem, folds.of_row)
        pieces = [(shared, problem.blocks, settings, folds, fold, effort) for fold in range(folds.n_folds)]
        return collect_folds(run_shared_fold, pieces, settings, folds, problem.n_tasks, n_jobs, progress)
    fitter = partial(
        fit_grid, problem=problem, settings=settings, effort=effort, ensemble=ensemble, shortlist=shortlist
    )
    return cross_validate_models(fitter, problem.blocks, settings, folds, n_jobs=n_jobs, progress=progress)


def cross_validate_models(
    fitter: Fitter,
    blocks: TaskBlocks,
    settings: Settings,
    folds: Folds,
    *,
    n_jobs: int | None = None,
    progress: bool = False,
) -> CvErrors:
    """As `cross_validate`, for any function that makes a model per setting from training rows."""
    pieces = [(fitter, blocks, folds, fold) for fold in range(folds.n_folds)]
    return collect_folds(run_fold, pieces, settings, folds, blocks.n_tasks, n_jobs, progress)


def collect_folds(
    work: Callable[..., FoldErrors],
    pieces: list[tuple[Any, ...]],
    settings: Settings,
    folds: Folds,
    n_tasks: int,
    n_jobs: int | None,
    progress: bool,
) -> CvErrors:
    """Do the work of every fold, and put together what was finished; `pieces` are its arguments."""
    found: list[FoldErrors] = in_order(work, pieces, n_jobs=n_jobs, progress=progress, complete=_complete)
    errors = collect(settings, folds, n_tasks, found)
    if not errors.finished.all():
        warn_interrupted(errors)
    return errors


def run_shared_fold(
    shared: SharedFolds, blocks: TaskBlocks, settings: Settings, folds: Folds, fold: int, effort: int
) -> FoldErrors:
    """As `run_fold` for the grid, with what was read of X shared by all folds."""
    training, workspace = shared.training(fold)
    models = models_of(solve_grid(training, settings, effort=effort, workspace=workspace))
    return score(blocks, training_blocks(blocks, folds, fold), folds, fold, models)


def run_fold(fitter: Fitter, blocks: TaskBlocks, folds: Folds, fold: int) -> FoldErrors:
    """Fit on what `fold` trains on and judge on what it holds out."""
    training = training_blocks(blocks, folds, fold)
    return fold_errors(blocks, training, folds, fold, fitter(training))


def fit_grid(
    training: TaskBlocks,
    problem: Problem,
    settings: Settings,
    effort: int,
    ensemble: Ensemble = "mean",
    shortlist: int = SHORTLIST,
) -> list[Models | None]:
    """Models at every setting; None where Ctrl-C came first."""
    models = models_of(solve_grid(like(problem, training), settings, effort=effort, shortlist=shortlist))
    if ensemble == "mean":
        return models
    weights = stacking_weights(like(problem, training), settings, stacking_folds(training), effort=effort)
    return [
        one if one is None else Models(one.intercept, one.coef, one.keep_coef, w)
        for one, w in zip(models, weights, strict=True)
    ]


def models_of(grid: GridFit) -> list[Models | None]:
    """Exact refits at every setting; None where Ctrl-C came first, which ends the whole run."""
    if grid.stopped and grid.finished.all():
        raise KeyboardInterrupt
    models: list[Models | None] = []
    for i in range(len(grid)):
        found = grid.solution(i) if grid.finished[i] else None
        models.append(None if found is None else Models(found.intercept, found.coef, found.keep_coef))
    return models


def stacking_folds(blocks: TaskBlocks) -> Folds:
    """Inner folds within the tasks, always the same for the same rows."""
    return make_folds(blocks, folds=int(min(STACKING_FOLDS, blocks.n_obs.min())), rng=0)


def stacking_weights(
    problem: Problem,
    settings: Settings,
    folds: Folds,
    *,
    effort: int = 1,
    n_jobs: int | None = None,
) -> list[Stacking | None]:
    """Stacking at every setting from out-of-fold predictions; None where Ctrl-C came first.

    Every row is predicted by the models of all tasks, each fitted without the rows of its fold.
    """
    m = len(settings)
    pieces = [(problem, settings, folds, fold, effort) for fold in range(folds.n_folds)]
    found: list[list[Any]] = in_order(_fold_parts, pieces, n_jobs=n_jobs)
    if len(found) < folds.n_folds:
        return [None] * m
    out: list[Stacking | None] = []
    for per_fold in zip(*found, strict=True):
        if any(one is None for one in per_fold):
            out.append(None)
        elif problem.losses is None:
            out.append(from_triangles(per_fold, problem.blocks.intercept))
        else:
            out.append(stack_losses(problem.blocks, folds, per_fold))
    return out


def _fold_parts(problem: Problem, settings: Settings, folds: Folds, fold: int, effort: int) -> list[Any]:
    """What stacking needs of the rows that `fold` holds out, at every setting; None where Ctrl-C came first."""
    models = fit_grid(training_blocks(problem.blocks, folds, fold), problem, settings, effort)
    part = held_out_triangle if problem.losses is None else held_out_predictors
    return [None if one is None else part(problem.blocks, folds, fold, one) for one in models]


def held_out_triangle(blocks: TaskBlocks, folds: Folds, fold: int, models: Models) -> Floats:
    """What stacking needs of the rows that `fold` holds out, each predicted by the models of all tasks."""
    parts = [np.flatnonzero(folds.held_out(blocks, fold, k)) for k in range(blocks.n_tasks)]
    rows = np.concatenate([part + at.start for part, at in zip(parts, blocks.rows, strict=True)])
    y = np.concatenate([y[part] for y, part in zip(blocks.y, parts, strict=True)])
    given = zip(blocks.weights, parts, strict=True)
    w = np.concatenate([np.ones(len(part)) if w is None else w[part] for w, part in given])
    return triangle(predict_by_all(models, blocks.X[rows], blocks.keep[rows]), y, w, blocks.intercept)


def _complete(errors: FoldErrors) -> bool:
    return bool(errors.finished.all())


def warn_interrupted(errors: CvErrors) -> None:
    """Say how much is there."""
    done, all_of = int(errors.finished.all(axis=0).sum()), errors.folds.n_folds
    warn(
        f"Cross-validation was interrupted: {done} of {all_of} folds are finished; tables use those.",
        InterruptedWarning,
    )
