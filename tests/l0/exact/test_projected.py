"""Prices with columns that no support holds projected out: what they are worth, and bounds that stay valid."""

import numpy as np
import pytest

from oracles.instances import kindred_tasks, problem_of
from oracles.tiny_problems import n_combinations, smallest_value, some_supports, tiny_problem, value_of_nothing
from sparsekin.l0.exact import coupling, projected
from sparsekin.l0.exact.certify import certify, open_squares
from sparsekin.l0.exact.coupling import least_values, safe_excess, tune_prices
from sparsekin.l0.exact.pool import Met
from sparsekin.l0.exact.projected import tune_projected
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.solve import solve


def started(seed, lambda_z):
    """Surroundings, supports met, where prices start, and F of a problem of 4 tasks and 60 columns."""
    blocks = kindred_tasks(seed, n=40, p=60, n_tasks=4, s=3, rho=0.5, snr=1.0)
    problem = problem_of(blocks, 3, lambda_1=0.05, lambda_z=lambda_z)
    found = solve(problem, effort=1)
    supports = [np.flatnonzero(z).astype(np.int32) for z in found.support.T]
    proof = open_squares(problem, supports, 1e-4, Limits())
    pool = [Met(3, 60) for _ in supports]
    for met, piece, S in zip(pool, proof.apart(np.zeros((4, 60))), supports, strict=True):
        met.add({tuple(S.tolist()): piece.evaluate([S])[0]})
    return proof.surroundings(), pool, np.zeros((4, 60)), proof


def undercut(around, pool, prices):
    """What the tasks are worth at prices once every neighbour of what is cheapest is looked at."""
    found = least_values(pool, prices)
    for k, task in enumerate(around):
        near, _ = task.neighbours(pool[k].cheapest(prices[k])[0], prices[k], 300)
        found[k] = min([found[k], *(value + prices[k][list(S)].sum() for S, value in near.items())])
    return found.sum()


@pytest.mark.parametrize("lambda_z", [0.05, 0.2])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_prices_are_worth_what_programs_with_all_columns_find(seed, lambda_z):
    around, pool, center, proof = started(seed, lambda_z)
    target, spare = proof.objective, 1e-4 * proof.objective
    prices, theta = tune_projected(around, pool, center, lambda_z, target, spare, np.inf)
    assert theta.sum() == pytest.approx(undercut(around, pool, prices), abs=1e-9)
    assert safe_excess(prices, lambda_z) < 1e-12
    again, others, *_ = started(seed, lambda_z)
    theirs, _ = tune_prices(again, others, center, lambda_z, target, spare, np.inf)
    assert theta.sum() >= undercut(again, others, theirs) - 4 * spare


def test_some_of_these_need_cuts(monkeypatch):
    sizes = []
    monkeypatch.setattr(
        projected, "better_prices", lambda *a: sizes.append(len(a[5].right)) or coupling.better_prices(*a)
    )
    for seed in (1, 2, 3, 4):
        around, pool, center, proof = started(seed, 0.05)
        tune_projected(around, pool, center, 0.05, proof.objective, 1e-4 * proof.objective, np.inf)
    assert max(sizes) > 50


def test_bounds_are_valid_and_close(monkeypatch):
    monkeypatch.setattr("sparsekin.l0.exact.certify.MANY", 1)
    monkeypatch.setattr("sparsekin.l0.exact.apart.MANY_COLUMNS", 1)
    closed = met = 0
    for seed in range(90):
        problem = tiny_problem(seed)
        if problem.lambda_1 <= 0 or problem.lambda_z == 0 or problem.n_tasks == 1 or n_combinations(problem) > 600:
            continue
        optimum = smallest_value(problem)
        allowance = 1e-9 * (optimum + value_of_nothing(problem)) + 1e-25
        _, found = certify(problem, some_supports(problem, seed), time_limit=20)
        assert found.bound <= optimum + allowance, seed
        if found.status == "optimal":
            assert found.objective - optimum <= 1e-4 * found.objective + allowance, seed
        closed, met = closed + (found.status == "optimal"), met + 1
    assert met > 10
    assert closed > 0.8 * met
