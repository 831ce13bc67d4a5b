"""How well outcomes of each family are predicted: deviance, AUC, Brier score, concordance, dispersion."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import rankdata

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.data.profile import unpenalised_columns
from sparsekin.losses.base import Loss
from sparsekin.losses.refit import null_model

_PIECE = 2_000_000  # pairs of rows looked at together


def null_predictor(blocks: TaskBlocks, k: int, loss: Loss) -> Floats:
    """(n_k,) the linear predictor of the unpenalised columns alone, offset included."""
    U = unpenalised_columns(blocks, k)
    if blocks.intercept and not loss.constants:
        U = U[:, 1:]
    return null_model(loss, U).eta


def aucs(y: Floats, scores: Floats, weights: Floats | None = None) -> Floats:
    """(m,) `auc` of scores (m, n)."""
    if weights is not None and len(weights) and np.all(weights == weights[0]) and weights[0] > 0:
        weights = None
    n1 = y.sum()
    if weights is None and 0 < n1 < len(y) and set(np.unique(y)) <= {0.0, 1.0}:
        return (rankdata(scores, axis=1)[:, y == 1].sum(axis=1) - n1 * (n1 + 1) / 2) / (n1 * (len(y) - n1))
    return np.array([auc(y, one, weights) for one in scores], float)


def auc(y: Floats, score: Floats, weights: Floats | None = None) -> float:
    """Probability that a row with outcome 1 has the higher score, ties half; NaN where one outcome is missing."""
    w = np.ones(len(y)) if weights is None else weights
    total = (w @ y) * (w @ (1 - y))
    if total <= 0:
        return float("nan")
    if weights is None and set(np.unique(y)) <= {0.0, 1.0}:
        n1 = y.sum()
        return float((rankdata(score)[y == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * (len(y) - n1)))
    order = np.argsort(score, kind="stable")
    _, group = np.unique(score[order], return_inverse=True)
    ones, zeros = np.bincount(group, (w * y)[order]), np.bincount(group, (w * (1 - y))[order])
    below = np.cumsum(zeros) - zeros
    return float(ones @ (below + zeros / 2) / total)


def brier(y: Floats, mean: Floats, weights: Floats | None = None) -> float:
    """Mean squared difference of outcome and probability; of shares of successes y, over their trials."""
    return float(np.average(y * (1 - mean) ** 2 + (1 - y) * mean**2, weights=weights))


def scaled_brier(y: Floats, mean: Floats, weights: Floats | None = None) -> float:
    """1 less the ratio of the Brier score to that of the share of ones; NaN where one outcome is missing."""
    share = float(np.average(y, weights=weights))
    return 1 - brier(y, mean, weights) / (share * (1 - share)) if 0 < share < 1 else float("nan")


def dispersion(y: Floats, mean: Floats, parameters: float, weights: Floats | None = None) -> float:
    """Pearson chi-square over residual degrees of freedom, weights of mean 1; about 1 for Poisson counts."""
    w = np.ones(len(y)) if weights is None else weights
    n = np.count_nonzero(w)
    mean_square = np.average((y - mean) ** 2 / np.maximum(mean, 1e-300), weights=w)
    return float(n * mean_square / (n - parameters)) if n > parameters else float("nan")


def concordance(y: Floats, score: Floats, strata: Ints | None = None, weights: Floats | None = None) -> float:
    """Share of comparable pairs of one stratum whose earlier event has the higher score, ties of scores half.

    Comparable: one row has its event while the other is at risk and stays on. NaN without such pairs.
    """
    return float(concordances(y, score[None], strata, weights)[0])


def concordances(y: Floats, scores: Floats, strata: Ints | None = None, weights: Floats | None = None) -> Floats:
    """(m,) `concordance` of scores (m, n)."""
    right, pairs = np.zeros(len(scores)), 0.0
    for a, b, size in comparable_pairs(y, strata, weights):
        pairs += size.sum()
        for m, score in enumerate(scores):
            right[m] += float(size @ ((score[a] > score[b]) + (score[a] == score[b]) / 2))
    return right / pairs if pairs > 0 else np.full(len(scores), np.nan)


def comparable_pairs(
    y: Floats, strata: Ints | None = None, weights: Floats | None = None
) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Pairs that `concordance` compares, some at a time: (m,) rows with the event, (m,) others, (m,) their weights."""
    stop, died = y[:, -2], y[:, -1] > 0
    start = y[:, 0] if y.shape[1] == 3 else np.full(len(y), -np.inf)
    group = np.zeros(len(y), int) if strata is None else strata
    w = np.ones(len(y)) if weights is None else weights
    events = np.flatnonzero(died & (w > 0))
    step = max(_PIECE // max(len(y), 1), 1)
    for first in range(0, len(events), step):
        i = events[first : first + step, None]
        later = (stop > stop[i]) | ((stop == stop[i]) & ~died)
        there = later & (start < stop[i]) & (group == group[i])
        both = np.where(there, w * w[i], 0.0)
        a, b = np.nonzero(both)
        yield i[a, 0], b, both[a, b]
