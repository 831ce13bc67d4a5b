"""The loadings step: loadings and means of one block given its codes, by ridge, soft thresholds or Procrustes.

With means unknown, each column is a regression with an intercept, which is solved out: products and squares of codes
are those around their means over the rows where the column is observed.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from sparsekin.data.blocks import Floats
from sparsekin.forms.block import Block, column_counts, column_sums, transposed_times
from sparsekin.forms.small_systems import add_weighted_grams, hold, solve_systems

_CYCLES = 5  # of coordinate descent per step


def update_loadings(
    block: Block,
    codes: Floats,
    loadings: Floats,
    means: Floats | None,
    noise: float,
    ridge: float,
    l1: float,
    orthogonal: bool,
) -> tuple[Floats, Floats | None]:
    """Minimise ||B - 1 m' - C L'||^2 / v + ridge ||L||^2 + l1 |L|_1 over L (p, d) and m (p,), given C (n, d).

    With `orthogonal`, over L with L'L = I: U V' of the singular vectors of B'C, missing cells filled with their
    present fit (which majorises J). With `l1`, a few cycles of coordinate descent from the present loadings.

    Parameters
    ----------
    means : (p,) present m; None: m = 0

    Returns
    -------
    L (p, d), m (p,) or None
    """
    if block.width == 0 or (codes.shape[1] == 0 and means is None):
        return np.zeros_like(loadings), means
    if orthogonal:
        return _turn(block, codes, loadings, means)
    product, gram = transposed_times(block, codes), _grams(block, codes)
    around = None
    if means is not None:
        around = code_means(block, codes)
        product, gram = centred(product, gram, around, column_sums(block), column_counts(block))
    np.einsum("iiu->iu", gram)[...] += ridge * noise
    fresh = _solve(block, product, gram, loadings, l1 * noise / 2)
    if around is None:
        return fresh, None
    return fresh, column_sums(block) / np.maximum(column_counts(block), 1.0) - np.sum(around * fresh, axis=1)


def code_means(block: Block, codes: Floats) -> Floats:
    """(p, d) means of the codes over the rows where each column is observed; (1, d) for a complete block."""
    if block.seen is None:
        return np.asarray(codes.mean(axis=0)[None])
    return np.asarray((block.seen.T @ codes) / np.maximum(column_counts(block), 1.0)[:, None])


def centred(
    product: Floats, gram: Floats, around: Floats, sums: Floats, counts: Floats
) -> tuple[Floats, Floats]:  # fmt: skip
    """B'C (p, d) and the second moments of codes (d, d, 1 or p), both around the means of the codes."""
    weights = counts[:1] if gram.shape[2] == 1 else counts
    squares = np.einsum("ua,ub,u->abu", around, around, weights)
    return product - sums[:, None] * around, gram - squares


def _solve(block: Block, product: Floats, gram: Floats, loadings: Floats, threshold: float) -> Floats:
    if not product.shape[1]:
        return np.zeros_like(loadings)
    if threshold > 0:
        return _descend(gram, product, loadings, threshold)
    right = np.array(product.T, order="C")
    hold(gram, right, loadings.T)
    if block.seen is not None:
        return solve_systems(gram, right).T
    return np.asarray(cho_solve(cho_factor(gram[:, :, 0], lower=True), right).T)


def _turn(block: Block, codes: Floats, loadings: Floats, means: Floats | None) -> tuple[Floats, Floats | None]:
    """Procrustes: missing cells stand at their present fit."""
    product, sums = transposed_times(block, codes), column_sums(block)
    if block.seen is not None:
        fitted = (1.0 - block.seen) * (codes @ loadings.T + (0.0 if means is None else means))
        product, sums = product + fitted.T @ codes, sums + fitted.sum(axis=0)
    center = codes.mean(axis=0)
    target = product if means is None else product - np.outer(sums, center)
    U, _, Vt = np.linalg.svd(target, full_matrices=False)
    fresh = np.asarray(U @ Vt)
    return fresh, None if means is None else np.asarray(sums / len(codes) - fresh @ center)


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
