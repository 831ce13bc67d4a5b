"""Grids: as good as single fits, monotone where they must be, and lambda_z_max where supports become common."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles.instances import kindred_tasks, problem_of
from sparsekin.l0 import sheet
from sparsekin.l0.grid import cross, open_origins, solve_grid
from sparsekin.l0.lambda_max import auto_lambda_z, lambda_z_max
from sparsekin.l0.solve import solve
from sparsekin.l0.state import open_workspace


@pytest.fixture
def problem():
    return problem_of(kindred_tasks(seed=0, n=60, p=80, n_tasks=3, s=5, rho=0.5, snr=2.0), 5, lambda_1=0.01)


def test_cross_takes_every_combination_once():
    settings = cross([3, 1, 3], [0.1], [0.0], [0.5, 0.0])
    assert settings.s.tolist() == [1, 1, 3, 3]
    assert settings.lambda_z.tolist() == [0.0, 0.5, 0.0, 0.5]
    assert set(settings.lambda_1) == {0.1}


@pytest.mark.parametrize("lambda_2", [0.0, 0.5])
@pytest.mark.parametrize("support", ["heterogeneous", "common", "independent"])
def test_grid_is_about_as_good_as_single_fits(problem, support, lambda_2):
    if support == "independent" and lambda_2:
        pytest.skip("independent supports have no lambda_2")
    problem = replace(problem, support=support)
    settings = cross([2, 5], [0.01, 0.1], [lambda_2], [0.0, 0.02, 0.1])
    grid = solve_grid(problem, settings)
    assert grid.finished.all()
    for i in range(len(settings)):
        single = solve(settings.at(problem, i))
        solution = grid.solution(i)
        assert solution.objective == pytest.approx(grid.objective[i], rel=1e-9)
        assert grid.objective[i] <= single.objective * 1.02
        assert (solution.support.sum(axis=0) <= settings.s[i]).all()


def test_objective_falls_with_s_and_rises_with_lambda_z(problem):
    settings = cross(range(1, 9), [0.01], [0.0], np.r_[0.0, np.geomspace(0.001, 1.0, 8)])
    values = solve_grid(problem, settings).objective.reshape(8, 9)
    assert (np.diff(values, axis=0) <= 1e-9).all()
    assert (np.diff(values, axis=1) >= -1e-9).all()


def test_both_ways_are_never_worse_than_one(problem):
    settings = cross([3, 5, 8], [0.01], [0.0], np.geomspace(0.001, 0.5, 8))
    assert (solve_grid(problem, settings).objective <= solve_grid(problem, settings, effort=0).objective + 1e-12).all()


@pytest.mark.parametrize("seed", range(5))
def test_supports_are_common_above_lambda_z_max_and_differ_below(seed):
    problem = problem_of(kindred_tasks(seed=seed, n=60, p=80, n_tasks=3, s=5, rho=0.5, snr=2.0), 5, lambda_1=0.01)
    top = lambda_z_max(problem, [5])
    settings = cross([5], [0.01], [0.0], [0.3 * top, 1.05 * top])
    below, above = (solve_grid(problem, settings).solution(i).support for i in range(2))
    assert (above == above[:, :1]).all()
    assert not (below == below[:, :1]).all()


def test_auto_grid_ends_at_the_maximum(problem):
    grid = auto_lambda_z(problem, [2, 5], n=7)
    assert len(grid) == 7
    assert grid[0] == 0
    assert grid[-1] == pytest.approx(lambda_z_max(problem, [2, 5]))
    one = problem_of(kindred_tasks(seed=0, n=60, p=20, n_tasks=1, s=3, rho=0.5, snr=2.0), 3)
    assert auto_lambda_z(one, [3]).tolist() == [0.0]


def test_where_walks_start_is_searched_once_for_all_lambda_2(problem, monkeypatch):
    sizes, lambda_z, calls = [2, 5], [0.0, 0.05], []
    alone = [solve_grid(problem, cross(sizes, [0.01], [l2], lambda_z)).objective for l2 in (0.1, 0.5)]
    origins = sheet.origins
    monkeypatch.setattr(sheet, "origins", lambda *args: calls.append(args) or origins(*args))
    solve_grid(problem, cross(sizes, [0.01], [0.1], lambda_z))
    once = len(calls)
    both = solve_grid(problem, cross(sizes, [0.01], [0.1, 0.5], lambda_z)).objective
    assert len(calls) == 2 * once
    assert both == pytest.approx(np.concatenate(alone), rel=1e-12)


def test_common_supports_are_searched_once_per_ridge(problem, monkeypatch):
    calls, origins = [], sheet.origins
    monkeypatch.setattr(sheet, "origins", lambda *args: calls.append(args[3]) or origins(*args))
    solve_grid(problem, cross([2, 5], [0.01, 0.1], [0.0], [0.0, 0.05]))
    assert sorted(calls) == ["common"] * 2 + ["independent"] * 2


def test_ridges_without_walks_start_from_their_neighbours(problem, monkeypatch):
    apart, ridges, calls = replace(problem, support="independent"), [0.0, 0.02, 0.1, 0.4, 1.5, 6.0], []
    settings, workspace = cross([1, 2, 4, 8], ridges, [0.0], [0.0]), open_workspace(apart)
    whole = solve_grid(apart, settings, workspace=workspace)
    origins = sheet.origins
    monkeypatch.setattr(sheet, "origins", lambda *args: calls.append(args[0].problem.lambda_1) or origins(*args))
    orders = []
    for first in ([0.4], [6.0, 0.02], []):
        starts = open_origins(workspace, settings, walks=[0.0, 0.4])
        for ridge in first:
            solve_grid(apart, cross([1, 2, 4, 8], [ridge], [0.0], [0.0]), workspace=workspace, starts=starts)
        orders.append(solve_grid(apart, settings, workspace=workspace, starts=starts).objective)
    assert set(calls) == {0.0, 0.4}
    np.testing.assert_array_equal(orders[0], orders[2])
    np.testing.assert_array_equal(orders[1], orders[2])
    assert (orders[2] / whole.objective - 1).mean() < 1e-3
    walked = np.isin(settings.lambda_1, [0.0, 0.4])
    np.testing.assert_array_equal(orders[2][walked], whole.objective[walked])


def test_steps_add_up(problem):
    settings, heard = cross([2, 5], [0.01, 0.1], [0.0], [0.0, 0.02, 0.1]), []
    solve_grid(problem, settings, step=heard.append)
    assert sum(heard) == len(settings)


def test_ctrl_c_keeps_what_was_met(problem, monkeypatch):
    calls = []
    walk = sheet._walk

    def interrupted(*args):
        calls.append(args)
        if len(calls) > 3:
            raise KeyboardInterrupt
        walk(*args)

    monkeypatch.setattr(sheet, "_walk", interrupted)
    settings = cross([2, 5, 8], [0.01], [0.0], [0.0, 0.05])
    grid = solve_grid(problem, settings)
    assert grid.finished.tolist() == [True] * 4 + [False] * 2
    assert np.isnan(grid.objective[4:]).all()
    assert np.isfinite(grid.objective[:4]).all()
