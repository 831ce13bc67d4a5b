"""Survival curves from a partial likelihood: S(t | eta) = exp(-H0(t) exp(eta)) with the baseline hazard H0 of a fit."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.losses.cox import Cox


def survival(loss: Cox, fitted: Floats, eta: Floats, times: Floats, strata: Ints | None = None) -> Floats:
    """(n, m) probabilities to be free of the event at m times, of rows with linear predictors eta (n,).

    `fitted` are the linear predictors of the rows of the loss; `strata` (n,) those of the new rows, by default the
    first. NaN for a stratum without events.
    """
    out = np.full((len(eta), len(times)), np.nan)
    where = np.zeros(len(eta), np.int64) if strata is None else strata
    origin = float(np.median(fitted)) if len(fitted) else 0.0  # far from 0 the hazard of eta = 0 is no number
    for g, (when, hazard) in enumerate(loss.baseline(fitted - origin)):
        if rows := np.flatnonzero(where == g).tolist():
            H = np.concatenate([[0.0], hazard])[np.searchsorted(when, times, side="right")]
            with np.errstate(divide="ignore"):
                out[rows] = np.exp(-np.exp(np.minimum(np.log(H) + eta[rows, None] - origin, 700.0)))
    return out
