"""The loadings step: the loadings of one block given its codes, by ridge, soft thresholds or Procrustes."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from sparsekin.data.blocks import Floats
from sparsekin.forms.block import Block, transposed_times
from sparsekin.forms.small_systems import add_weighted_grams, hold, solve_systems

_CYCLES = 5  # of coordinate descent per step


def update_loadings(
    block: Block, codes: Floats, loadings: Floats, noise: float, ridge: float, l1: float, orthogonal: bool
) -> Floats:
    """Minimise ||B - C L'||^2 / v + ridge ||L||^2 + l1 |L|_1 over L (p, d), given C (n, d).

    With `orthogonal`, over L with L'L = I: U V' of the singular vectors of B'C, missing cells filled with their
    present fit (which majorises J). With `l1`, a few cycles of coordinate descent from the present loadings.

    Returns
    -------
    L (p, d)
    """
    if block.width == 0 or codes.shape[1] == 0:
        return np.zeros_like(loadings)
    product = transposed_times(block, codes)
    if orthogonal:
        target = product + _filled(block, codes, loadings)
        U, _, Vt = np.linalg.svd(target, full_matrices=False)
        return np.asarray(U @ Vt)
    gram = _grams(block, codes)
    np.einsum("iiu->iu", gram)[...] += ridge * noise
    if l1 > 0:
        return _descend(gram, product, loadings, l1 * noise / 2)
    right = np.array(product.T, order="C")
    hold(gram, right, loadings.T)
    if block.seen is not None:
        return solve_systems(gram, right).T
    return np.asarray(cho_solve(cho_factor(gram[:, :, 0], lower=True), right).T)


def _grams(block: Block, codes: Floats) -> Floats:
    """(d, d, 1) C'C, or (d, d, p), one per column over the rows where it is observed; lower triangles."""
    if block.seen is None:
        return np.asarray(codes.T @ codes)[:, :, None]
    d, p = codes.shape[1], block.width
    out = np.zeros((d, d, p))
    add_weighted_grams(out, block.seen.T, codes)
    return out


def _descend(gram: Floats, product: Floats, loadings: Floats, threshold: float) -> Floats:
    """Coordinate descent: l_k = S(b'c_k - sum_(j != k) g_kj l_j, l1 v / 2) / g_kk."""
    fresh, m = loadings.copy(), len(gram)
    whole = [np.array([gram[max(k, j), min(k, j)] for j in range(m)]).T for k in range(m)]
    for _ in range(_CYCLES):
        for k, row in enumerate(whole):
            own = row[:, k]
            pull = product[:, k] - np.sum(row * fresh, axis=1) + own * fresh[:, k]
            shrunk = np.sign(pull) * np.maximum(np.abs(pull) - threshold, 0.0)
            fresh[:, k] = np.divide(shrunk, own, out=np.zeros_like(shrunk), where=own > 0)
    return fresh


def _filled(block: Block, codes: Floats, loadings: Floats) -> Floats | float:
    """What the missing cells add to B'C when they are filled with their present fit."""
    if block.seen is None:
        return 0.0
    return np.asarray(((1.0 - block.seen) * (codes @ loadings.T)).T @ codes)
