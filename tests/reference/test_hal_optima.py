"""MTHAL against optima found by CVXPY: binomial and mixed tasks, sparse-group penalty, coefficients held to a sign."""

import json
from pathlib import Path

import numpy as np
import pytest

from reference.hal_instances import problem_of
from sparsekin.hal.path import lambda_max, walk

CASES = json.loads(Path(__file__).with_name("hal_optima.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(str(value) for value in case["setting"].values()))
def test_objective_is_that_of_cvxpy(case):
    problem = problem_of(case["setting"], case["seed"])
    assert lambda_max(problem) * case["setting"]["share"] == pytest.approx(case["lambda"], rel=1e-9)
    *_, point = walk(problem, lambda_max(problem) * np.geomspace(1, case["setting"]["share"], 4), 1e-10)
    assert point.objective == pytest.approx(case["objective"], rel=1e-7)
    assert 0 <= point.gap + 1e-15 <= 1e-10
    assert len(point.functions) > 2
    signs = problem.design.basis.signs[point.functions]
    assert np.all(signs[:, None] * point.coef >= 0)
