"""Fits whose always-in columns are tied by lambda_2 as the slopes are: what the dial from pooled to separate fits."""

from __future__ import annotations

import time

import numpy as np

from sparsekin.data.blocks import Bools, Floats
from sparsekin.l0.problem import Problem, factor, smooth_penalty, zbar_penalty
from sparsekin.l0.refits import read, refits
from sparsekin.l0.solution import Solution


def tied_solution(problem: Problem, support: Bools) -> Solution:
    """The values of `support` with always-in columns tied: their spread adds lambda_2 / 2 times its squares to F.

    Always-in columns are scaled as candidates are (mode "pooled"). Nothing is said of other supports.
    """
    started = time.perf_counter()
    known = read(problem, np.flatnonzero(support.any(axis=1)))
    one = refits(known, support, np.array([problem.lambda_1]), np.array([problem.lambda_2]))
    coef = np.zeros(support.shape)
    coef[one.columns] = one.coef[0]
    standardized = problem.standard.to_standardized(coef)
    keep = one.keep_coef[0]
    spread = keep * known.scale[: known.n_keep] / problem.standard.y_scale
    spread = spread - spread.mean(axis=1, keepdims=True)
    value = _loss(problem, coef, keep, one.intercept[0]) + smooth_penalty(problem, standardized)
    return Solution(
        coef=coef,
        coef_standardized=standardized,
        intercept=one.intercept[0],
        keep_coef=keep,
        support=support,
        objective=float(value + problem.lambda_2 / 2 * np.sum(spread**2) + zbar_penalty(problem, support)),
        bound=None,
        gap=None,
        status="converged",
        swap_gain=None,
        iterations=0,
        seconds=time.perf_counter() - started,
    )


def _loss(problem: Problem, coef: Floats, keep: Floats, intercept: Floats) -> float:
    blocks, loss = problem.blocks, 0.0
    for k in range(problem.n_tasks):
        S, w = np.flatnonzero(coef[:, k]), blocks.weights[k]
        fitted = blocks.columns_of(k, S) @ coef[S, k] + blocks.keep_of(k) @ keep[:, k] + intercept[k]
        if problem.losses is not None:
            loss += problem.losses[k].value(fitted + problem.losses[k].offset)
            continue
        left = blocks.y[k] - fitted
        left = left / problem.standard.y_scale[k]
        loss += factor(problem, k) / 2 * float(left @ (left if w is None else w * left))
    return loss
