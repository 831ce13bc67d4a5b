"""What K studies say together: a mean with its interval, and what to expect of a study that is not among them.

Random effects by restricted maximum likelihood (Raudenbush 2009), the interval of the mean by Hartung and Knapp (2001),
the prediction interval by Higgins, Thompson and Spiegelhalter (2009) with the same standard error and degrees of
freedom, as metafor's `predict(rma(yi, vi, method = "REML", test = "knha"))` has it (Viechtbauer 2010), but none of two
studies: its t would have one degree of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sparsekin.data.blocks import Bools, Floats

_POINTS = 400  # of tau^2 that are looked at
_SMALLEST = 1e-12  # of the largest tau^2, and of the least variance
_HALVINGS = 200
LEAST_PREDICTED = 3  # studies from which another one is predicted
_EXACT = 1e-12  # of the numbers beside it, a standard error that is rounding


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """K estimates of one thing, together.

    ========== ===== ==================================================================================
    field      shape meaning
    ========== ===== ==================================================================================
    estimate   float mean
    se         float its standard error (Hartung and Knapp)
    lower      float interval of the mean, t with K - 1 degrees of freedom
    upper      float
    pred_lower float interval of the true value of another study; NaN of fewer than 3 studies
    pred_upper float
    tau2       float variance between studies
    I2         float tau^2 / (tau^2 + a typical sampling variance), in [0, 1]
    Q          float sum of (estimate - fixed-effects mean)^2 / se^2
    df         int   K - 1
    p          float p-value of Q: that all studies have one value
    ========== ===== ==================================================================================
    """

    estimate: float
    se: float
    lower: float
    upper: float
    pred_lower: float
    pred_upper: float
    tau2: float
    I2: float
    Q: float
    df: int
    p: float


def random_effects(estimate: Floats, se: Floats, level: float = 0.95) -> RandomEffects:
    """Combine K >= 2 estimates (K,) with standard errors (K,) that are `usable`.

    `level` is that of both intervals. Whatever the unit, the answer is the same in that unit.

    Examples
    --------
    >>> found = random_effects(np.array([0.1, 0.3, 0.7]), np.array([0.1, 0.2, 0.1]))
    >>> f"{found.estimate:.3f} ({found.lower:.3f}, {found.upper:.3f}), tau2 {found.tau2:.3f}"
    '0.372 (-0.415, 1.160), tau2 0.091'
    """
    unit = float(se.max())
    origin = float(np.median(estimate))
    y, v = (estimate - origin) / unit, (se / unit) ** 2
    df = len(y) - 1
    tau2 = _tau2(y, v)
    w = 1.0 / (v + tau2)
    mean = float(w @ y / w.sum())
    error = float(np.sqrt(w @ (y - mean) ** 2 / df / w.sum()))
    fixed = 1.0 / v
    Q = float(fixed @ (y - fixed @ y / fixed.sum()) ** 2)
    typical = df / between_weights(fixed)
    t = float(stats.t.ppf((1 + level) / 2, df))
    half = t * error
    wide = t * float(np.hypot(error, np.sqrt(tau2))) if len(y) >= LEAST_PREDICTED else np.nan
    a, b, c, d = (origin + unit * (mean + side) for side in (-half, half, -wide, wide))
    p = float(stats.chi2.sf(Q, df))
    return RandomEffects(
        origin + unit * mean, unit * error, a, b, c, d, unit**2 * tau2, tau2 / (tau2 + typical), Q, df, p
    )


def usable(estimate: Floats, se: Floats) -> Bools:
    """(K,) finite estimates with a standard error that is more than rounding, beside the largest of both."""
    there = np.isfinite(estimate) & np.isfinite(se)
    size = np.maximum(np.abs(estimate), se)[there].max(initial=0.0)
    return there & (se > _EXACT * size)


def between_weights(w: Floats) -> float:
    """sum(w) - sum(w^2) / sum(w) of weights (K,), K >= 2, above 0 also where one of them is all but everything."""
    shares = w / w.sum()
    pairs = np.outer(w, shares)
    np.fill_diagonal(pairs, 0.0)
    return float(pairs.sum())


def _tau2(y: Floats, v: Floats) -> float:
    """The maximum of the restricted likelihood over tau^2 >= 0.

    Beyond A + sqrt(A max v), A the variance of y, it falls: its slope is at most SS / (t + min v)^2 - (K - 1) /
    (t + max v). Below, the best of many points, then halvings towards where the slope is 0.
    """
    apart = float(np.var(y, ddof=1))
    if apart == 0.0:
        return 0.0
    end = apart + np.sqrt(apart * v.max())
    start = min(_SMALLEST * end, float(v.min()) * _SMALLEST)
    points = np.concatenate([[0.0], np.geomspace(start, end, _POINTS)])
    at = int(np.argmax(_likelihoods(y, v, points)))
    rises = _slope(y, v, points[at]) > 0
    if at == 0 and not rises:
        return 0.0
    low = points[at] if rises else points[at - 1]
    high = points[min(at + 1, _POINTS)] if rises else points[at]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _slope(y, v, middle) > 0 else (low, middle)
    return float((low + high) / 2)


def _likelihoods(y: Floats, v: Floats, tau2: Floats) -> Floats:
    """(m,) twice the restricted log-likelihood at each of m tau^2, up to a constant."""
    w = 1.0 / (v + tau2[:, None])
    total = w.sum(axis=1)
    left = y - (w @ y / total)[:, None]
    return np.asarray(np.log(w).sum(axis=1) - np.log(total) - (w * left**2).sum(axis=1))


def _slope(y: Floats, v: Floats, tau2: float) -> float:
    """Its derivative by tau^2."""
    w = 1.0 / (v + tau2)
    return float(w**2 @ (y - w @ y / w.sum()) ** 2 - w.sum() + w @ (w / w.sum()))
