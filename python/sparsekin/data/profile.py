"""Profiling out the intercept and the always-in columns of a task, and computing them back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints, TaskBlocks

NOTHING = 64.0 * float(np.finfo(float).eps)  # less of a column beside the unpenalised ones is rounding
RANK = 1e-10  # a column that keeps a smaller share of its norm is a combination of others


def unpenalised_columns(blocks: TaskBlocks, k: int) -> Floats:
    """(n_k, 1 + q) or (n_k, q): a column of ones when there is an intercept, then the always-in columns."""
    keep = kept_columns(blocks, k)
    return np.column_stack([np.ones(len(keep)), keep]) if blocks.intercept else keep


def kept_columns(blocks: TaskBlocks, k: int) -> Floats:
    """(n_k, q) the always-in columns of task k, of cox tasks less the means of strata: no origin changes a hazard."""
    keep = blocks.keep_of(k)
    if blocks.families_said[k] != "cox" or not keep.size:
        return keep
    return keep - stratum_means(keep, blocks.strata_of(k))


def stratum_means(A: Floats, strata: Ints | None) -> Floats:
    """(n, m) means of columns A (n, m) over the rows of the stratum of each row, or (1, m) over all."""
    if strata is None:
        return np.asarray(A.mean(axis=0, keepdims=True))
    total = np.zeros((int(strata.max(initial=-1)) + 1, A.shape[1]))
    np.add.at(total, strata, A)
    return np.asarray((total / np.maximum(np.bincount(strata), 1)[:, None])[strata])


def unpenalised_basis(blocks: TaskBlocks, k: int) -> Floats:
    """(n_k, r) basis Q of the unpenalised columns of task k with Q' W Q = I; r is their rank.

    Columns are scaled before the singular value decomposition, so units do not decide the rank.
    """
    if _knows_no_origin(blocks, k):
        return unpenalised_basis(replace(blocks, intercept=True), k)[:, 1:]
    columns, w = unpenalised_columns(blocks, k), blocks.weights[k]
    if blocks.sites:
        columns = np.column_stack([site_indicators(blocks, k), columns[:, 1 + blocks.sites :]])
    root = None if w is None else np.sqrt(w)
    A = columns if root is None else columns * root[:, None]
    norms = np.linalg.norm(A, axis=0)
    A = A[:, norms > 0] / norms[norms > 0]
    if A.shape[1] == 0:
        return np.empty((len(columns), 0), order="F")
    if A.shape[1] > 1 and blocks.intercept:
        own = np.count_nonzero(norms[: 1 + blocks.sites])  # these are orthogonal as they are
        first = A[:, :own]
        rest = A[:, own:] - first @ (first.T @ A[:, own:])
        rest_norms = np.linalg.norm(rest, axis=0)
        rest = rest[:, rest_norms > 1e-10] / rest_norms[rest_norms > 1e-10]
        U, d, _ = np.linalg.svd(rest, full_matrices=False)
        A = np.column_stack([first, U[:, d > 1e-10 * max(d.max(initial=0.0), 1.0)]])
    elif A.shape[1] > 1:
        U, d, _ = np.linalg.svd(A, full_matrices=False)
        A = U[:, d > 1e-10 * d.max()]
    if root is None:
        return np.asfortranarray(A)
    return np.asfortranarray(np.divide(A, root[:, None], out=np.zeros_like(A), where=root[:, None] > 0))


def _knows_no_origin(blocks: TaskBlocks, k: int) -> bool:
    """Whether columns of task k may be centred without an intercept: a constant does not change a hazard's shares."""
    return not blocks.intercept and blocks.families_said[k] == "cox"


def site_indicators(blocks: TaskBlocks, k: int) -> Floats:
    """(n_k, 1 + sites) a column for each set of rows with an intercept of its own, that of no indicator first."""
    told = blocks.keep_of(k)[:, : blocks.sites]
    return np.column_stack([1.0 - told.sum(axis=1), told])


def residualize(v: Floats, basis: Floats, weights: Floats | None) -> Floats:
    """Compute v - Q Q' W v: what of v (n_k, or n_k x m) the unpenalised columns leave. Done twice for accuracy."""
    if basis.shape[1] == 0:
        return v
    for _ in range(2):
        weighted = v if weights is None else (weights * v.T).T
        v = v - basis @ (basis.T @ weighted)
    return v


def outcome_left(y: Floats, basis: Floats, weights: Floats | None) -> Floats:
    """What of outcomes (n_k,) or (n_k, q) the unpenalised columns leave: exactly 0 where it is rounding."""
    left = residualize(y, basis, weights)
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    nothing = np.linalg.norm((root * left.T).T, axis=0) <= NOTHING * np.linalg.norm((root * y.T).T, axis=0)
    return np.where(nothing, 0.0, left)


def unpenalised_coef(blocks: TaskBlocks, k: int, residual: Floats) -> tuple[Floats, Floats]:
    """Intercept and always-in coefficients of task k: weighted least squares of what the slopes leave over.

    `residual` is (n_k,) for an intercept () and coefficients (q,), or (n_k, m) for (m,) and (q, m): m outcomes of one
    design. Columns that `estimable` leaves out get 0.
    """
    if _knows_no_origin(blocks, k):
        constant, gamma = unpenalised_coef(replace(blocks, intercept=True), k, residual)
        return np.zeros_like(constant), gamma
    w = blocks.weights[k]
    weights = np.ones(len(residual)) if w is None else w
    mean = weights @ residual / weights.sum() if blocks.intercept else np.zeros(residual.shape[1:])
    if blocks.keep.shape[1] == 0:
        return np.asarray(mean), np.empty((0, *residual.shape[1:]))
    A, norms = _around_mean(blocks, k)
    b = ((_around_sites(blocks, k, residual) if blocks.sites else residual - mean).T * np.sqrt(weights)).T
    gamma = np.zeros((A.shape[1], *residual.shape[1:]))
    chosen = np.flatnonzero(norms)
    if len(chosen):
        solved, _, rank, _ = np.linalg.lstsq(A[:, chosen], b, rcond=RANK)
        if rank < len(chosen):
            chosen = chosen[_in_order(A[:, chosen])]
            solved = np.linalg.lstsq(A[:, chosen], b, rcond=RANK)[0]
        gamma[chosen] = (solved.T / norms[chosen]).T
    if not blocks.intercept:
        return mean, gamma
    if blocks.sites:
        own = _site_means(blocks, k, residual - blocks.keep_of(k)[:, blocks.sites :] @ gamma)
        return own[0], np.concatenate([own[1:] - own[0], gamma])
    return np.asarray(mean - weights @ blocks.keep_of(k) / weights.sum() @ gamma), gamma


def estimable(blocks: TaskBlocks, k: int) -> Bools:
    """(q,) always-in columns with a coefficient in task k: neither constant there nor given by earlier ones."""
    A, norms = _around_mean(replace(blocks, intercept=True) if _knows_no_origin(blocks, k) else blocks, k)
    found: Bools = norms > 0
    found[found] = _in_order(A[:, found])
    return np.concatenate([np.ones(blocks.sites, bool), found])


def _site_means(blocks: TaskBlocks, k: int, values: Floats) -> Floats:
    """(1 + sites, ...) weighted means of values (n_k, ...) over each set of rows; 0 where it has none."""
    sites, w = site_indicators(blocks, k), blocks.weights[k]
    weighed = sites if w is None else sites * w[:, None]
    n = weighed.sum(axis=0)
    return ((weighed.T @ values).T / np.where(n > 0, n, 1.0)).T


def _around_sites(blocks: TaskBlocks, k: int, values: Floats) -> Floats:
    """Values (n_k, ...) less the means of their sets of rows."""
    return values - site_indicators(blocks, k) @ _site_means(blocks, k, values)


def _around_mean(blocks: TaskBlocks, k: int) -> tuple[Floats, Floats]:
    """(n_k, q - sites) always-in columns less means, times root weights, of norm 1; and those norms, 0 if constant."""
    keep, w = kept_columns(blocks, k)[:, blocks.sites :], blocks.weights[k]
    root = np.ones(len(keep)) if w is None else np.sqrt(w)
    mean = root**2 @ keep / np.sum(root**2) if blocks.intercept else np.zeros(keep.shape[1])
    A = (_around_sites(blocks, k, keep) if blocks.sites else keep - mean) * root[:, None]
    sizes = np.linalg.norm(blocks.keep_of(k)[:, blocks.sites :] * root[:, None], axis=0)
    if blocks.origin is not None:
        sizes = np.hypot(sizes, np.linalg.norm(root) * blocks.origin.keep[blocks.sites :, k])
    norms = np.linalg.norm(A, axis=0)
    norms = np.where(norms > RANK * sizes, norms, 0.0)
    return A / np.where(norms > 0, norms, 1.0), norms


def _in_order(A: Floats) -> Bools:
    """(q,) columns, of norm 1, that are no combination of those before them."""
    chosen: Bools = np.zeros(A.shape[1], bool)
    Q = np.empty((len(A), min(A.shape)))
    for j in range(A.shape[1]):
        known, left = Q[:, : chosen.sum()], A[:, j]
        for _ in range(2):
            left = left - known @ (known.T @ left)
        size = np.linalg.norm(left)
        if size > RANK and known.shape[1] < Q.shape[1]:
            Q[:, known.shape[1]] = left / size
            chosen[j] = True
    return chosen
