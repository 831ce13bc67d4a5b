"""The single setting nearest to the average: picked by errors alone it would be chance among many."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.l0.problem import Problem
from sparsekin.l0.values import Batch, column_means
from sparsekin.tuning.metrics import mean_over
from sparsekin.tuning.sparse.dial.average import as_good
from sparsekin.tuning.sparse.dial.fit import models_at
from sparsekin.tuning.sparse.dial.search import Searched
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.errors import CvErrors
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.table import Score, fold_metric, loss_sign, null_error

NEAR = 0.01  # settings whose error is at most 1 % above the least are compared with the average
ROUNDING = 9  # digits: models that differ by less are equal


def distances(
    problem: Problem, found: Searched, dial: Dial, errors: CvErrors, average: Models, metric: Score
) -> Floats:
    """(m,) mean squared difference of predictions to those of an average; NaN for settings of larger errors.

    Of models of all rows: for each task the mean over the rows of all tasks, columns less their means in the task of
    the row and intercepts as means of the outcome say; then the mean over the tasks. Relative to the least of them.

    Parameters
    ----------
    problem : Problem
        All rows.
    found : Searched
        On all rows.
    dial : Dial
    errors : CvErrors
        Of the settings of the dial.
    average : Models
        Of all rows.
    metric : str
    """
    losses = mean_over(loss_sign(metric) * fold_metric(errors, metric), axis=1)
    rows = as_good(losses, metric, NEAR)
    out = np.full(len(losses), np.nan)
    units = _units(problem, errors, metric)
    columns = np.flatnonzero(average.coef.any(axis=1))
    parts = list(models_at(problem, found, dial, rows))
    columns = np.unique(np.concatenate([columns, *(one.columns for _, _, one in parts)])).astype(np.int64)
    C = covariance(problem.blocks, columns)
    for own, at, one in parts:
        out[rows[own]] = _distance(one, at, columns, C, average, units)
    least = np.nanmin(out, initial=np.inf)
    return np.round(out / least, ROUNDING) if least > 0 else out


def _units(problem: Problem, errors: CvErrors, metric: Score) -> Floats:
    """(K,) what predictions of each task are divided by: errors of its null model, where errors are relative."""
    if problem.losses is not None or not metric.startswith(("relative", "r2")):
        return np.ones(problem.n_tasks)
    return np.nan_to_num(null_error(errors, "rmse"), nan=np.inf)


def _distance(one: Batch, at: Ints, columns: Ints, C: Floats, average: Models, units: Floats) -> Floats:
    q, there = average.keep_coef.shape[0], np.searchsorted(columns, one.columns)
    target = np.concatenate([average.keep_coef, average.coef[columns]])
    total = np.zeros(len(at))
    for k, unit in enumerate(units):
        gap = np.tile(-target[:, k], (len(at), 1))
        gap[:, :q] += one.keep_coef[at, :, k]
        gap[:, q + there] += one.coef[at, :, k]
        total += np.einsum("ij,ij->i", gap @ C, gap) / unit**2
    return total / len(units)


def covariance(blocks: TaskBlocks, columns: Ints) -> Floats:
    """(q + u, q + u) mean products of columns less their means in each task, over all rows; always-in columns first."""
    z = blocks.keep.shape[1] + len(columns)
    total = np.zeros((z, z))
    for k in range(blocks.n_tasks):
        Z = np.column_stack([blocks.keep_of(k), blocks.columns_of(k, columns)])
        w = blocks.weights[k]
        if blocks.intercept:
            Z = Z - column_means(Z, w)
        total += Z.T @ (Z if w is None else Z * w[:, None])
    return np.asarray(total / blocks.weight_sums.sum())
