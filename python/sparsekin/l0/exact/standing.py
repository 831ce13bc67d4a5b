"""Where a proof stands, whatever the losses are: the best supports, the bound, and what is left of the limits."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.exact.certificate import Certificate, relative_gap, share_of_range
from sparsekin.l0.exact.relaxator import Piece, Relaxator, Surroundings
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports

Report = Callable[[float, float], None]  # bound, objective


@dataclass(slots=True, kw_only=True)
class Standing:
    """What is proven so far, and what is left to spend."""

    problem: Problem
    null: float  # F without columns
    supports: Supports
    objective: float
    gap: float
    limits: Limits = field(default_factory=Limits)
    report: Report = lambda bound, objective: None
    rounding: float = 0.0  # smaller differences of F are none
    bound: float = 0.0
    nodes: int = 0
    undecided: int = 0
    status: str = ""
    route: str = ""
    prices: Floats | None = None  # (K, p) those of the last round, and the bounds (K,) it gave
    task_bounds: Floats | None = None
    started: float = field(default_factory=time.perf_counter)

    @abstractmethod
    def value_of(self, supports: Supports) -> float:
        """F at the refit of supports."""

    @abstractmethod
    def losses_of(self, supports: Supports) -> Floats:
        """(K,) f_k at the refit of supports, no penalties."""

    @abstractmethod
    def joint(self) -> Piece[Relaxator]:
        """All tasks together."""

    @abstractmethod
    def apart(self, prices: Floats) -> Sequence[Piece[Relaxator]]:
        """One piece per task, with prices (K, p)."""

    @abstractmethod
    def surroundings(self) -> Sequence[Surroundings]:
        """What of each task is known around supports."""

    @abstractmethod
    def polished(self, supports: Supports, columns: Ints) -> Supports:
        """Better supports close to these; `columns` are those worth a look where there are many."""

    @property
    def tolerance(self) -> float:
        """What may be cut off: a fifth of the gap asked for, so that the rest can be spent elsewhere."""
        return 0.2 * self.gap * self.objective

    @property
    def relative_gap(self) -> float:
        """(objective - bound) / objective."""
        return relative_gap(self.objective, self.bound, self.rounding)

    @property
    def done(self) -> bool:
        """Whether the gap is closed."""
        return self.relative_gap <= self.gap

    @property
    def unfinished(self) -> bool:
        """Whether a gap is left and neither the time nor the user's patience was used up."""
        return not self.done and self.status in ("", "time limit") and time.perf_counter() < self.limits.deadline

    @property
    def left(self) -> Limits:
        """What is left of the limits."""
        limits = self.limits
        return Limits(limits.deadline, limits.nodes - self.nodes, limits.megabytes)

    def raise_bound(self, bound: float) -> None:
        """Keep the best bound proven."""
        self.bound = float(min(max(self.bound, bound), self.objective))
        self.report(self.bound, self.objective)

    def hear(self, bound: float, value: float) -> None:
        """A bound from a tree that is still searched, and the best value in it."""
        self.bound = float(max(self.bound, min(bound, value, self.objective)))
        self.report(self.bound, min(value, self.objective))

    def offer(self, supports: Supports) -> None:
        """Keep supports if they are better."""
        value = self.value_of(supports)
        if value < self.objective:
            self.supports, self.objective = [np.sort(S).astype(np.int32) for S in supports], value

    def certificate(self) -> Certificate:
        """What was proven."""
        units = 1 if self.problem.support == "common" else self.problem.n_tasks
        self.bound = min(self.bound, self.objective)
        gap = self.relative_gap
        return Certificate(
            objective=float(self.objective),
            bound=float(self.bound),
            gap=float(gap),
            share=share_of_range(float(self.objective), float(self.bound), float(self.null)) if gap > 0 else 0.0,
            status="optimal" if self.done else self.status,
            asked=self.gap,
            nodes=self.nodes,
            seconds=time.perf_counter() - self.started,
            candidates=units * self.problem.n_features,
            undecided=self.undecided,
            route=self.route,
            scip=_scip_version() if self.nodes else "",
        )


def nothing_proven(problem: Problem, objective: float, gap: float, status: str, started: float) -> Certificate:
    """Where the set-up took all the time there was: F is a sum of losses that are 0 at least, so 0 is a bound."""
    candidates = problem.n_features * (1 if problem.support == "common" else problem.n_tasks)
    return Certificate(
        objective=objective, bound=0.0, gap=relative_gap(objective, 0.0), share=np.inf, status=status, asked=gap,
        nodes=0, seconds=time.perf_counter() - started, candidates=candidates, undecided=candidates, route="root",
        scip="",
    )  # fmt: skip


def _scip_version() -> str:
    from pyscipopt import Model

    return f"{Model().version():.1f}"
