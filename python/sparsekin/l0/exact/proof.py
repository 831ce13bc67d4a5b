"""Where a proof stands: the best supports, the bound, and what is left of the limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.data.profile import NOTHING
from sparsekin.l0.exact.certificate import Certificate, relative_gap
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.polish import refit_value
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.state import Workspace, null_values

Report = Callable[[float, float], None]  # bound, objective
ROUNDING = 1e-12  # of F without columns


@dataclass(slots=True)
class Proof:
    """What is proven so far, and what is left to spend."""

    workspace: Workspace
    supports: Supports
    objective: float
    gap: float
    limits: Limits = field(default_factory=Limits)
    report: Report = lambda bound, objective: None
    bound: float = 0.0
    nodes: int = 0
    undecided: int = 0
    status: str = ""
    route: str = ""
    views: list[Any] = field(default_factory=list)  # of all columns
    prices: Floats | None = None  # (K, p) those of the last round, and the bounds (K,) it gave
    task_bounds: Floats | None = None
    started: float = field(default_factory=time.perf_counter)
    rounding: float = field(init=False)  # smaller differences of F are none

    def __post_init__(self) -> None:
        problem = self.workspace.problem
        raw = [y / scale for y, scale in zip(problem.blocks.y, problem.standard.y_scale, strict=True)]
        lost = NOTHING**2 * float(null_values(problem, raw).sum())  # of outcomes that hardly vary around their mean
        self.rounding = ROUNDING * self.workspace.null + lost

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
        value = refit_value(self.workspace.problem, as_mask(self.workspace.problem, supports))
        if value < self.objective:
            self.supports, self.objective = [np.sort(S).astype(np.int32) for S in supports], value

    def certificate(self) -> Certificate:
        """What was proven."""
        problem = self.workspace.problem
        units = 1 if problem.support == "common" else problem.n_tasks
        self.bound = min(self.bound, self.objective)
        return Certificate(
            objective=float(self.objective),
            bound=float(self.bound),
            gap=float(self.relative_gap),
            status="optimal" if self.done else self.status,
            asked=self.gap,
            nodes=self.nodes,
            seconds=time.perf_counter() - self.started,
            candidates=units * problem.n_features,
            undecided=self.undecided,
            route=self.route,
            scip=_scip_version() if self.nodes else "",
        )


def nothing_proven(problem: Problem, objective: float, gap: float, status: str, started: float) -> Certificate:
    """Where the set-up took all the time there was: F is a sum of squares, so 0 is a bound."""
    candidates = problem.n_features * (1 if problem.support == "common" else problem.n_tasks)
    return Certificate(
        objective=objective, bound=0.0, gap=relative_gap(objective, 0.0), status=status, asked=gap, nodes=0,
        seconds=time.perf_counter() - started, candidates=candidates, undecided=candidates, route="root", scip="",
    )  # fmt: skip


def _scip_version() -> str:
    from pyscipopt import Model

    return f"{Model().version():.1f}"
