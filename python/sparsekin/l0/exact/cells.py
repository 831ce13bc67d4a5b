"""What leaving one cell (a column in a task) out, or taking it in, costs at least: one tree each, whatever the losses.

A cell is about a unit: a task, or all tasks where they choose together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.exchanges import Key, key_of
from sparsekin.l0.exact.standing import Standing
from sparsekin.l0.exact.subproblem import search, solve_root
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.exact.ways import Barred, Way, ways_of
from sparsekin.l0.search import Supports

CLOSED = 1e-4  # of F: a bound this near to the value is taken for it
PREPARING, INSIDE_SHARE = 0.2, 0.7  # of the time; of what is left, for the cells of the fit
GLANCE = 60  # nodes of a tree over all tasks before the tasks are looked at alone
RAISED = 1e-9  # of F: what counts as above a limit


@dataclass(slots=True, eq=False)
class Cell:
    """A cell, and the best supports met where it is the other way than in the fit.

    ======== ======== ==================================================================
    field    type     meaning
    ======== ======== ==================================================================
    unit     int
    column   int
    inside   bool     whether the fit has it
    supports Supports the best met without it, or with it; None where none was looked for
    value    float    their F
    bound    float    no supports without it, or with it, have an F below
    ======== ======== ==================================================================
    """

    unit: int
    column: int
    inside: bool
    supports: Supports | None = None
    value: float = np.inf
    bound: float = -np.inf


@dataclass(slots=True, eq=False)
class Cells:
    """All cells that are worth a word.

    ========= ============= =========================================================================
    field     type          meaning
    ========= ============= =========================================================================
    cells     list of Cell  those of the fit, then others in anything near
    out       (units, p)    bool: proven to be in no supports near
    met       dict          F of all supports met near, by their columns
    status    str           "proven" (everything decided), "time limit", "interrupted" or "rounding"
    ========= ============= =========================================================================
    """

    cells: list[Cell]
    out: np.ndarray
    met: dict[Key, float] = field(default_factory=dict)
    status: str = "proven"


@dataclass(slots=True, eq=False)
class Survey:
    """Cells of a fit, looked at one by one: near is what has an F of at most `near[unit]`."""

    proof: Standing
    near: Floats
    deadline: float
    found: Cells = field(init=False)
    ways: list[Way] = field(init=False)
    short_of_time: bool = False  # some tree was

    def __post_init__(self) -> None:
        problem, supports = self.proof.problem, self.proof.supports
        common = problem.support == "common"
        inside = [Cell(u, int(j), True) for u, S in enumerate(supports[:1] if common else supports) for j in np.sort(S)]
        out = np.zeros((1 if common else problem.n_tasks, problem.n_features), bool)
        self.found = Cells(inside, out, {key_of(supports): self.proof.objective})

    def run(self, without: Callable[[int, int], Supports]) -> Cells:
        """All of them, as far as the time goes; `without` searches supports without a column in a unit."""
        found = self.found
        try:
            self.ways = ways_of(self.proof, self._share(PREPARING))
            cells = list(found.cells)
            for i, cell in enumerate(cells):
                if time.perf_counter() > self.deadline:
                    break
                until = self._share(INSIDE_SHARE / (len(cells) - i))
                self._offer(cell, without(cell.unit, cell.column))
                self.leave_out(cell, until)
            for way in self.ways:
                self.rule_out(way)
            self.let_in()
        except KeyboardInterrupt:
            found.status = "interrupted"
        if found.status == "proven" and not self._decided():
            found.status = "time limit" if self.short_of_time or time.perf_counter() > self.deadline else "rounding"
        return found

    def _share(self, share: float) -> float:
        now = time.perf_counter()
        return now + share * (self.deadline - now)

    def leave_out(self, cell: Cell, until: float) -> None:
        """The best supports without a cell of the fit."""
        for i, way in enumerate(self.ways):
            last, now = i == len(self.ways) - 1, time.perf_counter()
            limits = Limits(until) if last else Limits(now + (until - now) / 2, GLANCE)
            self._prove(way, cell, limits)
            if cell.value - cell.bound <= CLOSED * abs(cell.value):
                return

    def rule_out(self, way: Way) -> None:
        """What the bounds of the roots exclude from all that is near."""
        blur = RAISED * abs(self.proof.objective)
        for i, (piece, rest) in enumerate(zip(way.pieces, way.rests, strict=True)):
            if time.perf_counter() > self.deadline:
                return
            limit = float(self.near[i] if way.apart else self.near.max()) + blur - rest
            root = solve_root(piece, limit, 0.0, limit, self.deadline)
            rows = slice(i, i + 1) if way.apart else slice(None)
            out = np.ones_like(self.found.out[rows])
            out[:, root.relaxation.candidates] = root.marks == 0
            self.found.out[rows] |= out

    def let_in(self) -> None:
        """Other columns that are not ruled out: the best supports met with them, a bound where they are not near."""
        inside = {(cell.unit, cell.column) for cell in self.found.cells}
        open_ = [(u, j) for u, j in np.argwhere(~self.found.out).tolist() if (u, j) not in inside]
        blur = RAISED * abs(self.proof.objective)
        for i, (u, j) in enumerate(open_):
            cell, limit = Cell(u, j, False), float(self.near[u]) + blur
            if time.perf_counter() > self.deadline:
                return
            for supports in self._with(cell):
                self._offer(cell, supports)
            until = self._share(1 / (len(open_) - i))
            for left, way in zip((len(self.ways), 1), reversed(self.ways), strict=False):
                if cell.value > limit >= cell.bound:
                    now = time.perf_counter()
                    self._prove(way, cell, Limits(now + (until - now) / left), limit)
            if cell.value <= self.near[u] or cell.bound <= self.near[u]:
                self.found.cells.append(cell)
            else:
                self.found.out[u, j] = True

    def _with(self, cell: Cell) -> list[Supports]:
        """The fit, and supports met, with the column added or in the place of another."""
        problem, out = self.proof.problem, []
        units = range(problem.n_tasks) if problem.support == "common" else [cell.unit]
        S = self.proof.supports[cell.unit]
        smaller = [S[other != S] for other in S] + ([S] if len(S) < int(problem.s[list(units)].min()) else [])
        for rest in smaller:
            changed = np.sort(np.append(rest, cell.column)).astype(np.int32)
            out.append([changed if k in units else old for k, old in enumerate(self.proof.supports)])
        for key in self.found.met:
            if cell.column in key[cell.unit]:
                out.append([np.array(S, np.int32) for S in key])
        return out

    def _offer(self, cell: Cell, supports: Supports) -> None:
        value = self._value(supports)
        self.found.met[key_of(supports)] = value
        if value < cell.value:
            cell.supports, cell.value = [np.sort(S).astype(np.int32) for S in supports], value

    def _value(self, supports: Supports) -> float:
        known = self.found.met.get(key_of(supports))
        return self.proof.value_of(supports) if known is None else known

    def _prove(self, way: Way, cell: Cell, limits: Limits, limit: float = np.inf) -> None:
        """Search the tree with the cell the other way: to its best supports, or until any below `limit` are met."""
        (i, unit), mark = way.of(cell.unit), int(not cell.inside)
        piece, rest = Barred(way.pieces[i], unit, cell.column, mark), way.rests[i]
        value, tolerance, stop = limit - rest, 0.0, -np.inf if way.priced else limit - rest
        if np.isinf(limit):
            assert cell.supports is not None
            own = way.own(cell.supports, cell.unit)
            value, tolerance, stop = piece.evaluate(own)[0], CLOSED / 2 * abs(cell.value), -np.inf
        root = solve_root(piece, value, tolerance, deadline=limits.deadline)
        tree, supports = search(piece, root, tolerance, limits, stop_below=stop)
        self.proof.nodes += tree.nodes
        if tree.columns is not None:
            better = way.whole(supports[tree.columns], self.proof.supports, cell.unit)
            if (cell.column in better[cell.unit]) == (mark == 1):
                self._offer(cell, better)
        cell.bound = min(max(cell.bound, min(tree.bound, root.excluded) + rest), cell.value)
        self.short_of_time |= tree.status == "time limit"
        if tree.status == "interrupted":
            raise KeyboardInterrupt

    def _decided(self) -> bool:
        """Whether every cell is known to be near the other way, or not to be."""
        seen = {(cell.unit, cell.column) for cell in self.found.cells}
        rest = [at for at in np.argwhere(~self.found.out).tolist() if tuple(at) not in seen]
        return not rest and all(
            cell.value <= self.near[cell.unit] or cell.bound > self.near[cell.unit] for cell in self.found.cells
        )
