"""Rises of F in units of twice a log-likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from sparsekin.data.blocks import Bools, Floats
from sparsekin.l0.problem import Problem
from sparsekin.losses.tasks import weights_of

FURTHEST = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What F rises by in a task for each unit of 2 log-likelihood, and back.

    A task of squares has n log(RSS' / RSS), its variance being estimated; of other families twice the log-likelihood is
    the deviance. Where tasks choose together, what they choose is told at equal units from each.

    ======= ====== ====================================================================
    field   shape  meaning
    ======= ====== ====================================================================
    losses  (K,)   f_k of the fit, no penalties
    sizes   (K,)   rows of squares; else f_k per unit of 2 log-likelihood
    squares (K,)   bool
    common  bool   all tasks choose together
    ======= ====== ====================================================================
    """

    losses: Floats
    sizes: Floats
    squares: Bools
    common: bool

    @classmethod
    def of(cls, problem: Problem, losses: Floats) -> Units:
        """Of a fit with these f_k."""
        blocks, K = problem.blocks, problem.n_tasks
        squares = np.array([name == "gaussian" for name in blocks.families_said])
        each = [problem.task_weights[k] / (2 * _weight(problem, k)) for k in range(K)]
        sizes = np.where(squares, blocks.n_obs, each)
        return cls(losses, sizes, squares, problem.support == "common" and K > 1)

    def rise(self, unit: int, distance: float) -> float:
        """What F rises by at a distance from the fit, for unit `unit`: a task, or all of them."""
        tasks = range(len(self.losses)) if self.common else [unit]
        return float(sum(self._task(k, distance / len(tasks)) for k in tasks))

    def distance(self, unit: int, rise: float) -> float:
        """The distance at which F is that much higher."""
        if not self.common:
            return self._back(unit, rise)
        if not np.isfinite(rise) or rise == 0:
            return rise
        low, high = (0.0, FURTHEST) if rise > 0 else (-FURTHEST, 0.0)
        if self.rise(unit, high) <= rise:
            return high
        if self.rise(unit, low) >= rise:
            return -np.inf
        return float(optimize.brentq(lambda d: self.rise(unit, d) - rise, low, high))

    def price(self, losses: Floats) -> float:
        """Twice the log-likelihood that is lost with other f_k."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = self.sizes * np.log(losses / self.losses)
        return float(np.where(self.squares, logs, (losses - self.losses) / self.sizes).sum())

    def _task(self, k: int, distance: float) -> float:
        if not self.squares[k]:
            return float(self.sizes[k] * distance)
        with np.errstate(over="ignore"):
            return float(self.losses[k] * np.expm1(distance / self.sizes[k]))

    def _back(self, k: int, rise: float) -> float:
        if not self.squares[k]:
            return float(rise / self.sizes[k])
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(self.sizes[k] * np.log1p(max(rise / self.losses[k], -1.0))) if self.losses[k] > 0 else np.inf


def _weight(problem: Problem, k: int) -> float:
    """What the mean of task k's losses is divided by."""
    if problem.blocks.responses is None:
        return float(problem.blocks.weight_sums[k])
    return float(weights_of(problem.blocks, k).sum())
