"""Units say nothing of what is found: every task is searched as far as it would be alone, whatever stands beside it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from oracles.instances import blocks_of, problem_of, toeplitz_normal
from sparsekin.l0.grid import cross, solve_grid
from sparsekin.l0.polish import refit_value
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import as_mask
from sparsekin.l0.solve import solve

RATIOS = (1e5, 1e12, 1e-7)


def rss(X, y, S) -> float:
    """Residual sum of squares of a regression on columns S with an intercept."""
    A = np.column_stack([np.ones(len(y)), X[:, S]])
    return float(np.sum((y - A @ np.linalg.lstsq(A, y, rcond=None)[0]) ** 2))


def two_outcomes(seed: int, n: int = 60, p: int = 40):
    """Two designs, and an outcome on each: many middling effects among correlated columns."""
    rng = np.random.default_rng(seed)
    X = [toeplitz_normal(rng, n, p, 0.6) for _ in range(2)]
    y = [X[k] @ np.where(rng.random(p) < 0.15, rng.normal(size=p), 0) + rng.normal(size=n) for k in range(2)]
    return X, y


@pytest.mark.parametrize("shared", [True, False])
def test_an_outcome_beside_a_large_one_is_what_it_is_alone(shared):
    for seed in range(12):
        X, y = two_outcomes(seed)
        X = [X[0], X[0]] if shared else X
        alone = [solve(problem_of(blocks_of(X[k], [y[k]]), 6)).support[:, 0] for k in range(2)]
        for ratio in RATIOS:
            for support in ("heterogeneous", "independent"):
                blocks = blocks_of(X[0] if shared else X, [ratio * y[0], y[1]])
                found = solve(problem_of(blocks, 6, support=support))
                assert found.status == "swap-optimal"
                for k in range(2):
                    assert rss(X[k], y[k], found.support[:, k]) <= rss(X[k], y[k], alone[k]) * (1 + 1e-9)


def neighbours(problem: Problem, support: np.ndarray, k: int):
    """Every support one add, drop or swap in task k away."""
    inside, outside = np.flatnonzero(support[:, k]), np.flatnonzero(~support[:, k])
    for out in [None, *inside]:
        for into in [None, *outside]:
            moved = support.copy()
            if out is not None:
                moved[out, k] = False
            if into is not None:
                moved[into, k] = True
            if moved[:, k].sum() <= problem.s[k]:
                yield moved


def own_loss(X, y, S) -> float:
    return rss(X, y, S) / (2 * len(y))


@pytest.mark.parametrize("ratio", [1e4, 1e10])
def test_no_move_is_left_in_a_small_task_tied_to_a_large_one(ratio):
    """The penalty of a move and what it gains in its own task, computed apart, so that neither hides the other."""
    for seed in range(3):
        X, y = two_outcomes(seed, n=30, p=10)
        for lambda_z in (1e-3, 1.0):
            problem = problem_of(blocks_of(X, [ratio * y[0], y[1]]), 3, lambda_z=lambda_z)
            found = solve(problem)
            assert found.status == "swap-optimal"
            m = found.support.sum(axis=1)
            here = own_loss(X[1], y[1], found.support[:, 1])
            for moved in neighbours(problem, found.support, 1):
                dearer = lambda_z / 4 * (np.sum(moved.sum(axis=1) == 1) - np.sum(m == 1))
                assert own_loss(X[1], y[1], moved[:, 1]) + dearer >= here * (1 - 1e-8)


@pytest.mark.parametrize("small", [1e-4, 1e-5, 1e-6, 1e-7])
def test_what_one_feature_leaves_is_searched_too(small):
    """R2 of the first feature is 1 - small^2; the right answer is the best of all triples."""
    rng = np.random.default_rng(5)
    X = toeplitz_normal(rng, 40, 10, 0.5)
    rest = X[:, 3] - X[:, 5] + rng.normal(size=40)
    y = 3 * X[:, 0] + small * rest
    best = min(rss(X, y, list(S)) for S in combinations(range(10), 3))
    found = solve(problem_of(blocks_of(X, [y]), 3))
    assert rss(X, y, found.support[:, 0]) == pytest.approx(best, rel=1e-6)
    assert found.objective == pytest.approx(best / 80, rel=1e-5)


def test_grids_know_the_small_task_too():
    X, y = two_outcomes(3)
    settings = cross([2, 4, 6], [0.0], [0.0], [0.0])
    together = solve_grid(problem_of(blocks_of(X, [1e7 * y[0], y[1]]), 6), settings)
    for i in range(len(settings)):
        alone = solve_grid(problem_of(blocks_of(X[1], [y[1]]), 6), settings).supports[i][0]
        assert rss(X[1], y[1], together.supports[i][1]) <= rss(X[1], y[1], alone) * (1 + 1e-9)


@pytest.mark.parametrize("support", ["heterogeneous", "independent", "common"])
def test_no_column_at_all(support):
    X, y = two_outcomes(0)
    problem = problem_of(blocks_of(X, y), 0, support=support)
    for effort in (0, 1, 2):
        found = solve(problem, effort=effort)
        assert not found.support.any()
        assert found.objective == pytest.approx(sum(np.var(one) / 2 for one in y), rel=1e-12)
    grid = solve_grid(problem, cross([0, 2], [0.1], [0.0], [0.0]))
    assert [len(S) for S in grid.supports[0]] == [0, 0]
    assert grid.objective[1] == pytest.approx(
        refit_value(replace(problem, lambda_1=0.1), as_mask(problem, grid.supports[1])), rel=1e-9
    )
