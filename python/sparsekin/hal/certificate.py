"""How far a point can be from the optimum: the duality gap over all p functions.

Residuals r scaled by a >= 0 are feasible for the dual problem when a times every slope is at most lambda; in the
weights omega a gaussian task then has the dual value a <y, r> - a^2 <r, r> / 2, others (a <= 1) that of their loss, see
`sparsekin.hal.curved`. With the lasso tasks are separate problems, each with its own a.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.hal.by_task import conjugate_gain, others, penalty_gain
from sparsekin.hal.curvature import strips
from sparsekin.hal.problem import Problem
from sparsekin.hal.working_set import Look


def task_gaps(problem: Problem, look: Look, functions: Ints, coef: Floats, steepest: Floats, lambda_: float) -> Floats:
    """(K,) how far each task can be from its optimum given the coefficients of the others, see `sparsekin.hal.by_task`.

    No more than the joint gap. `coef` (a, K) are those of `functions`, `steepest` as for `dual_objective`.
    """
    penalty = problem.penalty.at(functions)
    bound, W = lambda_ * penalty.v, coef.T
    out = np.empty(problem.n_tasks)
    if penalty.ratio == 1:
        for k in range(problem.n_tasks):
            dual = _dual(problem, [k], look, float(steepest[k]), lambda_)
            out[k] = look.losses[k] + bound @ np.abs(W[k]) - dual
        return out
    scale = min(1.0, lambda_ / float(steepest[0])) if steepest[0] > 0 else 1.0
    gradient = np.zeros_like(W)
    for tasks, part, columns in strips(problem, functions):
        for k in tasks:
            gradient[k] += (problem.omega[k][part] * look.residual[k][part]) @ columns
    for k in range(problem.n_tasks):
        a, pulls = others(W, k), penalty.v * penalty.pulls(gradient[k][:, None])[:, 0]
        lacks = conjugate_gain(scale * pulls, a, bound, penalty.ratio)
        dual = _scaled_dual(problem, [k], look, scale) - lacks
        out[k] = look.losses[k] + penalty_gain(W[k], a, bound, penalty.ratio) - dual
    return out


def dual_objective(problem: Problem, look: Look, steepest: Floats, lambda_: float) -> float:
    """A lower bound of the optimum from what coefficients leave, whose slopes are `steepest` at most.

    That is (1,), or (K,) with the lasso: see `sparsekin.hal.penalty.steepest`.
    """
    tasks = range(problem.n_tasks)
    if problem.penalty.ratio < 1:
        return _dual(problem, tasks, look, float(steepest[0]), lambda_)
    return sum(_dual(problem, [k], look, float(steepest[k]), lambda_) for k in tasks)


def _dual(problem: Problem, tasks: Sequence[int], look: Look, steepest: float, lambda_: float) -> float:
    most = lambda_ / steepest if steepest > 0 else np.inf
    squared = [k for k in tasks if problem.curved[k] is None]
    best = 1.0
    if len(squared) == len(tasks):
        rr, yr = _products(problem, squared, look.residual)
        best = yr / rr if rr > 0 else 0.0
    return _scaled_dual(problem, tasks, look, min(best, most))


def _scaled_dual(problem: Problem, tasks: Sequence[int], look: Look, scale: float) -> float:
    rr, yr = _products(problem, [k for k in tasks if problem.curved[k] is None], look.residual)
    total = scale * yr - scale**2 * rr / 2
    for k in tasks if look.settled else ():
        one, settled = problem.curved[k], look.settled[k]
        if one is not None and settled is not None:
            total += one.dual(settled, scale)
    return total


def _products(problem: Problem, squared: Sequence[int], residual: Sequence[Floats]) -> tuple[float, float]:
    """<r, r> and <y, r> of gaussian tasks."""
    rr = sum(float(problem.omega[k] @ residual[k] ** 2) for k in squared)
    return rr, sum(float(problem.omega[k] @ (problem.y[k] * residual[k])) for k in squared)
