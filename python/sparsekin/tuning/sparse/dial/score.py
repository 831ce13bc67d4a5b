"""Many models that share their supports against the rows a fold holds out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Floats, Ints, Matrix, TaskBlocks
from sparsekin.l0.values import Batch
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.errors import FoldErrors
from sparsekin.tuning.sparse.family_scoring import Cell
from sparsekin.tuning.sparse.fold_errors import fold_errors
from sparsekin.tuning.sparse.new_site import Centre, centre_of
from sparsekin.tuning.sparse.scoring import mean_jaccard


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """The rows of one task that a fold holds out."""

    k: int
    X: Matrix
    keep: Floats
    y: Floats
    w: Floats

    def judge(self, predicted: Floats) -> tuple[Floats, ...]:
        """(m,) sums of squared and of absolute errors of predictions (m, n)."""
        left = self.y - predicted
        return left**2 @ self.w, np.abs(left) @ self.w


def score_batches(
    blocks: TaskBlocks, training: TaskBlocks, folds: Folds, fold: int,
    models: Iterator[tuple[Ints, Ints, Batch]], m: int,
) -> FoldErrors:  # fmt: skip
    """As `sparsekin.tuning.sparse.scoring.score`, for m models in batches: rows, where their models stand, batch."""
    bare = fold_errors(blocks, training, folds, fold, [])
    K, within = blocks.n_tasks, folds.scheme == "within-task"
    sse, sae = np.zeros((m, K)), np.zeros((m, K))
    rank = None if bare.rank is None else np.zeros((m, K))
    sizes, jaccard = np.full((m, K), np.nan), np.full(m, np.nan)
    trained = np.array([k for k in range(K) if within or k != fold])
    centre = None if within else centre_of(training)
    parts = [part for k in range(K) if (part := _held_out(blocks, folds, fold, k)) is not None]
    for rows, at, one in models:
        for part in parts:
            found = part.judge(_predictions(one, part, centre))
            sse[rows, part.k], sae[rows, part.k] = found[0][at], found[1][at]
            if rank is not None:
                rank[rows, part.k] = found[2][at]
        sizes[rows[:, None], trained] = (one.coef != 0).sum(axis=1)[at]
        jaccard[rows] = _alike(one)[at]
    return replace(bare, sse=sse, sae=sae, sizes=sizes, jaccard=jaccard, finished=np.ones(m, bool), rank=rank)


def _alike(one: Batch) -> Floats:
    """(m,) mean Jaccard index of each model; many have the same supports."""
    chosen = one.coef != 0
    met: dict[bytes, float] = {}
    keys = [model.tobytes() for model in chosen]
    for key, model in zip(keys, chosen, strict=True):
        if key not in met:
            common = model.shape[1] > 1 and model.any() and bool((model == model[:, :1]).all())
            met[key] = 1.0 if common else mean_jaccard(model)
    return np.array([met[key] for key in keys])


def _held_out(blocks: TaskBlocks, folds: Folds, fold: int, k: int) -> _HeldOut | Cell | None:
    out = np.flatnonzero(folds.held_out(blocks, fold, k))
    if len(out) == 0:
        return None
    if blocks.responses is not None:
        return Cell(blocks, k, out, folds)
    rows, w = blocks.rows[k].start + out, blocks.weights[k]
    X = blocks.X[rows]
    X = X if isinstance(X, np.ndarray) else sparse.csc_array(X)
    return _HeldOut(k, X, blocks.keep[rows], blocks.y[k][out], np.ones(len(out)) if w is None else w[out])


def _predictions(one: Batch, part: _HeldOut | Cell, centre: Centre | None) -> Floats:
    """(m, n) by the model of the task itself, or, with the centre of the training rows, by that for a new task."""
    found = (one.intercept, one.coef, one.keep_coef)
    if centre is None:
        intercept, coef, keep = (values[..., part.k] for values in found)
    else:
        intercept, coef, keep = centre.combine(*found, X=centre.X[one.columns])
    X = part.X[:, one.columns]
    X = X if isinstance(X, np.ndarray) else X.toarray()
    return np.asarray(coef @ X.T + keep @ part.keep.T + intercept[:, None])
