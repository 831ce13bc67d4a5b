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
_ROUNDING = 1e-9  # of the spread of the scores: those that are nearer to each other are the same
_DIGITS = 1e-14  # of the largest score: what a spread that is itself rounding does not exceed


def places(scores: Floats) -> Floats:
    """(m, n) places of scores (m, n) within their row, 0 for the lowest, ties the same; NaN of NaN.

    Scores that differ by rounding are ties: rows of equal columns can differ in the last digits of their predictors.
    """
    if not scores.shape[1]:
        return np.zeros(scores.shape)
    order = np.argsort(scores, axis=1, kind="stable")
    risen = np.take_along_axis(scores, order, axis=1)
    with np.errstate(invalid="ignore"):
        gaps, finite = np.diff(risen, axis=1), np.where(np.isfinite(scores), scores, 0.0)
        spread = np.max(scores, axis=1, initial=-np.inf, where=np.isfinite(scores)) - np.min(
            scores, axis=1, initial=np.inf, where=np.isfinite(scores)
        )
        least = np.maximum(_ROUNDING * spread, _DIGITS * np.abs(finite).max(axis=1))
        steps = np.cumsum(gaps > least[:, None], axis=1)
    out = np.zeros(scores.shape)
    np.put_along_axis(out, order[:, 1:], steps.astype(float), axis=1)
    out[np.isnan(scores)] = np.nan
    return out


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
        return (rankdata(places(scores), axis=1)[:, y == 1].sum(axis=1) - n1 * (n1 + 1) / 2) / (n1 * (len(y) - n1))
    return np.array([auc(y, one, weights) for one in scores], float)


def auc(y: Floats, score: Floats, weights: Floats | None = None) -> float:
    """Probability that a row with outcome 1 has the higher score, ties half; NaN where one outcome is missing.

    NaN too where a score is.
    """
    w = np.ones(len(y)) if weights is None else weights
    total, place = (w @ y) * (w @ (1 - y)), places(score[None])[0]
    if total <= 0 or np.isnan(place).any():
        return float("nan")
    if weights is None and set(np.unique(y)) <= {0.0, 1.0}:
        n1 = y.sum()
        return float((rankdata(place)[y == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * (len(y) - n1)))
    group = place.astype(np.int64)
    ones, zeros = np.bincount(group, w * y), np.bincount(group, w * (1 - y))
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
    right, pairs, place = np.zeros(len(scores)), 0.0, places(scores)
    for a, b, size in comparable_pairs(y, strata, weights):
        pairs += size.sum()
        for m, own in enumerate(place):
            right[m] += float(size @ won(own[a], own[b]))
    return right / pairs if pairs > 0 else np.full(len(scores), np.nan)


def won(place: Floats, other: Floats) -> Floats:
    """(m,) 1 where a place is the higher, half where they are the same, else 0; NaN of NaN."""
    return (1 + np.sign(place - other)) / 2


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
