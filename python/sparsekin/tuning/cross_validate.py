"""Cross-validation: fit on the training rows of each fold, judge on the rows it holds out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np

from sparsekin.data.blocks import TaskBlocks
from sparsekin.errors import InterruptedWarning
from sparsekin.l0.grid import Settings, solve_grid
from sparsekin.l0.problem import Problem
from sparsekin.options import Ensemble
from sparsekin.tuning.errors import CvErrors, FoldErrors, collect
from sparsekin.tuning.folds import Folds, make_folds, training_blocks
from sparsekin.tuning.parallel import in_order
from sparsekin.tuning.scoring import Models, held_out_predictions, score
from sparsekin.tuning.stacking import Stacking, stack
from sparsekin.tuning.training import like

Fitter: TypeAlias = Callable[[TaskBlocks], Sequence[Models | None]]  # training rows -> a model per setting

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

    Returns
    -------
    CvErrors

    Warns
    -----
    InterruptedWarning
        Ctrl-C came: `finished` says which settings and folds are there.
    """
    fitter = partial(fit_grid, problem=problem, settings=settings, effort=effort, ensemble=ensemble)
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
    found: list[FoldErrors] = in_order(run_fold, pieces, n_jobs=n_jobs, progress=progress, complete=_complete)
    errors = collect(settings, folds, blocks.n_tasks, found)
    if not errors.finished.all():
        warn_interrupted(errors)
    return errors


def run_fold(fitter: Fitter, blocks: TaskBlocks, folds: Folds, fold: int) -> FoldErrors:
    """Fit on what `fold` trains on and judge on what it holds out."""
    training = training_blocks(blocks, folds, fold)
    return score(blocks, training, folds, fold, fitter(training))


def fit_grid(
    training: TaskBlocks, problem: Problem, settings: Settings, effort: int, ensemble: Ensemble = "mean"
) -> list[Models | None]:
    """Models at every setting; None where Ctrl-C came first."""
    grid = solve_grid(like(problem, training), settings, effort=effort)
    models: list[Models | None] = []
    for i in range(len(settings)):
        if not grid.finished[i]:
            models.append(None)
            continue
        found = grid.solution(i)
        models.append(Models(found.intercept, found.coef, found.keep_coef))
    if ensemble == "mean":
        return models
    weights = stacking_weights(like(problem, training), settings, stacking_folds(training), effort=effort)
    return [
        one if one is None else Models(one.intercept, one.coef, one.keep_coef, w)
        for one, w in zip(models, weights, strict=True)
    ]


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
    blocks, m, K = problem.blocks, len(settings), problem.n_tasks
    out = np.full((m, blocks.X.shape[0], K), np.nan)
    pieces = [(problem, settings, folds, fold, effort) for fold in range(folds.n_folds)]
    found = in_order(_predict_fold, pieces, n_jobs=n_jobs)
    if len(found) < folds.n_folds:
        return [None] * m
    for rows, predictions in found:
        out[:, rows] = predictions
    y = np.concatenate(blocks.y)
    w = np.concatenate([np.ones(len(y)) if w is None else w for y, w in zip(blocks.y, blocks.weights, strict=True)])
    at = np.concatenate([np.arange(rows.start, rows.stop) for rows in blocks.rows])
    used = (w > 0) & (folds.of_row[at] >= 0)
    return [
        None if np.isnan(part[at][used]).any() else stack(part[at][used], y[used], w[used], blocks.intercept)
        for part in out
    ]


def _predict_fold(
    problem: Problem, settings: Settings, folds: Folds, fold: int, effort: int
) -> tuple[np.ndarray, np.ndarray]:
    blocks = problem.blocks
    models = fit_grid(training_blocks(blocks, folds, fold), problem, settings, effort)
    rows = np.flatnonzero(folds.of_row == fold)
    out = np.full((len(models), len(rows), blocks.n_tasks), np.nan)
    for i, one in enumerate(models):
        if one is not None:
            out[i] = held_out_predictions(blocks, folds, fold, one)[1]
    return rows, out


def _complete(errors: FoldErrors) -> bool:
    return bool(errors.finished.all())


def warn_interrupted(errors: CvErrors) -> None:
    """Say how much is there."""
    done, all_of = int(errors.finished.all(axis=0).sum()), errors.folds.n_folds
    warnings.warn(
        f"Cross-validation was interrupted: {done} of {all_of} folds are finished; tables use those.",
        InterruptedWarning,
        stacklevel=3,
    )
