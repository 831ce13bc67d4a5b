"""Tiny L0 problems with everything that makes bounds go wrong, and their optima by looking at every support."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from oracles.brute_force import exact_refit, selectable, subsets_up_to, task_rows, zbar
from oracles.instances import blocks_of, problem_of
from oracles.support_choice import best_choice
from sparsekin.l0.problem import Problem

Floats = NDArray[np.float64]


def tiny_problem(seed: int) -> Problem:
    """K 1-4, p 2-10; ties, duplicates, p > n, ridge 0 and 1e-8, intercepts, weights, always-in columns."""
    rng = np.random.default_rng(seed)
    n_tasks, p = int(rng.integers(1, 5)), int(rng.integers(2, 11))
    shared = bool(rng.random() < 0.2)
    n = [int(rng.integers(4, 9) if rng.random() < 0.3 else rng.integers(12, 41)) for _ in range(n_tasks)]
    n = n[:1] * n_tasks if shared else n
    X = [_design(rng, m, p) for m in n]
    X = X[:1] * n_tasks if shared else X
    beta = rng.integers(-2, 3, p) * (rng.random(p) < 0.5)
    y = [x @ (beta * (rng.random(p) < 0.8)) + rng.choice([0.0, 0.1, 1.0, 3.0]) * rng.standard_normal(len(x)) for x in X]
    y = [np.round(one) if rng.random() < 0.2 else one + 1e-3 * rng.standard_normal(len(one)) for one in y]
    weights = [rng.integers(1, 4, m).astype(float) if rng.random() < 0.25 else None for m in n]
    keep = [rng.standard_normal((m, 1)) for m in n] if rng.random() < 0.2 else None
    blocks = blocks_of(
        X[0] if shared else X, y, weights[:1] * n_tasks if shared else weights,
        keep[0] if keep and shared else keep, intercept=bool(rng.random() < 0.8),
    )  # fmt: skip
    ridge = float(rng.choice([0.0, 1e-8, 1e-6, 1e-3, 0.05, 0.3]))
    support = str(rng.choice(["heterogeneous", "heterogeneous", "heterogeneous", "common", "independent"]))
    tied = n_tasks > 1 and support != "independent"
    lambda_2 = float(rng.choice([0.0, 0.0, 0.0, 0.1, 1.0])) if tied else 0.0
    lambda_z = float(rng.choice([0.0, 0.01, 0.1, 0.5, 3.0])) if tied else 0.0
    s = [int(rng.integers(1, 4)) for _ in range(n_tasks)]
    return problem_of(
        blocks, s, mode=rng.choice(["within", "pooled"]) if not shared else "within",
        lambda_1=ridge, lambda_2=lambda_2, lambda_z=lambda_z, support=support,
        task_weights=rng.uniform(0.5, 2.0, n_tasks) if rng.random() < 0.3 else None,
    )  # fmt: skip


def _design(rng: np.random.Generator, n: int, p: int) -> Floats:
    X = rng.standard_normal((n, p))
    if rng.random() < 0.3:
        X = rng.integers(-1, 2, (n, p)).astype(float)
    if rng.random() < 0.3:
        for j in range(1, p):
            X[:, j] = 0.9 * X[:, j - 1] + 0.4 * X[:, j]
    if rng.random() < 0.3:
        X[:, p - 1] = X[:, 0]
    if rng.random() < 0.1:
        X[:, 0] = 1.0
    return X * rng.choice([1.0, 1.0, 100.0]) + rng.choice([0.0, 0.0, 5.0])


def n_combinations(problem: Problem) -> int:
    """Supports `smallest_value` would have to look at one by one when lambda_2 > 0."""
    if problem.support == "common" or problem.lambda_2 == 0:
        return 0
    usable = problem.standard.usable
    counts = [len(subsets_up_to(np.flatnonzero(usable[:, k]), int(problem.s[k]))) for k in range(problem.n_tasks)]
    return int(np.prod(counts))


def some_supports(problem: Problem, seed: int) -> list[NDArray[np.int64]]:
    """Feasible supports, rarely good ones: the tree has to find better."""
    rng = np.random.default_rng(seed)
    usable = problem.standard.usable & (
        problem.standard.usable.all(axis=1, keepdims=True) | (problem.support != "common")
    )
    if problem.support == "common":
        S = rng.permutation(np.flatnonzero(usable.all(axis=1)))[: problem.s.min()]
        return [np.sort(S)] * problem.n_tasks
    return [np.sort(rng.permutation(np.flatnonzero(column))[:s]) for column, s in zip(usable.T, problem.s, strict=True)]


def value_of_nothing(problem: Problem) -> float:
    """F without any column."""
    return float(sum(w * np.var(y) / 2 for w, y in zip(problem.task_weights, problem.blocks.y, strict=True)))


def smallest_value(problem: Problem) -> float:
    """The smallest F, each support's from the rows by least squares."""
    may, tasks = selectable(problem), range(problem.n_tasks)
    if problem.support == "common":
        sets = subsets_up_to(np.flatnonzero(may.all(axis=1)), int(problem.s.min()))
        return min(_value(problem, [S] * problem.n_tasks) for S in sets)
    sets_of = [subsets_up_to(np.flatnonzero(may[:, k]), int(problem.s[k])) for k in tasks]
    if problem.lambda_2 > 0 and problem.n_tasks > 1:
        return min(_value(problem, list(choice)) for choice in product(*sets_of))
    values = [_task_values(problem, k, sets_of[k]) for k in tasks]
    masks = [np.array([sum(1 << j for j in S) for S in sets], np.int64) for sets in sets_of]
    chosen = best_choice(values, masks, problem.lambda_z / (2 * problem.n_tasks))
    support = _mask(problem, [sets_of[k][i] for k, i in enumerate(chosen)])
    return float(sum(values[k][i] for k, i in enumerate(chosen)) + zbar(problem, support))


def _value(problem: Problem, sets: list[tuple[int, ...]]) -> float:
    return exact_refit(problem, _mask(problem, sets))[1]


def _mask(problem: Problem, sets: list[tuple[int, ...]]) -> NDArray[np.bool_]:
    support = np.zeros((problem.n_features, problem.n_tasks), bool)
    for k, S in enumerate(sets):
        support[list(S), k] = True
    return support


def _task_values(problem: Problem, k: int, sets: list[tuple[int, ...]]) -> Floats:
    rows = task_rows(problem, k)
    out = np.empty(len(sets))
    for i, S in enumerate(sets):
        A = np.hstack([rows.unpenalised, rows.X[:, list(S)]])
        q = rows.unpenalised.shape[1]
        ridge = np.sqrt(problem.lambda_1) * np.eye(len(S), len(S) + q, q)
        A, y = np.vstack([A, ridge]), np.concatenate([rows.y, np.zeros(len(S))])
        residual = y - A @ np.linalg.lstsq(A, y, rcond=1e-12)[0]
        out[i] = residual @ residual / 2
    return out
