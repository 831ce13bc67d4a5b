"""One task of a problem whose tasks share rows, given the coefficients of the others: its gap, and Newton steps.

Given the others' norms a_j the task has the convex problem L_k(w) + lambda sum_j v_j h_j(w_j) with
h_j(w) = (1 - r) sqrt(w^2 + a_j^2) + r |w|. Where outcomes are in units far apart, one task's part of the joint
objective is less than the rounding of another's, so its optimum is found and certified in its own units.
"""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.hal.cholesky import NotDefinite, solve
from sparsekin.hal.penalty import RowPenalty

_STEPS = 30


def others(W: Floats, k: int) -> Floats:
    """(m,) norms of the rows of W (K, m) without task k."""
    return np.asarray(np.sqrt((np.delete(W, k, axis=0) ** 2).sum(axis=0)))


def penalty_gain(w: Floats, a: Floats, bound: Floats, ratio: float) -> float:
    """sum_j bound_j (h_j(w_j) - h_j(0)), without the cancellation of two norms that are nearly equal."""
    root = np.sqrt(w**2 + a**2) + a
    rise = np.divide(w**2, root, out=np.zeros_like(w), where=root > 0)
    return float(bound @ ((1.0 - ratio) * rise + ratio * np.abs(w)))


def conjugate_gain(pull: Floats, a: Floats, bound: Floats, ratio: float) -> float:
    """sum_j bound_j (h_j(0) - conjugate part) at slopes `pull` >= 0 of at most lambda v: what a dual value lacks."""
    z = np.minimum(np.maximum(pull / bound - ratio, 0.0) / (1.0 - ratio), 1.0)
    return float((bound * (1.0 - ratio) * a) @ (z**2 / (1.0 + np.sqrt(1.0 - z**2))))


def settle_task(A: Floats, c: Floats, w: Floats, a: Floats, bound: Floats, penalty: RowPenalty) -> Floats:
    """w (m,) after Newton's method on w'A w / 2 - c'w + sum_j bound_j h_j(w_j).

    Entries that the 1-norm holds at 0 stay there; others stop at 0 where a step would change their sign and h has a
    kink there, or where their sign is held.
    """
    ratio = penalty.ratio
    kink = (a == 0) | (ratio > 0)
    on = np.flatnonzero((w != 0) | (~kink & (penalty.sign == 0)))
    if not len(on):
        return w
    part, rest, held = A[np.ix_(on, on)], c[on], (kink | (penalty.sign != 0))[on]
    x, b, norms = w[on], bound[on], a[on]

    def value(u: Floats) -> float:
        return float(u @ (part @ u) / 2 - rest @ u + penalty_gain(u, norms, b, ratio))

    now = value(x)
    for _ in range(_STEPS):
        root = np.sqrt(x**2 + norms**2)
        root[root == 0] = 1.0
        slope = part @ x - rest + b * ((1.0 - ratio) * x / root + ratio * np.sign(x))
        bend = (1.0 - ratio) * b * norms**2 / root**3
        try:
            step = -solve(part + np.diag(bend + 1e-10 * np.diag(part)), slope)
        except NotDefinite:
            break
        then, found = x, now
        for share in 0.5 ** np.arange(20.0):
            u = x + share * step
            u[held & (u * x <= 0)] = 0.0
            if value(u) < now:
                then, found = u, value(u)
                break
        if then is x:
            break
        done = now - found <= 1e-14 * abs(found)
        x, now = then, found
        if done:
            break
    out = w.copy()
    out[on] = x
    return out
