"""The relaxation behind every bound: what it is made of, and bounds of nodes from the native core.

min_{b, z in [0,1]} sum_k [const_k - c_k'b_k + 1/2 b_k'(Q_k - D_k) b_k + sum_j d_kj b_kj^2 / (2 z_kj)] + Zbar in its
Lovasz form, sum_j z_kj <= s_k. Any d >= 0 with Q - D positive semidefinite is valid; d = lambda_1 always is, and what
the smallest eigenvalue of G allows on top makes the bound far tighter. See native/l0/exact/relaxation.hpp.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from sparsekin import _native
from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.near import Near
from sparsekin.l0.least_squares import RANK, doubt, weighted_rows
from sparsekin.l0.state import Ids, Workspace

Support = tuple[int, ...]
Stop = Callable[[], bool]  # whether to stop
Marks = NDArray[np.int8]  # (units, m): -1 free, 0 out, 1 in; one unit per task, one in all where support is common

EXTRACT = 1_500  # up to this many columns the eigenvalues of G are computed
FLOOR = 150  # up to this many columns least squares on all of them is a bound where d is next to 0
SMALL = 1e-4  # d relative to the diagonal of G below which that is tried
HUGE = 1e200
SHARE = 0.98  # of the smallest eigenvalue: what is left covers rounding


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Where a relaxation was left: n coordinates with b != 0.

    ====== ===== ==================================
    field  shape meaning
    ====== ===== ==================================
    task   (n,)
    column (n,)  position among the candidates
    b      (n,)
    z      (n,)  share of the column that is in
    ====== ===== ==================================
    """

    task: Ids
    column: Ids
    b: Floats
    z: Floats

    @classmethod
    def nothing(cls) -> Point:
        """b = 0."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0), np.empty(0))


@dataclass(slots=True)
class Relaxation:
    """Bounds on F (or on one task's part of it, with prices on its columns) over the candidates.

    Where d is 0 or next to it the relaxation says nothing; `floors` then bound what all allowed columns can explain.
    """

    native: Any
    candidates: Ids
    tasks: tuple[int, ...]
    sizes: tuple[int, ...]
    common: bool
    constant: float  # F without any column: the scale of what the algebra cannot tell
    floors: tuple[Floats, ...] = ()  # per task the triangle of [X, y] with the ridge below, (., m + 1)
    shares_values: bool = False
    vacuous: bool = False  # some d is 0: only `floors` bound anything
    marks: Marks | None = None
    near: Callable[[float], Near | None] | None = None  # correlated columns of the only task, found by a deadline
    patience: float = 0.0  # nodes before they are looked for
    most_listed: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """(units, m): the shape of marks."""
        return len(self.sizes), len(self.candidates)

    def bound(
        self,
        marks: Marks,
        cutoff: float,
        accuracy: float,
        start: Point,
        rounds: int = 60,
        seconds: float = np.inf,
        root: bool = True,
    ) -> float:
        """A safe lower bound at a node; stops at `cutoff`, after `seconds`, or below the root when little is left."""
        self.marks = marks
        floor = self.floor(marks, time.perf_counter() + seconds)
        if self.vacuous or floor >= cutoff:
            return floor
        solved = self.native.solve(marks, cutoff, accuracy, rounds, seconds, root, start.task, start.column, start.b)
        return max(float(solved), floor)

    def floor(self, marks: Marks, deadline: float = np.inf) -> float:
        """Least squares on all allowed columns and the cheapest prices: -inf where it is not kept."""
        if not self.floors:
            return -np.inf
        total = 0.0
        for k, triangle in enumerate(self.floors):
            if time.perf_counter() > deadline:
                break  # what is left adds 0 at least
            allowed = np.flatnonzero(marks[0 if self.common else k] != 0)
            total += max(_left_at_least(triangle[:, [*allowed, -1]]), 0.0)
        return total + (0.0 if self.common else self._cheapest(marks))

    def _cheapest(self, marks: Marks) -> float:
        """What prices can give back at most."""
        total = 0.0
        for size, prices, row in zip(self.sizes, self.prices(), marks, strict=True):
            room = size - int((row == 1).sum())
            total += float(prices[row == 1].sum() + np.sort(np.minimum(prices[row == -1], 0.0))[:room].sum())
        return total if len(self.sizes) == 1 else 0.0

    @property
    def closable(self) -> bool:
        """Whether a node with one to three places left can be closed by listing: one set of columns, values apart."""
        return len(self.sizes) == 1 and not self.shares_values

    def listed(self, nodes: int, deadline: float) -> int:
        """Places whose fillings are listed without a look at all pairs: 3, 2 or 0.

        What that takes is done once nodes are worth it.
        """
        if self.near is not None and nodes >= self.patience:
            found, self.near = self.near(deadline), None
            if found is not None:
                self.native.set_near(*(getattr(found, field.name) for field in fields(found)))
                self.most_listed = 3 if found.triples > 0 else 2
        return self.most_listed

    def close(
        self, marks: Marks, room: int, below: float, most: int, stop: Stop = lambda: False
    ) -> list[tuple[float, Support]] | None:
        """All ways to fill 1 to 3 places with values below `below` (the best `most`), as (value, columns).

        None where columns are too close to collinear for the algebra to tell, or `stop`, asked now and then, says so.
        """
        found = self.native.close(marks, room, below, most, stop)
        if found is None or (found[0] < -HUGE).sum() >= most:
            return None
        inside = np.flatnonzero(marks[0] == 1).tolist()
        return [
            (float(value), tuple(sorted([*inside, *(int(j) for j in added if j >= 0)])))
            for value, *added in zip(*found, strict=True)
        ]

    def point(self) -> Point:
        """Where the last bound was computed."""
        return Point.nothing() if self.vacuous else Point(*self.native.point())

    def fix(self, cutoff: float, seconds: float = np.inf) -> Marks:
        """The marks of the last bound, and what they imply for anything below `cutoff`, found within `seconds`."""
        if self.vacuous:
            return np.array(self.marks, np.int8)
        return np.asarray(self.native.fix(cutoff, seconds))

    def gains(self) -> Floats:
        """(units, m) what each column takes off the bound when it is in."""
        return np.zeros(self.shape) if self.vacuous else np.asarray(self.native.gains())

    def shares(self) -> Floats:
        """(units, m) z of the last bound, at which b is best."""
        return np.asarray(self.native.shares())

    def prices(self) -> Floats:
        """(tasks, m) prices omega."""
        return np.asarray(self.native.omega())

    def set_prices(self, prices: Floats) -> None:
        """Set the prices (tasks, m)."""
        for k, row in enumerate(prices):
            self.native.set_omega(k, np.ascontiguousarray(row))


def open_relaxation(
    workspace: Workspace,
    views: list[Any],
    candidates: Ids,
    tasks: tuple[int, ...],
    diagonals: list[Floats],
    constant: float,
    deadline: float = np.inf,
) -> Relaxation:
    """The relaxation of some tasks together (Zbar and Bbar act when there is more than one).

    `diagonals`: (m,) d of each of `tasks` over the candidates; `constant`: F without any column, of these tasks.
    """
    problem = workspace.problem
    common = problem.support == "common"
    several = len(tasks) > 1
    padded = []
    for d in diagonals:
        full = np.zeros(problem.n_features)
        full[candidates] = d
        padded.append(full)
    sizes = (int(problem.s.min()),) if common else tuple(int(problem.s[k]) for k in tasks)
    noise = max((_noise(workspace, k, candidates) for k in tasks), default=1.0)
    native = _native.Relaxation(
        [views[k if len(views) > 1 else 0] for k in tasks],
        [workspace.c[k] for k in tasks],
        padded,
        list(sizes),
        problem.lambda_1,
        problem.lambda_2 if several else 0.0,
        problem.lambda_z if several and problem.support == "heterogeneous" else 0.0,
        constant,
        noise,
        common,
    )
    least = min(_least_share(workspace, k, candidates, d) for k, d in zip(tasks, diagonals, strict=True))
    tight = least < SMALL and len(candidates) <= FLOOR
    floors = _floors(workspace, candidates, tasks, deadline) if tight else ()
    coupled = several and problem.lambda_2 > 0
    return Relaxation(native, candidates, tasks, sizes, common, constant, floors, coupled, least <= 0)


def _noise(workspace: Workspace, k: int, candidates: Ids) -> float:
    """By how much means far from 0 magnify rounding in Gram rows: the largest |mean| in units of what is left."""
    problem, diag = workspace.problem, workspace.diag_of(k)[candidates]
    center = problem.standard.center[candidates, k]
    if problem.blocks.origin is not None:
        center = center - problem.blocks.origin.X[candidates, k]
    left = np.sqrt(diag / problem.task_weights[k]) * problem.standard.scale[candidates, k]
    return max(1.0, float(np.max(np.abs(center[diag > 0]) / left[diag > 0], initial=1.0)))


def _least_share(workspace: Workspace, k: int, candidates: Ids, d: Floats) -> float:
    """Smallest d relative to the diagonal of G."""
    diag = workspace.diag_of(k)[candidates]
    return float(np.min(d[diag > 0] / diag[diag > 0], initial=np.inf))


def _floors(workspace: Workspace, candidates: Ids, tasks: tuple[int, ...], deadline: float) -> tuple[Floats, ...]:
    """Per task the triangle of [X, y], ridge rows included, such that ||y - X b||^2 / 2 is its part of F."""
    out: list[Floats] = []
    for k in tasks:
        if time.perf_counter() > deadline:
            return ()
        rows = np.hstack(weighted_rows(workspace.problem, np.array([k]), candidates.astype(np.int64)))
        ridge = np.sqrt(workspace.problem.lambda_1) * np.eye(len(candidates), len(candidates) + 1)
        out.append(linalg.qr(np.vstack([rows, ridge]), mode="r")[0])
    return tuple(out)


def _left_at_least(triangle: Floats) -> float:
    """||y - X b||^2 / 2 at its least for the triangle of [X, y], less what rounding can hide."""
    m = triangle.shape[1] - 1
    inside = linalg.qr(triangle, mode="r")[0]
    lengths = np.linalg.norm(inside[:, :m], axis=0)
    pivots = np.abs(np.diag(inside)[:m]) / np.where(lengths > 0, lengths, 1.0)
    least = pivots[pivots > RANK].min(initial=1.0)
    left = float(np.sum(inside[m:, -1] ** 2)) / 2
    return left - doubt(float(least), float(np.sum(inside[:, -1] ** 2)) / 2, left)


def free_marks(workspace: Workspace, relaxation: Relaxation) -> Marks:
    """Nothing decided but columns that may not be selected."""
    problem, marks = workspace.problem, np.full(relaxation.shape, -1, np.int8)
    closed = np.array([workspace.diag_of(k)[relaxation.candidates] <= 0 for k in relaxation.tasks])
    marks[closed.any(axis=0, keepdims=True) if problem.support == "common" else closed] = 0
    return marks


def extract_diagonal(workspace: Workspace, k: int, candidates: Ids, deadline: float = np.inf) -> Floats:
    """(m,) d of task k: lambda_1, and the share of G's diagonal that its smallest scaled eigenvalue allows.

    lambda_1 alone, which is always valid, after the deadline.
    """
    problem = workspace.problem
    d = np.full(len(candidates), problem.lambda_1)
    diag = workspace.diag_of(k)[candidates]
    few = len(candidates) <= min(EXTRACT, int(problem.blocks.n_obs[k]) - 1)
    if not few or time.perf_counter() > deadline:
        return d
    usable = diag > 0
    X, _ = weighted_rows(problem, np.array([k]), candidates[usable].astype(np.int64))
    X /= np.linalg.norm(X, axis=0)
    smallest = float(linalg.eigvalsh(X.T @ X, subset_by_index=(0, 0))[0]) if usable.any() else 0.0
    d[usable] += SHARE * max(smallest - 1e-12 * len(candidates), 0.0) * diag[usable]
    return d
