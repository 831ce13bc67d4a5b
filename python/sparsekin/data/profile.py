"""Profiling out the intercept and the always-in columns of a task, and computing them back."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks


def unpenalised_columns(blocks: TaskBlocks, k: int) -> Floats:
    """(n_k, 1 + q) or (n_k, q): a column of ones when there is an intercept, then the always-in columns."""
    keep = blocks.keep_of(k)
    return np.column_stack([np.ones(len(keep)), keep]) if blocks.intercept else keep


def unpenalised_basis(blocks: TaskBlocks, k: int) -> Floats:
    """(n_k, r) basis Q of the unpenalised columns of task k with Q' W Q = I; r is their rank.

    Columns are scaled before the singular value decomposition, so units do not decide the rank.
    """
    columns, w = unpenalised_columns(blocks, k), blocks.weights[k]
    root = None if w is None else np.sqrt(w)
    A = columns if root is None else columns * root[:, None]
    norms = np.linalg.norm(A, axis=0)
    A = A[:, norms > 0] / norms[norms > 0]
    if A.shape[1] == 0:
        return np.empty((len(columns), 0), order="F")
    if A.shape[1] > 1 and blocks.intercept:
        first = A[:, :1]
        rest = A[:, 1:] - first @ (first.T @ A[:, 1:])
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


def residualize(v: Floats, basis: Floats, weights: Floats | None) -> Floats:
    """Compute v - Q Q' W v: what of v (n_k, or n_k x m) the unpenalised columns leave. Done twice for accuracy."""
    if basis.shape[1] == 0:
        return v
    for _ in range(2):
        weighted = v if weights is None else (weights * v.T).T
        v = v - basis @ (basis.T @ weighted)
    return v


def unpenalised_coef(blocks: TaskBlocks, k: int, residual: Floats) -> tuple[Floats, Floats]:
    """Intercept and always-in coefficients of task k: weighted least squares of what the slopes leave over.

    `residual` is (n_k,) for an intercept () and coefficients (q,), or (n_k, m) for (m,) and (q, m): m outcomes of one
    design. Columns that are constant or collinear in the task get the minimum-norm answer (0 for constant ones).
    """
    columns, w = unpenalised_columns(blocks, k), blocks.weights[k]
    weights = np.ones(len(residual)) if w is None else w
    root = np.sqrt(weights)
    if not blocks.intercept:
        return np.zeros(residual.shape[1:]), _scaled_lstsq(columns, residual, root)
    keep = columns[:, 1:]
    if keep.shape[1] == 0:
        return weights @ residual / weights.sum(), np.empty((0, *residual.shape[1:]))
    keep_mean, mean = weights @ keep / weights.sum(), weights @ residual / weights.sum()
    gamma = _scaled_lstsq(keep - keep_mean, residual - mean, root)
    return np.asarray(mean - keep_mean @ gamma), gamma


def _scaled_lstsq(A: Floats, b: Floats, root: Floats) -> Floats:
    A = A * root[:, None]
    norms = np.linalg.norm(A, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    return np.asarray((np.linalg.lstsq(A / norms, (b.T * root).T, rcond=1e-10)[0].T / norms).T)
