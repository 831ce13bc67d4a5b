"""Supports first, values second: between separate and pooled every setting has the best of the supports found there."""

from __future__ import annotations

import numpy as np
import pytest

from oracles.instances import kindred_tasks, problem_of
from sparsekin.l0 import given
from sparsekin.l0.given import solve_given
from sparsekin.l0.grid import cross, solve_grid
from sparsekin.l0.polish import refit_value
from sparsekin.l0.search import as_mask

LINKS = [0.0, 0.1, 1.0, 10.0, np.inf]
SETTINGS = cross([0, 2, 4], [0.0, 0.1], LINKS, [0.0, 0.05, 5.0])


@pytest.fixture(scope="module")
def problem():
    return problem_of(kindred_tasks(seed=3, n=50, p=30, n_tasks=3, s=5, rho=0.5, snr=2.0), 5, mode="pooled")


@pytest.fixture(scope="module")
def grid(problem):
    return solve_given(problem, SETTINGS)


def test_the_ends_are_searched(problem, grid):
    ends = (SETTINGS.lambda_2 == 0) | SETTINGS.tied
    alone = solve_grid(problem, SETTINGS.take(ends))
    np.testing.assert_array_equal(grid.objective[ends], alone.objective)
    for i, j in enumerate(np.flatnonzero(ends)):
        assert all(np.array_equal(a, b) for a, b in zip(grid.supports[j], alone.supports[i], strict=True))


def test_in_between_no_support_that_was_found_is_better(problem, grid):
    for i in np.flatnonzero((SETTINGS.lambda_2 > 0) & ~SETTINGS.tied):
        known = (SETTINGS.s == SETTINGS.s[i]) & (SETTINGS.lambda_1 == SETTINGS.lambda_1[i])
        known &= (SETTINGS.lambda_2 == 0) | SETTINGS.tied
        at = SETTINGS.at(problem, int(i))
        values = [refit_value(at, as_mask(problem, grid.supports[j])) for j in np.flatnonzero(known)]
        assert grid.objective[i] == pytest.approx(min(values), rel=1e-10)
        assert grid.solution(int(i)).objective == pytest.approx(grid.objective[i], rel=1e-10)


def test_objectives_rise_with_lambda_2(grid):
    some = SETTINGS.s > 0
    keys = np.column_stack([SETTINGS.s, SETTINGS.lambda_1, SETTINGS.lambda_z])
    for key in np.unique(keys[some], axis=0):
        rows = np.flatnonzero((keys == key).all(axis=1))
        assert SETTINGS.lambda_2[rows].tolist() == LINKS
        assert (np.diff(grid.objective[rows]) >= -1e-9).all()


def test_all_steps_are_heard_and_ctrl_c_keeps_what_was_met(problem, grid, monkeypatch):
    heard: list[int] = []
    solve_given(problem, SETTINGS, step=heard.append)
    assert sum(heard) == len(SETTINGS)
    calls = []

    def interrupted(*args):
        calls.append(1)
        if len(calls) > 20:
            raise KeyboardInterrupt
        return refit_value(*args)

    monkeypatch.setattr(given, "refit_value", interrupted)
    found = solve_given(problem, SETTINGS)
    assert found.stopped
    assert 0 < (~found.finished).sum() < len(SETTINGS)
    np.testing.assert_array_equal(found.objective[found.finished], grid.objective[found.finished])
