"""Many columns, many settings, and ends before the end."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from oracles.family_instances import family_problem
from sparsekin.l0.glm import solve as glm
from sparsekin.l0.glm import working_set
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.grid import Settings, solve_grid
from sparsekin.l0.lambda_max import lambda_z_max
from sparsekin.l0.solve import solve


@pytest.mark.parametrize("family", ["binomial", "cox"])
def test_short_lists_of_columns_find_what_all_columns_do(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = family_problem(np.random.default_rng(0), [family, family], 80, 60, 3, lambda_1=0.02, lambda_z=0.01)
    whole = solve(problem)
    for module in (working_set, glm):
        monkeypatch.setattr(module, "ALL_COLUMNS", 20)
    monkeypatch.setattr(working_set, "WIDTH", 8)
    monkeypatch.setattr(working_set, "PER_FEATURE", 1)
    assert solve(problem).objective == pytest.approx(whole.objective, rel=1e-3)


def test_every_setting_of_a_grid_is_as_good_as_a_fit_of_its_own() -> None:
    problem = family_problem(np.random.default_rng(1), ["binomial", "poisson"], 60, 10, 3, lambda_1=0.01)
    rows = np.array([[0.01, l2, s, z] for l2 in (0.0, 0.1) for s in (1, 3) for z in (0.0, 0.02, 1.0)])
    grid = solve_grid(problem, Settings(rows[:, 2].astype(int), rows[:, 0], rows[:, 1], rows[:, 3]))
    assert grid.finished.all()
    for i in range(len(grid)):
        alone = solve(grid.settings.at(problem, i))
        assert grid.objective[i] <= alone.objective * (1 + 1e-6)
        assert grid.solution(i).objective == pytest.approx(grid.objective[i], rel=1e-9)


def test_above_its_largest_value_supports_are_common() -> None:
    problem = family_problem(np.random.default_rng(2), ["binomial", "binomial"], 60, 10, 2, lambda_1=0.02)
    top = lambda_z_max(problem, [2])
    assert top > 0
    found = solve(replace(problem, lambda_z=1.05 * top))
    assert (found.support[:, 0] == found.support[:, 1]).all()


def test_the_deadline_and_ctrl_c_leave_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = family_problem(np.random.default_rng(3), ["binomial", "cox"], 80, 30, 4, lambda_1=0.01, lambda_z=0.01)
    late = glm.solve(problem, 1, time.perf_counter())
    assert late.status == "interrupted"
    assert not late.support.any()
    calls, refit = 0, Descent.refit

    def struck(self, *args):
        nonlocal calls
        calls += 1
        if calls == 40:
            raise KeyboardInterrupt
        return refit(self, *args)

    monkeypatch.setattr(Descent, "refit", struck)
    found = solve(problem)
    assert found.status == "interrupted"
    assert found.objective <= late.objective
    rows = Settings(np.array([1, 2, 3]), np.full(3, 0.01), np.zeros(3), np.zeros(3))
    calls = 0
    grid = solve_grid(problem, rows)
    assert grid.stopped


def test_the_status_says_what_was_looked_at() -> None:
    problem = family_problem(np.random.default_rng(4), ["binomial"], 60, 200, 3, lambda_1=0.02)
    assert solve(problem).status == "shortlist-optimal"
    assert solve(problem, effort=2).status == "swap-optimal"
    assert solve(problem, effort=2).objective <= solve(problem).objective
