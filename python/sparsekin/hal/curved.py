"""A task whose loss is no square, and the best coefficients of its unpenalised columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.hal.finite import check_finite
from sparsekin.losses.base import Curvature, Loss, RowCurvature, RowLoss
from sparsekin.losses.binomial import Binomial
from sparsekin.losses.poisson import Poisson
from sparsekin.losses.profiled import solve
from sparsekin.losses.refit import is_far

_FLAT = 1e-5  # least curvature over weight, over that of the mean: rows fitted to certainty would have none
_STEPS = 100
_CLOSE = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Where the unpenalised coefficients are best, for given Phi W.

    ======== ====== ===========================================================================
    field    shape  meaning
    ======== ====== ===========================================================================
    alpha    (r,)   their coefficients in the basis Q
    eta      (n_k,) log odds, log means or log hazards
    residual (n_k,) y - mean; of cox, martingale residuals
    loss     float
    dual     float  the dual value of the residuals themselves: loss + sum_i omega_i r_i (Phi W)_i
    ======== ====== ===========================================================================
    """

    alpha: Floats
    eta: Floats
    residual: Floats
    loss: float
    dual: float


@dataclass(frozen=True, slots=True, eq=False)
class Curved:
    """A binomial, poisson or cox task.

    ======== ============= =============================================================================
    field    shape         meaning
    ======== ============= =============================================================================
    loss     Loss
    Q        (n_k, r)      basis of the unpenalised columns
    left_out float or None where all outcomes of positive weight are 0, or all are 1, the eta of half a row
                           more of the other kind: the loss is then left out, being 0 in the limit
    ridge    (r,)          the loss has sum_j ridge_j alpha_j^2 / 2 more: see `held_finite`
    start    (r,)          where Newton's method begins
    flat     float         least curvature over weight
    ======== ============= =============================================================================
    """

    loss: Loss
    Q: Floats
    left_out: float | None
    ridge: Floats
    start: Floats
    flat: float

    def settle(self, fitted: Floats, alpha: Floats) -> Settled:
        """Newton's method for the unpenalised coefficients, from `alpha`, with Phi W = `fitted` (n_k,)."""
        if self.left_out is not None:
            return Settled(alpha, np.full(len(fitted), self.left_out), np.zeros(len(fitted)), 0.0, 0.0)
        now = self._at(fitted, alpha)
        if not len(alpha):
            return now
        for _ in range(_STEPS):
            slope = self.Q.T @ (self.loss.omega * now.residual) - self.ridge * now.alpha
            step = self._newton(now.eta, slope)
            left = float(slope @ step) / max(now.loss, 1e-3)
            check_finite(left, f"The loss of a {self.loss.family} task")
            if left < _CLOSE:  # too little for the loss to show it; each step squares what is left
                now = self._at(fitted, now.alpha + step)
                if left < _CLOSE**2:
                    break
                continue
            then = self._shorter(fitted, now, step)
            if then is now:
                break
            now = then
        return now

    def curvature(self, eta: Floats) -> Curvature:
        """Second derivatives of the loss by eta, held off 0 where rows do not know each other."""
        if self.left_out is not None:
            return RowCurvature(np.zeros(len(eta)))
        found = self.loss.curvature(eta)
        if not isinstance(found, RowCurvature):
            return found
        return RowCurvature(np.maximum(found.weights, self.loss.omega * self.flat))

    def dual(self, settled: Settled, scale: float) -> float:
        """Dual value of residuals times a scale in [0, 1]; of cox a bound on it, for the conjugate is convex."""
        if not isinstance(self.loss, RowLoss):
            return scale * settled.dual
        slope = self.loss.omega * settled.residual
        known = scale * float(slope @ self.loss.offset)
        return self.loss.dual(scale * settled.residual) - known - scale**2 * self.pull(slope) / 2

    def pull(self, slope: Floats) -> float:
        """sum_j ridge_j alpha_j^2 at the alpha that balances a slope (n_k,) of the loss by eta."""
        on = self.ridge > 0
        return float(np.sum((self.Q[:, on].T @ slope) ** 2 / self.ridge[on])) if on.any() else 0.0

    def _at(self, fitted: Floats, alpha: Floats) -> Settled:
        eta = self.loss.offset + fitted + self.Q @ alpha
        residual = self.loss.error(eta)
        loss = self.loss.value(eta) + float(self.ridge @ alpha**2 / 2)
        return Settled(alpha, eta, residual, loss, loss + float((self.loss.omega * residual) @ fitted))

    def _newton(self, eta: Floats, slope: Floats) -> Floats:
        found = self.loss.curvature(eta)
        if not isinstance(found, RowCurvature):
            return solve(found.gram(self.Q) + np.diag(self.ridge), slope, found.weights @ self.Q**2 + self.ridge)
        h = np.maximum(found.weights, self.loss.omega * self.flat * 1e-7)
        return np.asarray(np.linalg.solve((self.Q * h[:, None]).T @ self.Q + np.diag(self.ridge), slope), float)

    def _shorter(self, fitted: Floats, now: Settled, step: Floats) -> Settled:
        """The point a step on, halved until the loss does not rise; the same point if nothing helps."""
        for share in 0.5 ** np.arange(30.0):
            then = self._at(fitted, now.alpha + share * step)
            if then.loss <= now.loss:
                return then
        return now


def curved(loss: Loss, weights: Floats | None, Q: Floats) -> Curved:
    """A task from its loss, the weights of its rows and the basis Q of its unpenalised columns, Q'wQ = I."""
    start, left_out, flat = np.zeros(Q.shape[1]), None, _FLAT
    if isinstance(loss, Binomial | Poisson):
        counts = loss.omega > 0
        y, n = loss.y[counts], int(np.count_nonzero(counts))
        if n and np.all(y == y[0]) and y[0] in ((0.0, 1.0) if loss.family == "binomial" else (0.0,)):
            ones = n * float(y[0])
            left_out = float(np.log((ones + 0.5) / (n - ones + 0.5) if loss.family == "binomial" else 0.5 / n))
        elif loss.family == "poisson" or is_far(loss):
            start = (Q if weights is None else Q * weights[:, None]).sum(axis=0) * loss.level(counts)
            if loss.family == "poisson":
                flat = _FLAT * float(loss.omega @ loss.y / loss.omega.sum())
    return Curved(loss, Q, left_out, np.zeros(Q.shape[1]), start, flat)


def held_finite(task: Curved, weights: Floats | None, intercept: bool) -> Curved:
    """The task with a ridge worth one row on its unpenalised columns, all but the intercept.

    Where a level has one outcome only there is no finite estimate. Half the variance, over the rows, of what those
    columns say is added to the sum of the losses of the rows: columns of variance 1 get coefficients with a standard
    normal prior, whatever their units and coding.
    """
    omega = task.loss.omega
    counted = int(np.count_nonzero(omega))
    total = len(omega) if weights is None else weights.sum()
    ridge = np.full(task.Q.shape[1], omega.sum() / (counted * total))
    ridge[: int(intercept)] = 0.0
    return replace(task, ridge=ridge)
