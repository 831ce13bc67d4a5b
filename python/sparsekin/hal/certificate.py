"""How far a point can be from the optimum: the duality gap over all p functions.

Residuals r scaled by a >= 0 are feasible for the dual problem when a times every slope is at most lambda; in the
weights omega a gaussian task then has the dual value a <y, r> - a^2 <r, r> / 2, a binomial one (a <= 1) the entropy of
the means y - a r. With the lasso tasks are separate problems, each with its own a.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.hal.problem import Problem


def dual_objective(problem: Problem, residual: Sequence[Floats], steepest: Floats, lambda_: float) -> float:
    """A lower bound of the optimum from residuals y - mean, whose slopes are `steepest` at most.

    That is (1,), or (K,) with the lasso: see `sparsekin.hal.penalty.steepest`.
    """
    tasks = range(problem.n_tasks)
    if problem.penalty.ratio < 1:
        return _dual(problem, tasks, residual, float(steepest[0]), lambda_)
    return sum(_dual(problem, [k], residual, float(steepest[k]), lambda_) for k in tasks)


def _dual(problem: Problem, tasks: Sequence[int], residual: Sequence[Floats], steepest: float, lambda_: float) -> float:
    most = lambda_ / steepest if steepest > 0 else np.inf
    squared = [k for k in tasks if problem.logistic[k] is None]
    others = [(problem.logistic[k], residual[k]) for k in tasks]
    rr = sum(float(problem.omega[k] @ residual[k] ** 2) for k in squared)
    yr = sum(float(problem.omega[k] @ (problem.y[k] * residual[k])) for k in squared)
    best = 1.0 if len(squared) < len(tasks) else yr / rr if rr > 0 else 0.0
    scale = min(best, most)
    return scale * yr - scale**2 * rr / 2 + sum(one.dual(r, scale) for one, r in others if one is not None)
