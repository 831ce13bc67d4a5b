"""dev(y, eta) = (y - eta)^2: least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.errors import DataError
from sparsekin.losses.base import RowLoss, counted, row_weights, zeros_if_none


@dataclass(frozen=True, eq=False)
class Gaussian(RowLoss):
    """Least squares."""

    family = "gaussian"

    def half_deviance(self, eta: Floats) -> Floats:
        """(y - eta)^2 / 2."""
        return (self.y - eta) ** 2 / 2

    def error(self, eta: Floats) -> Floats:
        """Y - eta."""
        return self.y - eta

    def variance(self, eta: Floats) -> Floats:
        """Ones."""
        return np.ones(eta.shape)

    def dual(self, error: Floats) -> float:
        """sum_i omega_i (y_i e_i - e_i^2 / 2)."""
        return float(self.omega @ (self.y * error - error**2 / 2))

    def link(self, mean: Floats) -> Floats:
        """Identity."""
        return mean

    def inverse_link(self, eta: Floats) -> Floats:
        """Identity."""
        return eta


def gaussian(y: Floats, weights: Floats | None = None, offset: Floats | None = None, factor: float = 1.0) -> Gaussian:
    """The loss of outcomes y (n,)."""
    omega = row_weights(len(y), weights, factor)
    mean, size = omega @ y / omega.sum(), float(omega @ y**2 / 2)
    scale = float(omega @ (y - mean) ** 2 / 2)
    return Gaussian(y, omega, zeros_if_none(len(y), offset), scale if scale > 1e-24 * size else size or factor)


def check_gaussian(y: Floats, weights: Floats | None, task: object) -> None:
    """Refuse outcomes that are not one finite number a row.

    Raises
    ------
    DataError
    """
    if y.ndim != 1:
        raise DataError(f"Task '{task}' is gaussian, but its outcome has {y.shape[1]} columns; give one.")
    bad = int(np.count_nonzero(~np.isfinite(y[counted(len(y), weights)])))
    if bad:
        raise DataError(f"The outcome of task '{task}' is missing or infinite in {bad} row{'s' * (bad != 1)}.")
