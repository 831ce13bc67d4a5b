"""The perspective relaxation of any convex loss: Newton steps, each the relaxation of the quadratic model there.

The bound is that of `sparsekin.l0.glm.bound` at the points on the way; the best of them is kept.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Bools, Floats
from sparsekin.l0.exact.relaxation import Marks, Point, Stop, Support
from sparsekin.l0.glm.bound import Bound, bound_of
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.fit import Fit
from sparsekin.l0.glm.sets import OneSet
from sparsekin.l0.glm.tangent import Tangent, tangent_at
from sparsekin.l0.problem import Problem, smooth_penalty
from sparsekin.l0.state import Ids

STEPS, STEPS_BELOW = 25, 6  # of Newton, at a root and at other nodes
LENGTHS = (1.0, 0.5, 0.25, 0.1, 0.03)
CLOSE = 1e-4  # of F without columns: what is left between relaxation and bound
WORTH = 0.1  # of the way to the cutoff, what a step below the root must bring
ROUNDS = 60  # of the relaxation of a quadratic model, at most


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Slopes and shares (p, K), the tangent there, and what the relaxation is worth: infinite where that is unknown."""

    B: Floats
    z: Floats
    tangent: Tangent
    value: float


@dataclass(slots=True, eq=False)
class Relaxation:
    """Bounds at nodes of a tree over some columns: of all tasks, or of one with prices omega (p,) on its columns."""

    descent: Descent
    candidates: Ids
    omega: Floats | None = None
    marks: Marks = field(init=False)
    best: Bound | None = None
    here: Place | None = None
    closable: bool = field(default=False, init=False)  # no node can be closed by algebra: losses are not quadratic

    def __post_init__(self) -> None:
        self.marks = self.free_marks()

    @property
    def common(self) -> bool:
        """Whether one set of columns is for all tasks."""
        return self.descent.problem.support == "common"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Most columns of each unit."""
        s = self.descent.problem.s
        return (int(s.min()),) if self.common else tuple(s.tolist())

    @property
    def constant(self) -> float:
        """F without any column."""
        return self.descent.null.F

    def free_marks(self) -> Marks:
        """Nothing decided but columns that may not be selected."""
        may = np.array([np.isfinite(least) for least in self.descent.freezer.least])
        return np.where(may.all(axis=0, keepdims=True) if self.common else may, -1, 0).astype(np.int8)

    def bound(
        self,
        marks: Marks,
        cutoff: float,
        accuracy: float,
        start: Point,
        rounds: int = ROUNDS,
        seconds: float = np.inf,
        root: bool = True,
    ) -> float:
        """A safe lower bound at a node; stops at `cutoff`, after `seconds`, or below the root when little is left."""
        deadline = time.perf_counter() + seconds
        before = None if self.here is None else self.here.tangent
        self.marks, self.best, self.here = marks, None, None
        with suppress(TimeoutError):
            self._descend(start, before, cutoff, accuracy, min(rounds, ROUNDS), deadline, root)
        return self._reached

    def point(self) -> Point:
        """Where the last bound was left."""
        if self.here is None:
            return Point.nothing()
        column, task = np.nonzero(self.here.B)
        at = column.astype(np.int32)
        return Point(task.astype(np.int32), at, self.here.B[column, task], self.here.z[column, task])

    def fix(self, cutoff: float, seconds: float = np.inf) -> Marks:
        """The marks of the last bound, and what they imply for anything below `cutoff`."""
        return self.marks.copy() if self.best is None or seconds <= 0 else self.best.fix(cutoff)

    def gains(self) -> Floats:
        """(units, m) what each column takes off the bound when it is in."""
        if self.best is None:
            return np.zeros(self.marks.shape)
        sets = self.best.sets
        return sets.gains[None, :] if isinstance(sets, OneSet) else np.ascontiguousarray(sets.gains.T)

    def listed(self, nodes: int, deadline: float) -> int:
        """Nothing is listed."""
        return 0

    def close(self, marks: Marks, room: int, below: float, most: int, stop: Stop) -> list[tuple[float, Support]] | None:
        """Nothing: this is not `closable`."""
        return None

    def prices(self) -> Floats:
        """(K, m) prices at which the tasks apart have the bound they have together, as near as can be."""
        lambda_z = self.descent.problem.lambda_z
        if self.best is None:
            return np.zeros(self.marks.shape)
        excess = self.gains() - self.best.tau[:, None]
        return np.asarray(_native.project_prices(list(np.ascontiguousarray(excess)), lambda_z))

    def _descend(
        self, start: Point, before: Tangent | None, cutoff: float, accuracy: float, rounds: int, deadline: float,
        root: bool,
    ) -> None:  # fmt: skip
        problem = self.descent.problem
        may = np.broadcast_to(self.marks.T != 0, (problem.n_features, problem.n_tasks))
        now = self._start(start, may, before, deadline)
        self._hear(now, deadline)
        for _ in range(STEPS if root else STEPS_BELOW):
            reached = self._reached
            if reached >= cutoff or now.value - reached <= accuracy:
                break
            B, z = self._step(now, may, accuracy, rounds, deadline)
            then = None
            for length in LENGTHS:
                B_mixed, z_mixed = now.B + length * (B - now.B), now.z + length * (z - now.z)
                mixed = self._place(B_mixed, z_mixed, may, now.tangent, deadline)
                self._hear(mixed, deadline)
                if mixed.value < now.value:
                    then = mixed
                    break
            if then is None or now.value - then.value <= 1e-7 * self.constant:
                break
            now = then
            if not root and self._reached - reached < WORTH * (cutoff - reached):
                break

    @property
    def _reached(self) -> float:
        return -np.inf if self.best is None else self.best.value

    def _hear(self, place: Place, deadline: float) -> None:
        tau = None if self.best is None else self.best.tau
        found = bound_of(
            self.descent.problem, place.tangent, self.constant, tau, self.marks, self.omega, deadline
        )  # fmt: skip
        if found.value > self._reached:
            self.best, self.here = found, place

    def _start(self, start: Point, may: Bools, before: Tangent | None, deadline: float) -> Place:
        """Where a parent was left, without what is out now; its value is unknown, for too much may be in."""
        B, z = np.zeros(may.shape), np.where(np.broadcast_to(self.marks.T == 1, may.shape), 1.0, 0.0)
        if not len(start.b):
            now = self._place(B, z, may, before, deadline)
        else:
            B[start.column, start.task] = start.b
            z[start.column, start.task] = np.where(z[start.column, start.task] == 1, 1.0, start.z)
            now = self._place(np.where(may, B, 0.0), np.where(may, z, 0.0), may, before, deadline)
        places = z.sum(axis=0) <= np.array(self.sizes) + 1e-9
        return now if places.all() else Place(now.B, now.z, now.tangent, np.inf)

    def _place(self, B: Floats, z: Floats, may: Bools, before: Tangent | None, deadline: float) -> Place:
        problem = self.descent.problem
        tangent = tangent_at(problem, B, may, before, deadline)
        with np.errstate(divide="ignore", invalid="ignore"):
            ridge = float(np.where(B != 0, B**2 / z, 0.0).sum())
        value = float(tangent.losses.sum()) + problem.lambda_1 / 2 * (ridge - float(np.sum(B**2)))
        value += 0.0 if self.omega is None else float(self.omega @ z[:, 0])
        return Place(B, z, tangent, value + smooth_penalty(problem, B) + spread(problem, z))

    def _step(self, now: Place, may: Bools, accuracy: float, rounds: int, deadline: float) -> tuple[Floats, Floats]:
        """The optimum of the relaxation of the quadratic model at a place."""
        problem, K, null = self.descent.problem, self.descent.problem.n_tasks, self.constant
        supports = [np.flatnonzero(now.B[:, k]).astype(np.int32) for k in range(K)]
        slopes, free = [now.B[S, k] for k, S in enumerate(supports)], list(now.tangent.free)
        here = Fit(supports, slopes, free, now.tangent.losses, 0.0, 0.0)
        models = []
        for k in range(K):
            if time.perf_counter() > deadline:
                raise TimeoutError
            models.append(self.descent.freezer.model(problem, here, k))
        several = K > 1
        native = _native.Relaxation(
            [model.view for model in models],
            [model.c for model in models],
            [np.full(problem.n_features, problem.lambda_1)] * K,
            list(self.sizes),
            problem.lambda_1,
            problem.lambda_2 if several else 0.0,
            problem.lambda_z if several and problem.support == "heterogeneous" else 0.0,
            null,
            1.0,
            self.common,
        )
        if self.omega is not None:
            native.set_omega(0, np.ascontiguousarray(self.omega))
        column, task = np.nonzero(now.B)
        left = max(deadline - time.perf_counter(), 0.0)
        close = min(max(accuracy, 1e-9 * null), CLOSE * null) / 4
        native.solve(
            self.marks, np.inf, close, rounds, left, True, task.astype(np.int32), column.astype(np.int32),
            now.B[column, task],
        )  # fmt: skip
        task, column, b, share = native.point()
        B, z = np.zeros_like(now.B), np.where(np.broadcast_to(self.marks.T == 1, may.shape), 1.0, 0.0)
        B[column, task], z[column, task] = b, np.clip(share, 1e-12, 1.0)
        return B, z


def spread(problem: Problem, z: Floats) -> float:
    """The Zbar term in its Lovasz form."""
    K = problem.n_tasks
    if problem.support != "heterogeneous" or K == 1:
        return 0.0
    return float(problem.lambda_z / (2 * K) * np.sum(np.sort(z, axis=1) @ (2 * np.arange(1, K + 1) - K - 1)))
