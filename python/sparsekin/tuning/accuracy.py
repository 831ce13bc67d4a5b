"""How surely the measures of `judge` are known: standard errors from the rows that were judged, predictors as given.

Means over rows, and what is made of them, by the delta method: sum of squared influences of the rows, with the divisor
n - 1 of a variance. AUC as DeLong, DeLong and Clarke-Pearson (1988), of trials as if they were rows; Harrell's C by the
infinitesimal jackknife over rows, as R's `survival::concordance(..., timewt = "n")`. Calibration: the model fitted, see
`sparsekin.losses.recalibrate`. Weights count beside each other only.
"""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.losses.base import Loss
from sparsekin.losses.families import inverse_link
from sparsekin.losses.recalibrate import recalibrate
from sparsekin.tuning.family_metrics import auc, comparable_pairs, places, won
from sparsekin.tuning.judge import NOTHING, Rows, beside_null, rows_judged


def standard_errors(blocks: TaskBlocks, k: int, eta: Floats) -> dict[str, float]:
    """Of each measure that `judge` has of linear predictors eta (n_k,) of task k; NaN or absent where not defined.

    That the predictors are estimated is not counted: they are of other rows.
    """
    rows = rows_judged(blocks, k, eta)
    if len(rows.at) < 2:
        return {}
    found = {"explained": _of_explained(blocks, k, rows), **_of_measures(rows)}
    if rows.events != 0:
        calibration = recalibrate(rows.family, rows.y, rows.eta, rows.weights, rows.strata, blocks.ties)
        found |= {"cal_intercept": calibration.intercept_se, "cal_slope": calibration.slope_se}
    return found


def error_of_mean(influence: Floats, weights: Floats | None = None) -> float:
    """Standard error of a weighted mean, from what each of n rows adds to it beyond its value; n - 1 in the divisor."""
    w, n = np.ones(len(influence)) if weights is None else weights, len(influence)
    return float(np.sqrt(n / (n - 1) * np.sum((w * influence) ** 2)) / w.sum()) if n > 1 else float("nan")


def auc_error(y: Floats, score: Floats, trials: Floats | None = None, weights: Floats | None = None) -> float:
    """Standard error of the AUC; y (n,) are shares of successes of `trials`, outcomes where these are None.

    NaN with fewer than two successes or failures.
    """
    size = np.ones(len(y)) if trials is None else trials
    w = np.ones(len(y)) if weights is None else weights
    ones, zeros = size * y, size * (1 - y)
    if min(ones.sum(), zeros.sum()) < 2:
        return float("nan")
    place = places(score[None])[0].astype(np.int64)
    whole = auc(y, score, w * size)
    variance = 0.0
    for own, other, above in ((ones, zeros, True), (zeros, ones, False)):
        mass = np.bincount(place, w * other)
        below = (np.cumsum(mass) - mass / 2) / mass.sum()
        share = (below if above else 1 - below)[place]
        n = own.sum()
        variance += n / (n - 1) * float(np.sum(w**2 * own * (share - whole) ** 2)) / float(w @ own) ** 2
    return float(np.sqrt(variance))


def concordance_error(y: Floats, score: Floats, strata: Ints | None = None, weights: Floats | None = None) -> float:
    """Standard error of `concordance`; NaN without comparable pairs."""
    n = len(y)
    place = places(score[None])[0]
    right, pairs = np.zeros(n), np.zeros(n)  # of the pairs that a row is in, times weights of both
    for a, b, size in comparable_pairs(y, strata, weights):
        half = size * won(place[a], place[b])
        for rows in (a, b):
            right += np.bincount(rows, half, n)
            pairs += np.bincount(rows, size, n)
    total = pairs.sum() / 2
    if total == 0:
        return float("nan")
    return float(np.linalg.norm(right - (right.sum() / 2 / total) * pairs)) / total


def _of_measures(rows: Rows) -> dict[str, float]:
    """Of what `measures` names of the family."""
    y, eta, w = rows.shares, rows.eta, rows.weights
    if rows.family == "cox":
        return {"concordance": concordance_error(rows.y, eta, rows.strata, w)}
    mean = inverse_link(rows.family, eta)
    if rows.family == "binomial":
        return _of_probabilities(rows, mean)
    squares = (y - mean) ** 2
    if rows.family == "poisson":
        squares = squares / np.maximum(mean, 1e-300)
    whole = float(np.average(squares, weights=w))
    se = error_of_mean(squares - whole, w)
    if rows.family == "poisson":
        return {"dispersion": se}
    return {"rmse": se / (2 * np.sqrt(whole)) if whole > 0 else float("nan")}


def _of_probabilities(rows: Rows, mean: Floats) -> dict[str, float]:
    """Of AUC and Brier scores; trials of a row are told apart."""
    w = np.ones(len(mean)) if rows.weights is None else rows.weights
    trials = rows.y.sum(axis=1) if rows.y.ndim == 2 else None
    out = {"auc": auc_error(rows.shares, rows.eta, trials, rows.weights)}
    size = np.ones(len(w)) if trials is None else trials
    counts = np.concatenate([size * rows.shares, size * (1 - rows.shares)])  # successes, then failures
    y, p, w = np.repeat([1.0, 0.0], len(mean)), np.tile(mean, 2), np.tile(w, 2)
    loss, n = (y - p) ** 2, counts.sum()
    total = float(w @ counts)
    score, share = float(w * loss @ counts) / total, float(w * y @ counts) / total
    around = share * (1 - share)
    scaled = (loss - score - score / around * (1 - 2 * share) * (y - share)) / around if around > 0 else np.nan * loss
    for name, influence in (("brier", loss - score), ("brier_scaled", scaled)):
        out[name] = float(np.sqrt(n / (n - 1) * np.sum(counts * (w * influence) ** 2))) / total
    return out


def _of_explained(blocks: TaskBlocks, k: int, rows: Rows) -> float:
    """Of one less the ratio of two mean deviances; that the second model is fitted changes nothing (envelope)."""
    loss, eta, null = beside_null(blocks, k, rows)
    around = 2 * loss.value(null)
    if around <= NOTHING * loss.scale:
        return float("nan")
    ratio = 2 * loss.value(eta) / around
    influence = (_said(loss, eta) - ratio * _said(loss, null)) / around
    counts = loss.omega > 0
    return error_of_mean(influence[counts], loss.omega[counts])


def _said(loss: Loss, eta: Floats) -> Floats:
    """(n,) what the mean deviance moves by with the weight of each row, up to what is the same of all.

    Of cox a row is in the risk sets of others too: its deviance and twice what is expected of it, less its event.
    """
    deviance = loss.unit_deviance(eta)
    return deviance - 2 * loss.error(eta) if loss.family == "cox" else deviance
