"""Local search on given candidates: one class per regime around its native state. Supports in, supports out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.polish import task_values
from sparsekin.l0.problem import Problem
from sparsekin.l0.state import Ids, Workspace

Supports = list[Ids]
SMALL = 1e-4  # share of F left below which a difference from F without columns is not accurate enough


@dataclass(slots=True)
class Search:
    """A native search on fixed candidates; coefficients are always the exact refit of the supports."""

    native: Any
    workspace: Workspace
    views: list[Any]
    lambda_z: float

    @property
    def problem(self) -> Problem:
        """What is solved."""
        return self.workspace.problem

    @property
    def tied(self) -> bool:
        """Whether the answer of one task depends on the others at all."""
        return self.problem.n_tasks > 1

    @property
    def moves(self) -> int:
        """Moves made so far."""
        return int(self.native.moves)

    def supports(self) -> Supports:
        """K arrays of column numbers, ascending."""
        return [np.sort(self.native.support(k)) for k in range(self.problem.n_tasks)]

    def holds(self, supports: Supports) -> bool:
        """Whether these are the supports, none of their columns refused."""
        return all(len(a) == len(b) for a, b in zip(self.supports(), supports, strict=True))

    def entered(self) -> Supports:
        """K arrays of column numbers in order of entry: loaded again, they give the same numbers to the last digit."""
        return [self.native.support(k) for k in range(self.problem.n_tasks)]

    def load(self, supports: Sequence[Ids]) -> None:
        """Start again from these supports."""
        raise NotImplementedError

    def sizes(self) -> list[int]:
        """The numbers of columns a full support has: (K,), or (1,) where all tasks grow together."""
        return [int(self.problem.s.min())] if self.problem.support == "common" else self.problem.s.tolist()

    def set_lambda_z(self, lambda_z: float) -> None:
        """Go on with another lambda_z."""
        self.lambda_z = lambda_z

    def set_caps(self, sizes: Sequence[int]) -> None:
        """Go on with other largest sizes."""
        for k, size in enumerate(sizes):
            self.native.set_cap(k, int(size))

    def resize(self, sizes: Sequence[int]) -> None:
        """Greedy entry, or exit of what is missed least, until supports have these sizes."""
        raise NotImplementedError

    def polish(self, joint: bool = True, pairs: bool = False) -> None:
        """Move until nothing improves, `pairs`: also two columns for two. Ctrl-C leaves the best so far in place."""
        raise NotImplementedError

    def exhaust(self) -> bool:
        """Look at every support: task by task given the others, until no task has a better one.

        False where some were left out, being nearly collinear.
        """
        raise NotImplementedError

    def values(self) -> Floats:
        """Minus F in parts: of each task and, where supports are tied, of the penalty on them; (1,) with lambda_2."""
        raise NotImplementedError

    def best_gains(self) -> Floats:
        """Largest gain of a single move, at least 0: (K,) in each task, or (1,) where all tasks move together."""
        return np.asarray(self.native.best_gains())

    def tolerances(self) -> Floats:
        """What the gains of `best_gains` must exceed to be more than rounding."""
        return np.asarray(self.native.tolerances())

    def candidates(self, k: int) -> Ids:
        """Column numbers of the candidates of task k."""
        return np.asarray(self.views[k if len(self.views) > 1 else 0].candidates())

    def entry_gains(self, k: int) -> Floats:
        """Gain of each candidate of task k on its own, by adding it or in exchange; -inf where it may not enter."""
        return np.asarray(self.native.entry_gains(k))


def parts(search: Search) -> Floats:
    """(K,) minus what each task adds to F; from the rows where so little is left that a difference would lose it."""
    null = search.workspace.nulls
    left = null - np.array(search.native.explained())
    small = left < SMALL * null
    if small.any():
        left[small] = task_values(search.problem, as_mask(search.problem, search.supports()), np.flatnonzero(small))
    return -left


class SeparableSearch(Search):
    """Heterogeneous or independent supports with lambda_2 = 0."""

    @property
    def tied(self) -> bool:
        return bool(self.lambda_z > 0) and self.problem.n_tasks > 1  # the native core takes no bool of NumPy

    def set_lambda_z(self, lambda_z: float) -> None:
        self.lambda_z = lambda_z
        self.native.set_delta(lambda_z)

    def supports(self) -> Supports:
        return list(self.native.supports())

    def load(self, supports: Sequence[Ids]) -> None:
        for k, S in enumerate(supports):
            self.native.load(k, np.ascontiguousarray(S, np.int32))

    def resize(self, sizes: Sequence[int]) -> None:
        self.set_caps(sizes)
        for k, size in enumerate(sizes):
            self.native.forward(k, size)
            self.native.shrink(k, size)

    def values(self) -> Floats:
        own = parts(self)
        return np.append(own, -self.native.penalty()) if self.tied else own

    def polish(self, joint: bool = True, pairs: bool = False) -> None:
        self.native.polish(joint and self.tied, pairs)

    def exhaust(self) -> bool:
        whole = better = True
        while better:
            found = [self.native.exhaust(k, size) for k, size in enumerate(self.sizes())]
            better = self.tied and any(one[0] for one in found)
            whole = all(one[1] for one in found)
        return whole

    def anneal(self, factors: Sequence[float], few: bool = False) -> None:
        """Polish at multiples of lambda_z in turn, the last being lambda_z itself; `few`: look at all supports."""
        try:
            for factor in (*factors, 1.0):
                self.set_lambda_z(self.problem.lambda_z * factor)
                if few:
                    self.exhaust()
                self.polish()
        finally:
            self.set_lambda_z(self.problem.lambda_z)


class CommonSearch(Search):
    """One support for all tasks with lambda_2 = 0."""

    def supports(self) -> Supports:
        return [np.sort(self.native.support())] * self.problem.n_tasks

    def entered(self) -> Supports:
        return [self.native.support()] * self.problem.n_tasks

    def load(self, supports: Sequence[Ids]) -> None:
        self.native.load(np.ascontiguousarray(supports[0], np.int32))

    def set_caps(self, sizes: Sequence[int]) -> None:
        self.native.set_cap(int(min(sizes)))

    def resize(self, sizes: Sequence[int]) -> None:
        self.set_caps(sizes)
        self.native.forward(int(min(sizes)))
        self.native.shrink(int(min(sizes)))

    def values(self) -> Floats:
        return parts(self)

    def polish(self, joint: bool = True, pairs: bool = False) -> None:
        self.native.polish(pairs)

    def exhaust(self) -> bool:
        return bool(self.native.exhaust(self.sizes()[0])[1])

    def entry_gains(self, k: int) -> Floats:
        return np.asarray(self.native.entry_gains())


class CoupledSearch(Search):
    """lambda_2 > 0: the coefficients of all tasks answer to each other."""

    def set_lambda_z(self, lambda_z: float) -> None:
        self.lambda_z = lambda_z
        self.native.set_delta(lambda_z)

    def resize(self, sizes: Sequence[int]) -> None:
        self.set_caps(sizes if len(sizes) > 1 else [*sizes] * self.problem.n_tasks)
        self.native.shrink()
        self.native.forward(int(min(sizes)))

    def values(self) -> Floats:
        return np.array([self.native.gain_over_null() - self.workspace.null])

    def polish(self, joint: bool = True, pairs: bool = False) -> None:
        self.native.polish(pairs)

    def exhaust(self) -> bool:
        """With a common support only."""
        self.native.exhaust()
        return True

    def load(self, supports: Sequence[Ids]) -> None:
        self.native.load([np.ascontiguousarray(S, np.int32) for S in supports])


def as_mask(problem: Problem, supports: Supports) -> Bools:
    """(p, K) bool from K arrays of column numbers."""
    support = np.zeros((problem.n_features, problem.n_tasks), bool)
    for k, S in enumerate(supports):
        support[S, k] = True
    return support


def from_mask(support: Bools) -> Supports:
    """K arrays of column numbers from (p, K) bool: the inverse of `as_mask`."""
    return [np.flatnonzero(one).astype(np.int32) for one in support.T]


def as_ids(supports: Supports, ids: Ints) -> Supports:
    """Supports of a problem with some columns `ids` (ascending), in the numbers of all."""
    return [ids[S].astype(np.int32) for S in supports]


def from_ids(supports: Supports, ids: Ints) -> Supports:
    """Supports within columns `ids`, in places of these: the inverse of `as_ids`."""
    return [np.searchsorted(ids, S).astype(np.int32) for S in supports]


def is_coupled(problem: Problem) -> bool:
    """Whether the coefficients of different tasks answer to each other."""
    return problem.lambda_2 > 0 and problem.n_tasks > 1


def open_search(workspace: Workspace, views: list[Any]) -> Search:
    """The search of the problem's regime on these views, supports empty."""
    if is_coupled(workspace.problem):
        return open_coupled(workspace, views)
    if workspace.problem.support == "common":
        return open_common(workspace, views)
    return open_separable(workspace, views)


def open_separable(workspace: Workspace, views: list[Any]) -> SeparableSearch:
    """Search without any tie between coefficients."""
    problem = workspace.problem
    delta = problem.lambda_z if problem.support == "heterogeneous" else 0.0
    native = _native.Separable(
        workspace.per_task(views),
        list(workspace.c),
        problem.lambda_1,
        problem.s.tolist(),
        delta,
        workspace.nulls,
        workspace.floor,
    )
    return SeparableSearch(native, workspace, views, delta)


def open_common(workspace: Workspace, views: list[Any]) -> CommonSearch:
    """Search for one support among the candidates that all views have."""
    problem = workspace.problem
    if any(view.size > view.aligned for view in views):
        views = workspace.views(views[0].candidates()[: views[0].aligned])
    native = _native.Common(
        views, list(workspace.c), problem.lambda_1, int(problem.s.min()), workspace.nulls, workspace.floor
    )
    return CommonSearch(native, workspace, views, 0.0)


def open_coupled(workspace: Workspace, views: list[Any]) -> CoupledSearch:
    """Search with coefficients tied by lambda_2."""
    problem = workspace.problem
    sizes = [int(problem.s.min())] * problem.n_tasks if problem.support == "common" else problem.s.tolist()
    native = _native.Coupled(
        workspace.per_task(views),
        list(workspace.c),
        problem.lambda_1,
        problem.lambda_2,
        sizes,
        problem.lambda_z,
        problem.support == "common",
        workspace.nulls,
        workspace.floor,
    )
    return CoupledSearch(native, workspace, views, problem.lambda_z)
