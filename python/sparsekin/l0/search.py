"""Local search on given candidates: one class per regime around its native state. Supports in, supports out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats
from sparsekin.l0.problem import Problem
from sparsekin.l0.state import Ids, Workspace

Supports = list[Ids]


@dataclass(slots=True)
class Search:
    """A native search on fixed candidates; coefficients are always the exact refit of the supports."""

    native: Any
    problem: Problem

    @property
    def moves(self) -> int:
        """Moves made so far."""
        return int(self.native.moves)

    def supports(self) -> Supports:
        """K arrays of column numbers, ascending."""
        return [np.sort(self.native.support(k)) for k in range(self.problem.n_tasks)]

    def load(self, supports: Sequence[Ids]) -> None:
        """Start again from these supports."""
        raise NotImplementedError

    def forward(self, share: float = 1.0) -> None:
        """Greedy entry up to a share of s: in all tasks at once where the regime ties them, else task by task."""
        self.native.forward(math.ceil(share * int(self.problem.s.min())))

    def polish(self, joint: bool = True) -> None:
        """Move until nothing improves. KeyboardInterrupt leaves the best so far in place."""
        self.native.polish()

    def value(self) -> float:
        """How far F is below its value without columns."""
        return float(self.native.gain_over_null())

    def best_gain(self) -> float:
        """Largest gain of a single move, at least 0."""
        return float(self.native.best_gain(0.0))

    def entry_gains(self, k: int) -> Floats:
        """Gain of each candidate of task k on its own, by adding it or in exchange; -inf where it may not enter."""
        return np.asarray(self.native.entry_gains(k))


class SeparableSearch(Search):
    """Heterogeneous or independent supports with lambda_2 = 0."""

    def load(self, supports: Sequence[Ids]) -> None:
        for k, S in enumerate(supports):
            self.native.load(k, np.ascontiguousarray(S, np.int32))

    def forward(self, share: float = 1.0) -> None:
        for k, s in enumerate(self.problem.s.tolist()):
            self.native.forward(k, math.ceil(share * s))

    def polish(self, joint: bool = True) -> None:
        self.native.polish(joint and self.problem.n_tasks > 1 and self.problem.lambda_z > 0)

    def anneal(self, factors: Sequence[float]) -> None:
        """Polish at multiples of lambda_z in turn; the last should be 1."""
        try:
            for factor in factors:
                self.native.set_delta(self.problem.lambda_z * factor)
                self.polish()
        finally:
            self.native.set_delta(self.problem.lambda_z)


class CommonSearch(Search):
    """One support for all tasks with lambda_2 = 0."""

    def supports(self) -> Supports:
        return [np.sort(self.native.support())] * self.problem.n_tasks

    def load(self, supports: Sequence[Ids]) -> None:
        self.native.load(np.ascontiguousarray(supports[0], np.int32))

    def entry_gains(self, k: int) -> Floats:
        return np.asarray(self.native.entry_gains())


class CoupledSearch(Search):
    """lambda_2 > 0: the coefficients of all tasks answer to each other."""

    def load(self, supports: Sequence[Ids]) -> None:
        self.native.load([np.ascontiguousarray(S, np.int32) for S in supports])


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
        workspace.per_task(views), list(workspace.c), problem.lambda_1, problem.s.tolist(), delta, workspace.tolerance
    )
    return SeparableSearch(native, problem)


def open_common(workspace: Workspace, views: list[Any]) -> CommonSearch:
    """Search for one support; the views must have the same candidates."""
    problem = workspace.problem
    native = _native.Common(views, list(workspace.c), problem.lambda_1, int(problem.s.min()), workspace.tolerance)
    return CommonSearch(native, problem)


def open_coupled(workspace: Workspace, views: list[Any]) -> CoupledSearch:
    """Search with coefficients tied by lambda_2."""
    problem = workspace.problem
    native = _native.Coupled(
        workspace.per_task(views), list(workspace.c), problem.lambda_1, problem.lambda_2, problem.s.tolist(),
        problem.lambda_z, problem.support == "common", workspace.tolerance,
    )
    return CoupledSearch(native, problem)
