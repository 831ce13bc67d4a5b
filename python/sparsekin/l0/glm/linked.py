"""Newton's method for the coefficients of given columns of several tasks, which a quadratic penalty ties together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import lapack

from sparsekin.data.blocks import Floats
from sparsekin.losses.base import Loss, Quadratic

STEPS = 100
HALVINGS = 40
FAR = 8.0  # most that one step changes a linear predictor
SMALL = 1e-12  # decrement, as a share of F, after which one more step is the last
DAMP = 1e-13  # of the trace: where columns are separated or given by others, the system is singular
SURE = 0.1  # a full step with a smaller decrement says what is left


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One task: its loss, and the columns (n, m) whose coefficients are sought."""

    loss: Loss
    Z: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The best coefficients.

    ======== ======== =============================================================
    field    shape    meaning
    ======== ======== =============================================================
    theta    (m,)     coefficients, task after task
    losses   (K,)     the loss of each task
    penalty  float    theta' P theta / 2
    given_up bool     the value will stay above what was allowed
    ======== ======== =============================================================
    """

    theta: Floats
    losses: Floats
    penalty: float
    given_up: bool = False

    @property
    def value(self) -> float:
        """Losses and penalty."""
        return float(self.losses.sum()) + self.penalty


def minimise(parts: Sequence[Part], P: Floats, theta: Floats, allowed: float = np.inf) -> Optimum:
    """Minimise sum_k f_k(offset + Z_k theta_k) + theta' P theta / 2 from `theta`.

    Ended early where the value will stay above `allowed`: it is then not exact.
    """
    cuts = np.cumsum([0, *(part.Z.shape[1] for part in parts)])
    ranges = [slice(a, b) for a, b in pairwise(cuts)]
    eta = [part.loss.offset + part.Z @ theta[r] for part, r in zip(parts, ranges, strict=True)]
    now = [part.loss.quadratic_at(e) for part, e in zip(parts, eta, strict=True)]
    losses, penalty = np.array([one.value for one in now]), float(theta @ P @ theta) / 2
    for _ in range(STEPS if len(theta) else 0):
        slope, H = _system(parts, ranges, now, P, theta)
        step = _solve(H, slope)
        decrement = float(step @ slope)
        value = float(losses.sum()) + penalty
        last = not decrement > SMALL * abs(value)
        moved = [part.Z @ step[r] for part, r in zip(parts, ranges, strict=True)]
        length = min(1.0, FAR / max(max(float(np.abs(d).max(initial=0.0)) for d in moved), 1e-300))
        for _ in range(HALVINGS):
            then = theta + length * step
            fresh = np.array([part.loss.value(e + length * d) for part, e, d in zip(parts, eta, moved, strict=True)])
            price = float(then @ P @ then) / 2
            new = float(fresh.sum()) + price
            if new <= value - 1e-4 * length * decrement or (last and new <= value + 1e-12 * abs(value)):
                break
            length /= 2
        else:
            break
        theta, losses, penalty = then, fresh, price
        if last:
            break
        if length == 1.0 and decrement < SURE and new - decrement / 2 > allowed:
            return Optimum(theta, losses, penalty, True)
        eta = [e + length * d for e, d in zip(eta, moved, strict=True)]
        now = [part.loss.quadratic_at(e) for part, e in zip(parts, eta, strict=True)]
    return Optimum(theta, losses, penalty)


def _system(
    parts: Sequence[Part], ranges: Sequence[slice], now: Sequence[Quadratic], P: Floats, theta: Floats
) -> tuple[Floats, Floats]:
    """-gradient and Hessian."""
    H, slope = P.copy(), -(P @ theta)
    for part, r, local in zip(parts, ranges, now, strict=True):
        slope[r] += part.Z.T @ local.residual
        H[r, r] += local.curvature.gram(part.Z)
    return slope, H


def _solve(H: Floats, slope: Floats) -> Floats:
    n = len(H)
    H.flat[:: n + 1] += DAMP * np.trace(H) + 1e-300
    _, step, info = lapack.dposv(H, slope, lower=1)
    if info != 0 or not np.isfinite(step).all():
        return np.asarray(np.linalg.lstsq(H, slope, rcond=1e-12)[0])
    return np.asarray(step)
