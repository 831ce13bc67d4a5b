"""Ctrl-C in the middle of a search: the best solution so far is kept, whole and honest about it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from oracles.instances import kindred_tasks, problem_of
from sparsekin import SparseMTL
from sparsekin.errors import InterruptedWarning
from sparsekin.l0 import starts, working_set
from sparsekin.l0.problem import objective
from sparsekin.l0.solve import solve


def check(problem, solution):
    assert solution.status == "interrupted"
    assert (solution.support.sum(axis=0) <= problem.s).all()
    assert solution.objective == pytest.approx(objective(problem, solution.coef_standardized, solution.support))
    assert solution.objective <= objective(problem, np.zeros(solution.support.shape))


@pytest.mark.parametrize(
    "penalties",
    [{"lambda_z": 0.01}, {"support": "common"}, {"lambda_2": 0.5, "lambda_z": 0.01}, {"support": "independent"}],
    ids=lambda p: "-".join(p),
)
def test_search_keeps_the_best_so_far(penalties, ctrl_c, monkeypatch):
    monkeypatch.setattr(starts, "ROUNDS", 10**6)
    tasks = kindred_tasks(seed=0, n=100, p=800, n_tasks=4, s=8, rho=0.5, snr=1.0)
    problem = problem_of(tasks, 12, lambda_1=0.01, **penalties)
    ctrl_c(1.0)
    solution = solve(problem, effort=2)
    check(problem, solution)
    assert 0.5 < solution.seconds < 4.0
    assert (solution.support.sum(axis=0) > 0).all()


def test_working_sets_keep_the_best_so_far(ctrl_c, monkeypatch):
    problem = problem_of(kindred_tasks(seed=0, n=40, p=12_000, n_tasks=2, s=8, rho=0.5, snr=1.0), 8, lambda_1=0.01)

    def endless(workspace, supports):
        ctrl_c(0.0)
        threading.Event().wait(5.0)
        raise AssertionError("not interrupted")

    monkeypatch.setattr(working_set, "outside_gains", endless)
    solution = solve(problem)
    check(problem, solution)
    assert solution.swap_gain is None
    assert (solution.support.sum(axis=0) == 8).all()


def test_interrupted_before_anything_was_found(monkeypatch):
    problem = problem_of(kindred_tasks(seed=0, n=40, p=12_000, n_tasks=2, s=8, rho=0.5, snr=1.0), 8, lambda_1=0.01)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(working_set, "staged_lists", interrupted)
    solution = solve(problem)
    check(problem, solution)
    assert not solution.support.any()


def test_a_model_warns_and_returns(ctrl_c, monkeypatch):
    monkeypatch.setattr(starts, "ROUNDS", 10**6)
    rng = np.random.default_rng(0)
    X, task = rng.standard_normal((300, 400)), np.repeat(["A", "B", "C"], 100)
    y = X[:, :5].sum(axis=1) + 3 * rng.standard_normal(300)
    ctrl_c(0.7)
    with pytest.warns(InterruptedWarning, match="best solution so far is kept"):
        res = SparseMTL(y, X, task).fit(s=8, lambda_z=0.01, effort=2)
    assert res.status == "interrupted"
    assert "interrupted" in res.summary().as_text()


def test_ctrl_c_while_the_tasks_are_searched_apart_ends_the_search(monkeypatch):
    """It used to be taken for the end of that part alone."""
    problem = problem_of(kindred_tasks(seed=0, n=40, p=150, n_tasks=3, s=7, rho=0.5, snr=1.0), 7, lambda_2=0.5)
    heard, later = [], []

    def interrupt(search):
        heard.append(search)
        raise KeyboardInterrupt

    monkeypatch.setattr(starts, "_grown", interrupt)
    monkeypatch.setattr(starts, "_together", lambda *given: later.append(given))
    solution = solve(problem)
    check(problem, solution)
    assert len(heard) == 1
    assert not later
    assert (solution.support.sum(axis=0) > 0).all()


def test_many_coupled_tasks_hear_ctrl_c(ctrl_c):
    tasks = kindred_tasks(seed=0, n=30, p=60, n_tasks=120, s=5, rho=0.5, snr=1.0)
    problem = problem_of(tasks, 5, lambda_1=0.05, lambda_2=0.1, lambda_z=0.01)
    ctrl_c(0.6)
    solution = solve(problem, effort=2)
    check(problem, solution)
    assert solution.seconds < 10.0
