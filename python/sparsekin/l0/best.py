"""The best supports met so far, how two of them compare, and what single moves can still bring."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.polish import refit_value
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Search, Supports, as_mask

TIE = 1e-11  # differences of F in a task below this share of it are none
RECKONED = 1e-6  # the same where one value is of a refit and the other of a search


@dataclass(slots=True)
class Best:
    """The best supports met so far: task by task where nothing ties the tasks."""

    values: Floats = field(default_factory=lambda: np.array([-np.inf]))
    supports: Supports = field(default_factory=list)
    moves: int = 0
    interrupted: bool = False
    whole: bool = False  # every support was looked at

    @classmethod
    def of_nothing(cls, n_tasks: int) -> Best:
        """No column anywhere."""
        return cls(supports=[np.empty(0, np.int32)] * n_tasks)

    def replace(self, later: Best) -> None:
        """Take over what a search that started from here found; moves add up."""
        if not self.supports or lead(later.values, self.values) >= 0:
            self.values, self.supports = later.values, later.supports
        self.moves += later.moves
        self.interrupted = later.interrupted

    def offer(self, search: Search) -> None:
        """Keep what `search` holds where it is better."""
        values = search.values()
        if not self.supports or (search.tied and lead(values, self.values) > 0):
            self.values, self.supports = values, search.supports()
        elif not search.tied and (better := values > self.values).any():
            self.values = np.where(better, values, self.values)
            met = zip(better, search.supports(), self.supports, strict=True)
            self.supports = [new if take else old for take, new, old in met]

    def consider(self, problem: Problem, supports: Supports) -> None:
        """Keep supports that no search could hold where their refit is better; lambda_2 > 0."""
        value = -refit_value(problem, as_mask(problem, supports))
        if not self.supports or value > float(self.values[0]) + RECKONED * abs(float(self.values[0])):
            self.values, self.supports = np.array([value]), [np.sort(S) for S in supports]


def lead(a: Floats, b: Floats) -> float:
    """How far values `a` are above `b`, part by part: what is rounding in one task says nothing against another's."""
    if not np.isfinite(b).all():
        return np.inf
    difference = a - b
    rounding = TIE * np.maximum(np.abs(a), np.abs(b))
    return float(difference[np.abs(difference) > rounding].sum())


@dataclass(frozen=True, slots=True)
class Left:
    """What single moves can still bring.

    ======= ===== ========================================================================
    field   type  meaning
    ======= ===== ========================================================================
    gain    float the largest gain
    settled bool  no move in any task gains more than the tolerance of that task
    ======= ===== ========================================================================
    """

    gain: float
    settled: bool

    @classmethod
    def nothing(cls) -> Left:
        """No move brings anything."""
        return cls(0.0, True)

    def and_of(self, search: Search) -> Left:
        """With the moves of one more search."""
        gains = search.best_gains()
        settled = self.settled and bool(np.all(gains <= search.tolerances()))
        return Left(max(self.gain, float(gains.max(initial=0.0))), settled)
