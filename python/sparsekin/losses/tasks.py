"""The losses of the tasks of blocks, and what their rows weigh."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.losses.base import Loss
from sparsekin.losses.families import make_loss


def loss_of(
    blocks: TaskBlocks, k: int, family: str | None = None, weights: Floats | None = None, factor: float = 1.0
) -> Loss:
    """The loss of task k, a mean over its rows times `factor`; of another family or with other weights (n_k,)."""
    name = blocks.families_said[k] if family is None else family
    w = blocks.weights[k] if weights is None else weights
    return make_loss(name, blocks.outcome_of(k), w, blocks.offset_of(k), factor, blocks.strata_of(k), blocks.ties)


def weights_of(blocks: TaskBlocks, k: int, weights: Floats | None = None) -> Floats:
    """(n_k,) weights of the rows of task k, or those given; of successes and failures times their number."""
    y, w = blocks.outcome_of(k), blocks.weights[k] if weights is None else weights
    trials = y.sum(axis=1) if y.ndim == 2 and blocks.families_said[k] == "binomial" else np.ones(len(y))
    return np.asarray(trials if w is None else trials * w)
