"""Branch and bound driven by SCIP: it keeps the tree and chooses the node; bounds, fixings and leaves are ours.

The LP is off. A relaxator computes the safe bound of each node and cuts it off when the bound, or the exact value of
a leaf, says so; a branching rule creates two children and hands them marks and a warm start by node number. The
proven bound is the smallest bound of any node cut off or still open, whatever SCIP's tolerances are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from sparsekin.l0.exact.relaxation import Marks, Point, Relaxation

Columns = tuple[tuple[int, ...], ...]  # per unit, ascending positions among the candidates
Evaluate = Callable[[Columns], float]


@dataclass(slots=True)
class TreeResult:
    """What a tree proved.

    ========= =========================================================================
    field     meaning
    ========= =========================================================================
    value     best value met (the one given, when nothing better was)
    columns   its supports, None when the given value was not beaten
    bound     proven lower bound
    nodes     nodes solved
    status    "solved", "time limit", "node limit", "memory limit" or "interrupted"
    leaves    supports with values below `keep`, when asked for
    ========= =========================================================================
    """

    value: float
    columns: Columns | None
    bound: float
    nodes: int
    status: str
    leaves: dict[Columns, float] = field(default_factory=dict)


@dataclass(slots=True)
class Task:
    """One tree to search: everything below `cutoff(value)` must be looked at."""

    relaxation: Relaxation
    marks: Marks
    evaluate: Evaluate
    value: float  # of the best known supports
    tolerance: float  # nodes with bound >= best value - tolerance are cut off
    deadline: float = np.inf
    node_limit: int = 10**9
    memory_limit: float = np.inf  # megabytes, of SCIP's tree
    keep: float = -np.inf  # collect all supports with values up to this
    on_node: Callable[[float, float], None] = lambda bound, value: None


class Search:
    """The state the plugins share."""

    def __init__(self, task: Task) -> None:
        self.task, self.best, self.columns = task, task.value, None
        self.pruned, self.nodes, self.error = np.inf, 0, None
        self.leaves: dict[Columns, float] = {}
        self.waiting: dict[int, tuple[Marks, Point, float]] = {}
        self.current: tuple[Marks, Point, float, int] | None = None
        self.number = -1
        self.stopped = ""

    @property
    def cutoff(self) -> float:
        """Nodes whose bound reaches this need no further look."""
        return max(self.best - self.task.tolerance, self.task.keep)

    def solve_node(self, number: int, root: bool) -> float | None:
        """Bound of a node; None when it is done with."""
        marks, start, inherited = self.waiting.pop(number) if not root else (self.task.marks, Point.nothing(), -np.inf)
        self.nodes += 1
        relaxation = self.task.relaxation
        if inherited >= self.cutoff:
            self.pruned = min(self.pruned, inherited)
            return None
        if not (marks == -1).any():
            return self.close_leaf(marks, inherited)
        accuracy = 0.05 * max(self.task.tolerance, 1e-9 * abs(self.best))
        bound = max(relaxation.bound(marks, self.cutoff, accuracy, start, 60 if root else 25), inherited)
        if bound >= self.cutoff:
            self.pruned = min(self.pruned, bound)
            return None
        before, point = int((marks == -1).sum()), relaxation.point()
        marks = relaxation.fix(self.cutoff)
        if int((marks == -1).sum()) < before:
            self.pruned = min(self.pruned, self.cutoff)
        marks = complete(marks, relaxation.sizes)
        if not (marks == -1).any():
            return self.close_leaf(marks, bound)
        self.try_rounding(marks, point)
        branch = choose(marks, point, relaxation)
        self.current = (marks, point, bound, branch)
        self.task.on_node(bound, self.best)
        return bound

    def close_leaf(self, marks: Marks, bound: float) -> None:
        """A node with nothing free: its value is exact, and what fixing excluded is above the cutoff."""
        columns = tuple(tuple(np.flatnonzero(row == 1).tolist()) for row in marks)
        cutoff = self.cutoff
        self.offer(columns)
        self.pruned = min(self.pruned, max(bound, min(cutoff, self.task.evaluate(columns))))

    def offer(self, columns: Columns) -> None:
        """Keep supports if they are the best so far (or wanted for the list)."""
        value = self.task.evaluate(columns)
        if value <= self.task.keep:
            self.leaves[columns] = value
        if value < self.best:
            self.best, self.columns = value, columns

    def hand_over(self, number: int, flat: int, value: int) -> None:
        """Leave what a child of the current node needs."""
        if self.current is None:
            return
        marks, point, bound, _ = self.current
        child = marks.copy()
        child.ravel()[flat] = value
        self.waiting[number] = (complete(child, self.task.relaxation.sizes), point, bound)

    def open_bound(self) -> float:
        """Smallest bound of what has not been looked at."""
        bounds = [bound for _, _, bound in self.waiting.values()]
        return min([*bounds, self.current[2] if self.current is not None else np.inf])

    def reached_limit(self, megabytes: float) -> str:
        """The limit that was reached, if any."""
        if time.perf_counter() > self.task.deadline:
            return "time limit"
        if self.nodes >= self.task.node_limit:
            return "node limit"
        return "memory limit" if megabytes > self.task.memory_limit else ""

    def try_rounding(self, marks: Marks, point: Point) -> None:
        """The columns with the largest z, as many as there is room for."""
        units = np.zeros_like(point.task) if self.task.relaxation.common else point.task
        columns = []
        for k, size in enumerate(self.task.relaxation.sizes):
            chosen = np.flatnonzero(marks[k] == 1).tolist()
            mine = np.flatnonzero((units == k) & (marks[k, point.column] == -1))
            for i in mine[np.argsort(-point.z[mine])]:
                if len(chosen) < size and int(point.column[i]) not in chosen:
                    chosen.append(int(point.column[i]))
            columns.append(tuple(sorted(chosen)))
        self.offer(tuple(columns))


def complete(marks: Marks, sizes: tuple[int, ...]) -> Marks:
    """Where a unit is full, what is left is out."""
    for k, size in enumerate(sizes):
        if (marks[k] == 1).sum() >= size:
            marks[k, marks[k] == -1] = 0
    return marks


def choose(marks: Marks, point: Point, relaxation: Relaxation) -> int:
    """Where to branch, as a flat index into marks: the most fractional z, else the column of the largest gain."""
    units = np.zeros_like(point.task) if relaxation.common else point.task
    free = marks[units, point.column] == -1
    if free.any():
        at = np.flatnonzero(free)[np.argmin(np.abs(point.z[free] - 0.5))]
        return int(units[at]) * marks.shape[1] + int(point.column[at])
    return int(np.argmax(np.where(marks == -1, relaxation.gains(), -np.inf)))


def search_tree(task: Task) -> TreeResult:
    """Search a tree to the end, or to one of its limits; Ctrl-C keeps what is proven."""
    from sparsekin.l0.exact.scip import run_scip

    search = Search(task)
    open_bound, status = run_scip(search)
    bound = min(search.pruned, search.best, open_bound)
    return TreeResult(search.best, search.columns, bound, search.nodes, status, search.leaves)
