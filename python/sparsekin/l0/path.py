"""Solutions over a list of support sizes from one walk up through them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, is_coupled, open_search
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import solution_of
from sparsekin.l0.state import Workspace, open_workspace


@dataclass(frozen=True, slots=True, eq=False)
class SizePath:
    """Supports at each of m sizes; the exact refit is made when a solution is asked for.

    ========= ============ ================================
    field     shape        meaning
    ========= ============ ================================
    problem   Problem      with `s` of the largest size
    sizes     m            ascending
    supports  m of K       column numbers at each size
    seconds   float        wall time of the walk
    ========= ============ ================================
    """

    problem: Problem
    sizes: tuple[int, ...]
    supports: tuple[Supports, ...]
    seconds: float

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, i: int) -> Solution:
        at_size = replace(self.problem, s=np.full(self.problem.n_tasks, self.sizes[i]))
        return solution_of(at_size, self.supports[i], time.perf_counter())

    def __iter__(self) -> Iterator[Solution]:
        return (self[i] for i in range(len(self)))


def path_over_s(problem: Problem, sizes: Iterable[int]) -> SizePath:
    """Local optima at each size, every one started from the one before.

    Every move looks at all columns; memory grows with p times the largest size.

    Parameters
    ----------
    problem : Problem
        Its own `s` is not used; lambda_2 must be 0.
    sizes : iterable of int
        Support sizes, the same for all tasks.

    Returns
    -------
    SizePath
    """
    if is_coupled(problem):
        raise ValueError("path_over_s walks with lambda_2 = 0 only.")
    started = time.perf_counter()
    wanted = tuple(sorted(set(sizes)))
    problem = replace(problem, s=np.full(problem.n_tasks, wanted[-1]))
    workspace = open_workspace(problem)
    supports = _walk(workspace)
    return SizePath(problem, wanted, tuple(supports[size] for size in wanted), time.perf_counter() - started)


def _walk(workspace: Workspace) -> list[Supports]:
    """Supports at sizes 0, ..., s."""
    search = open_search(workspace, workspace.views(np.arange(workspace.problem.n_features, dtype=np.int32)))
    out = []
    for size in range(int(workspace.problem.s.max()) + 1):
        search.resize([size] * len(search.sizes()))
        search.polish()
        out.append(search.supports())
    return out
