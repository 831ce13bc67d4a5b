"""Frequencies and slopes from halves: each feature's slopes come from rows that had no part in choosing it.

b_jk is the mean over the halves that chose j in any task; se^2 = (1 - f_j / 2) times the mean square of their standard
errors, since of f_j = 1 the halves share half of their rows and of f_j near 0 there is but one; t with
2 (mean df) - 2 degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sparsekin.data.blocks import Floats, Ints
from sparsekin.inference.halves import Halves

LEAST_HALVES = 10  # that chose a feature, for its slopes to be estimated
LEAST_DF = 5.0
LEAST_GROUPS = 9  # that LEAST_DF asks for: halves of G groups leave 2 (G / 2 - 1) - 2


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Slopes of the features that enough halves chose.

    ============= ======= ================================================================
    field         shape   meaning
    ============= ======= ================================================================
    frequency     (p, K)  share of halves that chose each feature in each task
    frequency_any (p,)    in any task
    mean_number   float   features chosen in any task, mean over halves
    features      (m,)    those with estimates, ascending
    slope         (m, K)  on the user's scale, all tasks; NaN where df < 5 or there is none
    se            (m, K)
    df            (m, K)
    pvalue        (m, K)  two-sided, not adjusted
    ============= ======= ================================================================
    """

    frequency: Floats
    frequency_any: Floats
    mean_number: float
    features: Ints
    slope: Floats
    se: Floats
    df: Floats
    pvalue: Floats

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """(m, K) lower and upper ends."""
        half = stats.t.ppf((1 + level) / 2, np.where(self.df > 0, self.df, np.nan)) * self.se
        return self.slope - half, self.slope + half


def estimates_of(halves: Halves) -> Estimates:
    """Bring the halves together."""
    any_task = halves.frequency_any
    n = len(halves.found)
    features = np.flatnonzero(np.rint(any_task * n) >= LEAST_HALVES)
    m, K = len(features), halves.n_tasks
    at = np.full(halves.n_features, -1)
    at[features] = np.arange(m)
    total, square, count, df = (np.zeros((m, K)) for _ in range(4))
    chosen = np.zeros((m, 1))
    for half in halves.found:
        here = at[half.features]
        mine, there = here[here >= 0], here >= 0
        seen = np.isfinite(half.slope[there])
        total[mine] += np.where(seen, half.slope[there], 0.0)
        square[mine] += np.where(seen, half.se[there], 0.0) ** 2
        count[mine] += seen
        df[mine] += half.df
        chosen[mine] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(count > 0, total / count, np.nan)
        se = np.sqrt((1 - any_task[features, None] / 2) * square / count)
    df = 2 * df / np.maximum(chosen, 1) - 2
    told = (df >= LEAST_DF) & np.isfinite(se)
    slope, se = np.where(told, slope, np.nan), np.where(told, se, np.nan)
    pvalue = 2 * stats.t.sf(np.abs(slope) / se, np.where(told, df, np.nan))
    number = float(np.mean([len(half.features) for half in halves.found])) if n else np.nan
    return Estimates(halves.frequency, any_task, number, features, slope, se, df, pvalue)


def of_one_split(halves: Halves) -> Estimates:
    """What the first half chose, from the rows it did not see: plain t intervals of one split."""
    half = halves.found[0]
    df = np.maximum(half.df - ~half.support, 0.0)
    told = (df >= LEAST_DF) & np.isfinite(half.se)
    slope, se, df = (np.where(told, values, np.nan) for values in (half.slope, half.se, df))
    pvalue = 2 * stats.t.sf(np.abs(slope) / se, df)
    number = float(len(half.features))
    return Estimates(halves.frequency, halves.frequency_any, number, half.features, slope, se, df, pvalue)
