"""Every certificate of swap-optimality against refitting all supports one move away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles.brute_force import exact_refit, selectable, single_move_gains
from oracles.instances import blocks_of, kindred_tasks, problem_of
from sparsekin.l0.polish import refit
from sparsekin.l0.problem import objective
from sparsekin.l0.search import open_search
from sparsekin.l0.solve import solve
from sparsekin.l0.state import open_workspace

PENALTIES = [
    {"lambda_1": 0.01},
    {"lambda_1": 0.01, "lambda_z": 0.05},
    {"lambda_1": 0.05, "lambda_z": 2.0},
    {"lambda_1": 0.01, "lambda_2": 0.3},
    {"lambda_1": 0.01, "lambda_2": 5.0, "lambda_z": 0.05},
    {"lambda_1": 0.01, "lambda_2": 100.0},
    {"lambda_1": 0.01, "support": "common"},
    {"lambda_1": 0.01, "lambda_2": 2.0, "support": "common"},
    {"lambda_1": 0.01, "support": "independent"},
]


def plain(rng):
    return kindred_tasks(int(rng.integers(1 << 30)), n=20, p=9, n_tasks=3, s=3, rho=0.7, snr=1.0)


def weighted(rng):
    blocks = plain(rng)
    weights = [rng.uniform(0.1, 3.0, 20), None, rng.integers(0, 3, 20).astype(float)]
    return replace(blocks, weights=tuple(weights))


def always_in(rng):
    blocks = plain(rng)
    keep = np.column_stack([1e3 + 50 * rng.standard_normal(60), rng.integers(0, 2, 60), np.ones(60)])
    return replace(blocks, keep=np.asfortranarray(keep.astype(float)), keep_names=("age", "sex", "one"))


def through_the_origin(rng):
    return replace(plain(rng), intercept=False)


def constant_in_a_task(rng):
    blocks = plain(rng)
    X = blocks.X.copy(order="F")
    X[blocks.rows[1], 2] = 7.0
    X[:, 5] = -1.0
    return replace(blocks, X=X)


def duplicated(rng):
    blocks = plain(rng)
    X = blocks.X.copy(order="F")
    X[:, 4] = X[:, 1]
    X[:, 6] = -3 * X[:, 2] + 1
    return replace(blocks, X=X)


def more_columns_than_rows(rng):
    return kindred_tasks(int(rng.integers(1 << 30)), n=7, p=14, n_tasks=2, s=3, rho=0.2, snr=2.0)


def unequal_sizes(rng):
    blocks = plain(rng)
    X = [blocks.X_of(0)[:9], blocks.X_of(1), blocks.X_of(2)[:13]]
    return blocks_of(X, [blocks.y[0][:9], blocks.y[1], blocks.y[2][:13]])


def one_design(rng):
    return kindred_tasks(int(rng.integers(1 << 30)), n=20, p=9, n_tasks=3, s=3, rho=0.7, snr=1.0, shared=True)


def one_design_missing_outcomes(rng):
    blocks = one_design(rng)
    y, weights = list(blocks.y), [None] * 3
    weights[1] = (rng.uniform(size=20) < 0.7).astype(float)
    y[1] = y[1] * weights[1]
    return replace(blocks, y=tuple(y), weights=tuple(weights))


DESIGNS = [
    plain,
    weighted,
    always_in,
    through_the_origin,
    constant_in_a_task,
    duplicated,
    more_columns_than_rows,
    unequal_sizes,
    one_design,
    one_design_missing_outcomes,
]


@pytest.fixture(params=DESIGNS, ids=lambda make: make.__name__)
def design(request):
    return request.param(np.random.default_rng(DESIGNS.index(request.param)))


@pytest.fixture(params=PENALTIES, ids=lambda p: "-".join(f"{k}={v}" for k, v in p.items()))
def problem(request, design):
    return problem_of(design, 3, **request.param)


@pytest.mark.parametrize("effort", [0, 1])
def test_certificate_and_objective_of_a_fit(problem, effort):
    solution = solve(problem, effort=effort)
    scale = objective(problem, np.zeros((problem.n_features, problem.n_tasks)))
    assert solution.swap_gain is not None
    assert solution.swap_gain == pytest.approx(single_move_gains(problem, solution.support), abs=1e-8 * scale)
    value = exact_refit(problem, solution.support)[1]
    assert solution.objective == pytest.approx(value, rel=1e-10)
    assert objective(problem, solution.coef_standardized, solution.support) == pytest.approx(value, rel=1e-10)
    assert not (solution.support & ~problem.standard.usable).any()
    assert (solution.support.sum(axis=0) <= problem.s).all()


def some_support(problem, rng):
    """Random selectable features; at times fewer than s."""
    may = selectable(problem)
    support = np.zeros(may.shape, bool)
    for k in range(problem.n_tasks):
        size = rng.integers(1, problem.s[k] + 1)
        support[rng.choice(np.flatnonzero(may[:, k]), size, replace=False), k] = True
    return np.repeat(support[:, :1], problem.n_tasks, axis=1) if problem.support == "common" else support


def search_at(problem, support):
    workspace = open_workspace(problem)
    search = open_search(workspace, workspace.views(np.arange(problem.n_features, dtype=np.int32)))
    search.load([np.flatnonzero(z) for z in support.T])
    return search


def test_gains_and_refits_at_any_support(problem):
    rng = np.random.default_rng(1)
    null = exact_refit(problem, np.zeros((problem.n_features, problem.n_tasks), bool))[1]
    for _ in range(3):
        support = some_support(problem, rng)
        coef, value = exact_refit(problem, support)
        np.testing.assert_allclose(refit(problem, support), coef, rtol=1e-7, atol=1e-9 * np.abs(coef).max())
        search = search_at(problem, support)
        assert search.values().sum() == pytest.approx(-value, rel=1e-8, abs=1e-9 * null)
        assert search.best_gains().max() == pytest.approx(single_move_gains(problem, support), abs=1e-8 * null)


def test_what_a_search_gains_is_what_refits_confirm(problem):
    support = some_support(problem, np.random.default_rng(2))
    search = search_at(problem, support)
    before = exact_refit(problem, support)[1]
    search.polish()
    after = np.zeros_like(support)
    for k, chosen in enumerate(search.supports()):
        after[chosen, k] = True
    assert exact_refit(problem, after)[1] <= before * (1 + 1e-12)
    assert single_move_gains(problem, after) <= 2e-9 * before
