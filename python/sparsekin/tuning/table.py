"""Metrics of cross-validation and the choice of a setting."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.grid import Settings
from sparsekin.options import Metric
from sparsekin.tuning.errors import CvErrors

LARGER_IS_BETTER = ("r2",)


def cell_metric(errors: CvErrors, metric: Metric) -> Floats:
    """(m, F, K) metric of each task in each fold; NaN where a fold holds out no row of a task, or is not finished.

    rmse = sqrt(sse / weight), mae = sae / weight, r2 = 1 - sse / sst (NaN where sst = 0: one held-out row at the
    training mean).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        there = errors.weight > 0
        if metric == "r2":
            return np.where(there & (errors.sst > 0), 1.0 - errors.sse / errors.sst, np.nan)
        if metric == "mae":
            return np.where(there, errors.sae / errors.weight, np.nan)
        return np.where(there, np.sqrt(errors.sse / errors.weight), np.nan)


def fold_metric(errors: CvErrors, metric: Metric) -> Floats:
    """(m, F) mean over the tasks of each fold."""
    return mean_over(cell_metric(errors, metric), axis=2)


def task_metric(errors: CvErrors, metric: Metric) -> Floats:
    """(m, K) mean over the folds that hold out rows of the task."""
    return mean_over(cell_metric(errors, metric), axis=1)


def mean_and_error(per_fold: Floats) -> tuple[Floats, Floats]:
    """(m,) mean over folds and its standard error sd / sqrt(F) (divisor F - 1; NaN with one fold)."""
    F = np.sum(~np.isnan(per_fold), axis=1)
    mean = mean_over(per_fold, axis=1)
    squares = np.nansum((per_fold - mean[:, None]) ** 2, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean, np.where(F > 1, np.sqrt(squares / (F - 1) / F), np.nan)


def mean_over(values: Floats, axis: int) -> Floats:
    """Mean over an axis of the values that are there; NaN where none is."""
    there = ~np.isnan(values)
    n = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)


def comparable(errors: CvErrors, mean: Floats) -> Bools:
    """(m,) settings that were finished in most folds: only these are compared after Ctrl-C."""
    done = np.where(np.isnan(mean), 0, errors.finished.sum(axis=1))
    return np.asarray((done == done.max(initial=0)) & (done > 0))


def best(mean: Floats, settings: Settings, metric: Metric, eligible: Bools) -> int:
    """Index of the best mean; among equals the sparsest, then most shared, then most shrunken."""
    loss = np.where(eligible, -mean if metric in LARGER_IS_BETTER else mean, np.inf)
    return int(np.lexsort((*_simplest(settings), loss))[0])


def best_one_se(mean: Floats, error: Floats, settings: Settings, metric: Metric, eligible: Bools) -> int:
    """Index of the sparsest setting whose mean is within one standard error of the best, the best one's own.

    Among settings of that s: the largest lambda_z, then lambda_1, then lambda_2. With one fold there is no standard
    error, and only settings as good as the best are within it.
    """
    top = best(mean, settings, metric, eligible)
    loss = -mean if metric in LARGER_IS_BETTER else mean
    within = eligible & (loss <= loss[top] + np.nan_to_num(error[top]))
    order = np.lexsort(_simplest(settings))
    return int(order[within[order]][0])


def _simplest(settings: Settings) -> tuple[Floats | Ints, ...]:
    """Keys for `lexsort`, the last one first: s, -lambda_z, -lambda_1, -lambda_2."""
    return -settings.lambda_2, -settings.lambda_1, -settings.lambda_z, settings.s


def cross_chosen(per_fold: Floats, metric: Metric) -> Floats:
    """(F,) metric of each fold at the setting that is best on the *other* folds.

    So a method with more settings to choose from gains nothing by chance.
    """
    sign = -1.0 if metric in LARGER_IS_BETTER else 1.0
    out = np.full(per_fold.shape[1], np.nan)
    for f in range(per_fold.shape[1]):
        others = sign * mean_over(np.delete(per_fold, f, axis=1), axis=1)
        if not np.isnan(others).all():
            out[f] = per_fold[int(np.nanargmin(others)), f]
    return out
