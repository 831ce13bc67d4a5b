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


def collect_held_out(blocks: TaskBlocks, folds: Folds, predicted: Sequence[Sequence[Floats] | None]) -> HeldOut:
    """From predictors (n_k,) of all rows of K tasks by the model without each of F folds, offsets not included.

    None of a fold without a model: its rows have no predictor.
    """
    out = tuple(np.full(len(y), np.nan) for y in blocks.y)
    for fold, values in enumerate(predicted):
        for k, eta in enumerate(() if values is None else values):
            held = folds.held_out(blocks, fold, k)
            if not held.any():
                continue
            assert values is not None
            origin = _origin(blocks, folds, fold, k, values) if blocks.families_said[k] == "cox" else 0.0
            offset = blocks.offset_of(k)
            out[k][held] = (eta - origin + (0.0 if offset is None else offset))[held]
    return HeldOut(out, folds.scheme, folds.n_folds)


def _origin(blocks: TaskBlocks, folds: Folds, fold: int, k: int, values: Sequence[Floats]) -> float:
    """Mean of the predictors of the rows trained on: of task k, or of the other tasks where it is left out."""
    sums, total = 0.0, 0.0
    for j in [k] if folds.scheme == "within-task" else range(blocks.n_tasks):
        w = blocks.weights[j]
        seen = np.where(folds.held_out(blocks, fold, j), 0.0, 1.0 if w is None else w)
        sums, total = sums + float(seen @ values[j]), total + float(seen.sum())
    return sums / total if total > 0 else 0.0


def all_needed(done: int, total: int) -> str:
    """What Ctrl-C says where some folds are as good as none."""
    return f"Interrupted: {done} of {total} folds are finished, and all are needed; nothing is returned."
