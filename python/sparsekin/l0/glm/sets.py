"""The inner minimum of a bound: which columns are in, in which tasks, given what each gains and a place costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.exact.relaxation import Marks
from sparsekin.l0.problem import Problem

SWEEPS = 20
ENOUGH = 1e-9  # share by which another sweep must raise what there is


@dataclass(frozen=True, slots=True, eq=False)
class OneSet:
    """One set of columns, of one task or common to all: gains (p,), marks (1, p), at most `size` are in."""

    gains: Floats
    marks: Marks
    size: int

    @property
    def _room(self) -> int:
        return self.size - int((self.marks[0] == 1).sum())

    def least(self, tau: Floats, deadline: float) -> tuple[float, Floats]:
        """What the best set adds; infinite where more is in than may be."""
        if self._room < 0:
            return np.inf, tau
        free = np.sort(np.maximum(self.gains[self.marks[0] == -1], 0.0))[::-1]
        return -float(self.gains[self.marks[0] == 1].sum() + free[: self._room].sum()), tau

    def fix(self, tau: Floats, room: float) -> Marks:
        """Taking one in costs the last of the best, leaving one out gives the next."""
        free = self.marks[0] == -1
        order = np.sort(np.maximum(self.gains[free], 0.0))[::-1]
        places = self._room
        last = np.inf if places <= 0 else order[places - 1] if places <= len(order) else 0.0
        following = order[places] if 0 <= places < len(order) else 0.0
        out = self.marks.copy()
        out[0, free & (last - self.gains >= room)] = 0
        out[0, free & (self.gains - following >= room) & (self.gains >= last)] = 1
        return out


@dataclass(frozen=True, slots=True, eq=False)
class SeveralSets:
    """A set per task, tied by the Zbar term, and by lambda_2 where all sets of tasks are looked at.

    ====== ========== ======================================================================
    field  shape      meaning
    ====== ========== ======================================================================
    gains  (p, K)     of a column alone in a task
    marks  (K, p)     what is decided
    sizes  (K,)       most that may be in
    zbar   (K + 1,)   what the Zbar term takes by the number of tasks that hold a column
    member (2^K, K)   sets of tasks; None where gains add up
    table  (2^K, p)   Zbar term less gain of a column in a set, infinite where that is ruled out
    ====== ========== ======================================================================
    """

    gains: Floats
    marks: Marks
    sizes: Ints
    zbar: Floats
    member: np.ndarray | None
    table: Floats | None

    @classmethod
    def of(
        cls, problem: Problem, u: Floats, marks: Marks, gain: Callable[[Problem, Floats], Floats] | None
    ) -> SeveralSets:
        """Of slopes u (p, K); with `gain`, that of a column in a set of tasks, over all sets."""
        K, m = problem.n_tasks, np.arange(problem.n_tasks + 1)
        lambda_z = problem.lambda_z if problem.support == "heterogeneous" else 0.0
        zbar = lambda_z / 2 * m * (K - m) / K
        gains = u**2 / (2 * problem.lambda_1)
        if gain is None:
            return cls(gains, marks, problem.s, zbar, None, None)
        member = (np.arange(2**K)[:, None] >> np.arange(K) & 1).astype(bool)
        table = np.array([zbar[S.sum()] - gain(problem, u[:, S]) for S in member])
        ruled_out = (member.astype(int) @ (marks == 0) > 0) | ((~member).astype(int) @ (marks == 1) > 0)
        return cls(gains, marks, problem.s, zbar, member, np.where(ruled_out, np.inf, table))

    def least(self, tau: Floats, deadline: float) -> tuple[float, Floats]:
        """tau_k, the others fixed, is best at the last of what columns gain by entering task k."""
        held = (self.marks == 1).sum(axis=1)
        if (held > self.sizes).any():
            return np.inf, tau
        tau = np.maximum(tau, 0.0) if (self.marks == -1).any() else np.zeros(len(tau))
        best, best_tau = self._value(tau), tau.copy()
        for _ in range(SWEEPS if (self.marks == -1).any() else 0):
            for k in range(len(tau)):
                if time.perf_counter() > deadline:
                    return best, best_tau
                tau[k] = self._best_price(tau, k, int(self.sizes[k] - held[k]))
            value = self._value(tau)
            if value <= best + ENOUGH * abs(best):
                break
            best, best_tau = value, tau.copy()
        return best, best_tau

    def fix(self, tau: Floats, room: float) -> Marks:
        """What costs `room` or more is not."""
        out = self.marks.copy()
        for k in range(len(tau)):
            without, within = self._cheapest(tau, k)
            within = within + tau[k]
            now, free = np.minimum(without, within), self.marks[k] == -1
            with np.errstate(invalid="ignore"):
                out[k, free & (without - now >= room)] = 1
                out[k, free & (within - now >= room)] = 0
        return out

    def _value(self, tau: Floats) -> float:
        without, within = self._cheapest(tau, 0)
        return float(np.minimum(without, within + tau[0]).sum() - tau @ self.sizes)

    def _best_price(self, tau: Floats, k: int, room: int) -> float:
        without, within = self._cheapest(tau, k)
        free = self.marks[k] == -1
        worth = np.sort(without[free] - within[free])[::-1]
        if room >= len(worth):
            return max(0.0, 0.0 if room else float(worth.max(initial=0.0)))
        return max(float(worth[max(room - 1, 0)]), 0.0)

    def _cheapest(self, tau: Floats, k: int) -> tuple[Floats, Floats]:
        """(p,) least cost of a column over sets of the other tasks, without task k and with it (its tau left out)."""
        if self.member is not None and self.table is not None:
            price = np.where(self.member, tau, 0.0)
            price[:, k] = 0.0
            costs = self.table + price.sum(axis=1, keepdims=True)
            return costs[~self.member[:, k]].min(axis=0), costs[self.member[:, k]].min(axis=0)
        others = np.delete(np.arange(len(tau)), k)
        decided = self.marks[others].T
        costs = tau[others] - self.gains[:, others]
        inside = (decided == 1).sum(axis=1)
        known = np.where(decided == 1, costs, 0.0).sum(axis=1)
        free = np.sort(np.where(decided == -1, costs, np.inf), axis=1)
        sums = np.concatenate([np.zeros((len(free), 1)), np.cumsum(free, axis=1)], axis=1) + known[:, None]
        sizes = np.minimum(inside[:, None] + np.arange(len(tau)), len(tau) - 1)
        without = (sums + self.zbar[sizes]).min(axis=1)
        within = (sums + self.zbar[sizes + 1]).min(axis=1) - self.gains[:, k]
        return np.where(self.marks[k] == 1, np.inf, without), np.where(self.marks[k] == 0, np.inf, within)
