"""The row step: the codes of every row given the loadings, by one small system per pattern of missing cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from sparsekin.data.blocks import Floats, Ints
from sparsekin.forms.block import Block, times
from sparsekin.forms.small_systems import add_weighted_grams, hold, solve_systems

_NUMBERS = 1000000  # numbers in a batch of small systems


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Which rows miss the same cells: pattern (n,) of each row; seen: per block (U, width), None when complete."""

    of_row: Ints
    seen: tuple[Floats | None, ...]
    n_patterns: int


def find_patterns(blocks: Sequence[Block]) -> Patterns:
    """The distinct rows of the masks of all blocks, side by side."""
    masked = [block.seen for block in blocks if block.seen is not None]
    n = blocks[0].n_rows
    if not masked:
        return Patterns(np.zeros(n, np.int64), (None,) * len(blocks), 1)
    packed = np.ascontiguousarray(np.packbits(np.hstack(masked) > 0, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, of_row = np.unique(keys, return_index=True, return_inverse=True)
    seen = tuple(None if block.seen is None else block.seen[first] for block in blocks)
    return Patterns(of_row.ravel().astype(np.int64), seen, len(first))


def solve_rows(
    blocks: Sequence[Block],
    effective: Sequence[Floats],
    noise: Floats,
    precision: Floats,
    patterns: Patterns,
    present: Floats | None = None,
) -> Floats:
    """Minimise sum_b ||b_i - M_b g_i||^2 / v_b + g_i' P g_i over g_i, for every row i.

    Parameters
    ----------
    blocks : B blocks of n rows
    effective : B arrays (width, m)
        M_b: what a unit of each coordinate of g adds to the block's columns.
    noise : (B,) v_b
    precision : (m, m) P
    patterns : Patterns of the blocks
    present : (n, m), optional
        Codes to keep where a row leaves them free; 0 by default.

    Returns
    -------
    (n, m) g
    """
    n, m = blocks[0].n_rows, precision.shape[0]
    if m == 0:
        return np.zeros((n, 0))
    right = np.asarray(sum(times(block, M) / v for block, M, v in zip(blocks, effective, noise, strict=True)))
    shared = precision.copy()
    for M, v, seen in zip(effective, noise, patterns.seen, strict=True):
        if seen is None:
            shared += M.T @ M / v
    if patterns.n_patterns == 1:
        return _solve_alike(add_systems(shared, effective, noise, patterns, slice(0, 1)), right, present)
    return _solve_patterns(shared, right, effective, noise, patterns, present)


def add_systems(shared: Floats, effective: Sequence[Floats], noise: Floats, patterns: Patterns, which: slice) -> Floats:
    """(m, m, u) the shared system plus what the blocks with missing cells add in some patterns; lower triangles."""
    total = np.repeat(shared[:, :, None], len(range(*which.indices(patterns.n_patterns))), axis=2)
    for M, v, seen in zip(effective, noise, patterns.seen, strict=True):
        used = np.flatnonzero(M.any(axis=0))
        if seen is not None and len(used):
            span = slice(used[0], used[-1] + 1)
            add_weighted_grams(total[span, span], seen[which], M[:, span] / np.sqrt(v))
    return total


def _solve_alike(system: Floats, right: Floats, present: Floats | None) -> Floats:
    """One system (m, m, 1) for all rows."""
    hold(system, right.T, None if present is None else present.T)
    return np.asarray(cho_solve(cho_factor(system[:, :, 0], lower=True), right.T).T)


def _solve_patterns(
    shared: Floats, right: Floats, effective: Sequence[Floats], noise: Floats, patterns: Patterns,
    present: Floats | None,
) -> Floats:  # fmt: skip
    out = np.empty_like(right)
    order = np.argsort(patterns.of_row, kind="stable")
    starts = np.searchsorted(patterns.of_row[order], np.arange(patterns.n_patterns + 1))
    batch = max(1, _NUMBERS // shared.size)
    for first in range(0, patterns.n_patterns, batch):
        last = min(first + batch, patterns.n_patterns)
        systems = add_systems(shared, effective, noise, patterns, slice(first, last))
        rows = order[starts[first] : starts[last]]
        for some in np.array_split(rows, -(-len(rows) // batch)):
            here = patterns.of_row[some] - first
            own = systems if np.array_equal(here, np.arange(last - first)) else systems[:, :, here]
            b = np.ascontiguousarray(right[some].T)
            hold(own, b, None if present is None else present[some].T)
            out[some] = solve_systems(own, b).T
    return out
