"""The loadings step: the loadings of one block given its codes, by ridge, soft thresholds or Procrustes."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.forms.block import Block, residual_squares, transposed_times
from sparsekin.forms.rows import weighted_grams

_CYCLES = 5  # of coordinate descent per step


def update_loadings(
    block: Block, codes: Floats, loadings: Floats, noise: float, ridge: float, l1: float, orthogonal: bool
) -> tuple[Floats, float]:
    """Minimise ||B - C L'||^2 / v + ridge ||L||^2 + l1 |L|_1 over L (p, d), given C (n, d).

    With `orthogonal`, over L with L'L = I: U V' of the singular vectors of B'C, missing cells filled with their
    present fit (which majorises J). With `l1`, a few cycles of coordinate descent from the present loadings.

    Returns
    -------
    L (p, d), ||B - C L'||^2
    """
    if block.width == 0 or codes.shape[1] == 0:
        return np.zeros_like(loadings), block.total
    product = transposed_times(block, codes)
    if orthogonal:
        target = product + _filled(block, codes, loadings)
        U, _, Vt = np.linalg.svd(target, full_matrices=False)
        fresh = U @ Vt
    else:
        gram = _grams(block, codes)
        penalised = gram + ridge * noise * np.eye(codes.shape[1])
        fresh = _descend(penalised, product, loadings, l1 * noise / 2) if l1 > 0 else _solve(penalised, product)
    return fresh, residual_squares(block, codes, fresh, product)


def _grams(block: Block, codes: Floats) -> Floats:
    """C'C (d, d), or one per column (p, d, d) over the rows where it is observed."""
    if block.seen is None:
        return np.asarray(codes.T @ codes)
    return weighted_grams(block.seen.T, codes)


def _solve(gram: Floats, product: Floats) -> Floats:
    d = product.shape[1]
    mean = np.trace(gram, axis1=-2, axis2=-1) / d
    tiny = np.where(mean > 0, 1e-13 * mean, 1.0)
    system = gram + tiny[..., None, None] * np.eye(d)
    if gram.ndim == 2:
        return np.asarray(np.linalg.solve(system, product.T).T)
    return np.asarray(np.linalg.solve(system, product[:, :, None])[:, :, 0])


def _descend(gram: Floats, product: Floats, loadings: Floats, threshold: float) -> Floats:
    """Coordinate descent: l_k = S(b'c_k - sum_(j != k) g_kj l_j, l1 v / 2) / g_kk."""
    fresh = loadings.copy()
    for _ in range(_CYCLES):
        for k in range(loadings.shape[1]):
            row, own = gram[..., k, :], gram[..., k, k]
            pull = product[:, k] - np.sum(row * fresh, axis=1) + own * fresh[:, k]
            shrunk = np.sign(pull) * np.maximum(np.abs(pull) - threshold, 0.0)
            fresh[:, k] = np.divide(shrunk, own, out=np.zeros_like(shrunk), where=own > 0)
    return fresh


def _filled(block: Block, codes: Floats, loadings: Floats) -> Floats | float:
    """What the missing cells add to B'C when they are filled with their present fit."""
    if block.seen is None:
        return 0.0
    return np.asarray(((1.0 - block.seen) * (codes @ loadings.T)).T @ codes)
