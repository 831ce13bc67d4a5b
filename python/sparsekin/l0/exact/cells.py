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
from sparsekin.l0.exact.relaxation import Marks
from sparsekin.l0.exact.relaxator import Piece, Relaxator
from sparsekin.l0.exact.standing import Standing
from sparsekin.l0.exact.subproblem import search, solve_root
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.search import Supports
from sparsekin.l0.state import Ids

CLOSED = 1e-4  # of F: a bound this near to the value is taken for it
INSIDE_SHARE = 0.7  # of the time, for the cells of the fit
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


@dataclass(frozen=True, slots=True, eq=False)
class Barred:
    """A piece in which one column of a unit is out (0) or in (1)."""

    piece: Piece[Relaxator]
    unit: int
    column: int
    mark: int

    @property
    def tasks(self) -> tuple[int, ...]:
        """Those of the piece."""
        return self.piece.tasks

    @property
    def n_features(self) -> int:
        """p."""
        return self.piece.n_features

    def relax(self, candidates: Ids, marks: Marks | None, deadline: float) -> tuple[Relaxator, Marks]:
        """The relaxation of the piece, with the column decided."""
        relaxation, found = self.piece.relax(candidates, marks, deadline)
        at = np.flatnonzero(candidates == self.column)
        if len(at) and found[self.unit, at[0]] != 0:
            found[self.unit, at[0]] = self.mark
        return relaxation, found

    def evaluate(self, supports: Supports) -> tuple[float, float]:
        """As the piece does."""
        return self.piece.evaluate(supports)


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
    apart: bool = field(init=False)  # each task is a piece of its own
    pieces: list[Piece[Relaxator]] = field(init=False)
    parts: list[float] = field(init=False)  # F of the fit, by piece
    short_of_time: bool = False  # some tree was

    def __post_init__(self) -> None:
        problem, supports = self.proof.problem, self.proof.supports
        K, p = problem.n_tasks, problem.n_features
        common = problem.support == "common"
        self.apart = K > 1 and not (common or problem.lambda_2 > 0 or problem.lambda_z > 0)
        self.apart |= K > 1 and problem.support == "independent" and problem.lambda_2 == 0
        self.pieces = list(self.proof.apart(np.zeros((K, p)))) if self.apart else [self.proof.joint()]
        held = [[S] for S in supports] if self.apart else [supports]
        self.parts = [piece.evaluate(S)[0] for piece, S in zip(self.pieces, held, strict=True)]
        inside = [Cell(u, int(j), True) for u, S in enumerate(supports[:1] if common else supports) for j in np.sort(S)]
        self.found = Cells(inside, np.zeros((1 if common else K, p), bool), {key_of(supports): self.proof.objective})

    def run(self, without: Callable[[int, int], Supports]) -> Cells:
        """All of them, as far as the time goes; `without` searches supports without a column in a unit."""
        found = self.found
        try:
            cells = list(found.cells)
            for i, cell in enumerate(cells):
                if time.perf_counter() > self.deadline:
                    break
                share = INSIDE_SHARE * (self.deadline - time.perf_counter()) / (len(cells) - i)
                self.leave_out(cell, without(cell.unit, cell.column), time.perf_counter() + share)
            self.rule_out()
            self.let_in()
        except KeyboardInterrupt:
            found.status = "interrupted"
        if found.status == "proven" and not self._decided():
            found.status = "time limit" if self.short_of_time or time.perf_counter() > self.deadline else "rounding"
        return found

    def leave_out(self, cell: Cell, supports: Supports, deadline: float) -> None:
        """The best supports without a cell of the fit, from some."""
        self._offer(cell, supports)
        self._prove(cell, deadline)

    def rule_out(self) -> None:
        """What the bounds of the roots exclude from all that is near."""
        for i, piece in enumerate(self.pieces):
            if time.perf_counter() > self.deadline:
                return
            units = [i] if self.apart else range(len(self.found.out))
            limit = max(self.near[u] for u in units) - self.proof.objective + self.parts[i]
            limit += RAISED * abs(self.proof.objective)
            root = solve_root(piece, limit, 0.0, limit, self.deadline)
            rows = slice(i, i + 1) if self.apart else slice(None)
            out = np.ones_like(self.found.out[rows])
            out[:, root.relaxation.candidates] = root.marks == 0
            self.found.out[rows] = out

    def let_in(self) -> None:
        """Other columns that are not ruled out: the best supports met with them, a bound where they are not near."""
        inside = {(cell.unit, cell.column) for cell in self.found.cells}
        open_ = [(u, j) for u, j in np.argwhere(~self.found.out).tolist() if (u, j) not in inside]
        blur = RAISED * abs(self.proof.objective)
        for i, (u, j) in enumerate(open_):
            cell, now = Cell(u, j, False), time.perf_counter()
            if now > self.deadline:
                return
            for supports in self._with(cell):
                self._offer(cell, supports)
            if cell.value > self.near[u] + blur:
                share = (self.deadline - now) / (len(open_) - i)
                self._prove(cell, now + share, self.near[u] + blur)
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

    def _prove(self, cell: Cell, deadline: float, limit: float = np.inf) -> None:
        """Search the tree with the cell the other way: to its best supports, or until any below `limit` are met."""
        i = cell.unit if self.apart else 0
        rest, mark = self.proof.objective - self.parts[i], int(not cell.inside)
        piece = Barred(self.pieces[i], 0 if self.apart else cell.unit, cell.column, mark)
        value = min(cell.value, limit) - rest
        tolerance = CLOSED * abs(cell.value) if np.isinf(limit) else 0.0
        root = solve_root(piece, value, tolerance, deadline=deadline)
        tree, supports = search(
            piece, root, tolerance, Limits(deadline), stop_below=-np.inf if np.isinf(limit) else limit - rest
        )
        self.proof.nodes += tree.nodes
        if tree.columns is not None:
            better = supports[tree.columns]
            if self.apart:
                better = [*self.proof.supports[:i], *better, *self.proof.supports[i + 1 :]]
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
