"""Standard errors that hold where rows of a group go together: scores are summed over groups (Liang and Zeger 1986)."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, Ints


def sandwich_errors(scores: Floats, bread: Floats, groups: Ints, used: int) -> Floats:
    """(m,) roots of the diagonal of bread S'S bread, S the sums over groups, for G groups of n rows times
    G / (G - 1) (n - 1) / (n - used); NaN with one group.

    Parameters
    ----------
    scores : (n, m)
        Of each row, summing to 0.
    bread : (m, m) or (m,)
        The inverse information; (m,) where each column is a model of its own.
    groups : (n,) int
    used : int
        Coefficients estimated.
    """  # noqa: D205
    labels, codes = np.unique(groups, return_inverse=True)
    G, n = len(labels), len(groups)
    if G < 2 or n <= used:
        return np.full(scores.shape[1], np.nan)
    sums = np.zeros((G, scores.shape[1]))
    np.add.at(sums, codes, scores)
    parts = sums @ bread if bread.ndim == 2 else sums * bread
    return np.asarray(np.sqrt(G / (G - 1) * (n - 1) / (n - used)) * np.linalg.norm(parts, axis=0))


def n_groups(groups: Ints) -> int:
    """G."""
    return len(np.unique(groups))
