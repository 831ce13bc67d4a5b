"""Outcomes on their own predictors: link(mean) = a + eta, and link(mean) = a + b eta; of Cox hazards exp(b eta).

a of the first is 0 where predictions are right on average, b of the second 1 where they are neither too far apart
(b < 1) nor too close to each other (Cox 1958). Standard errors are those of the model fitted: gaussian ones by the
residual standard deviation, of counts times the root of Pearson's dispersion where that is above 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.losses.base import Loss
from sparsekin.losses.families import make_loss
from sparsekin.losses.refit import Refit, refit

FLAT = "the predictor does not vary"
ALIKE = "the outcome does not vary"
SEPARATED = "the predictor separates the outcome"
_VARIES = 1e-12  # of its size, what a predictor or an outcome must vary by


@dataclass(frozen=True, slots=True)
class Calibration:
    """How predictors would have to be changed.

    ============ ===== =====================================================
    field        shape meaning
    ============ ===== =====================================================
    intercept    float a, b held at 1; NaN of Cox, which has no intercept
    slope        float b, a free; NaN where it is not defined
    reason       str   why the slope is not defined; empty where it is
    intercept_se float standard error of a, NaN as that
    slope_se     float of b
    ============ ===== =====================================================
    """

    intercept: float
    slope: float
    reason: str = ""
    intercept_se: float = float("nan")
    slope_se: float = float("nan")


def recalibrate(
    family: str,
    y: Floats,
    eta: Floats,
    weights: Floats | None = None,
    strata: Ints | None = None,
    ties: str = "efron",
) -> Calibration:
    """Calibration of predictors eta (n,), offsets included, by maximum likelihood.

    `y`, `weights`, `strata` and `ties` as for `make_loss`; both outcomes, or an event, are there.
    """
    loss, nothing, ones = make_loss(family, y, weights, None, 1.0, strata, ties), np.empty((len(eta), 0)), None
    total = _total(y, weights, family)
    intercept = intercept_se = float("nan")
    if loss.constants:
        ones = np.ones((len(eta), 1))
        moved = make_loss(family, y, weights, eta, 1.0, strata, ties)
        found = refit(moved, nothing, ones)
        intercept, intercept_se = float(found.keep[0]), _error(moved, found, ones, total)
    counts = loss.omega > 0
    centre = float(np.average(eta, weights=loss.omega))
    spread = float(np.sqrt(np.average((eta - centre) ** 2, weights=loss.omega)))
    if not spread > _VARIES * float(np.abs(eta[counts]).max(initial=0.0)):
        return Calibration(intercept, float("nan"), FLAT, intercept_se)
    if family == "gaussian" and not np.ptp(y[counts]) > _VARIES * float(np.abs(y[counts]).max()):
        return Calibration(intercept, float("nan"), ALIKE, intercept_se)
    z = ((eta - centre) / spread)[:, None]
    Z = z if ones is None else np.hstack([z, ones])
    found = refit(loss, nothing, Z)
    if found.separated:
        return Calibration(intercept, float("nan"), SEPARATED, intercept_se)
    slope_se = _error(loss, found, Z, total) / spread
    return Calibration(intercept, float(found.keep[0]) / spread, "", intercept_se, slope_se)


def _total(y: Floats, weights: Floats | None, family: str) -> float:
    """How many rows a mean stands for, of successes and failures trials; weights count beside each other only."""
    w = np.ones(len(y)) if weights is None else weights * (np.count_nonzero(weights) / weights.sum())
    return float(w @ y.sum(axis=1) if family == "binomial" and y.ndim == 2 else w.sum())


def _error(loss: Loss, found: Refit, Z: Floats, total: float) -> float:
    """Standard error of the first coefficient of columns Z (n, q): information of so many rows, times dispersion."""
    spare = np.count_nonzero(loss.omega) - Z.shape[1]
    scale = 1.0
    if loss.family in ("gaussian", "poisson"):
        if spare <= 0:
            return float("nan")
        counts = loss.omega > 0
        omega, r = loss.omega[counts], loss.error(found.eta)[counts]
        variance = found.at.curvature.weights[counts] / omega
        chi2 = total * float(omega @ (r**2 / np.maximum(variance, 1e-300))) / omega.sum()
        scale = chi2 / spare if loss.family == "gaussian" else max(chi2 / spare, 1.0)
    information = total * found.at.curvature.gram(Z)
    first = np.zeros(Z.shape[1])
    first[0] = 1.0
    try:
        return float(np.sqrt(scale * np.linalg.solve(information, first)[0]))
    except np.linalg.LinAlgError:
        return float("nan")
