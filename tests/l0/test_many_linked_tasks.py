"""lambda_2 > 0 with more tasks than columns: gains are exact, and the search grows with the number of tasks."""

import time

import numpy as np
import pytest

from oracles.brute_force import exact_refit, selectable, single_move_gains
from oracles.instances import kindred_tasks, problem_of
from sparsekin.l0.search import open_search
from sparsekin.l0.solve import solve
from sparsekin.l0.state import open_workspace

K = 9
CASES = [
    {"lambda_2": 0.3},
    {"lambda_2": 3.0, "lambda_z": 0.05},
    {"lambda_2": 1e3},
    {"lambda_2": 0.3, "support": "common"},
    {"lambda_2": 50.0, "support": "common"},
]


def search_on(problem):
    workspace = open_workspace(problem)
    return open_search(workspace, workspace.views(np.arange(problem.n_features, dtype=np.int32)))


def some_supports(problem, rng):
    """(p, K): one size for every task, often not all of them the same."""
    support = np.zeros((problem.n_features, K), bool)
    for k in range(K):
        support[rng.choice(np.flatnonzero(selectable(problem)[:, k]), rng.integers(0, 4), replace=False), k] = True
    return np.repeat(support[:, :1], K, axis=1) if problem.support == "common" else support


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_gains_are_those_of_refits(case):
    rng = np.random.default_rng(5)
    problem = problem_of(kindred_tasks(3, n=15, p=7, n_tasks=K, s=3, rho=0.6, snr=2.0), 3, lambda_1=0.01, **case)
    search = search_on(problem)
    null = exact_refit(problem, np.zeros((7, K), bool))[1]
    for _ in range(2):
        support = some_supports(problem, rng)
        search.load([np.flatnonzero(z) for z in support.T])
        assert -search.values().sum() == pytest.approx(exact_refit(problem, support)[1], rel=1e-9)
        assert search.best_gains().max() == pytest.approx(single_move_gains(problem, support), abs=1e-8 * null)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_numbers_after_many_moves_are_those_of_a_fresh_start(case):
    """Columns have come and gone in all tasks, and their places were taken by others."""
    blocks = kindred_tasks(4, n=30, p=40, n_tasks=K, s=6, rho=0.8, snr=1.0)
    problem = problem_of(blocks, 10, lambda_1=0.01, **case)
    search, fresh = search_on(problem), search_on(problem)
    rng = np.random.default_rng(0)
    for _ in range(3):
        apart = [np.sort(rng.choice(40, 10, replace=False)) for _ in range(K)]
        search.load(apart[:1] * K if problem.support == "common" else apart)
        search.polish()
        search.resize([3] * len(search.sizes()))
        search.resize(search.sizes() if problem.support == "common" else [10] * K)
        fresh.load(search.supports())
        np.testing.assert_allclose(search.values(), fresh.values(), rtol=1e-10)
        np.testing.assert_allclose(search.best_gains(), fresh.best_gains(), atol=1e-9 * -fresh.values().sum())
        assert -search.values().sum() == pytest.approx(exact_refit(problem, as_mask(search, 40))[1], rel=1e-9)


def as_mask(search, p):
    support = np.zeros((p, K), bool)
    for k, chosen in enumerate(search.supports()):
        support[chosen, k] = True
    return support


@pytest.mark.parametrize("case", [{"lambda_2": 0.3}, {"lambda_2": 0.3, "support": "common"}], ids=str)
def test_four_times_the_tasks_are_no_more_than_ten_times_the_work(case):
    """Four times is what it should be; one dense system for all tasks took more than twenty times."""
    spent = []
    for n_tasks in (25, 100):
        blocks = kindred_tasks(6, n=40, p=30, n_tasks=n_tasks, s=8, rho=0.5, snr=2.0)
        problem = problem_of(blocks, 8, lambda_1=0.01, **case)
        runs = []
        for _ in range(2):
            start = time.process_time()
            solve(problem)
            runs.append(time.process_time() - start)
        spent.append(min(runs))
    assert spent[1] < 10 * spent[0]
