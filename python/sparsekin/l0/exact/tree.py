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

from sparsekin.l0.exact.relaxation import Marks, Point
from sparsekin.l0.exact.relaxator import Relaxator

Columns = tuple[tuple[int, ...], ...]  # per unit, ascending positions among the candidates
ROWS, ROWS_PER_NODE, MOST_ROWS = 2e6, 2e4, 2.5e7  # entries of Gram rows read to try all pairs: at first, at most
PROBES = 2  # columns whose children are closed together, twice as many at every further look
FEW, MOST_LISTED = 64, 100_000
SLACK = 1.0  # of the tolerance: what algebra finds this close to the cutoff is evaluated from the rows
BLUR = 1e-8  # of F without columns: what algebra can be wrong by
Evaluate = Callable[[Columns], tuple[float, float]]  # value, and its floor: rounding hides nothing below it
LOOK = 0.1  # seconds between looks at all open nodes


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
    status    "solved", "time limit", "node limit", "memory limit", "interrupted", "undercut" or "slow"
    leaves    supports with values below `keep`, when asked for
    ========= =========================================================================
    """

    value: float
    columns: Columns | None
    bound: float
    nodes: int
    status: str
    leaves: dict[Columns, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop, whatever is proven by then."""

    deadline: float = np.inf  # of time.perf_counter
    nodes: int = 10**9
    megabytes: float = np.inf  # of SCIP's tree

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return time.perf_counter() > self.deadline


@dataclass(slots=True)
class Task:
    """One tree to search: everything below `cutoff(value)` must be looked at."""

    relaxation: Relaxator
    marks: Marks
    evaluate: Evaluate
    value: float  # of the best known supports
    tolerance: float  # nodes with bound >= best value - tolerance are cut off
    limits: Limits = Limits()
    keep: float = -np.inf  # collect all supports with values up to this
    checkpoints: tuple[tuple[int, float], ...] = ()  # (nodes, share of the gap of the root): stop if more is left
    stop_below: float = -np.inf  # stop once a value below this is met: status "undercut"
    on_node: Callable[[float, float], None] = lambda bound, value: None  # what is proven so far, the best value


class Search:
    """The state the plugins share."""

    def __init__(self, task: Task) -> None:
        self.task, self.best = task, task.value
        self.columns: Columns | None = None
        self.pruned, self.nodes = np.inf, 0
        self.error: BaseException | None = None
        self.leaves: dict[Columns, float] = {}
        self.waiting: dict[int, tuple[Marks, Point, float]] = {}
        self.current: tuple[Marks, Point, float, int] | None = None
        self.number = -1
        self.first = np.inf  # bound of the root
        self.looking = np.inf  # inherited bound of the node being solved: open until it is done with
        self.stopped = ""
        self.heard, self.next_look = -np.inf, 0.0

    @property
    def cutoff(self) -> float:
        """Nodes whose bound reaches this need no further look."""
        return max(self.best - self.task.tolerance, self.task.keep)

    def solve_node(self, number: int, root: bool) -> float | None:
        """Bound of a node; None when it is done with."""
        marks, start, inherited = self.waiting.pop(number) if not root else (self.task.marks, Point.nothing(), -np.inf)
        self.looking = inherited
        found = self.look(marks, start, inherited, root)
        self.looking = np.inf
        return found

    def look(self, marks: Marks, start: Point, inherited: float, root: bool, probes: int = PROBES) -> float | None:
        """Bound of a node, its fixings, and where to branch in it; how many children are closed at once before that."""
        self.nodes += 1
        relaxation = self.task.relaxation
        if inherited >= self.cutoff:
            self.pruned = min(self.pruned, inherited)
            return None
        if not (marks == -1).any():
            self.close_leaf(marks, inherited)
            return None
        if self.close_by_listing(marks, inherited):
            return None
        accuracy = 0.05 * max(self.task.tolerance, 1e-9 * abs(self.best))
        seconds = max(self.task.limits.deadline - time.perf_counter(), 0.0)
        bound = max(relaxation.bound(marks, self.cutoff, accuracy, start, 60 if root else 12, seconds, root), inherited)
        self.first = bound if root else self.first
        if bound >= self.cutoff:
            self.pruned = min(self.pruned, bound)
            return None
        before, point = int((marks == -1).sum()), relaxation.point()
        marks = relaxation.fix(self.cutoff, max(self.task.limits.deadline - time.perf_counter(), 0.0))
        if int((marks == -1).sum()) < before:
            self.pruned = min(self.pruned, self.cutoff)
        if overfull(marks, relaxation.sizes):
            return None
        marks = complete(marks, relaxation.sizes)
        if not (marks == -1).any():
            self.close_leaf(marks, bound)
            return None
        self.try_rounding(marks, point)
        if self.probe(marks, point, probes):
            return self.look(marks, point, bound, False, 2 * probes)
        branch = choose(marks, point, relaxation, self.listed_soon(marks))
        self.current = (marks, point, bound, branch)
        self.task.on_node(self.proven_so_far(), self.best)
        return bound

    def close_leaf(self, marks: Marks, bound: float) -> None:
        """A node with nothing free: its value is exact, and what fixing excluded is above the cutoff."""
        columns = tuple(tuple(np.flatnonzero(row == 1).tolist()) for row in marks)
        cutoff = self.cutoff
        self.offer(columns)
        self.pruned = min(self.pruned, max(bound, min(cutoff, self.task.evaluate(columns)[1])))

    def close_by_listing(self, marks: Marks, inherited: float) -> bool:
        """Close a node with few places left by the value of every way to fill them."""
        if not self.task.relaxation.closable:
            return False
        room = self.room(marks)
        return self.listable(marks, room) and self._list(marks, room, inherited)

    def room(self, marks: Marks) -> int:
        """Places left where there is one set of columns."""
        return self.task.relaxation.sizes[0] - int((marks == 1).sum())

    def listable(self, marks: Marks, room: int) -> bool:
        """Whether all ways to fill `room` places are few enough."""
        if room < 2 or room > 3:
            return room < 2
        if room <= self.task.relaxation.listed(self.nodes, self.task.limits.deadline):
            return True
        rows = int((marks == -1).sum()) * marks.shape[1]
        return room == 2 and rows <= min(ROWS + ROWS_PER_NODE * self.nodes, MOST_ROWS)

    def listed_soon(self, marks: Marks) -> bool:
        """Whether two columns more leave a node that can be listed."""
        relaxation, deadline = self.task.relaxation, self.task.limits.deadline
        return relaxation.closable and self.room(marks) - 2 <= relaxation.listed(self.nodes, deadline)

    def probe(self, marks: Marks, point: Point, most: int) -> bool:
        """Close the children "in" of columns in use, where those can be listed and the node cannot; they are then out.

        Whether the node is worth another look, with those columns out.
        """
        if not self.task.relaxation.closable:
            return False
        closed, room = 0, self.room(marks)
        if room < 2 or not self.listable(marks, room - 1):
            return False
        for j in dict.fromkeys(point.column[np.argsort(-point.z, kind="stable")].tolist()):
            if closed == most or self.reached_limit(0.0):
                break
            if marks[0, j] != -1:
                continue
            child = marks.copy()
            child[0, j] = 1
            if not self._list(child, room - 1, -np.inf):
                break
            marks[0, j] = 0
            closed += 1
        return closed > 0 and not self.reached_limit(0.0)

    def _list(self, marks: Marks, room: int, inherited: float) -> bool:
        relaxation = self.task.relaxation
        cutoff, most = self.cutoff, MOST_LISTED if self.task.keep > -np.inf else FEW
        blur = BLUR * abs(relaxation.constant)
        below = cutoff + blur + SLACK * max(self.task.tolerance, 1e-9 * abs(cutoff))
        found = relaxation.close(marks, room, below, most, lambda: bool(self.stopped or self.task.limits.late))
        if found is None or (len(found) == most and self.task.keep > -np.inf):
            return False
        rest = max(value for value, _ in found) - blur if len(found) == most else np.inf  # of what was not listed
        values = [self.task.evaluate((columns,)) for _, columns in found]
        for (_, columns), (value, _) in zip(found, values, strict=True):
            self.offer((columns,), value)
        self.pruned = min(self.pruned, max(inherited, min([cutoff, rest, *(floor for _, floor in values)])))
        return True

    def offer(self, columns: Columns, value: float | None = None) -> None:
        """Keep supports if they are the best so far (or wanted for the list)."""
        value = self.task.evaluate(columns)[0] if value is None else value
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
        return min([*bounds, self.looking, self.current[2] if self.current is not None else np.inf])

    def proven_so_far(self) -> float:
        """The bound of the tree, looked up a few times a second."""
        now = time.perf_counter()
        if now > self.next_look:
            self.heard, self.next_look = min(self.pruned, self.best, self.open_bound()), now + LOOK
        return self.heard

    def reached_limit(self, megabytes: float) -> str:
        """The limit that was reached, or what stopped the search, if any."""
        if self.stopped:
            return self.stopped
        if self.best < self.task.stop_below:
            return "undercut"
        if time.perf_counter() > self.task.limits.deadline:
            return "time limit"
        if self.nodes >= self.task.limits.nodes:
            return "node limit"
        for nodes, share in self.task.checkpoints:
            if self.nodes == nodes and self.best - self.open_bound() > share * (self.best - self.first):
                return "slow"
        return "memory limit" if megabytes > self.task.limits.megabytes else ""

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


def overfull(marks: Marks, sizes: tuple[int, ...]) -> bool:
    """Whether more must be in than may be: nothing below the cutoff is left."""
    return any((row == 1).sum() > size for row, size in zip(marks, sizes, strict=True))


def complete(marks: Marks, sizes: tuple[int, ...]) -> Marks:
    """Where a unit is full, what is left is out."""
    for k, size in enumerate(sizes):
        if (marks[k] == 1).sum() >= size:
            marks[k, marks[k] == -1] = 0
    return marks


def choose(marks: Marks, point: Point, relaxation: Relaxator, soon: bool) -> int:
    """Where to branch, as a flat index into marks; where no free z is left, the column of the largest gain.

    The most fractional z; the largest, whose absence raises the bound most, where nodes are `soon` listed with it in.
    """
    units = np.zeros_like(point.task) if relaxation.common else point.task
    free = marks[units, point.column] == -1
    if free.any():
        z = point.z[free]
        at = np.flatnonzero(free)[np.argmax(z if soon else -np.abs(z - 0.5))]
        return int(units[at]) * marks.shape[1] + int(point.column[at])
    return int(np.argmax(np.where(marks == -1, relaxation.gains(), -np.inf)))
