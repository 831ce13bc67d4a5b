"""The logistic loss of one task, sum_i omega_i (log(1 + exp eta_i) - y_i eta_i) with y 0 or 1, safe from overflow."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import entr, expit

from sparsekin.data.blocks import Floats
from sparsekin.hal.finite import check_finite

_FLAT = 1e-5  # least curvature over weight: rows fitted to certainty would have none
_STEPS = 100
_CLOSE = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Where the unpenalised coefficients are best, for given Phi W.

    ======== ====== =================================
    field    shape  meaning
    ======== ====== =================================
    alpha    (r,)   their coefficients in the basis Q
    eta      (n_k,) log odds
    residual (n_k,) y - mean
    loss     float
    ======== ====== =================================
    """

    alpha: Floats
    eta: Floats
    residual: Floats
    loss: float


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """A binomial task.

    ======== ============= ===============================================================================
    field    shape         meaning
    ======== ============= ===============================================================================
    y        (n_k,)        0 or 1
    omega    (n_k,)        weights
    Q        (n_k, r)      basis of the unpenalised columns
    one_sided float or None where all outcomes of positive weight are equal, the log odds of one with half a
                           row of each kind more: the loss is then left out, being 0 in the limit
    ridge    (r,)          the loss has sum_j ridge_j alpha_j^2 / 2 more: see `held_finite`
    ======== ============= ===============================================================================
    """

    y: Floats
    omega: Floats
    Q: Floats
    one_sided: float | None
    ridge: Floats

    @property
    def start(self) -> Floats:
        """(r,) zeros."""
        return np.zeros(self.Q.shape[1])

    def settle(self, fitted: Floats, alpha: Floats) -> Settled:
        """Newton's method for the unpenalised coefficients, from `alpha`, with Phi W = `fitted` (n_k,)."""
        if self.one_sided is not None:
            return Settled(alpha, np.full(len(fitted), self.one_sided), np.zeros(len(fitted)), 0.0)
        now = self._at(fitted, alpha)
        if not len(alpha):
            return now
        for _ in range(_STEPS):
            slope = self.Q.T @ (self.omega * now.residual) - self.ridge * now.alpha
            step = np.asarray(np.linalg.solve(self._hessian(now.residual), slope), float)
            left = slope @ step / max(now.loss, 1e-3)
            check_finite(left, "The loss of a binomial task")
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

    def curvature(self, residual: Floats) -> Floats:
        """(n_k,) second derivatives of the loss by eta, held off 0."""
        e = np.abs(residual)
        return np.asarray(self.omega * np.maximum(e * (1 - e), _FLAT))

    def dual(self, residual: Floats, scale: float) -> float:
        """Dual value of residuals times a scale in [0, 1]: the entropy of the means they stand for."""
        e = scale * np.abs(residual)
        return float(self.omega @ (entr(e) + entr(1 - e))) - scale**2 * self.pull(self.omega * residual) / 2

    def pull(self, slope: Floats) -> float:
        """sum_j ridge_j alpha_j^2 at the alpha that balances a slope (n_k,) of the loss by eta."""
        on = self.ridge > 0
        return float(np.sum((self.Q[:, on].T @ slope) ** 2 / self.ridge[on])) if on.any() else 0.0

    def _at(self, fitted: Floats, alpha: Floats) -> Settled:
        eta = fitted + self.Q @ alpha
        toward = 2 * self.y - 1
        residual = toward * expit(-toward * eta)
        loss = float(self.omega @ np.logaddexp(0.0, -toward * eta) + self.ridge @ alpha**2 / 2)
        return Settled(alpha, eta, residual, loss)

    def _hessian(self, residual: Floats) -> Floats:
        e = np.abs(residual)
        h = self.omega * np.maximum(e * (1 - e), 1e-12)
        return np.asarray((self.Q * h[:, None]).T @ self.Q + np.diag(self.ridge))

    def _shorter(self, fitted: Floats, now: Settled, step: Floats) -> Settled:
        """The point a step on, halved until the loss does not rise; the same point if nothing helps."""
        for share in 0.5 ** np.arange(30.0):
            then = self._at(fitted, now.alpha + share * step)
            if then.loss <= now.loss:
                return then
        return now


def logistic_of(y: Floats, omega: Floats, Q: Floats) -> Logistic:
    """A binomial task from outcomes, weights and the basis of its unpenalised columns."""
    counted = y[omega > 0]
    one_sided = None
    if len(counted) and np.all(counted == counted[0]):
        n = len(counted)
        one_sided = float(np.log((n * counted[0] + 0.5) / (n * (1 - counted[0]) + 0.5)))
    return Logistic(y, omega, Q, one_sided, np.zeros(Q.shape[1]))


def held_finite(task: Logistic, weights: Floats | None, intercept: bool) -> Logistic:
    """The task with a ridge worth one row on its unpenalised columns, all but the intercept.

    Where a level has one outcome only there is no finite estimate. Half the variance, over the rows, of what those
    columns say is added to the sum of the losses of the rows: columns of variance 1 get coefficients with a standard
    normal prior, whatever their units and coding.
    """
    counted = int(np.count_nonzero(task.omega))
    total = len(task.omega) if weights is None else weights.sum()
    ridge = np.full(task.Q.shape[1], task.omega.sum() / (counted * total))
    ridge[: int(intercept)] = 0.0
    return replace(task, ridge=ridge)
