"""Newton's method for several supports at once, one exchange with the sites per step. Arrays only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.errors import SolverError
from sparsekin.l0.problem import ridge_and_bbar, zbar

STEPS, HALVINGS = 60, 30
LAST = 1e-11  # of F without columns: a decrement from which on the next step is exact to rounding


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What sites say of one model, added up.

    ======== =================== ==============================================
    field    shape               meaning
    ======== =================== ==============================================
    value    (K,)                half mean deviances
    gradient (K, 1 + d)          of minus these, by constant and columns
    gram     (K, 1 + m, 1 + m)   second derivatives by constant and `columns`
    columns  (m,)
    ======== =================== ==============================================
    """

    value: Floats
    gradient: Floats
    gram: Floats
    columns: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Penalties:
    """Of slopes on the standardised scale; the first q of d columns, and the constant, have none."""

    q: int
    lambda_1: float
    lambda_2: float
    lambda_z: float

    def smooth(self, theta: Floats) -> float:
        """Ridge and Bbar of coefficients (K, 1 + d)."""
        return ridge_and_bbar(theta[:, 1 + self.q :].T, self.lambda_1, self.lambda_2)

    def supports(self, support: Bools) -> float:
        """Zbar of supports (p, K)."""
        return zbar(support, self.lambda_z, support.shape[1])


@dataclass(slots=True, eq=False)
class Point:
    """A support (p, K), coefficients (K, 1 + d) that are best for it, F without Zbar, and the step they came by."""

    support: Bools
    theta: Floats
    F: float = np.inf
    before: Floats | None = None
    halved: int = 0
    done: bool = False


Ask = Callable[[Sequence[tuple[Floats, Ints]]], list[Sums]]


def refit(
    ask: Ask, supports: Sequence[Bools], start: Floats, free: Bools, penalties: Penalties, F_null: float
) -> list[Point]:
    """The best coefficients for each support (p, K), from `start` (K, 1 + d); `free` (q, K) are columns always in.

    Raises
    ------
    SolverError
        No coefficients are best: the columns separate the outcome, and there is no ridge.
    """
    q = penalties.q
    points = [Point(support, np.where(_held(support, free), start, 0.0)) for support in supports]
    for _ in range(STEPS + HALVINGS):
        active = [point for point in points if not point.done]
        if not active:
            return points
        asked = [(point.theta, _columns(point.support, q)) for point in active]
        for point, sums in zip(active, ask(asked), strict=True):
            _step(point, sums, free, penalties, F_null)
    raise SolverError(
        "Newton's method did not end: the features selected separate the outcome of a task, so that no coefficients "
        "are best. Use lambda_1 > 0, or fewer features."
    )


def _columns(support: Bools, q: int) -> Ints:
    """Columns that any task holds, those that are always in first."""
    return np.concatenate([np.arange(q), q + np.flatnonzero(support.any(axis=1))])


def _held(support: Bools, free: Bools) -> Bools:
    """(K, 1 + d) coefficients that may differ from 0."""
    K = support.shape[1]
    return np.hstack([np.ones((K, 1), bool), free.T, support.T])


def _step(point: Point, sums: Sums, free: Bools, penalties: Penalties, F_null: float) -> None:
    F = float(sums.value.sum()) + penalties.smooth(point.theta)
    if point.before is not None and point.F + 1e-12 * F_null < F and point.halved < HALVINGS:
        point.theta = (point.theta + point.before) / 2
        point.halved += 1
        return
    held = _held(point.support, free)
    at = [np.flatnonzero(one) for one in held]
    ends = np.cumsum([0, *(len(one) for one in at)])
    right, H = np.zeros(ends[-1]), np.zeros((ends[-1], ends[-1]))
    place = {int(j): i for i, j in enumerate(np.concatenate([[0], 1 + sums.columns]))}
    slopes = point.theta[:, 1 + penalties.q :]
    pull = np.hstack([
        np.zeros((len(at), 1 + penalties.q)),
        penalties.lambda_1 * slopes + penalties.lambda_2 * (slopes - slopes.mean(axis=0)),
    ])  # fmt: skip
    for k, own in enumerate(at):
        inside = np.array([place[int(j)] for j in own])
        mine = slice(ends[k], ends[k + 1])
        right[mine] = sums.gradient[k, own] - pull[k, own]
        H[mine, mine] = sums.gram[k][np.ix_(inside, inside)]
    feature = np.concatenate(at)
    slope = feature > penalties.q
    same = (feature[:, None] == feature[None, :]) & slope[:, None]
    H -= np.where(same, penalties.lambda_2 / len(at), 0.0)
    H[np.diag_indices_from(H)] += (penalties.lambda_1 + penalties.lambda_2) * slope
    step = np.linalg.lstsq(H, right, rcond=1e-13)[0]
    decrement = float(right @ step)
    point.before, point.F, point.halved = point.theta, F, 0
    point.theta = point.theta.copy()
    for k, own in enumerate(at):
        point.theta[k, own] += step[ends[k] : ends[k + 1]]
    if decrement <= LAST * F_null:
        point.F, point.done = F - decrement / 2, True
