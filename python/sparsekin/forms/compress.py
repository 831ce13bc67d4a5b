"""Many complete rows replaced by a few with the same products: J depends on complete rows through B'B only.

Given the loadings, codes are linear in a row, so every sum over rows that a sweep needs is a function of B'B, for
B = [Y X Z] side by side. Rows R with R'R = B'B therefore lead through the same loadings to the same J, and a sweep
costs what p rows cost, not n. B'B is made once, in O(n p^2); nothing n x n is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.forms.block import Block
from sparsekin.forms.problem import Problem

_WORTH = 4  # times as many rows as columns from which it pays


def compressible(problem: Problem) -> bool:
    """Whether no cell is missing, no block is sparse, and there are many more rows than columns."""
    width = sum(block.width for block in problem.blocks)
    dense = all(block.seen is None and isinstance(block.values, np.ndarray) for block in problem.blocks)
    return dense and problem.n_rows > _WORTH * width


def compress(problem: Problem) -> Problem:
    """The problem with p rows R = Lambda^1/2 E' of B'B = E Lambda E'."""
    tables = [np.asarray(block.values) for block in problem.blocks]
    gram = np.block([[one.T @ other for other in tables] for one in tables])
    values, E = np.linalg.eigh(gram)
    rows = np.sqrt(np.maximum(values, 0.0))[:, None] * E.T
    ends = np.cumsum([block.width for block in problem.blocks])
    Y, X, Z = (
        _rows(block, part) for block, part in zip(problem.blocks, np.split(rows, ends[:-1], axis=1), strict=True)
    )
    return replace(problem, Y=Y, X=X, Z=Z)


def _rows(block: Block, values: np.ndarray) -> Block:
    return replace(block, values=np.ascontiguousarray(values), stands_for=block.n_rows)
