"""Is the effect the same in all tasks? Of slopes from held-out rows, all K of them, whatever was selected where.

Welch's F (1951) takes the standard errors as estimated; Q, I^2 and tau^2 as in any meta-analysis (DerSimonian and Laird
1986); the prediction interval of another task's slope by Higgins, Thompson and Spiegelhalter (2009), t with K - 2
degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sparsekin.data.blocks import Floats
from sparsekin.inference.meta import between_weights, usable


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Of one feature.

    ========== ===== ==========================================================================================
    field      shape meaning
    ========== ===== ==========================================================================================
    Q          float sum of w (b - mean)^2, w = 1 / se^2
    df         int   tasks less one
    welch_p    float p-value of equal slopes, Welch's F
    I2         float share of Q beyond its degrees of freedom, in [0, 1]
    tau2       float variance between tasks
    mean       float random-effects mean
    se         float its standard error
    predicted  float sd of another task's slope around the mean: sqrt(tau2 + se^2)
    ========== ===== ==========================================================================================
    """

    Q: float
    df: int
    welch_p: float
    I2: float
    tau2: float
    mean: float
    se: float
    predicted: float

    def interval(self, level: float) -> tuple[float, float]:
        """Of the mean, normal."""
        half = float(stats.norm.ppf((1 + level) / 2)) * self.se
        return self.mean - half, self.mean + half

    def prediction(self, level: float) -> tuple[float, float]:
        """Of the slope in another task; NaN with fewer than 3 tasks."""
        if self.df < 2:
            return np.nan, np.nan
        half = float(stats.t.ppf((1 + level) / 2, self.df - 1)) * self.predicted
        return self.mean - half, self.mean + half


def heterogeneity_of(slope: Floats, se: Floats, df: Floats) -> Heterogeneity | None:
    """Compare slopes (K,) with standard errors and degrees of freedom; None with fewer than two."""
    there = usable(slope, se)
    b, w, nu = slope[there], 1.0 / se[there] ** 2, df[there]
    K = len(b)
    if K < 2:
        return None
    total = w.sum()
    fixed = w @ b / total
    Q = float(w @ (b - fixed) ** 2)
    lost = float(((1 - w / total) ** 2 / nu).sum())
    F = Q / (K - 1) / (1 + 2 * (K - 2) / (K**2 - 1) * lost)
    welch = float(stats.f.sf(F, K - 1, (K**2 - 1) / (3 * lost)))
    tau2 = max(0.0, (Q - (K - 1)) / between_weights(w))
    v = 1.0 / (1.0 / w + tau2)
    mean, error = float(v @ b / v.sum()), float(v.sum() ** -0.5)
    share = max(0.0, 1 - (K - 1) / Q) if Q > 0 else 0.0
    return Heterogeneity(Q, K - 1, welch, share, tau2, mean, error, float(np.hypot(error, tau2**0.5)))
