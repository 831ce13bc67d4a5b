"""Solutions at many settings of s, lambda_1, lambda_2 and lambda_z."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import solution_of, solve


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """m settings, one per row of a table: every combination of the values given.

    ========= ===== ==================================
    field     shape meaning
    ========= ===== ==================================
    s         (m,)  support size, the same in all tasks
    lambda_1  (m,)  ridge
    lambda_2  (m,)  Bbar
    lambda_z  (m,)  Zbar
    ========= ===== ==================================

    Rows are sorted by lambda_1, lambda_2, s, lambda_z, the last running fastest.
    """

    s: Ints
    lambda_1: Floats
    lambda_2: Floats
    lambda_z: Floats

    def __len__(self) -> int:
        return len(self.s)

    def at(self, problem: Problem, i: int) -> Problem:
        """`problem` with the i-th setting."""
        return replace(
            problem,
            s=np.full(problem.n_tasks, self.s[i]),
            lambda_1=float(self.lambda_1[i]),
            lambda_2=float(self.lambda_2[i]),
            lambda_z=float(self.lambda_z[i]),
        )


def cross(
    s: Iterable[int], lambda_1: Iterable[float], lambda_2: Iterable[float], lambda_z: Iterable[float]
) -> Settings:
    """Every combination of the values, each taken once."""
    axes = [np.unique(np.asarray(list(axis), float)) for axis in (lambda_1, lambda_2, s, lambda_z)]
    l1, l2, size, lz = (a.ravel() for a in np.meshgrid(*axes, indexing="ij"))
    return Settings(size.astype(np.int64), l1, l2, lz)


@dataclass(frozen=True, slots=True, eq=False)
class GridFit:
    """Supports at each of m settings; the exact refit is made when a solution is asked for.

    ========= ======== =======================================================
    field     shape    meaning
    ========= ======== =======================================================
    problem   Problem  the data; its own s and penalties are not used
    settings  m        Settings
    supports  m of K   column numbers, ascending
    objective (m,)     F
    finished  (m,)     bool, False where an interrupt came first
    seconds   float    wall time
    ========= ======== =======================================================
    """

    problem: Problem
    settings: Settings
    supports: tuple[Supports, ...]
    objective: Floats
    finished: np.ndarray
    seconds: float

    def __len__(self) -> int:
        return len(self.settings)

    def solution(self, i: int) -> Solution:
        """The exact refit at the i-th setting."""
        return solution_of(self.settings.at(self.problem, i), self.supports[i], time.perf_counter())


def solve_grid(
    problem: Problem, settings: Settings, *, effort: int = 1, step: Callable[[int], None] = lambda n: None
) -> GridFit:
    """Solve at every setting.

    Parameters
    ----------
    problem : Problem
    settings : Settings
    effort : {0, 1, 2}
    step : callable
        Called with the number of settings just finished.

    Returns
    -------
    GridFit
    """
    started = time.perf_counter()
    supports, values = [], []
    for i in range(len(settings)):
        found = solve(settings.at(problem, i), effort=effort)
        supports.append([np.flatnonzero(z).astype(np.int32) for z in found.support.T])
        values.append(found.objective)
        step(1)
    return GridFit(
        problem,
        settings,
        tuple(supports),
        np.array(values),
        np.ones(len(settings), bool),
        time.perf_counter() - started,
    )
