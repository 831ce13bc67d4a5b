"""Down from a fit: the native search on the quadratic model, its answer refitted and taken only if F itself falls."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from sparsekin.l0.glm.fit import Fit, Supports, refit, supports_price
from sparsekin.l0.glm.frozen import Freezer, swapped
from sparsekin.l0.glm.memory import Memory
from sparsekin.l0.glm.moves import Move, rank
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Search

SHORTLIST = 20  # moves that are refitted before a fit is called the best around
QUICK = 2  # of them, where many fits are made of which few will count
FEW_TASKS = 8  # up to this many, moves are ranked anew after each that is made
TIE = 1e-9  # share of F without columns below which a difference of F is none


@dataclass(slots=True)
class Count:
    """What was done: exact refits looked at, moves made, and whether Ctrl-C or the deadline ended it."""

    refits: int = 0
    moves: int = 0


@dataclass(slots=True)
class Reached:
    """The last fit that a descent came to, for when it is interrupted; of whatever penalties it had then."""

    fit: Fit | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """A problem with what all searches of it share.

    ======== ======= ====================================
    field    type    meaning
    ======== ======= ====================================
    problem  Problem its s and penalties may be changed
    freezer  Freezer
    null     Fit     no columns
    deadline float   `time.perf_counter` to stop at
    memory   Memory
    count    Count
    shortlist int    moves refitted before a fit counts as the best around
    reached  Reached shared with what `on` makes
    ======== ======= ====================================
    """

    problem: Problem
    freezer: Freezer
    null: Fit
    deadline: float
    memory: Memory
    count: Count = field(default_factory=Count)
    shortlist: int = SHORTLIST
    reached: Reached = field(default_factory=Reached)

    @classmethod
    def open(cls, problem: Problem, deadline: float = np.inf, shortlist: int = SHORTLIST) -> Descent:
        """Fit the null model and read X once."""
        null = refit(problem, [np.empty(0, np.int32)] * problem.n_tasks)
        assert null is not None
        memory, freezer = Memory.empty(problem.n_tasks), Freezer.at_null(problem, null, deadline)
        return cls(problem, freezer, null, deadline, memory, shortlist=shortlist)

    def on(self, **changes: object) -> Descent:
        """The same with another s, lambda_z, lambda_2 or support."""
        return replace(self, problem=replace(self.problem, **changes))  # type: ignore[arg-type]

    @property
    def least(self) -> float:
        """What F must fall by."""
        return TIE * self.null.F

    @property
    def tied(self) -> bool:
        """Whether supports of different tasks answer to each other."""
        problem = self.problem
        return problem.n_tasks > 1 and (problem.lambda_z > 0 or problem.lambda_2 > 0 or problem.support == "common")

    def refit(self, supports: Supports, before: Fit, allowed: float = np.inf) -> Fit | None:
        """The exact refit; `TimeoutError` at the deadline."""
        if time.perf_counter() > self.deadline:
            raise TimeoutError
        self.count.refits += 1
        return refit(self.problem, supports, before, allowed, memory=self.memory)

    def again(self, fit: Fit) -> Fit:
        """The fit as it counts here: with this lambda_z; with lambda_2 its coefficients are others too."""
        if self.problem.lambda_2 > 0 or fit.bbar > 0:
            found = refit(self.problem, fit.supports, fit, fresh=True)
            assert found is not None
            return found
        price = supports_price(self.problem, fit.supports)
        return replace(fit, F=float(fit.values.sum()) + fit.bbar + price)

    def descend(self, fit: Fit, shortlist: int | None = None) -> Fit:
        """A fit that neither the model nor the `shortlist` best-ranked single and joint moves improve."""
        shortlist = self.shortlist if shortlist is None else shortlist
        while True:
            self.reached.fit = fit
            end = self._name(fit, shortlist)
            better = None if end in self.memory.ends else self._polished(fit) or self.first_better(fit, shortlist)
            if better is None:
                self.memory.ends.add(end)
                return fit
            self.count.moves += 1
            fit = better

    def so_far(self) -> Fit:
        """The last fit reached, as it counts here; that without columns where it is not one of this problem."""
        fit, problem = self.reached.fit, self.problem
        if fit is None or any(len(S) > s for S, s in zip(fit.supports, problem.s, strict=True)):
            return self.null
        if problem.support == "common" and any(not np.array_equal(S, fit.supports[0]) for S in fit.supports):
            return self.null
        return self.again(fit)

    def _name(self, fit: Fit, shortlist: int) -> object:
        """What an end of a descent is known by."""
        problem = self.problem
        how = (problem.s.tobytes(), problem.lambda_2, problem.lambda_z, problem.support, shortlist)
        return tuple(S.tobytes() for S in fit.supports), *how

    def resized(self, fit: Fit) -> Fit:
        """Entry, or exit of what is missed least, by the model until supports are full; refitted."""
        search = self.freezer.search(self.problem, fit)
        search.resize(search.sizes())
        return self.accepted(search, fit)

    def accepted(self, search: Search, before: Fit) -> Fit:
        """The refit of what a search holds, whatever its F."""
        found = self.refit(search.supports(), before)
        assert found is not None
        return found

    def _polished(self, fit: Fit) -> Fit | None:
        search = self.freezer.search(self.problem, fit)
        search.polish()
        new = search.supports()
        if all(np.array_equal(a, b) for a, b in zip(new, fit.supports, strict=True)):
            return None
        found = self.refit(new, fit, fit.F - self.least)
        return found if found is not None and fit.F - self.least > found.F else None

    def first_better(self, fit: Fit, shortlist: int) -> Fit | None:
        """The first of the best-ranked moves that lowers F; of many tasks, then those of other tasks that do."""
        now, touched = fit, np.zeros(self.problem.n_tasks, bool)
        for move in self.ranked(fit, shortlist):
            tasks = [k for k, _, _ in move.changes]
            if touched[tasks].any():
                continue
            found = self.refit(swapped(now.supports, move.changes), now, now.F - self.least)
            if found is not None and now.F - self.least > found.F:
                now = found
                touched[tasks] = True
                if touched.all() or len(touched) <= FEW_TASKS:
                    break
        return None if now is fit else now

    def ranked(self, fit: Fit, shortlist: int) -> list[Move]:
        """Moves worth a refit, the most promising first."""
        moves = rank(self.problem, self.freezer.gains(self.problem, fit), max(shortlist, 1))
        return moves[:1] if shortlist <= 1 else moves
