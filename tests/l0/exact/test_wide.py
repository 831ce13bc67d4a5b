"""The root on a working set: a bound over all columns, never above the optimum."""

import numpy as np
import pytest

from oracles.instances import kindred_tasks, problem_of
from oracles.tiny_problems import n_combinations, smallest_value, some_supports, tiny_problem, value_of_nothing
from sparsekin.l0.exact import wide
from sparsekin.l0.exact.certify import _open, certify
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.solve import solve


@pytest.mark.parametrize("first", [1, 150])
def test_never_above_the_optimum(first, monkeypatch):
    monkeypatch.setattr(wide, "FIRST", first)
    monkeypatch.setattr(wide, "MORE", 1)
    bounded = 0
    for seed in range(120):
        problem = tiny_problem(seed)
        if problem.lambda_1 <= 0 or n_combinations(problem) > 600:
            continue
        optimum = smallest_value(problem)
        proof = _open(problem, some_supports(problem, seed), 1e-4, Limits(), lambda bound, objective: None)
        wide.bound_wide(proof)
        assert proof.bound <= optimum + 1e-9 * (optimum + value_of_nothing(problem)) + 1e-25, seed
        bounded += proof.bound > 0.3 * optimum
    assert bounded > 20


@pytest.mark.parametrize("settings", [{"lambda_z": 0.05}, {"lambda_z": 0.0}, {"lambda_2": 0.1}, {"support": "common"}])
def test_about_as_good_as_the_root_over_all_columns(settings, monkeypatch):
    blocks = kindred_tasks(1, n=40, p=300, n_tasks=3, s=3, rho=0.3, snr=5.0)
    problem = problem_of(blocks, 3, lambda_1=0.3, **settings)
    supports = [np.flatnonzero(z).astype(np.int32) for z in solve(problem).support.T]
    _, whole = certify(problem, supports, root_only=True)
    monkeypatch.setattr("sparsekin.l0.exact.certify.MANY", 1)
    _, working = certify(problem, supports, root_only=True)
    assert working.route == "root"
    assert working.bound == pytest.approx(whole.bound, rel=0.03)
    assert working.undecided <= 900
