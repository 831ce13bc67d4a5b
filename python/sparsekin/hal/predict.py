"""Predictions of a HAL fit, held within sight of the outcomes it was fitted to."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.hal.path import Point


def outcome_bounds(blocks: TaskBlocks) -> Floats:
    """(2, K) least outcome less two standard deviations, and largest plus two, of the rows that count."""
    bounds = np.empty((2, blocks.n_tasks))
    for k, y in enumerate(blocks.y):
        w = blocks.weights[k]
        seen = y if w is None else y[w > 0]
        room = 2 * (seen.std(ddof=1) if len(seen) > 1 else 0.0)
        bounds[:, k] = seen.min() - room, seen.max() + room
    return bounds


def predict_rows(blocks: TaskBlocks, point: Point, bounds: Floats) -> list[Floats]:
    """K of (n_k,) predictions for the rows of the design, each task's its own."""
    return [
        np.clip(
            point.fitted[k, rows] + point.intercept[k] + blocks.keep[rows] @ point.keep_coef[:, k],
            bounds[0, k],
            bounds[1, k],
        )
        for k, rows in enumerate(blocks.rows)
    ]
