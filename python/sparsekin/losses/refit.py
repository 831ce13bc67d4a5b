"""min over b, g of f(offset + U g + X b) + (lambda_1 / 2) ||b||^2 by Newton's method: exact, and never not a number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.losses.base import Loss, Quadratic
from sparsekin.losses.profiled import solve

_STEPS = 60
_CAP = 8.0  # most that a step may change eta
_DONE = 1e-12  # of the scale of the loss, the decrement at which the last step is taken
_SHORTER = 0.5 ** np.arange(40.0)
_DRIFT = 0.1  # a last step changes eta by so much only if there is nothing to stop it
_SAME = 1e-9  # of a constant, what rounding may add
_CLOSE = 0.1  # of the scale, a decrement by which the quadratic model is near the truth


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """The best coefficients of given columns.

    ========= ====== =====================================================================
    field     shape  meaning
    ========= ====== =====================================================================
    coef      (s,)   b
    keep      (q,)   g
    eta       (n,)   offset included
    value     float  f + (lambda_1 / 2) ||b||^2
    at        Quadratic f, -gradient and H there
    drift     float  largest change of eta in the last step, of rows that count
    converged bool   the gradient is 0 but for rounding; not where it was given up
    steps     int
    ========= ====== =====================================================================
    """

    coef: Floats
    keep: Floats
    eta: Floats
    value: float
    at: Quadratic
    drift: float
    converged: bool
    steps: int

    @property
    def separated(self) -> bool:
        """Whether the loss falls on towards infinite coefficients: the columns tell some outcomes for certain."""
        return self.drift > _DRIFT


def refit(
    loss: Loss,
    X: Floats,
    U: Floats,
    lambda_1: float = 0.0,
    coef: Floats | None = None,
    keep: Floats | None = None,
    allowed: float = np.inf,
) -> Refit:
    """Refit columns X (n, s) with a ridge and U (n, q) without, from `coef` and `keep` on.

    Given up once the value is certain to stay above `allowed`, as far as the quadratic model tells.
    """
    s, q = X.shape[1], U.shape[1]
    Z = np.hstack([X, U])
    theta = np.concatenate([np.zeros(s) if coef is None else coef, cold_start(loss, U) if keep is None else keep])
    ridge = np.concatenate([np.full(s, lambda_1), np.zeros(q)])
    eta = loss.offset + Z @ theta
    at, converged, steps, drift = loss.quadratic_at(eta), s + q == 0, 0, 0.0
    counts = loss.omega > 0
    value = at.value + float(ridge @ theta**2) / 2
    while not converged and steps < _STEPS:
        slope = Z.T @ at.residual - ridge * theta
        hessian = at.curvature.gram(Z)
        hessian.flat[:: s + q + 1] += ridge
        step = solve(hessian, slope, at.curvature.weights @ Z**2 + ridge)
        decrement = float(slope @ step)
        if not np.isfinite(decrement) or (steps and value - decrement > allowed and decrement < _CLOSE * loss.scale):
            break
        steps += 1
        converged = decrement <= _DONE * loss.scale
        move = Z @ step
        found = _shorten(loss, theta, step, ridge, eta, move, value, decrement, whole=converged)
        drift = float(np.abs(move[counts]).max(initial=0.0))
        if found is None:
            break
        theta, eta = theta + found * step, eta + found * move
        at = loss.quadratic_at(eta)
        value = at.value + float(ridge @ theta**2) / 2
    return Refit(theta[:s], theta[s:], eta, value, at, drift, converged, steps)


def is_far(loss: Loss) -> bool:
    """Whether some offset is further from 0 than a step of Newton's method goes."""
    return bool(np.abs(loss.offset[loss.omega > 0]).max(initial=0.0) > _CAP)


def cold_start(loss: Loss, U: Floats) -> Floats:
    """(q,) where to begin with unpenalised columns U (n, q): 0, but levels where offsets are far from 0.

    Levels are of disjoint sets of rows, whose indicators, times constants, are among the columns.
    """
    g = np.zeros(U.shape[1])
    if not loss.constants or not is_far(loss):
        return g
    counts = loss.omega > 0
    taken = np.zeros(len(U), bool)
    for j, column in enumerate(U.T):
        rows = (column != 0) & counts
        if rows.any() and not taken[rows].any() and np.ptp(column[rows]) <= _SAME * abs(column[rows][0]):
            g[j] = loss.level(rows) / column[rows][0]
            taken |= rows
    return g


def _shorten(
    loss: Loss,
    theta: Floats,
    step: Floats,
    ridge: Floats,
    eta: Floats,
    move: Floats,
    value: float,
    decrement: float,
    whole: bool,
) -> float | None:
    """The share of a step to take: the first of 1, 1/2, ... that lowers the value as it should (Armijo)."""
    most = min(1.0, _CAP / float(np.abs(move).max(initial=0.0) or 1.0)) if loss.family != "gaussian" else 1.0
    if whole:
        return most
    for share in most * _SHORTER:
        then = loss.value(eta + share * move) + float(ridge @ (theta + share * step) ** 2) / 2
        if then <= value - 1e-4 * share * decrement:
            return float(share)
    return None


def null_model(loss: Loss, U: Floats) -> Refit:
    """The model of the unpenalised columns alone."""
    return refit(loss, np.empty((len(U), 0)), U)
