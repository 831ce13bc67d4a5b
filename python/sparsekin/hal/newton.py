"""Newton steps on the rows of W that are not 0, where columns are too collinear for coordinate descent.

With tau_j = (1 - a) lambda v_j / ||W_j|| and u_jk = sqrt(tau_j) W_jk / ||W_j|| the Hessian of P is
blockdiag_k(M_k) - U U', M_k = A_k + diag(tau), where U has one column per row of W. So by Woodbury it is inverted from
the inverses of the M_k, each of the size of the support, and of I - sum_k (u_k u_k') * M_k^{-1}, the product taken by
elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.hal.cholesky import NotDefinite, inverse, solve
from sparsekin.hal.penalty import RowPenalty

_LESS = 1.0 - 1e-10  # keeps the Hessian definite where columns are linearly dependent
_DAMPING = (0.0, 1e-6, 1e-3)  # shares of the diagonal added until a step helps: dependent columns need some
_DROPS = 4
_SHORTER = 0.5 ** np.arange(1.0, 14.0)


def newton_step(gram: Sequence[Floats], c: Floats, W: Floats, bound: Floats, penalty: RowPenalty) -> Floats:
    """W (K, m) after one step on sum_k (W_k'A_k W_k / 2 - c_k'W_k) + sum_j bound_j Omega(W_j); W itself if none helps.

    No row of W is 0. Entries that are 0 because of the 1-norm or of a sign stay 0.
    """
    for damping in _DAMPING:
        moved = _damped_step(_Quadratic(gram, c, bound, penalty), W, damping)
        if moved is not W:
            return moved
    return W


@dataclass(frozen=True, slots=True, eq=False)
class _Quadratic:
    """The problem on m rows; the arguments of `newton_step`."""

    gram: Sequence[Floats]
    c: Floats
    bound: Floats
    penalty: RowPenalty

    def at(self, rows: Ints) -> _Quadratic:
        """The problem on some of the rows, the others being 0."""
        part = [A[np.ix_(rows, rows)] for A in self.gram]
        return _Quadratic(part, self.c[:, rows], self.bound[rows], self.penalty.at(rows))

    def gradient(self, W: Floats) -> Floats:
        """(K, m) minus the gradient of the loss."""
        return self.c - _times(self.gram, W)

    def size(self, W: Floats) -> Floats:
        """sum_j bound_j Omega(W_j) of (..., K, m)."""
        value = np.sqrt((W**2).sum(axis=-2)) @ ((1.0 - self.penalty.ratio) * self.bound)
        if self.penalty.ratio:
            value = value + np.abs(W).sum(axis=-2) @ (self.penalty.ratio * self.bound)
        return np.asarray(value)

    def direction(self, W: Floats, damping: float) -> Floats:
        """(K, m) Newton's, from a W without rows of 0."""
        ones, twos = self.penalty.ratio * self.bound, (1.0 - self.penalty.ratio) * self.bound
        on = (W != 0) | ((self.penalty.ratio == 0) & (self.penalty.sign == 0))
        norms = np.sqrt((W**2).sum(axis=0))
        tau, hat = twos / norms, W / norms
        q = np.where(on, self.gradient(W) - twos * hat - ones * np.sign(W), 0.0)
        return _direction(self.gram, q, tau, np.sqrt(tau * _LESS) * hat, on, damping)


def _direction(gram: Sequence[Floats], q: Floats, tau: Floats, u: Floats, on: Bools, damping: float) -> Floats:
    if not tau.any():
        return np.stack([
            _solve_on(gram[k if len(gram) > 1 else 0], one, part, damping)
            for k, (one, part) in enumerate(zip(q, on, strict=True))
        ])  # fmt: skip
    if len(gram) == 1 and on.all():
        inverses = [inverse(gram[0], tau + damping * np.diag(gram[0]))] * len(q)
        small = -u.T @ u
        small *= inverses[0]
    else:
        units = gram if len(gram) > 1 else [gram[0]] * len(q)
        inverses = [_inverse_on(A, tau + damping * np.diag(A), part) for A, part in zip(units, on, strict=True)]
        small = np.zeros_like(inverses[0])
        for M, one in zip(inverses, u, strict=True):
            small -= np.outer(one, one) * M
    small.flat[:: len(tau) + 1] += 1.0
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


def _damped_step(problem: _Quadratic, W: Floats, damping: float) -> Floats:
    """The whole step if it lowers the objective, else the best of others, else none; signs are held.

    The others are shorter steps, and the step once the rows are out that it would carry past 0. Curvature counts as
    high as rounding may have made it low: along a linear dependence of columns it is nothing but rounding, and a step
    there can be huge.
    """
    try:
        d = problem.direction(W, damping)
    except NotDefinite:
        return W
    sign, g, start = problem.penalty.sign, problem.gradient(W), float(problem.size(W))
    slope, bend = _along(problem.gram, g, d)
    most = _to_the_border(W, d, sign)
    if problem.size(W + most * d) - start - most * slope + most**2 * bend < 0:
        return _held(W + most * d, sign)
    shorter = most * _SHORTER
    change = problem.size(W + shorter[:, None, None] * d) - start - shorter * slope + shorter**2 * bend
    best = int(np.argmin(change))
    found, least = (_held(W + shorter[best] * d, sign), change[best]) if change[best] < 0 else (W, 0.0)
    then = _without_those_that_pass(problem, W, d, damping)
    slope, bend = _along(problem.gram, g, then - W)
    return then if problem.size(then) - start - slope + bend < least else found


def _without_those_that_pass(problem: _Quadratic, W: Floats, d: Floats, damping: float) -> Floats:
    """W after a step on the rows that do not pass 0: those that do leave, and the step is taken again without them."""
    rows, here = np.arange(W.shape[1]), W
    for _ in range(_DROPS):
        stay = np.sum(here * (here + d), axis=0) > 0
        if stay.all():
            break
        rows = rows[stay]
        if not len(rows):
            return np.zeros_like(W)
        part, here = problem.at(rows), W[:, rows]
        try:
            d = part.direction(here, damping)
        except NotDefinite:
            d = np.zeros_like(here)
    out = np.zeros_like(W)
    out[:, rows] = _stop_at_zero(here, d, problem.penalty.sign[rows])
    return out


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
