"""Prepared data without one of their tasks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from sparsekin.data.prepare import Prepared


def without_task(prepared: Prepared, k: int) -> Prepared:
    """The same without the rows of task k, which are rows of its own; positions are still those in the user's data.

    Columns are made as they were: levels, and what a transform has learned, are those of all rows.
    """
    blocks, design, ledger = prepared.blocks, prepared.design, prepared.ledger
    left = [j for j in range(blocks.n_tasks) if j != k]
    rows = np.concatenate([np.arange(blocks.rows[j].start, blocks.rows[j].stop) for j in left])
    ends = np.cumsum([0, *(len(blocks.y[j]) for j in left)]).tolist()
    names = tuple(blocks.task_names[j] for j in left)
    X = blocks.X[rows]
    made = replace(
        blocks,
        X=np.asfortranarray(X) if isinstance(X, np.ndarray) else X,
        y=tuple(blocks.y[j] for j in left),
        rows=tuple(slice(a, b) for a, b in pairwise(ends)),
        weights=tuple(blocks.weights[j] for j in left),
        keep=blocks.keep[rows],
        task_names=names,
        responses=None if blocks.responses is None else blocks.responses.take(left),
    )
    kept = tuple(one for one in ledger.tasks if one[0] in names)
    return replace(
        prepared,
        blocks=made,
        design=replace(design, task_names=names),
        ledger=replace(ledger, n_kept=len(rows), tasks=kept),
        row_positions=prepared.row_positions[rows],
    )
