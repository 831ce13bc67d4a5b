"""Linear predictors of rows by models that have not seen them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.options import Scheme
from sparsekin.tuning.folds import Folds


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Of each row, what the model without its fold says.

    ======= ============ =====================================================================================
    field   shape        meaning
    ======= ============ =====================================================================================
    eta     K of (n_k,)  linear predictors, offsets included, NaN for rows no fold holds out; those of cox tasks
                         less their mean over the rows that the model was fitted to, for they have no origin
    scheme  str          "within-task", or "leave-one-task-out": by a model of the other tasks
    n_folds int
    ======= ============ =====================================================================================
    """

    eta: tuple[Floats, ...]
    scheme: Scheme
    n_folds: int

    @property
    def kind(self) -> str:
        """What these rows are called in a table."""
        return "out-of-fold" if self.scheme == "within-task" else "task left out"


def collect_held_out(blocks: TaskBlocks, folds: Folds, predicted: Sequence[Sequence[Floats]]) -> HeldOut:
    """From predictors (n_k,) of all rows of K tasks by the model without each of F folds, offsets not included."""
    out = tuple(np.full(len(y), np.nan) for y in blocks.y)
    for fold, values in enumerate(predicted):
        for k, eta in enumerate(values):
            held, w = folds.held_out(blocks, fold, k), blocks.weights[k]
            if not held.any():
                continue
            seen = ~held if w is None else ~held & (w > 0)
            centred = blocks.families_said[k] == "cox" and seen.any()
            origin = np.average(eta[seen], weights=None if w is None else w[seen]) if centred else 0.0
            offset = blocks.offset_of(k)
            out[k][held] = (eta - origin + (0.0 if offset is None else offset))[held]
    return HeldOut(out, folds.scheme, folds.n_folds)
