"""Solutions along a sequence of lambda: strong rule, working set, block descent, certificate over all functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.blas import one_blas_thread
from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.hal.certificate import dual_objective, task_gaps
from sparsekin.hal.finite import check_finite
from sparsekin.hal.gaussian import GaussianSet
from sparsekin.hal.problem import Problem
from sparsekin.hal.prox_newton import ProxNewtonSet
from sparsekin.hal.screening import SlopeTable
from sparsekin.hal.working_set import WorkingSet

ROUNDS = 100
_FEW = 50  # functions taken in at a time, or a quarter of those active
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
    coef        (a, K)  W, in the units of the outcomes
    intercept   (K,)
    keep_coef   (q, K)  coefficients of the always-in columns
    fitted      (K, N)  Phi W at all rows of the design, without intercept and always-in columns
    objective   float   P
    gap         float   (P - a proven lower bound) / P at W = 0, and the same of each task given the others, the
                        largest; at most the tolerance unless `rounds` ran out
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
    residual = list(problem.null_residual)
    top = problem.slopes(problem.gradient(residual)).max(initial=0.0)
    any_sign = replace(problem.penalty, sign=np.zeros_like(problem.penalty.sign))
    most = any_sign.slopes(problem.gradient([np.abs(r) for r in residual])).max(initial=0.0)
    return float(top) if top > 1e-12 * most else 0.0


def walk(problem: Problem, lambdas: Sequence[float] | Floats, tolerance: float = 1e-6) -> Iterator[Point]:
    """Solve at each lambda in turn (descending is fast), to a duality gap of `tolerance` times P at W = 0."""
    walker = _Walker(problem, tolerance)
    for lambda_ in lambdas:
        with one_blas_thread():  # small systems: threads would wait
            point = walker.solve(float(lambda_))
        yield point


class _Walker:
    def __init__(self, problem: Problem, tolerance: float) -> None:
        self.problem = problem
        self.tolerance = tolerance
        check_finite(problem.null_objective, "The objective of the model without functions")
        start = problem.gradient(problem.null_residual)
        self.table = SlopeTable(problem, start)
        self.last = float(self.slopes.max(initial=0.0))
        gaussian = all(family == "gaussian" for family in problem.families)
        self.set: WorkingSet = GaussianSet(problem, start) if gaussian else ProxNewtonSet(problem)
        self.inside: Bools = np.zeros(len(self.slopes), bool)

    @property
    def slopes(self) -> Floats:
        """(p,) of the last look; those that cannot matter are older."""
        return self.table.slopes

    def solve(self, lambda_: float) -> Point:
        least = min(2 * lambda_ - self.last, lambda_)
        aim = 0.3 * self.tolerance * self.problem.null_objective
        least_aim = 1e-17 * self.problem.null_objective
        for rounds in range(1, ROUNDS + 1):
            grown = self._grow(least if rounds == 1 else lambda_)
            if rounds > 1 and not grown:
                aim /= 10
            places = np.flatnonzero((self.slopes[self.set.ids] >= least) | self._active())
            if len(places):
                self.set.descend(places, lambda_, aim)
            found = self._look(lambda_, rounds)
            if found.gap <= self.tolerance or aim < least_aim:
                break
        self.last = lambda_
        return found

    def _active(self) -> Bools:
        return np.any(self.set.W != 0, axis=0)

    def _grow(self, least: float) -> int:
        """Take in functions steeper than `least`; how many. Of neighbours, which are nearly collinear, the steepest."""
        slopes = self.slopes
        wanted = (slopes > max(least, 0.0)) & ~self.inside
        if len(slopes) > _MANY:
            wanted[1:] &= slopes[1:] >= slopes[:-1]
            wanted[:-1] &= slopes[:-1] >= slopes[1:]
        chosen = np.flatnonzero(wanted)
        active = int(np.count_nonzero(self._active()))
        most = max(_FEW, active // 4)
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
        stays = (self.slopes[self.set.ids] >= least) | self._active()
        self.inside[self.set.ids[~stays]] = False
        self.set.keep(np.flatnonzero(stays))

    def _look(self, lambda_: float, rounds: int) -> Point:
        """The point and its gap; the slopes of all functions certify it."""
        problem, held = self.problem, self.set
        active = np.flatnonzero(self._active())
        active = active[np.argsort(held.ids[active])]
        functions, coef = held.ids[active], held.W[:, active].T
        look = held.look(functions, coef)
        step = min(lambda_ / self.last, 1.0) if self.last > 0 else 1.0
        most = self.table.update(look.residual, lambda_ * max(2 * step - 1, 0.5))
        value = look.loss + lambda_ * problem.penalty.at(functions).value(coef)
        gap = value - dual_objective(problem, look, most, lambda_)
        check_finite(gap, f"The duality gap at lambda = {lambda_:.3g}")
        intercept, keep_coef = held.unpenalised(look.fitted)
        units, scales = problem.units, problem.task_scales
        relative = gap / float(scales.min())  # no task's own gap is larger
        if relative > self.tolerance and problem.n_tasks > 1:
            own = task_gaps(problem, look, functions, coef, most, lambda_) / scales
            relative = max(gap / problem.null_objective, float(own.max()))
        return Point(
            lambda_, functions, coef * units, intercept, keep_coef, look.fitted * units[:, None], value, relative,
            rounds,
        )  # fmt: skip
