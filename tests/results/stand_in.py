"""Fits for the tests of the exit rooms, made by plain forward selection: no native core, no search to go wrong."""

import dataclasses

import numpy as np

from sparsekin.data.prepare import prepare_arrays, prepare_frame
from sparsekin.data.profile import residualize, unpenalised_coef
from sparsekin.data.standardize import standardize
from sparsekin.l0.problem import make_problem, objective
from sparsekin.l0.solution import Solution


def solve(problem, *, effort=1):
    """Each task by itself: add the feature that lowers the residual sum of squares most, s_k times."""
    blocks, standard = problem.blocks, problem.standard
    p, n_tasks = blocks.n_features, blocks.n_tasks
    coef, intercept, keep_coef = np.zeros((p, n_tasks)), np.zeros(n_tasks), np.zeros((blocks.keep.shape[1], n_tasks))
    for k in range(n_tasks):
        X = blocks.X_of(k)
        X = X.toarray() if hasattr(X, "toarray") else X
        columns, b = _forward(problem, k, X)
        coef[columns, k] = b
        intercept[k], keep_coef[:, k] = unpenalised_coef(blocks, k, blocks.y[k] - X @ coef[:, k])
    scaled = standard.to_standardized(coef)
    value = objective(problem, scaled)
    return Solution(coef, scaled, intercept, keep_coef, coef != 0, value, None, None, "converged", 0.25, 7, 0.01)


def _forward(problem, k, X):
    blocks = problem.blocks
    w = np.ones(len(X)) if blocks.weights[k] is None else blocks.weights[k]
    A, y = (
        residualize(X, problem.basis[k], blocks.weights[k]),
        residualize(blocks.y[k], problem.basis[k], blocks.weights[k]),
    )
    A, y = A * np.sqrt(w)[:, None], y * np.sqrt(w)
    usable = [j for j in range(A.shape[1]) if problem.standard.usable[j, k]]
    chosen = []
    for _ in range(min(problem.s[k], len(usable))):
        left = {j: _rss(A, y, [*chosen, j]) for j in usable if j not in chosen}
        chosen.append(min(left, key=left.get))
    b = np.linalg.lstsq(A[:, chosen], y, rcond=None)[0]
    return chosen, b


def _rss(A, y, columns):
    return np.sum((y - A[:, columns] @ np.linalg.lstsq(A[:, columns], y, rcond=None)[0]) ** 2)


def fit_prepared(kind, prepared, s, **changes):
    """A fit of class `kind` with every field filled."""
    blocks, standard = prepared.blocks, standardize(prepared.blocks)
    sizes = np.full(blocks.n_tasks, s)
    problem = make_problem(blocks, standard, sizes, lambda_z=0.5)
    solution = dataclasses.replace(solve(problem), **changes)
    return kind(
        blocks=blocks, design=prepared.design, ledger=prepared.ledger, row_positions=prepared.row_positions,
        index=prepared.index, standard=standard, solution=solution, s=sizes, lambda_1=0.0, lambda_2=0.0, lambda_z=0.5,
        support_mode="heterogeneous", task_weights=problem.task_weights, effort=1,
    )  # fmt: skip


def fit_frame(kind, formula, data, s=2, changes=None, **options):
    """A fit from a formula; `changes` replaces fields of the Solution."""
    return fit_prepared(kind, prepare_frame(formula, data, **options), s, **(changes or {}))


def fit_arrays(kind, y, X, task=None, s=2, **options):
    """A fit from arrays."""
    return fit_prepared(kind, prepare_arrays(y, X, task, **options), s)
