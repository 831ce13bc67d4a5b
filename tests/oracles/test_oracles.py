"""The oracles against a second, even plainer way of saying the same thing."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from oracles.brute_force import (
    enumerate_optimum,
    exact_refit,
    explained,
    quadratic,
    single_move_gains,
    subsets_up_to,
    zbar,
)
from oracles.instances import blocks_of, kindred_tasks, problem_of
from oracles.support_choice import best_choice, popcount
from sparsekin.l0.problem import objective


def all_supports(problem):
    p = problem.n_features
    per_task = [
        [c for m in range(int(problem.s[k]) + 1) for c in combinations(range(p), m)] for k in range(problem.n_tasks)
    ]
    for choice in product(*per_task):
        if problem.support == "common" and len(set(choice)) > 1:
            continue
        support = np.zeros((p, problem.n_tasks), bool)
        for k, columns in enumerate(choice):
            support[list(columns), k] = True
        yield support


@pytest.mark.parametrize(
    ("n_tasks", "s", "lambda_2", "lambda_z", "support"),
    [
        (2, 2, 0.0, 0.05, "heterogeneous"),
        (3, 1, 0.0, 0.02, "heterogeneous"),
        (3, 1, 0.0, 0.3, "heterogeneous"),
        (2, 2, 0.7, 0.05, "heterogeneous"),
        (2, 2, 5.0, 0.0, "heterogeneous"),
        (3, 1, 0.7, 0.1, "heterogeneous"),
        (3, 2, 0.0, 0.0, "common"),
        (3, 2, 3.0, 0.0, "common"),
        (2, 2, 0.0, 0.0, "independent"),
    ],
)
def test_enumeration_equals_refitting_every_support(n_tasks, s, lambda_2, lambda_z, support):
    blocks = kindred_tasks(7, n=12, p=6, n_tasks=n_tasks, s=2, rho=0.6, snr=2.0)
    problem = problem_of(blocks, s, lambda_1=0.01, lambda_2=lambda_2, lambda_z=lambda_z, support=support)
    best = min(exact_refit(problem, z)[1] for z in all_supports(problem))
    found = enumerate_optimum(problem)
    assert found.objective == pytest.approx(best, rel=1e-12)
    assert objective(problem, found.coef, found.support) == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize("price", [0.0, 0.01, 0.1, 0.5, 3.0])
@pytest.mark.parametrize("n_tasks", [1, 2, 3, 4])
def test_branch_and_bound_equals_the_full_product(price, n_tasks):
    rng = np.random.default_rng(n_tasks)
    masks = [rng.permutation(64)[:14] for _ in range(n_tasks)]
    values = [-rng.exponential(size=14) for _ in range(n_tasks)]

    def total(choice):
        z = [int(masks[k][i]) for k, i in enumerate(choice)]
        apart = sum((a ^ b).bit_count() for a, b in combinations(z, 2))
        return sum(values[k][i] for k, i in enumerate(choice)) + price * apart

    best = min(total(choice) for choice in product(range(14), repeat=n_tasks))
    assert total(best_choice(values, masks, price)) == pytest.approx(best, rel=1e-13)


def test_popcount():
    x = np.array([0, 1, 4095, 4096, (1 << 24) - 1])
    np.testing.assert_array_equal(popcount(x), [0, 1, 12, 1, 24])


def test_subset_values_equal_the_least_squares_refit():
    blocks = kindred_tasks(3, n=15, p=8, n_tasks=2, s=3, rho=0.8, snr=2.0)
    problem = problem_of(blocks, 3, lambda_1=0.02, lambda_2=0.4, task_weights=np.array([1.5, 0.5]))
    H, c = quadratic(problem)
    null = exact_refit(problem, np.zeros((8, 2), bool))[1]
    for columns in subsets_up_to(np.arange(8), 3)[::7]:
        support = np.zeros((8, 2), bool)
        support[list(columns), 1] = True
        value = explained(H, c, [tuple(8 + j for j in columns)])[0]
        assert null + value == pytest.approx(exact_refit(problem, support)[1], rel=1e-11)


def test_refit_is_stationary_and_agrees_with_the_objective():
    rng = np.random.default_rng(0)
    blocks = kindred_tasks(5, n=14, p=5, n_tasks=3, s=2, rho=0.3, snr=3.0)
    blocks = blocks_of(
        [blocks.X_of(k) for k in range(3)],
        list(blocks.y),
        weights=[None, rng.uniform(0.1, 3, 14), rng.integers(0, 3, 14).astype(float)],
        keep=[1e4 + rng.standard_normal((14, 1)) for _ in range(3)],
    )
    problem = problem_of(blocks, 2, lambda_1=0.05, lambda_2=0.8, lambda_z=0.1, task_weights=np.array([1, 2, 0.5]))
    support = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [0, 0, 0], [0, 0, 0]], bool)
    coef, value = exact_refit(problem, support)
    assert objective(problem, coef, support) == pytest.approx(value, rel=1e-11)
    assert zbar(problem, support) > 0
    for j, k in np.argwhere(support):
        for step in (-1e-4, 1e-4):
            moved = coef.copy()
            moved[j, k] += step
            assert objective(problem, moved, support) > value


@pytest.mark.parametrize("support", ["heterogeneous", "common"])
def test_single_move_gain_is_zero_at_the_optimum_and_found_elsewhere(support):
    blocks = kindred_tasks(11, n=20, p=6, n_tasks=2, s=2, rho=0.2, snr=5.0)
    problem = problem_of(blocks, 2, lambda_1=0.01, lambda_z=0.02, support=support)
    best = enumerate_optimum(problem)
    assert single_move_gains(problem, best.support) == 0.0
    worse = best.support.copy()
    leaving, entering = np.flatnonzero(worse.all(axis=1))[0], np.flatnonzero(~worse.any(axis=1))[0]
    group = slice(None) if support == "common" else slice(0, 1)
    worse[leaving, group], worse[entering, group] = False, True
    lost = exact_refit(problem, worse)[1] - best.objective
    assert lost > 0
    assert single_move_gains(problem, worse) == pytest.approx(lost, rel=1e-9)


@pytest.mark.parametrize("intercept", [True, False])
def test_refit_of_the_empty_support_leaves_the_outcome(intercept):
    blocks = replace(kindred_tasks(1, n=10, p=4, n_tasks=2, s=2, rho=0.0, snr=1.0), intercept=intercept)
    coef, value = exact_refit(problem_of(blocks, 2, lambda_2=1.0), np.zeros((4, 2), bool))
    assert not coef.any()
    spread = np.var if intercept else lambda y: np.mean(y**2)
    assert value == pytest.approx(sum(spread(y) for y in blocks.y) / 2)
