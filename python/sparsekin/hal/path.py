"""Solutions along a sequence of lambda: strong rule, working set, block descent, certificate over all functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.data.profile import unpenalised_coef
from sparsekin.hal.block_descent import descend
from sparsekin.hal.certificate import dual_objective, objective
from sparsekin.hal.problem import Problem
from sparsekin.hal.working_set import WorkingSet

ROUNDS = 100
_FEW = 50  # functions taken in at a time, when fewer are active
_MANY = 2000  # functions, from which on a neighbour of a steeper one has to wait
_ROOM = 5  # times as many functions as are active may wait in the working set


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    r"""The solution at one lambda.

    =========== ======= ===============================================================================
    field       shape   meaning
    =========== ======= ===============================================================================
    lambda\_    float   where
    functions   (a,)    those with a coefficient that is not 0, ascending
    coef        (a, K)  W
    intercept   (K,)
    keep_coef   (q, K)  coefficients of the always-in columns
    fitted      (K, N)  Phi W at all rows of the design, without intercept and always-in columns
    objective   float   P
    gap         float   (P - a proven lower bound) / P at W = 0; at most the tolerance unless `rounds` ran out
    rounds      int     pricing passes
    =========== ======= ===============================================================================
    """

    lambda_: float
    functions: Ints
    coef: Floats
    intercept: Floats
    keep_coef: Floats
    fitted: Floats
    objective: float
    gap: float
    rounds: int


def lambda_max(problem: Problem) -> float:
    """Least lambda at which no function is in; 0 where every function is constant, but for rounding."""
    top = problem.slopes(problem.gradient(list(problem.y))).max(initial=0.0)
    most = problem.slopes(problem.gradient([np.abs(y) for y in problem.y])).max(initial=0.0)
    return float(top) if top > 1e-12 * most else 0.0


def walk(problem: Problem, lambdas: Sequence[float] | Floats, tolerance: float = 1e-6) -> Iterator[Point]:
    """Solve at each lambda in turn (descending is fast), to a duality gap of `tolerance` times P at W = 0."""
    walker = _Walker(problem, tolerance)
    for lambda_ in lambdas:
        yield walker.solve(float(lambda_))


class _Walker:
    def __init__(self, problem: Problem, tolerance: float) -> None:
        self.problem = problem
        self.tolerance = tolerance * problem.null_objective
        self.start = problem.gradient(list(problem.y))  # Phi'omega y
        self.slopes = problem.slopes(self.start)
        self.last = float(self.slopes.max(initial=0.0))
        self.set = WorkingSet(problem)
        self.inside: Bools = np.zeros(len(self.slopes), bool)
        self.yy = np.array([w @ y**2 for w, y in zip(problem.omega, problem.y, strict=True)])

    def solve(self, lambda_: float) -> Point:
        least = min(2 * lambda_ - self.last, lambda_)
        aim = 0.3 * self.tolerance
        for rounds in range(1, ROUNDS + 1):
            grown = self._grow(least if rounds == 1 else lambda_)
            if rounds > 1 and not grown:
                aim /= 10
            self._descend(lambda_, least, aim)
            point, residual, gradient = self._look(lambda_, rounds)
            bound = dual_objective(self.problem, residual, gradient, lambda_)
            gap = point.objective - bound
            if gap <= self.tolerance:
                break
        self.last = lambda_
        return _certified(point, gap, self.problem)

    def _grow(self, least: float) -> int:
        """Take in functions steeper than `least`; how many. Of neighbours, which are nearly collinear, the steepest."""
        slopes = self.slopes
        wanted = (slopes > max(least, 0.0)) & ~self.inside
        if len(slopes) > _MANY:
            wanted[1:] &= slopes[1:] >= slopes[:-1]
            wanted[:-1] &= slopes[:-1] >= slopes[1:]
        chosen = np.flatnonzero(wanted)
        active = int(np.count_nonzero(np.any(self.set.W != 0, axis=0)))
        most = max(_FEW, active)
        if len(chosen) > most:
            chosen = np.sort(chosen[np.argpartition(-slopes[chosen], most)[:most]])
        if len(self.set) > _ROOM * (_FEW + active):
            self._let_go(least)
        if len(chosen):
            self.inside[chosen] = True
            self.set.add(chosen)
        return len(chosen)

    def _let_go(self, least: float) -> None:
        """Keep of the working set what is active or about to be."""
        held = self.set
        stays = (self.slopes[held.ids] >= least) | np.any(held.W != 0, axis=0)
        self.inside[held.ids[~stays]] = False
        held.keep(np.flatnonzero(stays))

    def _descend(self, lambda_: float, least: float, aim: float) -> None:
        held = self.set
        places = np.flatnonzero((self.slopes[held.ids] >= least) | np.any(held.W != 0, axis=0))
        if not len(places):
            return
        ids = held.ids[places]
        held.W[:, places] = descend(
            held.gram(places), np.ascontiguousarray(self.start[ids].T), self.problem.v[ids], self.yy, lambda_,
            held.W[:, places], aim, lasso=self.problem.penalty == "lasso",
        )  # fmt: skip

    def _look(self, lambda_: float, rounds: int) -> tuple[Point, list[Floats], Floats]:
        """The point, its residuals and the gradient over all functions, which sets the slopes."""
        problem, held = self.problem, self.set
        active = np.flatnonzero(np.any(held.W != 0, axis=0))
        active = active[np.argsort(held.ids[active])]
        functions, coef = held.ids[active], held.W[:, active].T
        fitted = problem.design.multiply(functions, coef)
        residual = problem.residual(fitted)
        gradient = problem.gradient(residual)
        self.slopes = problem.slopes(gradient)
        value = objective(problem, residual, coef, problem.v[functions], lambda_)
        blank = np.empty(0)
        return Point(lambda_, functions, coef, blank, blank, fitted, value, np.nan, rounds), residual, gradient


def _certified(point: Point, gap: float, problem: Problem) -> Point:
    """The point with its gap and unpenalised coefficients."""
    blocks = problem.blocks
    found = [unpenalised_coef(blocks, k, blocks.y[k] - point.fitted[k, rows]) for k, rows in enumerate(blocks.rows)]
    null = problem.null_objective
    return Point(
        point.lambda_, point.functions, point.coef, np.array([float(c) if blocks.intercept else 0.0 for c, _ in found]),
        np.column_stack([g for _, g in found]), point.fitted, point.objective, gap / null if null > 0 else 0.0,
        point.rounds,
    )  # fmt: skip
