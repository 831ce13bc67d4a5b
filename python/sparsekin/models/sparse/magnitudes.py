"""Numbers whose squares a computer cannot hold, and outcomes in units far apart."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Floats, Matrix, TaskBlocks
from sparsekin.data.sources.stored import moments_of_tasks
from sparsekin.errors import DataError, DataWarning, warn

LARGEST, SMALLEST = 1e70, 1e-70  # beyond these the squares of products overflow, or are 0
APART = 1e3  # outcomes whose standard deviations have this ratio are in different units
_CHUNK = 1024


def check_magnitudes(blocks: TaskBlocks) -> None:
    """Refuse outcomes, columns and weights whose squares overflow or vanish.

    Raises
    ------
    DataError
        The message names the outcome, task or column.
    """
    for k, w in enumerate(blocks.weights):
        if w is not None:
            _check(f"The weights of task '{blocks.task_names[k]}'", 0.0, float(w.max(initial=0.0)))
        y = _counted(blocks, k)
        _check(_outcome(blocks, k), float(y.min(initial=np.inf)), float(y.max(initial=-np.inf)))
    for X, names in ((blocks.X, blocks.feature_names), (blocks.keep, blocks.keep_names)):
        low, high = _ranges_on_disk(blocks) if blocks.on_disk and X is blocks.X else _ranges(X)
        odd = ~((np.maximum(high, -low) <= LARGEST) & ((high == low) | (high / 2 - low / 2 >= SMALLEST / 2)))
        for j in np.flatnonzero(odd)[:1]:
            _check(f"Column '{names[j]}'", float(low[j]), float(high[j]))


def warn_of_units(blocks: TaskBlocks) -> None:
    """Warn where standard deviations of outcomes are far apart: sharing is then left to the largest.

    Warns
    -----
    DataWarning
    """
    sd = [_sd(blocks, k) for k in range(blocks.n_tasks)]
    at = [k for k, one in enumerate(sd) if one > 0]
    if not at:
        return
    small, large = min(at, key=sd.__getitem__), max(at, key=sd.__getitem__)
    if sd[large] > APART * sd[small]:
        named = [f"{_outcome(blocks, k, lower=k == small)} (sd {sd[k]:.3g})" for k in (large, small)]
        warn(
            f"{named[0]} and {named[1]} are in units far apart: whatever tasks share is left to the larger one, and "
            "each penalty acts on one of them only. Use scale_outcome=True, or the same units.",
            DataWarning,
        )


def _outcome(blocks: TaskBlocks, k: int, lower: bool = False) -> str:
    what = "outcome" if blocks.shared or blocks.n_tasks == 1 else "the outcome of task"
    return f"{what if lower else what[0].upper() + what[1:]} '{blocks.task_names[k]}'"


def _counted(blocks: TaskBlocks, k: int) -> Floats:
    w = blocks.weights[k]
    return blocks.y[k] if w is None else blocks.y[k][w > 0]


def _sd(blocks: TaskBlocks, k: int) -> float:
    y, w = blocks.y[k], blocks.weights[k]
    if len(_counted(blocks, k)) == 0 or np.ptp(_counted(blocks, k)) == 0:
        return 0.0
    return float(np.sqrt(np.average((y - np.average(y, weights=w)) ** 2, weights=w)))


def _ranges(X: Matrix) -> tuple[Floats, Floats]:
    """Smallest and largest value of each column (p,)."""
    if sparse.issparse(X):
        return X.min(axis=0).toarray().ravel(), X.max(axis=0).toarray().ravel()
    low, high = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for first in range(0, X.shape[1] if len(X) else 0, _CHUNK):
        part = slice(first, first + _CHUNK)
        low[part], high[part] = X[:, part].min(axis=0), X[:, part].max(axis=0)
    return low, high


def _ranges_on_disk(blocks: TaskBlocks) -> tuple[Floats, Floats]:
    found = moments_of_tasks(blocks)
    return found.low, found.high


def _check(what: str, low: float, high: float) -> None:
    most = max(abs(low), abs(high))
    if np.isfinite(low) and most > LARGEST:
        raise DataError(f"{what} reaches {most:.3g}, whose square overflows; divide it by a power of ten.")
    if low < high and high / 2 - low / 2 < SMALLEST / 2:
        raise DataError(f"{what} varies by {high - low:.3g}, whose square is 0; multiply it by a power of ten.")
