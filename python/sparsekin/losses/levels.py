"""The constants that fit best beside linear predictors: the level of rows of which only differences are asked for."""

from __future__ import annotations

import numpy as np
from scipy.special import logit, logsumexp

from sparsekin.data.blocks import Floats
from sparsekin.losses.base import RowLoss

STEPS = 60
CLOSE = 1e-9  # of the level, a step below which is the last
LEAST = 1e-9  # mean outcome whose level is looked for: of no and of yes alone there is none


def best_levels(loss: RowLoss, eta: Floats) -> Floats:
    """(m,) the a with the least deviance of eta + a, for predictors (m, n) of binomial or poisson outcomes."""
    w = loss.omega / loss.omega.sum()
    mean, seen = max(float(w @ loss.y), LEAST), w > 0
    if loss.family == "poisson":
        return np.asarray(np.log(mean) - logsumexp(eta[:, seen], axis=1, b=w[seen]))
    return _log_odds(loss, eta, w, float(logit(min(mean, 1 - LEAST))))


def _log_odds(loss: RowLoss, eta: Floats, w: Floats, centre: float) -> Floats:
    """Newton's steps, and halves of the interval where a can be: `centre` less the largest and the least of eta."""
    low, high = centre - eta[:, w > 0].max(axis=1), centre - eta[:, w > 0].min(axis=1)
    a = np.clip(centre - eta @ w, low, high)
    for _ in range(STEPS):
        moved = eta + a[:, None]
        slope, curved = loss.error(moved) @ w, loss.variance(moved) @ w
        low, high = np.where(slope > 0, a, low), np.where(slope > 0, high, a)
        step = a + slope / np.maximum(curved, 1e-300)
        step = np.where((step >= low) & (step <= high), step, (low + high) / 2)
        done = np.abs(step - a) <= CLOSE * (1 + np.abs(a))
        a = step
        if done.all():
            break
    return np.asarray(a)
