"""One loss at many linear predictors at once, (m, n): rows that do not know each other are handled together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.losses.base import Loss, RowLoss

CELLS = 2_000_000  # numbers of a stack of weighed columns


@dataclass(frozen=True, slots=True, eq=False)
class Quadratics:
    """What Newton's method needs of m predictors and columns Z (n, z), a constant beside them where there is one.

    ======== ========= ==========================================
    field    shape     meaning
    ======== ========= ==========================================
    slope    (m, z)    -df/dtheta = Z'r
    gram     (m, z, z) Z'H Z
    level    (m,)      1'r; 0 where a constant changes nothing
    cross    (m, z)    1'H Z
    curved   (m,)      1'H 1
    ======== ========= ==========================================
    """

    slope: Floats
    gram: Floats
    level: Floats
    cross: Floats
    curved: Floats


def values_at(loss: Loss, eta: Floats) -> Floats:
    """(m,) f."""
    if isinstance(loss, RowLoss):
        return np.asarray(loss.half_deviance(eta) @ loss.omega)
    return np.array([loss.value(one) for one in eta])


def quadratics_at(loss: Loss, eta: Floats, Z: Floats) -> Quadratics:
    """The quadratic models of f at every predictor."""
    m, z = len(eta), Z.shape[1]
    if isinstance(loss, RowLoss):
        residual, weights = loss.omega * loss.error(eta), loss.omega * loss.variance(eta)
        return Quadratics(
            residual @ Z, _grams(weights, Z), residual.sum(axis=1), weights @ Z, weights.sum(axis=1)
        )  # fmt: skip
    found = [loss.quadratic_at(one) for one in eta]
    slope = np.array([one.residual for one in found]).reshape(m, len(Z)) @ Z
    gram = np.array([one.curvature.gram(Z) for one in found]).reshape(m, z, z)
    return Quadratics(slope, gram, np.zeros(m), np.zeros((m, z)), np.zeros(m))


def _grams(weights: Floats, Z: Floats) -> Floats:
    """(m, z, z) Z' diag(w) Z."""
    m, step = len(weights), max(1, CELLS // max(Z.size, 1))
    parts = [(weights[i : i + step, None, :] * Z.T) @ Z for i in range(0, m, step)]
    return np.concatenate(parts) if parts else np.empty((0, Z.shape[1], Z.shape[1]))
