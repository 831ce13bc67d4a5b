"""Effects of tasks beside the codes of a fit: gaps, few rows, and what a wide X leaves."""

from dataclasses import replace

import numpy as np
import pytest

from sparsekin.forms.block import make_block
from sparsekin.forms.effects import Tasks, directions_of_x, given_task, leading_columns, with_effects
from sparsekin.forms.problem import make_problem
from sparsekin.forms.solve import solve


def fitted(seed=0, n=240, p=5, q=2, n_tasks=8, gaps=0.0, d=3):
    """Two responses, the second in units of 1e6; X tells part of the task."""
    rng = np.random.default_rng(seed)
    of_row = np.arange(n) % n_tasks
    X = rng.standard_normal((n, p)) + rng.standard_normal((n_tasks, p))[of_row]
    Y = X @ rng.standard_normal((p, q)) + rng.standard_normal((n_tasks, q))[of_row] + rng.standard_normal((n, q))
    Y = np.where(rng.random(Y.shape) < gaps, np.nan, Y) * 10.0 ** (6 * np.arange(q))
    hot = (of_row[:, None] == np.arange(n_tasks)).astype(float)
    blocks = tuple(make_block(table) for table in (Y, X, hot))
    problem = make_problem(*blocks, d)
    solution = solve(problem, starts=1, max_sweeps=200, tolerance=1e-6)
    return problem.around(problem.split(solution.means)).blocks, solution, Tasks(of_row, n_tasks)


def test_every_response_is_on_its_own():
    blocks, solution, tasks = fitted(gaps=0.3)
    found = with_effects(solution, blocks, tasks)
    other = replace(blocks[0], values=blocks[0].values * [1.0, -2.0])
    again = with_effects(solution, (other, *blocks[1:]), tasks)
    np.testing.assert_allclose(again.effects[:, 0], found.effects[:, 0], rtol=1e-10)
    np.testing.assert_allclose(again.effects[:, 1], -2 * found.effects[:, 1], rtol=1e-6)


def test_rows_of_unknown_tasks_take_no_part_but_are_predicted():
    blocks, solution, tasks = fitted()
    some = np.where(tasks.of_row == 7, -1, tasks.of_row)
    found = with_effects(solution, blocks, Tasks(some, 8))
    assert not found.effects[7].any()
    np.testing.assert_allclose(found.effects.sum(axis=0), 0, atol=1e-8)
    there, anywhere = (given_task(found, blocks, codes) for codes in (tasks.of_row, np.full(240, -1)))
    np.testing.assert_allclose(there - anywhere, found.effects[tasks.of_row], atol=1e-12)


@pytest.mark.parametrize("of_row", [np.full(240, -1), np.zeros(240, int), np.arange(240)])
def test_where_nothing_can_be_told_y_is_expected_as_without_tasks(of_row):
    blocks, solution, _ = fitted()
    found = with_effects(solution, blocks, Tasks(of_row, 240))
    assert not found.effects.any()
    assert not found.effect_error.any()
    np.testing.assert_array_equal(found.slopes, solution.alpha)
    np.testing.assert_array_equal(found.level, 0)


def test_a_response_seen_in_few_rows_keeps_the_slopes_of_the_fit():
    blocks, solution, tasks = fitted()
    seen = np.ones((240, 2))
    seen[4:, 1] = 0.0
    y = replace(blocks[0], seen=seen, values=blocks[0].values * seen)
    found = with_effects(solution, (y, *blocks[1:]), tasks)
    np.testing.assert_array_equal(found.slopes[1], solution.alpha[1])
    assert not found.effects[:, 1].any()
    assert found.effects[:, 0].any()


def test_a_wide_x_enters_by_its_largest_directions():
    blocks, solution, tasks = fitted(n=160, p=230, d=2)
    found = directions_of_x(solution, blocks)
    assert found.shape == (160, 160)
    U, s, Vt = np.linalg.svd(blocks[1].values, full_matrices=False)
    planted = replace(blocks[1], values=(U * s * np.where(np.arange(160) < 3, 50, 1)) @ Vt)
    V = leading_columns(planted, 3)
    np.testing.assert_allclose(np.sum((V.T @ Vt[:3].T) ** 2), 3, atol=1e-6)
    effects = with_effects(solution, blocks, tasks).effects
    assert np.isfinite(effects).all()
    assert np.abs(effects).max() < 3
