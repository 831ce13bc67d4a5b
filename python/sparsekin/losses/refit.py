"""min over b, g of f(offset + U g + X b) + (lambda_1 / 2) ||b||^2 by Newton's method: exact, and never not a number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats
from sparsekin.losses.base import Loss, Quadratic
from sparsekin.losses.profiled import solve

_DRIFT = 0.1  # a last step changes eta by so much only if there is nothing to stop it
_CAP = 8.0  # most that a step may change eta: `native/losses/newton.hpp`
_SAME = 1e-9  # of a constant, what rounding may add


@dataclass(frozen=True, eq=False)
class Refit:
    """The best coefficients of given columns.

    ========= ====== =====================================================================
    field     shape  meaning
    ========= ====== =====================================================================
    loss      Loss
    coef      (s,)   b
    keep      (q,)   g
    eta       (n,)   offset included
    value     float  f + (lambda_1 / 2) ||b||^2
    drift     float  largest change of eta in the last step, of rows that count
    converged bool   the gradient is 0 but for rounding; not where it was given up
    steps     int
    ========= ====== =====================================================================
    """

    loss: Loss
    coef: Floats
    keep: Floats
    eta: Floats
    value: float
    drift: float
    converged: bool
    steps: int

    @cached_property
    def at(self) -> Quadratic:
        """F, -gradient and H at eta."""
        return self.loss.quadratic_at(self.eta)

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

    Given up once the value is certain to stay above `allowed`, as far as the quadratic model tells. The loop is
    `native/losses/newton.hpp`.
    """
    s, q = X.shape[1], U.shape[1]
    if s + q == 0:
        return Refit(loss, np.empty(0), np.empty(0), loss.offset, loss.value(loss.offset), 0.0, True, 0)
    theta = np.concatenate([np.zeros(s) if coef is None else coef, cold_start(loss, U) if keep is None else keep])
    ridge = np.concatenate([np.full(s, lambda_1), np.zeros(q)])
    theta, *found = _native.newton(
        loss.native, np.asfortranarray(X, float), np.asfortranarray(U, float), loss.offset, loss.omega, ridge, theta,
        loss.scale, loss.family != "gaussian", allowed, solve,
    )  # fmt: skip
    return Refit(loss, theta[:s], theta[s:], *found)


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


def null_model(loss: Loss, U: Floats) -> Refit:
    """The model of the unpenalised columns alone."""
    return refit(loss, np.empty((len(U), 0)), U)
