"""One pass over the columns on disk: each crossed with vectors of the rows of every design."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.sources.stored import stored_of

CENTRED = 4  # vectors from which on columns are centred first, which costs as much as one more


def cross(
    blocks: TaskBlocks, rows: Sequence[slice], vectors: Sequence[Floats], deadline: float = np.inf
) -> Iterator[tuple[slice, list[Floats]]]:
    """Chunk by chunk, x_j' v of the rows of d designs: which columns, and d arrays (c, m_d).

    Parameters
    ----------
    blocks : TaskBlocks
        With columns on disk.
    rows : d slices
    vectors : d of (n_d, m_d)
        Of sum 0 where there are intercepts: columns are taken from their means, which costs no digits then.
    deadline : float
        `TimeoutError` from then on, between chunks.
    """
    work = partial(_crossed, rows=tuple(rows), vectors=tuple(vectors), centred=blocks.intercept)
    return stored_of(blocks).over_chunks(work, deadline)


def _crossed(
    part: slice, X: Floats, rows: tuple[slice, ...], vectors: tuple[Floats, ...], centred: bool
) -> list[Floats]:  # fmt: skip
    if centred and any(V.shape[1] >= CENTRED for V in vectors):
        X = X - X.mean(axis=0)
    return [X[at].T @ V for at, V in zip(rows, vectors, strict=True)]
