"""What must not change the minimum of F, and the closed forms F tends to.

Hypothesis draws the problems from a fixed stream (`derandomize`), so a failure is the same on every machine.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.brute_force import exact_refit, explained, quadratic, subsets_up_to
from oracles.instances import blocks_of, kindred_tasks, problem_of
from sparsekin.data.blocks import TaskBlocks
from sparsekin.l0.path import path_over_s
from sparsekin.l0.problem import objective
from sparsekin.l0.solve import solve

modest = settings(derandomize=True, max_examples=12, deadline=None)


@st.composite
def tasks(draw, least=2, most=4):
    """Blocks of easy problems: few columns, clear signal."""
    return kindred_tasks(
        draw(st.integers(0, 10**6)),
        n=draw(st.integers(15, 30)),
        p=draw(st.integers(6, 10)),
        n_tasks=draw(st.integers(least, most)),
        s=2,
        rho=draw(st.sampled_from([0.0, 0.5])),
        snr=5.0,
    )


PENALTIES = st.sampled_from(
    [
        {"lambda_1": 0.01},
        {"lambda_1": 0.05, "lambda_z": 0.1},
        {"lambda_1": 0.01, "lambda_2": 0.5},
        {"lambda_1": 0.01, "lambda_2": 2.0, "lambda_z": 0.05},
        {"lambda_1": 0.01, "support": "common"},
        {"lambda_1": 0.01, "lambda_2": 1.0, "support": "common"},
    ]
)


def remade(blocks: TaskBlocks, X, y, weights=None) -> TaskBlocks:
    return blocks_of(list(X), list(y), weights)


def parts(blocks: TaskBlocks):
    return [np.asarray(blocks.X_of(k)) for k in range(blocks.n_tasks)], list(blocks.y)


@modest
@given(tasks(), PENALTIES, st.randoms(use_true_random=False))
def test_order_of_tasks(blocks, penalties, random):
    X, y = parts(blocks)
    order = list(range(blocks.n_tasks))
    random.shuffle(order)
    a = solve(problem_of(blocks, 2, **penalties))
    b = solve(problem_of(remade(blocks, [X[k] for k in order], [y[k] for k in order]), 2, **penalties))
    assert b.objective == pytest.approx(a.objective, rel=1e-9)
    np.testing.assert_array_equal(b.support, a.support[:, order])


@modest
@given(tasks(), PENALTIES, st.randoms(use_true_random=False))
def test_order_of_features(blocks, penalties, random):
    X, y = parts(blocks)
    order = list(range(blocks.n_features))
    random.shuffle(order)
    a = solve(problem_of(blocks, 2, **penalties))
    b = solve(problem_of(remade(blocks, [x[:, order] for x in X], y), 2, **penalties))
    assert b.objective == pytest.approx(a.objective, rel=1e-9)
    np.testing.assert_allclose(b.coef, a.coef[order], rtol=1e-6, atol=1e-9)


@modest
@given(tasks(), PENALTIES, st.floats(1e-4, 1e4), st.floats(-100, 100))
def test_units_of_the_features(blocks, penalties, unit, shift):
    X, y = parts(blocks)
    units = unit ** np.linspace(-1, 1, blocks.n_features)
    a = solve(problem_of(blocks, 2, **penalties))
    b = solve(problem_of(remade(blocks, [x * units + shift * units for x in X], y), 2, **penalties))
    assert b.objective == pytest.approx(a.objective, rel=1e-8)
    np.testing.assert_array_equal(b.support, a.support)
    np.testing.assert_allclose(b.coef * units[:, None], a.coef, rtol=1e-6, atol=1e-8)


@modest
@given(tasks(), PENALTIES, st.floats(1e-3, 1e3), st.floats(-10, 10))
def test_units_of_the_outcome(blocks, penalties, unit, shift):
    X, y = parts(blocks)
    scaled = {**penalties, "lambda_z": penalties.get("lambda_z", 0.0) * unit**2}
    a = solve(problem_of(blocks, 2, **penalties))
    b = solve(problem_of(remade(blocks, X, [unit * (v + shift) for v in y]), 2, **scaled))
    assert b.objective == pytest.approx(unit**2 * a.objective, rel=1e-8)
    np.testing.assert_allclose(b.coef, unit * a.coef, rtol=1e-6, atol=1e-9 * unit)


@modest
@given(tasks(), PENALTIES, st.integers(0, 10**6))
def test_a_row_twice_is_a_row_of_weight_two(blocks, penalties, seed):
    X, y = parts(blocks)
    rng = np.random.default_rng(seed)
    times = [rng.integers(0, 4, len(v)) for v in y]
    times[0][:4] = 1
    repeated = remade(
        blocks,
        [np.repeat(x, t, axis=0) for x, t in zip(X, times, strict=True)],
        [np.repeat(v, t) for v, t in zip(y, times, strict=True)],
    )
    weighted = remade(blocks, X, y, [t.astype(float) for t in times])
    a, b = solve(problem_of(repeated, 2, **penalties)), solve(problem_of(weighted, 2, **penalties))
    assert b.objective == pytest.approx(a.objective, rel=1e-9)
    np.testing.assert_allclose(b.coef, a.coef, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(b.intercept, a.intercept, rtol=1e-6, atol=1e-9)


@modest
@given(tasks(least=1, most=1), st.sampled_from(["heterogeneous", "common", "independent"]))
def test_one_task_knows_no_neighbours(blocks, mode):
    alone = solve(problem_of(blocks, 3, lambda_1=0.02))
    for penalties in ({"lambda_2": 3.0}, {"lambda_z": 0.7}, {"lambda_2": 50.0, "lambda_z": 9.0}):
        if mode == "independent":
            penalties = {}
        other = solve(problem_of(blocks, 3, lambda_1=0.02, support=mode, **penalties))
        assert other.objective == pytest.approx(alone.objective, rel=1e-10)
        np.testing.assert_allclose(other.coef, alone.coef, rtol=1e-8, atol=1e-12)


@modest
@given(tasks(), st.sampled_from([0.0, 0.5]))
def test_a_large_lambda_z_gives_the_common_support(blocks, lambda_2):
    tied = solve(problem_of(blocks, 2, lambda_1=0.01, lambda_2=lambda_2, lambda_z=1e4))
    common = solve(problem_of(blocks, 2, lambda_1=0.01, lambda_2=lambda_2, support="common"))
    assert tied.objective == pytest.approx(common.objective, rel=1e-9)
    np.testing.assert_array_equal(tied.support, common.support)


def best_pooled(problem, s: int) -> float:
    """Least F with one slope vector for all tasks: the tasks' quadratics summed, every subset tried."""
    p, n_tasks = problem.n_features, problem.n_tasks
    H, c = quadratic(replace(problem, lambda_2=0.0))
    H, c = H.reshape(n_tasks, p, n_tasks, p).sum(axis=(0, 2)), c.reshape(n_tasks, p).sum(axis=0)
    null = exact_refit(problem, np.zeros((p, n_tasks), bool))[1]
    return null + float(explained(H, c, subsets_up_to(np.arange(p), s)).min())


@modest
@given(tasks(), st.sampled_from(["heterogeneous", "common"]))
def test_a_large_lambda_2_gives_one_slope_for_all_tasks(blocks, mode):
    problem = problem_of(blocks, 2, lambda_1=0.01, lambda_2=1e6, support=mode)
    solution = solve(problem)
    assert solution.objective == pytest.approx(best_pooled(problem, 2), rel=1e-4)
    spread = np.ptp(solution.coef_standardized, axis=1)
    assert spread.max() < 1e-4


@modest
@given(tasks(), st.sampled_from([0.0, 0.3, 10.0]), st.sampled_from(["heterogeneous", "common"]), st.integers(0, 3))
def test_room_for_every_feature_is_ridge(blocks, lambda_2, mode, spare):
    p, n_tasks = blocks.n_features, blocks.n_tasks
    problem = problem_of(blocks, p + spare, lambda_1=0.1, lambda_2=lambda_2, support=mode)
    H, c = quadratic(problem)
    solution = solve(problem)
    np.testing.assert_allclose(solution.coef_standardized.T.ravel(), np.linalg.solve(H, c), rtol=1e-8, atol=1e-10)
    assert solution.support.all()
    assert solution.objective == pytest.approx(exact_refit(problem, np.ones((p, n_tasks), bool))[1], rel=1e-10)


@modest
@given(tasks(), PENALTIES, st.sampled_from(["within", "pooled", False]), st.booleans())
def test_reported_objective_from_scratch(blocks, penalties, mode, intercept):
    problem = problem_of(replace(blocks, intercept=intercept), 3, mode=mode, **penalties)
    solution = solve(problem)
    assert solution.objective == pytest.approx(
        objective(problem, solution.coef_standardized, solution.support), rel=1e-10
    )
    loss = sum(
        np.mean((y - solution.intercept[k] - blocks.X_of(k) @ solution.coef[:, k]) ** 2) / 2
        for k, y in enumerate(blocks.y)
    )
    b = solution.coef * problem.standard.scale
    z = solution.support.astype(float)
    penalty = (
        problem.lambda_1 * np.sum(b**2)
        + problem.lambda_2 * np.sum((b - b.mean(axis=1, keepdims=True)) ** 2)
        + problem.lambda_z * np.sum((z - z.mean(axis=1, keepdims=True)) ** 2)
    )
    assert solution.objective == pytest.approx(loss + penalty / 2, rel=1e-10)


@modest
@given(tasks(), PENALTIES.filter(lambda penalties: "lambda_2" not in penalties))
def test_more_room_is_never_worse(blocks, penalties):
    sizes = list(range(1, 6))
    values = [solution.objective for solution in path_over_s(problem_of(blocks, 1, **penalties), sizes)]
    assert all(b <= a * (1 + 1e-10) for a, b in pairwise(values))
