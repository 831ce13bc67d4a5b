"""Exact refits: the best coefficients for given supports, to rounding."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.data.profile import unpenalised_coef
from sparsekin.l0.least_squares import doubt, solve_ridge, squares, weighted_rows
from sparsekin.l0.linked import Linked, solve_linked
from sparsekin.l0.pooled import is_pooled, pooled_problem
from sparsekin.l0.problem import Problem, alike, objective, smooth_penalty


def refit(problem: Problem, support: Bools) -> Floats:
    """Coefficients (p, K), standardised scale, that minimise F over B with Z = `support` fixed.

    Independent ridge regressions when lambda_2 = 0; otherwise the tasks answer to each other (see `linked`); one ridge
    regression on what all tasks select when lambda_2 = inf.
    """
    return _refit(problem, support, doubts=False)[0]


def refit_value(problem: Problem, support: Bools) -> float:
    """F at the exact refit of `support`."""
    return objective(problem, refit(problem, support), support)


def refit_range(problem: Problem, support: Bools) -> tuple[float, float]:
    """F at the exact refit of `support`, and what no coefficients there can be below, whatever rounding hid."""
    coef, hidden = _refit(problem, support)
    value = objective(problem, coef, support)
    return value, value - hidden


def _refit(problem: Problem, support: Bools, doubts: bool = True) -> tuple[Floats, float]:
    """Coefficients (p, K), and what rounding can hide of F where `doubts` are asked for."""
    if is_pooled(problem):
        everywhere = np.asarray(support.all(axis=1))[:, None]
        one, hidden = _refit(pooled_problem(problem), everywhere, doubts)
        return np.repeat(one, problem.n_tasks, axis=1), problem.n_tasks * hidden
    coef, hidden = np.zeros(support.shape), 0.0
    if problem.lambda_2 == 0 or problem.n_tasks == 1:
        for tasks, S in alike(problem, support):
            X, Y = weighted_rows(problem, tasks, S)
            found = solve_ridge(X, Y, problem.lambda_1)
            coef[np.ix_(S, tasks)] = found.b
            for i in range(len(tasks) if doubts else 0):
                hidden += doubt(found.least, *squares(X, Y[:, i], found.b[:, i], problem.lambda_1))
        return coef, hidden
    columns = [np.flatnonzero(support[:, k]) for k in range(problem.n_tasks)]
    union = np.unique(np.concatenate(columns)).astype(int)
    rows = [weighted_rows(problem, np.array([k]), S) for k, S in enumerate(columns)]
    linked = [Linked.of(X, Y[:, 0], np.searchsorted(union, S)) for (X, Y), S in zip(rows, columns, strict=True)]
    b, least = solve_linked(linked, len(union), problem.lambda_1, problem.lambda_2)
    outcome = residual = 0.0
    for k, ((X, Y), S) in enumerate(zip(rows, columns, strict=True)):
        coef[S, k] = b[k]
        whole, left = squares(X, Y[:, 0], b[k])
        outcome, residual = outcome + whole, residual + left
    return coef, doubt(least, outcome, residual + smooth_penalty(problem, coef))


def task_values(problem: Problem, support: Bools, tasks: Ints) -> Floats:
    """(len(tasks),) what some tasks add to F at the exact refit of `support`, with lambda_2 = 0."""
    out = np.zeros(problem.n_tasks)
    for group, S in alike(problem, support, tasks):
        X, Y = weighted_rows(problem, group, S)
        b = solve_ridge(X, Y, problem.lambda_1).b
        out[group] = [squares(X, Y[:, i], b[:, i], problem.lambda_1)[1] for i in range(len(group))]
    return out[tasks]


def unpenalised(problem: Problem, coef: Floats) -> tuple[Floats, Floats]:
    """Intercepts (K,) and always-in coefficients (q, K), user's scale, for slopes `coef` (p, K) on that scale."""
    blocks = problem.blocks
    intercept, keep = np.zeros(problem.n_tasks), np.zeros((blocks.keep.shape[1], problem.n_tasks))
    for tasks, S in alike(problem, coef != 0):
        y = np.column_stack([blocks.y[k] for k in tasks])
        residual = y - blocks.columns_of(int(tasks[0]), S) @ coef[np.ix_(S, tasks)]
        intercept[tasks], keep[:, tasks] = unpenalised_coef(blocks, int(tasks[0]), residual)
    if blocks.origin is not None:
        intercept += blocks.origin.intercept(coef, keep)
    return intercept, keep
