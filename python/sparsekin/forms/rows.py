"""The row step: the codes of every row given the loadings, by one small system per pattern of missing cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from sparsekin.data.blocks import Floats, Ints
from sparsekin.forms.block import Block, times

_FEW = 64  # patterns up to which each is factored by itself
_NUMBERS = 4_000_000  # numbers in a batch of small systems


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
    blocks: Sequence[Block], effective: Sequence[Floats], noise: Floats, precision: Floats, patterns: Patterns
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

    Returns
    -------
    (n, m) g
    """
    right = sum(times(block, M) / v for block, M, v in zip(blocks, effective, noise, strict=True))
    m = precision.shape[0]
    if m == 0:
        return np.zeros((blocks[0].n_rows, 0))
    shared = precision.copy()
    for M, v, seen in zip(effective, noise, patterns.seen, strict=True):
        if seen is None:
            shared += M.T @ M / v
    if patterns.n_patterns == 1 and all(seen is None for seen in patterns.seen):
        return _solve_one(shared, np.asarray(right))
    if patterns.n_patterns <= _FEW:
        return _solve_few(shared, np.asarray(right), effective, noise, patterns)
    return _solve_many(shared, np.asarray(right), effective, noise, patterns)


def _systems(shared: Floats, effective: Sequence[Floats], noise: Floats, patterns: Patterns, which: slice) -> Floats:
    """(u, m, m) the systems of some patterns."""
    m = len(shared)
    total = np.broadcast_to(shared, (len(range(*which.indices(patterns.n_patterns))), m, m)).copy()
    for M, v, seen in zip(effective, noise, patterns.seen, strict=True):
        if seen is not None:
            used = np.flatnonzero(M.any(axis=0))
            total[:, used[:, None], used] += weighted_grams(seen[which], M[:, used]) / v
    return total


def weighted_grams(weights: Floats, rows: Floats) -> Floats:
    """(u, m, m): sum_j w_ij r_j r_j' for each of u sets of weights (u, p) of the rows r_j of (p, m)."""
    m = rows.shape[1]
    i, j = np.triu_indices(m)
    upper = weights @ (rows[:, i] * rows[:, j])
    out = np.empty((len(weights), m, m))
    out[:, i, j] = upper
    out[:, j, i] = upper
    return out


def _solve_few(shared: Floats, right: Floats, effective: Sequence[Floats], noise: Floats, patterns: Patterns) -> Floats:
    out = np.empty_like(right)
    for i, system in enumerate(_systems(shared, effective, noise, patterns, slice(None))):
        rows = patterns.of_row == i
        out[rows] = _solve_one(system, right[rows])
    return out


def _solve_many(
    shared: Floats, right: Floats, effective: Sequence[Floats], noise: Floats, patterns: Patterns
) -> Floats:
    out = np.empty_like(right)
    order = np.argsort(patterns.of_row, kind="stable")
    starts = np.searchsorted(patterns.of_row[order], np.arange(patterns.n_patterns + 1))
    batch = max(1, _NUMBERS // shared.size)
    for first in range(0, patterns.n_patterns, batch):
        last = min(first + batch, patterns.n_patterns)
        systems = _guarded(_systems(shared, effective, noise, patterns, slice(first, last)))
        rows = order[starts[first] : starts[last]]
        if len(rows) == len(systems):
            out[rows] = np.linalg.solve(systems, right[rows][:, :, None])[:, :, 0]
        else:
            out[rows] = np.einsum("nij,nj->ni", np.linalg.inv(systems)[patterns.of_row[rows] - first], right[rows])
    return out


def _solve_one(system: Floats, right: Floats) -> Floats:
    try:
        return np.asarray(cho_solve(cho_factor(_guarded(system)), right.T).T)
    except LinAlgError:
        return np.asarray(right @ np.linalg.pinv(system, hermitian=True))


def _guarded(systems: Floats) -> Floats:
    """The systems with 1e-12 of their mean diagonal added, so that directions nothing is known of are 0."""
    m = systems.shape[-1]
    mean = np.trace(systems, axis1=-2, axis2=-1) / m
    tiny = np.where(mean > 0, 1e-12 * mean, 1.0)
    return np.asarray(systems + tiny[..., None, None] * np.eye(m))
