"""A proof for squares: where it stands, with the Gram rows it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.profile import NOTHING
from sparsekin.l0.exact.neighbours import TaskGram
from sparsekin.l0.exact.standing import Report, Standing
from sparsekin.l0.exact.subproblem import NearCache, Subproblem, task_constants
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.polish import refit, refit_value
from sparsekin.l0.problem import alike, losses
from sparsekin.l0.search import Supports, as_mask, open_search
from sparsekin.l0.solve import ALL_COLUMNS
from sparsekin.l0.state import Workspace, null_values

ROUNDING = 1e-12  # of F without columns


@dataclass(slots=True, kw_only=True)
class Proof(Standing):
    """What is proven so far, and what is left to spend."""

    workspace: Workspace
    views: list[Any] = field(default_factory=list)  # of all columns
    near: NearCache = field(default_factory=dict)

    def value_of(self, supports: Supports) -> float:
        """F at the refit of supports."""
        return refit_value(self.problem, as_mask(self.problem, supports))

    def losses_of(self, supports: Supports) -> Floats:
        """(K,) f_k at the refit of supports, no penalties."""
        problem, mask = self.problem, as_mask(self.problem, supports)
        coef, out = refit(problem, mask), np.zeros(self.problem.n_tasks)
        for tasks, S in alike(problem, mask):
            out[tasks] = problem.task_weights[tasks] * losses(problem, tasks, S, coef[np.ix_(S, tasks)])
        return out

    def joint(self) -> Subproblem:
        """All tasks together."""
        return Subproblem(self.workspace, tuple(range(self.problem.n_tasks)), self.null, views=self.views)

    def apart(self, prices: Floats) -> list[Subproblem]:
        """One piece per task, with prices (K, p)."""
        constants = task_constants(self.workspace)
        return [
            Subproblem(self.workspace, (k,), float(c), prices[k], self.views, self.near)
            for k, c in enumerate(constants)
        ]

    def surroundings(self) -> list[TaskGram]:
        """Gram rows of each task."""
        constants = task_constants(self.workspace)
        return [TaskGram.of(self.workspace, self.views, k, float(c)) for k, c in enumerate(constants)]

    def polished(self, supports: Supports, columns: Ints) -> Supports:
        """Supports that no exchange improves."""
        every = np.arange(self.problem.n_features, dtype=np.int32)
        if len(every) > ALL_COLUMNS:
            every = np.union1d(columns, np.concatenate(self.supports)).astype(np.int32)
        search = open_search(self.workspace, self.workspace.views(every))
        search.load(supports)
        search.polish()
        return search.supports()


def open_proof(
    workspace: Workspace,
    supports: Supports,
    value: float,
    gap: float,
    limits: Limits,
    report: Report = lambda bound, objective: None,
    **more: Any,
) -> Proof:
    """A proof that starts from supports whose F is `value`."""
    problem = workspace.problem
    raw = [y / scale for y, scale in zip(problem.blocks.y, problem.standard.y_scale, strict=True)]
    lost = NOTHING**2 * float(null_values(problem, raw).sum())  # of outcomes that hardly vary around their mean
    return Proof(
        workspace=workspace, problem=problem, null=workspace.null, supports=supports, objective=value, gap=gap,
        limits=limits, report=report, rounding=ROUNDING * workspace.null + lost, **more,
    )  # fmt: skip
