"""One tree's problem: some tasks together, or one task with prices on its columns, on the columns still in play."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.near import Near, near_pairs, patience
from sparsekin.l0.exact.relaxation import (
    Marks,
    Point,
    Relaxation,
    extract_diagonal,
    free_marks,
    open_relaxation,
)
from sparsekin.l0.exact.relaxator import Piece, Relaxator
from sparsekin.l0.exact.tree import Columns, Limits, Task, TreeResult, overfull
from sparsekin.l0.least_squares import doubt, solve_ridge, squares, weighted_rows
from sparsekin.l0.polish import refit_range
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.state import Ids, Workspace, null_values, residual_outcomes

TURNS, WORTH = 6, 0.01  # fresh starts of a joint root, and the share of the gap each must bring
ALL_PAIRS = 300  # up to this many columns all pairs are listed without asking which are worth it
NearCache = dict[tuple[int, bytes], Near]  # by task and columns
REDUCTIONS = 6  # times the root is solved again on the columns that are left


@dataclass(slots=True)
class Subproblem:
    """What a tree searches; `prices` (p,) are added per selected column when it is about one task alone."""

    workspace: Workspace
    tasks: tuple[int, ...]
    constant: float
    prices: Floats | None = None
    views: list[Any] | None = None  # of all columns, with the Gram rows other subproblems have read
    near: NearCache = field(default_factory=dict)  # what others have found

    def evaluate(self, supports: Supports) -> tuple[float, float]:
        """Value of supports, one array of column numbers per task of the subproblem, and its floor.

        No coefficients on the supports have a value below the floor, whatever rounding hid.
        """
        if len(self.tasks) > 1 or self.prices is None:
            return refit_range(self.workspace.problem, as_mask(self.workspace.problem, supports))
        problem, k, S = self.workspace.problem, self.tasks[0], np.asarray(supports[0], np.int64)
        X, Y = weighted_rows(problem, np.array([k]), S)
        found = solve_ridge(X, Y, problem.lambda_1)
        outcome, value = squares(X, Y[:, 0], found.b[:, 0], problem.lambda_1)
        prices = float(self.prices[S].sum())
        return value + prices, value - doubt(found.least, outcome, value) + prices

    @property
    def n_features(self) -> int:
        """p."""
        return self.workspace.problem.n_features

    def relax(self, candidates: Ids, marks: Marks | None, deadline: float) -> tuple[Relaxation, Marks]:
        """The relaxation on some columns, and the marks with what may never be selected out."""
        diagonals = [extract_diagonal(self.workspace, k, candidates, deadline) for k in self.tasks]
        whole = self.views is not None and len(candidates) == self.n_features
        views = self.views if whole and self.views is not None else self.workspace.views(candidates)
        relaxation = open_relaxation(self.workspace, views, candidates, self.tasks, diagonals, self.constant, deadline)
        if self.prices is not None:
            relaxation.set_prices(self.prices[None, candidates])
        if len(self.tasks) == 1 and len(candidates) > ALL_PAIRS:
            relaxation.near = lambda deadline: self.find_near(candidates, deadline)
            relaxation.patience = patience(self.workspace.problem, self.tasks[0], len(candidates))
        closed = free_marks(self.workspace, relaxation)
        return relaxation, closed if marks is None else np.where(closed == 0, closed, marks).astype(np.int8)

    def find_near(self, candidates: Ids, deadline: float) -> Near | None:
        """The correlated columns of the only task, looked for once; outcomes of one X have the same."""
        k = self.tasks[0] if self.views is None or len(self.views) > 1 else 0
        key = (k, candidates.tobytes())
        if key not in self.near:
            found = near_pairs(self.workspace.problem, k, candidates, deadline)
            if found is None:
                return None
            self.near[key] = found
        return self.near[key]


def task_constants(workspace: Workspace) -> Floats:
    """(K,) F of each task without any column."""
    return null_values(workspace.problem, residual_outcomes(workspace.problem))


R = TypeVar("R", bound=Relaxator)


@dataclass(slots=True)
class Root(Generic[R]):
    """A subproblem after its root: what is left to decide."""

    relaxation: R
    marks: Marks
    bound: float  # of everything that was not excluded
    excluded: float  # smallest bound of what was excluded
    value: float

    @property
    def undecided(self) -> int:
        """Items of `marks` that are free."""
        return int((self.marks == -1).sum())


def solve_root(
    sub: Piece[R], value: float, tolerance: float, keep: float = -np.inf, deadline: float = np.inf,
    start: Point | None = None,
) -> Root[R]:  # fmt: skip
    """Bound, fix, drop what is out, and again: fewer columns allow a tighter relaxation.

    Everything with a value below max(value - tolerance, keep) stays in.
    """
    candidates = np.arange(sub.n_features, dtype=np.int32)
    relaxation, marks = sub.relax(candidates, None, deadline)
    cutoff, excluded, best, start = max(value - tolerance, keep), np.inf, -np.inf, start or Point.nothing()
    for _ in range(REDUCTIONS):
        if time.perf_counter() > deadline:
            break
        bound = _bound_in_turns(relaxation, marks, cutoff, 0.02 * tolerance, start, deadline, len(sub.tasks) > 1)
        best = max(best, bound)
        if best >= cutoff:
            marks = np.where(marks == -1, 0, marks).astype(np.int8)
            excluded = min(excluded, best)
            break
        fixed = relaxation.fix(cutoff, max(deadline - time.perf_counter(), 0.0))
        if (fixed != marks).any():
            excluded = min(excluded, cutoff)
        if overfull(fixed, relaxation.sizes):
            marks, excluded = np.zeros_like(fixed), min(excluded, cutoff)
            break
        marks, left = fixed, (fixed != 0).any(axis=0)
        if left.sum() > 0.8 * len(candidates):
            break
        start = _moved(relaxation.point(), left)
        candidates = candidates[left]
        relaxation, marks = sub.relax(candidates, np.ascontiguousarray(fixed[:, left]), deadline)
    return Root(relaxation, marks, best, excluded, value)


def start_apart(sub: Subproblem, deadline: float = np.inf) -> tuple[Point, float]:
    """Where the relaxations of the tasks end when nothing ties them: all columns. Also the sum of their bounds."""
    points, total = [Point.nothing()], 0.0
    for k, constant in enumerate(task_constants(sub.workspace)):
        one = Subproblem(sub.workspace, (k,), float(constant), None, sub.views)
        if time.perf_counter() > deadline:
            break
        relaxation, marks = one.relax(np.arange(sub.n_features, dtype=np.int32), None, deadline)
        seconds = max(deadline - time.perf_counter(), 0.0)
        total += relaxation.bound(marks, np.inf, 1e-3 * sub.constant, Point.nothing(), 60, seconds)
        point = relaxation.point()
        points.append(replace(point, task=np.full(len(point.b), k, np.int32)))
    joined = (np.concatenate([getattr(point, name) for point in points]) for name in ("task", "column", "b", "z"))
    return Point(*joined), total


def _bound_in_turns(
    relaxation: Relaxator, marks: Marks, cutoff: float, accuracy: float, start: Point, deadline: float, joint: bool
) -> float:
    """The bound of a root; started afresh from where it stalled as long as that pays."""
    best = -np.inf
    for _ in range(TURNS):
        seconds = max(deadline - time.perf_counter(), 0.0)
        bound = relaxation.bound(marks, cutoff, accuracy, start, 400, seconds, True)
        gained, best = bound - best, max(best, bound)
        little = gained < WORTH * (cutoff - best) or not joint
        if best >= cutoff or little or time.perf_counter() > deadline:
            break
        start = relaxation.point()
    return best


def _moved(point: Point, left: np.ndarray) -> Point:
    """The point on the columns that are left."""
    where, inside = np.cumsum(left) - 1, left[point.column]
    column = where[point.column[inside]].astype(np.int32)
    return Point(point.task[inside], column, point.b[inside], point.z[inside])


def search(
    sub: Piece[R],
    root: Root[R],
    tolerance: float,
    limits: Limits,
    *,
    keep: float = -np.inf,
    stop_below: float = -np.inf,
    checkpoints: tuple[tuple[int, float], ...] = (),
    on_node: Callable[[float, float], None] = lambda bound, value: None,
) -> tuple[TreeResult, dict[Columns, Supports]]:
    """Search the tree below a root; also the supports, as column numbers, of every leaf it reports."""
    if root.undecided and limits.late:
        return TreeResult(root.value, None, root.bound, 0, "time limit"), {}
    from sparsekin.l0.exact.scip import search_tree  # loads SCIP

    memo: dict[Columns, tuple[float, float]] = {}
    candidates = root.relaxation.candidates

    def supports_of(columns: Columns) -> Supports:
        one = [candidates[list(c)] for c in columns]
        return one * len(sub.tasks) if root.relaxation.common else one

    def evaluate(columns: Columns) -> tuple[float, float]:
        if columns not in memo:
            memo[columns] = sub.evaluate(supports_of(columns))
        return memo[columns]

    task = Task(
        root.relaxation, root.marks, evaluate, root.value, tolerance, limits, keep, checkpoints, stop_below, on_node
    )
    found = search_tree(task)
    wanted = [*found.leaves] + ([found.columns] if found.columns is not None else [])
    return found, {columns: supports_of(columns) for columns in wanted}
