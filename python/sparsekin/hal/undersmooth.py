"""The undersmoothed lambda: small enough for plug-in estimates, by the scores of the functions first selected.

A functional of the fit has its efficient influence function spanned, nearly, by the functions selected by
cross-validation; its plug-in estimate is without first-order bias once those functions solve their score equations:

    |mean_i phi_j(x_i) (y_i - f_k(x_i))| <= sd_jk / (sqrt(n_k) log n_k)    for every such function j and task k

with sd_jk the standard deviation of phi_j (y - f_k) at the lambda of cross-validation (van der Laan, Benkeser, Cai,
arXiv 1908.05607, and the rule hal9001 has on a branch: the largest of 20 lambdas down to a thousandth that qualifies).
"""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.errors import SolverError
from sparsekin.hal.path import Point, walk
from sparsekin.hal.problem import Problem

N_LAMBDA, DOWN_TO = 20, 1e-3


def undersmoothed(problem: Problem, start: Point, tolerance: float) -> Point:
    """The point at the largest lambda, from that of `start` down, where every score is small enough.

    Raises
    ------
    SolverError
        None is, down to a thousandth of the lambda of `start`.
    """
    score, sd = _scores(problem, start, start.functions)
    n = problem.blocks.n_obs.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = np.where(n > 1, sd / (np.sqrt(n) * np.log(n)), np.inf)
    if np.all(score <= limit):
        return start
    lambdas = np.geomspace(1.0, DOWN_TO, N_LAMBDA)[1:] * start.lambda_
    for point in walk(problem, lambdas, tolerance):
        score, _ = _scores(problem, point, start.functions)
        if np.all(score <= limit):
            return point
    worst = float(np.max(np.divide(score, limit, out=np.zeros_like(score), where=limit > 0)))
    raise SolverError(
        f"No lambda from {start.lambda_:.3g} down to {lambdas[-1]:.3g} solves the score equations of the functions "
        f"selected by cross-validation: at the last, the worst is {worst:.1f} times what it may be."
    )


def _scores(problem: Problem, point: Point, functions: Ints) -> tuple[Floats, Floats]:
    """(a, K) absolute means of phi_j (y - f_k), and their standard deviations over the rows of a task."""
    blocks = problem.blocks
    mean, sd = np.empty((len(functions), blocks.n_tasks)), np.empty((len(functions), blocks.n_tasks))
    for k, rows in enumerate(blocks.rows):
        linear = point.fitted[k, rows] + point.intercept[k] + blocks.keep[rows] @ point.keep_coef[:, k]
        one = problem.curved[k]
        r = blocks.y[k] - linear if one is None else one.loss.error(linear + one.loss.offset)
        w = problem.omega[k] / problem.omega[k].sum()
        products = problem.design.columns(functions, rows.start, rows.stop) * r[:, None]
        mean[:, k] = w @ products
        sd[:, k] = np.sqrt(w @ (products - mean[:, k]) ** 2)
    return np.abs(mean), sd
