"""Outcomes on their own predictors: link(mean) = a + eta, and link(mean) = a + b eta; of Cox hazards exp(b eta).

a of the first is 0 where predictions are right on average, b of the second 1 where they are neither too far apart
(b < 1) nor too close to each other (Cox 1958).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.losses.families import make_loss
from sparsekin.losses.refit import refit

FLAT = "the predictor does not vary"
SEPARATED = "the predictor separates the outcome"
_VARIES = 1e-12  # of its size, what a predictor must vary by


@dataclass(frozen=True, slots=True)
class Calibration:
    """How predictors would have to be changed.

    ========= ===== =====================================================
    field     shape meaning
    ========= ===== =====================================================
    intercept float a, b held at 1; NaN of Cox, which has no intercept
    slope     float b, a free; NaN where it is not defined
    reason    str   why the slope is not defined; empty where it is
    ========= ===== =====================================================
    """

    intercept: float
    slope: float
    reason: str = ""


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
    intercept = float("nan")
    if loss.constants:
        ones = np.ones((len(eta), 1))
        moved = make_loss(family, y, weights, eta, 1.0, strata, ties)
        intercept = float(refit(moved, nothing, ones).keep[0])
    counts = loss.omega > 0
    centre = float(np.average(eta, weights=loss.omega))
    spread = float(np.sqrt(np.average((eta - centre) ** 2, weights=loss.omega)))
    if not spread > _VARIES * float(np.abs(eta[counts]).max(initial=0.0)):
        return Calibration(intercept, float("nan"), FLAT)
    z = ((eta - centre) / spread)[:, None]
    found = refit(loss, nothing, z if ones is None else np.hstack([z, ones]))
    if found.separated:
        return Calibration(intercept, float("nan"), SEPARATED)
    return Calibration(intercept, float(found.keep[0]) / spread)
