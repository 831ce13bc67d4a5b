"""What happens in the rows of a task, and its events: the rarer outcome, counts, deaths."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks


def occurrences(family: str, y: Floats) -> Floats:
    """(n, c) of n rows: yes and no of binomial outcomes, counts, deaths; no column of gaussian ones.

    `y` as for `make_loss`. A task can be fitted where every column has something in rows that count.
    """
    if family == "gaussian":
        return np.empty((len(y), 0))
    if family == "binomial":
        return y if y.ndim == 2 else np.column_stack([y, 1.0 - y])
    return (y if y.ndim == 1 else (y[:, -1] > 0).astype(float))[:, None]


def events_of(family: str, y: Floats) -> float:
    """The rarer outcome of binomial rows, counts, deaths; NaN of gaussian ones. Every row counts once."""
    each = occurrences(family, y).sum(axis=0)
    return float(each.min()) if len(each) else float("nan")


def events_of_tasks(blocks: TaskBlocks) -> Floats:
    """(K,) `events_of` the rows of each task that have a weight."""
    out = []
    for k, (family, w) in enumerate(zip(blocks.families_said, blocks.weights, strict=True)):
        y = blocks.outcome_of(k)
        out.append(events_of(family, y if w is None else y[w > 0]))
    return np.array(out)
