"""Sections that are not priced cannot hold a function that matters."""

import numpy as np
import pytest

from hal.hal_cases import covariates, outcomes_of, own_blocks, shared_blocks
from sparsekin.hal import path
from sparsekin.hal.basis import all_terms, make_basis
from sparsekin.hal.design import Design
from sparsekin.hal.linear import with_linear
from sparsekin.hal.problem import make_problem
from sparsekin.hal.screening import SlopeTable


def problem_of(order, ratio=0.0, own=False, binomial=False, linear=None):
    rng = np.random.default_rng(order)
    X = covariates(150, 4, rng)
    found = Design(make_basis(X, all_terms(4, 2, order, 8), "abcd"), X)
    ys = outcomes_of(X, 2, rng)
    if binomial:
        ys[1] = (ys[1] > 0).astype(float)
    if own:
        blocks = own_blocks(X, ys[0], [60, 90], [None, rng.uniform(0.2, 3, 90)], rng.normal(size=(150, 1)))
    else:
        blocks = shared_blocks(X, ys)
    return with_linear(make_problem(blocks, found, ratio, ("gaussian", "binomial") if binomial else None), linear)


CASES = [
    (0, 0.0, False, False, None), (1, 0.0, True, False, None), (2, 1.0, False, False, None),
    (1, 0.5, False, True, None), (1, 0.0, False, False, 0.1), (2, 0.0, True, False, 0.3),
]  # fmt: skip


@pytest.mark.parametrize(("order", "ratio", "own", "binomial", "linear"), CASES)
def test_bounds_hold_and_what_is_left_out_lies_below_the_threshold(order, ratio, own, binomial, linear, monkeypatch):
    problem = problem_of(order, ratio, own, binomial, linear)
    left_out = []
    update = SlopeTable.update

    def checked(self, residual, threshold):
        most = update(self, residual, threshold)
        true = problem.slopes(problem.gradient(residual))
        first = problem.design.basis.first
        per_section = np.maximum.reduceat(true, first[:-1])
        assert np.all(per_section <= self.ceiling * (1 + 1e-9) + 1e-12)
        stale = np.abs(self.slopes - true) > 1e-9
        assert np.all(true[stale] < threshold)
        assert true.max() <= most.max() * (1 + 1e-12)
        left_out.append(stale.any())
        return most

    monkeypatch.setattr(SlopeTable, "update", checked)
    points = list(path.walk(problem, path.lambda_max(problem) * np.geomspace(1, 0.1, 15)))
    assert max(point.gap for point in points) <= 1e-6
    assert sum(left_out) >= 3


def test_points_are_those_of_pricing_everything(monkeypatch):
    problem = problem_of(0)
    lambdas = path.lambda_max(problem) * np.geomspace(1, 0.05, 20)
    screened = list(path.walk(problem, lambdas))
    update = SlopeTable.update
    monkeypatch.setattr(SlopeTable, "update", lambda self, residual, _: update(self, residual, 0.0))
    whole = list(path.walk(problem, lambdas))
    for one, other in zip(screened, whole, strict=True):
        assert one.objective == pytest.approx(other.objective, rel=1e-6)
