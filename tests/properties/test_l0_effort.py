"""More effort never ends higher: F(effort 2) <= F(effort 1) <= F(effort 0), in every regime, for one fit and for grids.

Problems are drawn from stored seeds: few rows, correlated, duplicated and two-valued columns, weights, always-in
columns, unequal sizes, and the short candidate lists that stand in where p is very large.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from oracles.brute_force import enumerate_optimum
from oracles.instances import blocks_of, problem_of, toeplitz_normal
from sparsekin.l0 import grid, solve
from sparsekin.l0.problem import objective

REGIMES = [
    {},
    {"support": "independent"},
    {"support": "common"},
    {"lambda_z": 0.02},
    {"lambda_z": 0.3},
    {"lambda_2": 0.3},
    {"lambda_2": 3.0, "lambda_z": 0.05},
    {"lambda_2": 1.0, "support": "common"},
]


def drawn(seed):
    """A problem, its regime in turn, everything else at random."""
    rng = np.random.default_rng(seed)
    n_tasks, p, rho = int(rng.integers(1, 4)), int(rng.integers(12, 45)), float(rng.choice([0.0, 0.8, 0.95]))
    sizes = [int(n) for n in rng.integers(8, 25, n_tasks)]
    X = [toeplitz_normal(rng, n, p, rho) for n in sizes]
    if rng.random() < 0.3:
        X = [np.sign(x) for x in X]
    if rng.random() < 0.3:
        for x in X:
            x[:, 3], x[:, 5] = x[:, 0], x[:, 1] + x[:, 2]
    columns = rng.permutation(p)[:4]
    y = [x[:, columns] @ rng.normal(size=4) + rng.choice([0.1, 1.0]) * rng.standard_normal(len(x)) for x in X]
    keep = [rng.standard_normal((n, 1)) for n in sizes] if rng.random() < 0.3 else None
    weights = [rng.uniform(0.2, 3.0, n) for n in sizes] if rng.random() < 0.3 else None
    s = [int(k) for k in rng.integers(1, 6, n_tasks)]
    lambda_1 = float(rng.choice([0.0, 1e-3, 0.1]))
    return problem_of(blocks_of(X, y, weights, keep), s, lambda_1=lambda_1, **REGIMES[seed % len(REGIMES)])


def values_by_effort(problem):
    found = [solve.solve(problem, effort=effort) for effort in (0, 1, 2)]
    assert all((one.support.sum(axis=0) <= problem.s).all() for one in found)
    return [one.objective for one in found]


def falls(problem, values):
    """Not above what less effort found, but for rounding of a value near 0."""
    null = objective(problem, np.zeros((problem.n_features, problem.n_tasks)))
    return all(b <= a * (1 + 1e-9) + 1e-11 * null for a, b in pairwise(values))


@pytest.mark.parametrize("seed", range(48))
def test_more_effort_never_ends_higher(seed):
    problem = drawn(seed)
    assert falls(problem, values_by_effort(problem))


@pytest.mark.parametrize("seed", range(100, 124))
def test_more_effort_never_ends_higher_on_short_lists(seed, monkeypatch):
    monkeypatch.setattr(solve, "ALL_COLUMNS", 10)
    monkeypatch.setattr("sparsekin.l0.working_set.VIOLATORS", 2)
    monkeypatch.setattr("sparsekin.l0.working_set.WIDTH", 6)
    problem = drawn(seed)
    assert falls(problem, values_by_effort(problem))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 2000))
def test_more_effort_never_ends_higher_at_length(seed):
    problem = drawn(seed)
    assert falls(problem, values_by_effort(problem))


@pytest.mark.parametrize("seed", range(200, 216))
def test_more_effort_never_ends_higher_on_grids(seed):
    problem = drawn(seed)
    lambda_z = [0.0, 0.05, 0.3] if problem.support == "heterogeneous" else [0.0]
    settings = grid.cross([1, 2, 4], [problem.lambda_1], [problem.lambda_2], lambda_z)
    found = [grid.solve_grid(problem, settings, effort=effort).objective for effort in (0, 1, 2)]
    for values in zip(*found, strict=True):
        assert falls(problem, values)


@pytest.mark.parametrize("seed", range(300, 324))
def test_one_task_of_few_columns_is_solved_exactly(seed):
    """Against an enumeration in NumPy, keep, weights, duplicates and all."""
    problem = drawn(seed)
    problem = replace(
        problem, s=np.minimum(problem.s, 3), lambda_2=0.0, lambda_z=0.0, lambda_1=max(problem.lambda_1, 1e-3)
    )
    optimum = enumerate_optimum(problem).objective
    assert solve.solve(problem, effort=1).objective == pytest.approx(optimum, rel=1e-9)
