"""Predictions of a HAL fit, those of gaussian tasks held within sight of the outcomes it was fitted to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.hal.path import Point
from sparsekin.losses.families import inverse_link
from sparsekin.losses.held_out import HeldOut
from sparsekin.options import LossFamily


def outcome_bounds(blocks: TaskBlocks, families: Sequence[LossFamily]) -> Floats:
    """(2, K) least outcome less two standard deviations, and largest plus two, of the rows that count.

    Standard deviations are weighted, without bias (R's ``cov.wt``); log odds have no bounds.
    """
    bounds = np.tile([[-np.inf], [np.inf]], blocks.n_tasks)
    for k, y in enumerate(blocks.y):
        if families[k] == "gaussian":
            w = blocks.weights[k]
            seen, w = (y, np.ones(len(y))) if w is None else (y[w > 0], w[w > 0])
            room = 2 * _deviation(seen, w / w.max())
            bounds[:, k] = seen.min() - room, seen.max() + room
    return bounds


def _deviation(y: Floats, w: Floats) -> float:
    spare = float(w @ (w.sum() - w)) / w.sum()
    return float(np.sqrt(w @ (y - w @ y / w.sum()) ** 2 / spare)) if spare > 0 else 0.0


def predict_rows(blocks: TaskBlocks, point: Point, bounds: Floats) -> list[Floats]:
    """K of (n_k,) predictions for the rows of the design, each task's its own: outcomes, or log odds."""
    return [
        np.clip(
            point.fitted[k, rows] + point.intercept[k] + blocks.keep[rows] @ point.keep_coef[:, k],
            bounds[0, k],
            bounds[1, k],
        )
        for k, rows in enumerate(blocks.rows)
    ]


def mean_of(family: LossFamily, linear: Floats) -> Floats:
    """What a linear predictor stands for: itself, the probability of 1, a count, or a hazard beside that of 0."""
    return inverse_link(family, linear)


def held_out_deviance(blocks: TaskBlocks, k: int, family: LossFamily, linear: Floats, held: Floats) -> float:
    """sum of w dev(y, linear) over the rows held out, those with `held` weights > 0.

    Of cox, what they add to the deviance of the other rows: few events alone have hardly a partial likelihood.
    """
    part = HeldOut(blocks, k, held > 0, family)
    return float(part.deviances(linear[None, part.rows])[0])
