"""Means of metrics over folds and tasks."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats


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
