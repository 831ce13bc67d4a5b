"""Newton steps on the rows of W that are not 0, where columns are too collinear for coordinate descent.

With tau_j = lambda v_j / ||W_j|| and u_jk = sqrt(tau_j) W_jk / ||W_j|| the Hessian of P is blockdiag_k(M_k) - U U',
M_k = A_k + diag(tau), where U has one column per row of W. So by Woodbury it is inverted from the inverses of the M_k,
each of the size of the support, and of I - sum_k (u_k u_k') * M_k^{-1}, the product taken by elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs

from sparsekin.data.blocks import Floats

_LESS = 1.0 - 1e-10  # keeps the Hessian definite where columns are linearly dependent
_DAMPING = (0.0, 1e-6, 1e-3)  # shares of the diagonal added until a step helps: dependent columns need some
_SHORTER = 0.5 ** np.arange(1.0, 14.0)


class _NotDefinite(ArithmeticError):
    """Rounding left a matrix that has no Cholesky factor."""


def newton_group(gram: Sequence[Floats], c: Floats, W: Floats, bound: Floats) -> Floats:
    """W (K, m) after one step on sum_k (W_k'A_k W_k / 2 - c_k'W_k) + sum_j bound_j ||W_j||; W itself if none helps."""
    norms = np.sqrt((W**2).sum(axis=0))
    tau, hat = bound / norms, W / norms
    g = c - _times(gram, W)
    for damping in _DAMPING:
        try:
            d = _direction(gram, g - bound * hat, tau, np.sqrt(tau * _LESS) * hat, damping)
        except _NotDefinite:
            continue
        moved = _best(gram, W, g, d, lambda at: np.sqrt((at**2).sum(axis=-2)) @ bound)
        if moved is not W:
            return moved
    return W


def newton_entries(gram: Sequence[Floats], c: Floats, W: Floats, bound: Floats) -> Floats:
    """The same for bound_j ||W_j||_1: each task's entries that are not 0, at their signs."""
    g = c - _times(gram, W)
    for damping in _DAMPING:
        try:
            d = _entries_direction(gram, g, W, bound, damping)
        except _NotDefinite:
            continue
        moved = _best(gram, W, g, d, lambda at: np.abs(at).sum(axis=-2) @ bound)
        if moved is not W:
            return moved
    return W


def _entries_direction(gram: Sequence[Floats], g: Floats, W: Floats, bound: Floats, damping: float) -> Floats:
    d = np.zeros_like(W)
    for k in range(len(W)):
        on = np.flatnonzero(W[k])
        if not len(on):
            continue
        A = gram[k if len(gram) > 1 else 0][np.ix_(on, on)]
        A = A + np.diag((1.0 - _LESS + damping) * np.diag(A))
        d[k, on] = _solve(A, g[k, on] - bound[on] * np.sign(W[k, on]))
    return d


def _direction(gram: Sequence[Floats], q: Floats, tau: Floats, u: Floats, damping: float) -> Floats:
    inverses = [_inverse(A, tau + damping * np.diag(A)) for A in gram]
    of = [inverses[k if len(inverses) > 1 else 0] for k in range(len(q))]
    z = np.stack([M @ one for M, one in zip(of, q, strict=True)])
    if len(inverses) == 1:
        small = np.eye(len(tau)) - (u.T @ u) * inverses[0]
    else:
        small = np.eye(len(tau)) - sum(np.outer(one, one) * M for M, one in zip(of, u, strict=True))
    t = _solve(small, (u * z).sum(axis=0))
    return z + np.stack([M @ (one * t) for M, one in zip(of, u, strict=True)])


def _inverse(A: Floats, tau: Floats) -> Floats:
    """(A + diag(tau))^{-1}."""
    M = A.copy()
    M.flat[:: len(tau) + 1] += tau
    factor, bad = dpotrf(M, lower=1)
    inverse, worse = dpotri(factor, lower=1)
    if bad or worse:
        raise _NotDefinite
    whole = inverse + inverse.T
    whole.flat[:: len(tau) + 1] /= 2
    return np.asarray(whole)


def _solve(A: Floats, b: Floats) -> Floats:
    factor, bad = dpotrf(A, lower=1)
    if bad:
        raise _NotDefinite
    return np.asarray(dpotrs(factor, b, lower=1)[0])


def _times(gram: Sequence[Floats], W: Floats) -> Floats:
    if len(gram) == 1:
        return np.asarray(W @ gram[0])
    return np.stack([one @ A for one, A in zip(W, gram, strict=True)])


def _best(gram: Sequence[Floats], W: Floats, g: Floats, d: Floats, penalty: Callable[[Floats], Floats]) -> Floats:
    """The whole step if it lowers the objective, else the best of shorter ones, else none.

    Curvature counts as high as rounding may have made it low: along a linear dependence of columns it is nothing but
    rounding, and a step there can be huge.
    """
    diagonals = np.stack([np.diag(A) for A in gram])
    rounding = d.shape[1] * np.finfo(float).eps * np.sum(diagonals * d**2)
    start, slope, bend = penalty(W), np.sum(g * d), max(np.sum(d * _times(gram, d)) / 2, 0.0) + rounding
    if penalty(W + d) - start - slope + bend < 0:
        return W + d
    change = penalty(W + _SHORTER[:, None, None] * d) - start - _SHORTER * slope + _SHORTER**2 * bend
    best = int(np.argmin(change))
    return W + _SHORTER[best] * d if change[best] < 0 else W
