"""Metrics of cross-validation and the choice of a setting."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem
from sparsekin.options import AnyMetric
from sparsekin.tuning.metrics import mean_and_error, mean_over
from sparsekin.tuning.sparse.errors import CvErrors, with_null

Score: TypeAlias = Literal[
    "rmse", "r2", "mae", "relative rmse", "relative mae", "deviance", "relative deviance", "auc", "brier", "c_index"
]
HIGH = ("r2", "auc", "c_index")  # better when larger


def loss_sign(score: Score) -> float:
    """What a metric is multiplied by to be a loss, which is better when smaller."""
    return -1.0 if score in HIGH else 1.0


def score_of(metric: AnyMetric, problem: Problem) -> Score:
    """What is averaged over tasks: errors relative to the null model where tasks may have units of their own.

    That is where tasks are outcomes, and where outcomes are scaled; R2 is relative already. Deviances are relative
    where tasks are of several families.
    """
    if problem.blocks.responses is not None:
        several = len(set(problem.blocks.responses.families)) > 1
        return "relative deviance" if metric == "deviance" and several else metric
    if metric == "r2" or not (problem.blocks.shared or problem.standard.scale_outcome):
        return metric
    return "relative rmse" if metric == "rmse" else "relative mae"


def cell_metric(errors: CvErrors, score: Score) -> Floats:
    """(m, F, K) metric of each task in each fold; NaN where a fold holds out no row of a task, or is not finished.

    rmse = sqrt(sse / weight), mae and brier = sae / weight, deviance = sse / weight, r2 = 1 - sse / sst (NaN where
    sst = 0: nothing varies).
    Relative ones are divided by the task's mean over folds of the same metric of the null model (NaN where that is 0):
    the unit of the task cancels, and the null model has 1.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        there = errors.weight > 0
        if score in ("auc", "c_index") and errors.rank is not None:
            return np.where(there, errors.rank, np.nan)
        if score == "r2":
            return np.where(there & (errors.sst > 0), 1.0 - errors.sse / errors.sst, np.nan)
        cells = _per_row(errors.sse, errors.sae, errors.weight, score)
        return cells / null_error(errors, score) if score.startswith("relative") else cells


def null_error(errors: CvErrors, score: Score) -> Floats:
    """(K,) mean over folds of the null model's rmse, mae or deviance, in the task's own units; NaN where it is 0."""
    seen = with_null(errors)
    cells = mean_over(_per_row(seen.sse[-1:], seen.sae[-1:], errors.weight, score), axis=1)[0]
    return np.where(cells > 0, cells, np.nan)


def _per_row(sse: Floats, sae: Floats, weight: Floats, score: Score) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        if score.endswith("deviance"):
            mean = sse / weight
        else:
            mean = sae / weight if score.endswith(("mae", "brier")) else np.sqrt(sse / weight)
    return np.where(weight > 0, mean, np.nan)


def fold_metric(errors: CvErrors, score: Score) -> Floats:
    """(m, F) mean over the tasks of each fold."""
    return mean_over(cell_metric(errors, score), axis=2)


def task_metric(errors: CvErrors, score: Score) -> Floats:
    """(m, K) mean over the folds that hold out rows of the task."""
    return mean_over(cell_metric(errors, score), axis=1)


def comparable(errors: CvErrors, mean: Floats) -> Bools:
    """(m,) settings that were finished in most folds: only these are compared after Ctrl-C."""
    done = np.where(np.isnan(mean), 0, errors.finished.sum(axis=1))
    return np.asarray((done == done.max(initial=0)) & (done > 0))


def best(mean: Floats, settings: Settings, score: Score, eligible: Bools) -> int:
    """Index of the best mean; among equals the sparsest, then most shared, then most shrunken."""
    loss = np.where(eligible, loss_sign(score) * mean, np.inf)
    return int(np.lexsort((*_simplest(settings), loss))[0])


def best_one_se(per_fold: Floats, settings: Settings, score: Score, eligible: Bools, *, paired: bool = False) -> int:
    """Index of the sparsest setting whose mean over folds (m, F) is within one standard error of the best.

    Among settings of that s: the largest lambda_z, then lambda_1, then lambda_2. With one fold there is no standard
    error, and only settings as good as the best are within it.

    The error is that of the best mean, as in glmnet; if `paired`, that of the difference to it. Folds that are tasks of
    their own differ by how hard they are, which says nothing of a setting: by the first rule three tasks would let in
    nearly everything.
    """
    mean, error = mean_and_error(per_fold)
    top = best(mean, settings, score, eligible)
    apart = mean_and_error(per_fold - per_fold[top])[1] if paired else error[top]
    loss = loss_sign(score) * mean
    within = eligible & (loss <= loss[top] + np.nan_to_num(apart))
    order = np.lexsort(_simplest(settings))
    return int(order[within[order]][0])


def _simplest(settings: Settings) -> tuple[Floats | Ints, ...]:
    """Keys for `lexsort`, the last one first: s, -lambda_z, -lambda_1, -lambda_2."""
    return -settings.lambda_2, -settings.lambda_1, -settings.lambda_z, settings.s
