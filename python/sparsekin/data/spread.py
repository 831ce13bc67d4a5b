"""Means and standard deviations of columns, and whether they vary by more than rounding. NumPy and SciPy only."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Bools, Floats, Matrix
from sparsekin.data.task_moments import CONSTANT

_CHUNK = 1024


def column_spread(X: Matrix, weights: Floats | None) -> tuple[Floats, Floats, Bools]:
    """Weighted mean (p,), standard deviation (p,) with divisor n, and whether each column varies (p,)."""
    if sparse.issparse(X):
        return _sparse_spread(X, weights)
    p = X.shape[1]
    mean, sd, varies = np.empty(p), np.empty(p), np.empty(p, bool)
    counted = slice(None) if weights is None else np.flatnonzero(weights)
    for first in range(0, p, _CHUNK):
        part = slice(first, min(first + _CHUNK, p))
        block = X[:, part] if weights is None else X[counted, part]
        w = None if weights is None else weights[counted]
        mean[part] = np.average(block, axis=0, weights=w)
        block = block - mean[part]
        slip = np.average(block, axis=0, weights=w)  # what rounding left in a mean far from zero
        sd[part] = np.sqrt(np.maximum(np.average(block**2, axis=0, weights=w) - slip**2, 0.0))
        varies[part] = _varies(block.max(axis=0) - block.min(axis=0), sd[part], mean[part])
    return mean, sd, varies


def _sparse_spread(X: sparse.csc_array, weights: Floats | None) -> tuple[Floats, Floats, Bools]:
    w = np.ones(X.shape[0]) if weights is None else weights
    total = w.sum()
    mean = np.asarray(X.T @ w) / total
    counted = X if weights is None else X[np.flatnonzero(w)]
    spread = np.asarray(counted.max(axis=0).toarray() - counted.min(axis=0).toarray()).ravel()
    stored = np.diff(X.indptr)
    column, present = np.repeat(np.arange(X.shape[1]), stored), w[X.indices]
    square = np.bincount(column, present * (X.data - mean[column]) ** 2, X.shape[1])
    absent = np.where(stored == len(w), 0.0, total - np.bincount(column, present, X.shape[1]))
    sd = np.sqrt((square + np.maximum(absent, 0.0) * mean**2) / total)
    return mean, sd, _varies(spread, sd, mean)


def _varies(spread: Floats, sd: Floats, mean: Floats) -> Bools:
    """Whether a column varies by more than the rounding of its own mean."""
    return np.asarray((spread > 0) & (sd > CONSTANT * np.abs(mean)))
