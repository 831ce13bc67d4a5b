"""Two steps, never one: which features, by how often halves chose them in any task; then in which tasks, by slopes.

A feature is stable when its frequency reaches the least cut tau >= 1/2 at which the bound of the expected number of
false ones is at most `fdr` of those that pass. Of stable features the tasks are found by Benjamini and Hochberg (1995)
over the p-values of their slopes, and "in at least r tasks" by the partial conjunction p-value of Benjamini and Heller
(2008), (K - r + 1) p_(r).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

from sparsekin.data.blocks import Bools, Floats
from sparsekin.inference.bound import share_that_may_pass
from sparsekin.inference.estimates import Estimates

LEAST_CUT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Discoveries:
    """What is selected at a false discovery rate.

    ======== ======= ===================================================================================
    field    shape   meaning
    ======== ======= ===================================================================================
    cutoff   float   tau; inf where no cut keeps the promise, NaN without the first step
    bound    float   expected number of false features at tau, at most
    stable   (m,)    bool, of the features with estimates
    features (m,)    bool, selected in at least r tasks
    cells    (m, K)  bool, in which tasks a feature is shown
    pvalue   (m,)    partial conjunction p-values, adjusted; NaN where not tested
    adjusted (m, K)  p-values of cells, adjusted; NaN where not tested
    ======== ======= ===================================================================================
    """

    cutoff: float
    bound: float
    stable: Bools
    features: Bools
    cells: Bools
    pvalue: Floats
    adjusted: Floats


def cutoff(frequency_any: Floats, mean_number: float, pairs: int, fdr: float) -> tuple[float, float]:
    """The least tau that keeps the promise, and the bound there; inf and NaN where none does."""
    p, n = len(frequency_any), 2 * pairs
    if p == 0 or n == 0:
        return np.inf, np.nan
    may_pass = share_that_may_pass(max(mean_number, 0.5) / p, pairs) * p
    taus = np.arange(1, n + 1) / n
    passed = (frequency_any[:, None] >= taus - 1e-9).sum(axis=0)
    kept = np.flatnonzero((taus >= LEAST_CUT - 1e-9) & (passed > 0) & (may_pass <= fdr * passed))
    return (float(taus[kept[0]]), float(may_pass[kept[0]])) if len(kept) else (np.inf, np.nan)


def nothing_can_pass(frequency_any: Floats, mean_number: float, pairs: int, fdr: float) -> bool:
    """Whether no cut would keep the promise if all features of half of the halves or more were in every half."""
    often = frequency_any >= LEAST_CUT - 1e-9
    return bool(often.any()) and np.isinf(cutoff(often.astype(float), mean_number, pairs, fdr)[0])


def discover(found: Estimates, pairs: int, fdr: float, at_least: int = 1, gate: bool = True) -> Discoveries:
    """Both steps; without `gate` the second alone, over all features with estimates."""
    m, K = found.slope.shape
    tau, bound = cutoff(found.frequency_any, found.mean_number, pairs, fdr) if gate else (np.nan, np.nan)
    stable = found.frequency_any[found.features] >= tau - 1e-9 if gate else np.ones(m, bool)
    tested = stable & np.isfinite(found.pvalue).any(axis=1)
    adjusted = np.full((m, K), np.nan)
    adjusted[tested] = adjust(found.pvalue[tested])
    conjunction = np.full(m, np.nan)
    conjunction[tested] = adjust(partial_conjunction(found.pvalue[tested], at_least))
    cells = np.where(np.isfinite(adjusted), adjusted, 1.0) <= fdr
    features = stable if at_least == 1 and gate else np.where(np.isfinite(conjunction), conjunction, 1.0) <= fdr
    return Discoveries(tau, bound, stable, features, cells, conjunction, adjusted)


def partial_conjunction(pvalue: Floats, r: int) -> Floats:
    """(m,) p-values of "in fewer than r tasks" from those of K tasks; tasks that say nothing count as 1."""
    K = pvalue.shape[1]
    ordered = np.sort(np.where(np.isfinite(pvalue), pvalue, 1.0), axis=1)
    return np.minimum(1.0, (K - r + 1) * ordered[:, r - 1])


def adjust(pvalue: Floats) -> Floats:
    """Benjamini-Hochberg adjusted p-values of an array of any shape; NaN stays and does not count."""
    out = np.full(pvalue.shape, np.nan)
    there = np.isfinite(pvalue)
    if there.any():
        out[there] = false_discovery_control(pvalue[there])
    return out
