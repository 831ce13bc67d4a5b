"""From statistics of simple regressions and correlations of columns to moments. NumPy only.

A simple regression (with an intercept) of y on column j in n rows has slope b, standard error e and t = b / e. With
r_j the correlation of the two, RSS_j = S_yy (1 - r_j^2) and e^2 = RSS_j / ((n - 2) S_jj), so that exactly

    r_j = t_j / sqrt(n - 2 + t_j^2),    S_jj / S_yy = 1 / (e_j^2 (n - 2) + b_j^2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from sparsekin.data.blocks import Floats
from sparsekin.data.task_moments import TaskMoments

_NOTHING = 1e-10  # share of the largest eigenvalue below which one is 0
_NEGATIVE = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """What correlations R (p, p) say of all columns together.

    ========= ====== ==================================================================================
    field     shape  meaning
    ========= ====== ==================================================================================
    least     float  smallest eigenvalue of R
    rank      int    eigenvalues that are not 0
    explained (m, m) r'R^+ r: shares (and products) of the variances of m outcomes that the columns explain
    outside   (m,)   largest part of r in directions in which the columns do not vary
    ========= ====== ==================================================================================
    """

    least: float
    rank: int
    explained: Floats
    outside: Floats


def correlations(t: Floats, n: float) -> Floats:
    """Correlations with the outcome from t statistics of simple regressions in n rows."""
    return np.asarray(t / np.sqrt(n - 2 + t**2))


def relative_sd(beta: Floats, se: Floats, n: float) -> Floats:
    """(p,) standard deviations of the columns over that of the outcome."""
    return np.asarray(1 / np.sqrt(se**2 * (n - 2) + beta**2))


def shrunk(R: Floats, share: float) -> Floats:
    """(1 - share) R + share I."""
    out = R * (1 - share)
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)


def shrinkage(R: Floats, n: float) -> float:
    """Share of I that leaves correlations R of a sample of n rows the least expected error.

    sum Var(r_ij) / sum r_ij^2 over i != j (Schäfer and Strimmer 2005, table 2 D), the variance of a sample correlation
    of normal columns, (1 - r^2)^2 / (n - 1), in place of its estimate from rows; at most 1.
    """
    upper = R[np.triu_indices(len(R), 1)] ** 2
    total = float(upper.sum())
    return min(1.0, float(np.sum((1 - upper) ** 2)) / (n - 1) / total) if total > 0 else 1.0


def joint(R: Floats, r: Floats) -> Joint:
    """Eigenvalues of R (p, p), one group of correlated columns after the other, and what they say of r (p, m)."""
    m = r.shape[1]
    groups, label = connected_components(R != 0, directed=False)
    least, rank, explained, outside = 1.0, 0, np.zeros((m, m)), np.zeros(m)
    order = np.argsort(label, kind="stable")
    for at in np.split(order, np.cumsum(np.bincount(label, minlength=groups))[:-1]):
        values, vectors = np.linalg.eigh(R[np.ix_(at, at)])
        least = min(least, float(values[0]))
        kept = values > _NOTHING * max(values[-1], 1.0)
        rank += int(kept.sum())
        turned = vectors.T @ r[at]
        explained += (turned[kept].T / values[kept]) @ turned[kept]
        outside = np.maximum(outside, np.abs(turned[~kept]).max(axis=0, initial=0.0))
    return Joint(least, rank, explained, outside)


def is_indefinite(found: Joint) -> bool:
    """Whether R has an eigenvalue that is negative by more than rounding."""
    return found.least < -_NEGATIVE


def needed_share(found: Joint) -> float:
    """The least share of I at which no eigenvalue is negative, to two digits, rounded up."""
    share = -found.least / (1 - found.least)
    unit = 10 ** (np.floor(np.log10(share)) - 1)
    return float(np.ceil(share / unit) * unit)


def summary_moments(
    R: Floats, r: Floats, n: float, sd: Floats, mean: Floats, y_sd: Floats, explained: Floats
) -> TaskMoments:
    """Moments of n rows of the columns [X, y] with correlations R (p, p), and r (p, m) with the outcomes.

    Outcomes are correlated as far as the columns explain it, `explained` (m, m): no sum of squared errors of one
    outcome depends on it.
    """
    p, m = r.shape
    C = np.eye(p + m)
    C[:p, :p], C[:p, p:], C[p:, :p] = R, r, r.T
    together = explained.copy()
    np.fill_diagonal(together, 1.0)
    C[p:, p:] = together
    scale = np.concatenate([sd, y_sd])
    cross = n * np.multiply.outer(scale, scale) * C
    shift = np.concatenate([mean, np.zeros(m)])
    return TaskMoments(round(n), float(n), shift, np.zeros(p + m), cross)
