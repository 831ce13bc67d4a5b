"""Kaplan and Meier's curve of some rows."""

from __future__ import annotations

import numpy as np
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from sparsekin.data.blocks import Floats, Ints
from sparsekin.tuning.judge import Rows


def kaplan_meier(rows: Rows, at: Ints) -> SurvfuncRight | None:
    """The curve of the rows at positions `at`, late entry and weights heeded; None of no rows."""
    y = rows.y[at]
    if not len(y):
        return None
    entry = y[:, 0] if y.shape[1] == 3 else None
    w = None if rows.weights is None else rows.weights[at]
    return SurvfuncRight(y[:, -2], y[:, -1], entry=entry, freq_weights=w)


def steps(curve: SurvfuncRight, end: float) -> tuple[Floats, Floats]:
    """Times from 0 to `end` and the curve there, to be drawn as steps."""
    times = np.concatenate([[0.0], curve.surv_times, [max(end, float(curve.surv_times.max(initial=0.0)))]])
    values = np.concatenate([[1.0], curve.surv_prob])
    return times, np.append(values, values[-1])


def curve_at(rows: Rows, at: Ints, time: float, level: float) -> tuple[float, float, float]:
    """The curve of some rows at a time, and its interval on the scale of log(-log); NaN once nobody is followed."""
    curve = kaplan_meier(rows, at)
    if curve is None:
        return (float("nan"),) * 3
    i = int(np.searchsorted(curve.surv_times, time, side="right")) - 1
    if time > rows.y[at, -2].max() and (i < 0 or curve.surv_prob[i] > 0):
        return (float("nan"),) * 3
    if i < 0:
        return 1.0, 1.0, 1.0
    kept = float(curve.surv_prob[i])
    if not 0 < kept < 1:
        return kept, kept, kept
    n, d = curve.n_risk[: i + 1], curve.n_events[: i + 1]
    se = float(np.sqrt(np.sum(d / (n * (n - d)))))  # of log S, after Greenwood; statsmodels has another with weights
    z = float(stats.norm.ppf((1 + level) / 2)) * se / abs(np.log(kept))
    return kept, kept ** np.exp(z), kept ** np.exp(-z)
