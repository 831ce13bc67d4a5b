"""dev(y, eta) / 2 = y log(y / mean) - y + mean with mean = exp(eta): counts, or rates with log exposure as offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, xlogy

from sparsekin.data.blocks import Bools, Floats
from sparsekin.errors import DataError
from sparsekin.losses.base import RowLoss, counted, exp, row_weights, zeros_if_none


@dataclass(frozen=True, eq=False)
class Poisson(RowLoss):
    """Counts."""

    family = "poisson"

    def half_deviance(self, eta: Floats) -> Floats:
        """See above."""
        y = self.y
        return np.asarray(np.maximum(xlogy(y, y) - y - y * eta + self.inverse_link(eta), 0.0))

    def error(self, eta: Floats) -> Floats:
        """Y - mean."""
        return self.y - self.inverse_link(eta)

    def variance(self, eta: Floats) -> Floats:
        """The mean."""
        return self.inverse_link(eta)

    def level(self, rows: Bools) -> float:
        """Log of the ratio of outcomes to means."""
        rows = rows & (self.omega > 0)
        w, asked = self.omega[rows], float(self.omega[rows] @ self.y[rows])
        return float(np.log(asked) - logsumexp(self.offset[rows], b=w)) if asked > 0 else 0.0

    def dual(self, error: Floats) -> float:
        """sum_i omega_i (y log y - y - m log m + m) with the means m = y - error."""
        y, mean = self.y, np.maximum(self.y - error, 0.0)
        return float(self.omega @ (xlogy(y, y) - y - xlogy(mean, mean) + mean))

    def link(self, mean: Floats) -> Floats:
        """Log."""
        return np.asarray(np.log(mean))

    def inverse_link(self, eta: Floats) -> Floats:
        """Exp."""
        return exp(eta)


def poisson(y: Floats, weights: Floats | None = None, offset: Floats | None = None, factor: float = 1.0) -> Poisson:
    """The loss of counts y (n,)."""
    omega = row_weights(len(y), weights, factor)
    mean = omega @ y / omega.sum()
    scale = float(omega @ xlogy(y, y) - omega.sum() * xlogy(mean, mean))
    return Poisson(y, omega, zeros_if_none(len(y), offset), scale if scale > 1e-12 * mean else float(omega.sum()))


def check_poisson(y: Floats, weights: Floats | None, task: object) -> None:
    """Refuse outcomes that are not counts.

    Raises
    ------
    DataError
    """
    if y.ndim != 1:
        raise DataError(f"Task '{task}' is poisson, but its outcome has {y.shape[1]} columns; give one, the counts.")
    seen = y[counted(len(y), weights)]
    if not np.isfinite(seen).all() or (seen < 0).any():
        worst = seen[~np.isfinite(seen) | (seen < 0)][0]
        raise DataError(f"Task '{task}' is poisson, but its outcome holds {worst:g}; counts are 0 or more.")
