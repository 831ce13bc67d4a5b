"""Exact optima of problems with up to 100 columns and s of 2 or 3, by refitting every support; NumPy alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from oracles.brute_force import Optimum, exact_refit, explained, quadratic, selectable
from sparsekin.l0.problem import Problem

Floats = NDArray[np.float64]
Subsets = list[tuple[int, ...]]


def tiny_optimum(problem: Problem) -> Optimum:
    """Every support of every task; with ties between the supports of tasks, at most two tasks."""
    if problem.support == "common":
        chosen = _best_common(problem)
    elif problem.lambda_2 > 0:
        chosen = _best_coupled_pair(problem)
    elif problem.lambda_z > 0:
        chosen = _best_tied_pair(problem)
    else:
        chosen = [subsets[int(np.argmin(values))] for subsets, values in map(_values_of, *_per_task(problem))]
    support = np.zeros((problem.n_features, problem.n_tasks), bool)
    for k, columns in enumerate(chosen):
        support[list(columns), k] = True
    coef, value = exact_refit(problem, support)
    return Optimum(value, support, coef)


def subsets_of(problem: Problem, k: int) -> Subsets:
    """All sets of up to s_k columns that task k may select."""
    columns = np.flatnonzero(selectable(problem)[:, k]).tolist()
    return [chosen for size in range(int(problem.s[k]) + 1) for chosen in combinations(columns, size)]


def _per_task(problem: Problem) -> tuple[list[Problem], range]:
    return [problem] * problem.n_tasks, range(problem.n_tasks)


def _values_of(problem: Problem, k: int) -> tuple[Subsets, Floats]:
    """What each support of task k changes F by."""
    H, c = quadratic(problem)
    subsets = subsets_of(problem, k)
    return subsets, explained(H, c, [tuple(k * problem.n_features + j for j in chosen) for chosen in subsets])


def _best_common(problem: Problem) -> Subsets:
    H, c = quadratic(problem)
    p, subsets = problem.n_features, subsets_of(problem, 0)
    stacked = [tuple(k * p + j for k in range(problem.n_tasks) for j in chosen) for chosen in subsets]
    return [subsets[int(np.argmin(explained(H, c, stacked)))]] * problem.n_tasks


def _best_tied_pair(problem: Problem) -> Subsets:
    """Two tasks: for every set T both supports hold, the best support around T in either; T = their meet is exact."""
    assert problem.n_tasks == 2
    price = problem.lambda_z / 4  # of a column that one of the two tasks holds
    around: list[dict[tuple[int, ...], tuple[float, tuple[int, ...]]]] = []
    for k in range(2):
        best: dict[tuple[int, ...], tuple[float, tuple[int, ...]]] = {}
        for chosen, value in zip(*_values_of(problem, k), strict=True):
            total = value + price * len(chosen)
            for size in range(len(chosen) + 1):
                for held in combinations(chosen, size):
                    if total < best.get(held, (np.inf, ()))[0]:
                        best[held] = (total, chosen)
        around.append(best)
    meet = min(
        around[0].keys() & around[1].keys(),
        key=lambda T: around[0][T][0] + around[1][T][0] - 2 * price * len(T),
    )
    return [around[0][meet][1], around[1][meet][1]]


def _best_coupled_pair(problem: Problem) -> Subsets:
    """Two tasks with lambda_2 > 0: every pair of supports, one linear system each."""
    assert problem.n_tasks == 2
    H, c = quadratic(problem)
    p, (first, second) = problem.n_features, (subsets_of(problem, k) for k in range(2))
    shifted = [tuple(p + j for j in chosen) for chosen in second]
    holds = np.zeros((len(second), p))
    for i, chosen in enumerate(second):
        holds[i, list(chosen)] = 1.0
    least, best = np.inf, [first[0], second[0]]
    for chosen in first:
        values = explained(H, c, [chosen + other for other in shifted])
        mine = np.zeros(p)
        mine[list(chosen)] = 1.0
        values += problem.lambda_z / 4 * np.abs(holds - mine).sum(axis=1)
        if values.min() < least:
            least, best = values.min(), [chosen, second[int(values.argmin())]]
    return best
