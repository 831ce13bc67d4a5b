"""Newton steps on the rows of W that are not 0, where columns are too collinear for coordinate descent.

With tau_j = (1 - a) lambda v_j / ||W_j|| and u_jk = sqrt(tau_j) W_jk / ||W_j|| the Hessian of P is
blockdiag_k(M_k) - U U', M_k = A_k + diag(tau), where U has one column per row of W. So by Woodbury it is inverted from
the inverses of the M_k, each of the size of the support, and of I - sum_k (u_k u_k') * M_k^{-1}, the product taken by
elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sparsekin.data.blocks import Bools, Floats
from sparsekin.hal.cholesky import NotDefinite, inverse, solve
from sparsekin.hal.penalty import RowPenalty

_LESS = 1.0 - 1e-10  # keeps the Hessian definite where columns are linearly dependent
_DAMPING = (0.0, 1e-6, 1e-3)  # shares of the diagonal added until a step helps: dependent columns need some
_STOPPED = (1.0, 0.5, 0.2, 0.05)
_SHORTER = 0.5 ** np.arange(1.0, 14.0)


def newton_step(gram: Sequence[Floats], c: Floats, W: Floats, bound: Floats, penalty: RowPenalty) -> Floats:
    """W (K, m) after one step on sum_k (W_k'A_k W_k / 2 - c_k'W_k) + sum_j bound_j Omega(W_j); W itself if none helps.

    No row of W is 0. Entries that are 0 because of the 1-norm or of a sign stay 0.
    """
    ones, twos = penalty.ratio * bound, (1.0 - penalty.ratio) * bound
    on = (W != 0) | ((penalty.ratio == 0) & (penalty.sign == 0))
    norms = np.sqrt((W**2).sum(axis=0))
    tau, hat = twos / norms, W / norms
    g = c - _times(gram, W)
    q = np.where(on, g - twos * hat - ones * np.sign(W), 0.0)
    for damping in _DAMPING:
        try:
            d = _direction(gram, q, tau, np.sqrt(tau * _LESS) * hat, on, damping)
        except NotDefinite:
            continue
        moved = _best(gram, W, g, d, penalty.sign, lambda at: _penalty(at, ones, twos))
        if moved is not W:
            return moved
    return W


def _penalty(W: Floats, ones: Floats, twos: Floats) -> Floats:
    value = np.sqrt((W**2).sum(axis=-2)) @ twos
    return np.asarray(value + np.abs(W).sum(axis=-2) @ ones if ones.any() else value)


def _direction(gram: Sequence[Floats], q: Floats, tau: Floats, u: Floats, on: Bools, damping: float) -> Floats:
    if not tau.any():
        return np.stack([
            _solve_on(gram[k if len(gram) > 1 else 0], one, part, damping)
            for k, (one, part) in enumerate(zip(q, on, strict=True))
        ])  # fmt: skip
    if len(gram) == 1 and on.all():
        inverses = [inverse(gram[0], tau + damping * np.diag(gram[0]))] * len(q)
        small = np.eye(len(tau)) - (u.T @ u) * inverses[0]
    else:
        units = gram if len(gram) > 1 else [gram[0]] * len(q)
        inverses = [_inverse_on(A, tau + damping * np.diag(A), part) for A, part in zip(units, on, strict=True)]
        small = np.eye(len(tau)) - sum(np.outer(one, one) * M for M, one in zip(inverses, u, strict=True))
    z = np.stack([M @ one for M, one in zip(inverses, q, strict=True)])
    t = solve(small, (u * z).sum(axis=0))
    return z + np.stack([M @ (one * t) for M, one in zip(inverses, u, strict=True)])


def _solve_on(A: Floats, q: Floats, on: Bools, damping: float) -> Floats:
    """The Newton direction of one task's lasso, for the entries that are not 0."""
    d, at = np.zeros_like(q), np.flatnonzero(on)
    if len(at):
        part = A[np.ix_(at, at)]
        d[at] = solve(part + np.diag((1.0 - _LESS + damping) * np.diag(part)), q[at])
    return d


def _inverse_on(A: Floats, tau: Floats, on: Bools) -> Floats:
    """(A + diag(tau))^{-1} on some rows and columns, 0 elsewhere."""
    if on.all():
        return inverse(A, tau)
    out, at = np.zeros_like(A), np.flatnonzero(on)
    if len(at):
        out[np.ix_(at, at)] = inverse(A[np.ix_(at, at)], tau[at])
    return out


def _times(gram: Sequence[Floats], W: Floats) -> Floats:
    if len(gram) == 1:
        return np.asarray(W @ gram[0])
    return np.stack([one @ A for one, A in zip(W, gram, strict=True)])


def _best(
    gram: Sequence[Floats], W: Floats, g: Floats, d: Floats, sign: Floats, penalty: Callable[[Floats], Floats]
) -> Floats:
    """The whole step if it lowers the objective, else the best of others, else none; signs are held.

    The others are the step without the rows that it would carry past 0, which stop there, and shorter steps. Curvature
    counts as high as rounding may have made it low: along a linear dependence of columns it is nothing but rounding,
    and a step there can be huge.
    """
    start = float(penalty(W))
    slope, bend = _along(gram, g, d)
    most = _to_the_border(W, d, sign)
    if penalty(W + most * d) - start - most * slope + most**2 * bend < 0:
        return _held(W + most * d, sign)
    shorter = most * _SHORTER
    change = penalty(W + shorter[:, None, None] * d) - start - shorter * slope + shorter**2 * bend
    best = int(np.argmin(change))
    found, least = (_held(W + shorter[best] * d, sign), change[best]) if change[best] < 0 else (W, 0.0)
    for share in _STOPPED:
        then = _stop_at_zero(W, share * d, sign)
        slope, bend = _along(gram, g, then - W)
        if penalty(then) - start - slope + bend < least:
            found, least = then, penalty(then) - start - slope + bend
    return found


def _along(gram: Sequence[Floats], g: Floats, d: Floats) -> tuple[float, float]:
    """First and second order change of the loss along d, the second no less than rounding may hide."""
    diagonals = np.stack([np.diag(A) for A in gram])
    rounding = d.shape[1] * np.finfo(float).eps * np.sum(diagonals * d**2)
    return float(np.sum(g * d)), float(max(np.sum(d * _times(gram, d)) / 2, 0.0) + rounding)


def _stop_at_zero(W: Floats, d: Floats, sign: Floats) -> Floats:
    """W + d, where rows that would come out on the other side of 0, and entries against their sign, are 0."""
    then = W + d
    then[:, np.sum(W * then, axis=0) <= 0] = 0.0
    then[sign * then < 0] = 0.0
    return then


def _to_the_border(W: Floats, d: Floats, sign: Floats) -> float:
    """Share of a step, at most 1, that no entry held to a sign forbids."""
    against = sign * d < 0
    return min(1.0, float(np.min(np.abs(W[against] / d[against])))) if against.any() else 1.0


def _held(W: Floats, sign: Floats) -> Floats:
    """W without what rounding put on the wrong side of 0, or just short of it."""
    if sign.any():
        W[(sign != 0) & (sign * W <= 1e-15 * np.abs(W).max())] = 0.0
    return W
