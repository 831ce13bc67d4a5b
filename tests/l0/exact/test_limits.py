"""Limits are kept, and a proof that a limit ended says so."""

import numpy as np
import pytest

from oracles.instances import kindred_tasks, problem_of
from sparsekin.l0.exact.certify import certify
from sparsekin.l0.solve import solve


@pytest.mark.parametrize(("p", "limit"), [(400, 0.3), (400, 1.0), (6000, 1e-3), (6000, 0.5)])
def test_a_proof_that_ran_out_of_time_says_so_and_keeps_its_bound(p, limit):
    blocks = kindred_tasks(2, n=60, p=p, n_tasks=4, s=6, rho=0.5, snr=2.0)
    problem = problem_of(blocks, 6, lambda_1=0.005, lambda_z=0.02)
    supports = [np.flatnonzero(z).astype(np.int32) for z in solve(problem).support.T]
    _, found = certify(problem, supports, time_limit=limit)
    assert found.status == "time limit"
    assert 0 <= found.bound <= found.objective
    assert found.gap > 1e-4
    assert found.seconds < 10 * limit + 10  # a hang, not a race: how closely limits are kept is a benchmark


def test_a_node_limit_is_kept():
    blocks = kindred_tasks(2, n=60, p=200, n_tasks=4, s=6, rho=0.5, snr=2.0)
    problem = problem_of(blocks, 6, lambda_1=0.005, lambda_z=0.02)
    supports = [np.flatnonzero(z).astype(np.int32) for z in solve(problem).support.T]
    _, found = certify(problem, supports, node_limit=25)
    assert found.status == "node limit"
    assert found.nodes <= 30
