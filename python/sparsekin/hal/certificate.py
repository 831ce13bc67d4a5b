"""How far a point can be from the optimum: the duality gap over all p functions.

Residuals r scaled by a >= 0 are feasible for the dual problem when a times every slope is at most lambda; the dual
value is then a <y, r> - a^2 <r, r> / 2 in the weights omega. With "lasso" tasks are separate problems, each with its
own a.
"""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.hal.problem import Problem


def objective(problem: Problem, residual: list[Floats], coef: Floats, v: Floats, lambda_: float) -> float:
    """P at coefficients (a, K) of functions with factors v (a,), for the residuals they leave."""
    loss = sum(float(w @ r**2) for w, r in zip(problem.omega, residual, strict=True)) / 2
    return loss + lambda_ * float(v @ problem.norms(coef))


def dual_objective(problem: Problem, residual: list[Floats], gradient: Floats, lambda_: float) -> float:
    """A lower bound of the optimum from residuals and the gradient (p, K) they give."""
    rr = np.array([w @ r**2 for w, r in zip(problem.omega, residual, strict=True)])
    yr = np.array([w @ (y * r) for w, y, r in zip(problem.omega, problem.y, residual, strict=True)])
    if problem.penalty == "lasso":
        steepest = np.abs(gradient / problem.v[:, None]).max(axis=0, initial=0.0)
    else:
        rr, yr = rr.sum(keepdims=True), yr.sum(keepdims=True)
        steepest = problem.slopes(gradient).max(initial=0.0, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(rr > 0, np.minimum(yr / rr, np.where(steepest > 0, lambda_ / steepest, np.inf)), 0.0)
    return float(np.sum(scale * yr - scale**2 * rr / 2))
