"""dev(y, eta) / 2 = log(1 + exp(eta)) - y eta + y log y + (1 - y) log(1 - y), y a share of successes: logistic.

Of trials (successes, failures) y is the share and their number a weight, so that f is a mean over trials.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import entr, expit, logit

from sparsekin.data.blocks import Floats
from sparsekin.errors import DataError
from sparsekin.losses.base import RowLoss, counted, row_weights, zeros_if_none


@dataclass(frozen=True, eq=False)
class Binomial(RowLoss):
    """Logistic; safe from overflow, and to full relative accuracy where y is 0 or 1."""

    family = "binomial"

    @cached_property
    def _entropy(self) -> Floats:
        return np.asarray(entr(self.y) + entr(1 - self.y))

    def half_deviance(self, eta: Floats) -> Floats:
        """See above."""
        size = np.abs(eta)
        against = np.where(eta > 0, 1 - self.y, self.y)
        return np.asarray(np.maximum(size * against + np.log1p(np.exp(-size)) - self._entropy, 0.0))

    def error(self, eta: Floats) -> Floats:
        """Y - probability."""
        return np.asarray(self.y * expit(-eta) - (1 - self.y) * expit(eta))

    def variance(self, eta: Floats) -> Floats:
        """Probability times its complement."""
        return np.asarray(expit(eta) * expit(-eta))

    def dual(self, error: Floats) -> float:
        """The entropy of the probabilities y - error beside that of y."""
        found = entr(self.y - error) + entr((1 - self.y) + error)
        return float(self.omega @ (found - self._entropy))

    def link(self, mean: Floats) -> Floats:
        """Log odds."""
        return np.asarray(logit(mean))

    def inverse_link(self, eta: Floats) -> Floats:
        """Probability."""
        return np.asarray(expit(eta))


def shares_of(y: Floats) -> Floats:
    """(n,) shares of successes, as they are or of (n, 2) successes and failures; 0 where there are no trials."""
    if y.ndim == 1:
        return y
    trials = y.sum(axis=1)
    return np.divide(y[:, 0], trials, out=np.zeros(len(y)), where=trials > 0)


def binomial(y: Floats, weights: Floats | None = None, offset: Floats | None = None, factor: float = 1.0) -> Binomial:
    """The loss of outcomes y: (n,) shares of successes, or (n, 2) successes and failures."""
    if y.ndim == 2:
        trials = y.sum(axis=1)
        weights = trials if weights is None else trials * weights
        y = shares_of(y)
    omega = row_weights(len(y), weights, factor)
    total = omega.sum()
    mean = float(np.clip(omega @ y / total, 0.0, 1.0))
    scale = float(total * (entr(mean) + entr(1 - mean)) - omega @ (entr(y) + entr(1 - y)))
    return Binomial(y, omega, zeros_if_none(len(y), offset), scale if scale > 1e-12 * total else float(total))


def check_binomial(y: Floats, weights: Floats | None, task: object) -> None:
    """Refuse outcomes that are not 0 and 1, or numbers of successes and failures.

    Raises
    ------
    DataError
    """
    seen = y[counted(len(y), weights)]
    if y.ndim == 2:
        _check_trials(seen, task)
        return
    values = np.unique(seen)
    if not np.isin(values, (0.0, 1.0)).all():
        shown = ", ".join(f"{value:g}" for value in values[:4]) + (", ..." if len(values) > 4 else "")
        raise DataError(
            f"Task '{task}' is binomial, but its outcome holds {shown}; code it as 0 and 1, true and false, or two "
            "texts."
        )


def _check_trials(y: Floats, task: object) -> None:
    if y.shape[1] != 2:
        raise DataError(f"Task '{task}' is binomial with {y.shape[1]} columns; give two, successes and failures.")
    if not np.isfinite(y).all() or (y < 0).any():
        worst = y[~np.isfinite(y) | (y < 0)][0]
        raise DataError(
            f"Task '{task}' is binomial, but its successes and failures hold {worst:g}; they are numbers of trials, 0 "
            "or more."
        )
