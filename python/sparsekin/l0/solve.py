"""Solve one L0 problem: search, exact refit, and how far the answer is from any single improvement."""

from __future__ import annotations

import time

import numpy as np

from sparsekin.data.blocks import Bools
from sparsekin.l0.polish import refit, unpenalised
from sparsekin.l0.problem import Problem, objective
from sparsekin.l0.search import Supports, as_mask, open_search
from sparsekin.l0.solution import Solution
from sparsekin.l0.starts import Best, run
from sparsekin.l0.state import Workspace, open_workspace
from sparsekin.l0.working_set import run_on_working_sets

ALL_COLUMNS = 10_000  # up to this many candidates every move looks at all of them


def solve(problem: Problem, *, effort: int = 1) -> Solution:
    """Minimise F.

    Parameters
    ----------
    problem : Problem
    effort : {0, 1, 2}
        0: forward selection and single moves; 1: several starts, joint moves; 2: perturbations as well.

    Returns
    -------
    Solution
    """
    started = time.perf_counter()
    if np.all(problem.s >= problem.n_features):
        return full_model(problem, started)
    workspace = open_workspace(problem)
    if problem.n_features > ALL_COLUMNS:
        best, gain = run_on_working_sets(workspace, effort)
    else:
        best, gain = _run_on_all(workspace, effort)
    return conclude(problem, workspace, best, gain, started)


def _run_on_all(workspace: Workspace, effort: int) -> tuple[Best, float | None]:
    views = workspace.views(np.arange(workspace.problem.n_features, dtype=np.int32))
    best = run(workspace, views, effort)
    try:
        search = open_search(workspace, views)
        search.load(best.supports)
        return best, search.best_gain()
    except KeyboardInterrupt:
        best.interrupted = True
        return best, None


def solution_of(problem: Problem, supports: Supports, started: float) -> Solution:
    """The exact refit of given supports, nothing said of other supports."""
    return _solution(problem, as_mask(problem, supports), "converged", None, 0, started)


def full_model(problem: Problem, started: float) -> Solution:
    """s >= p: every usable column is in and F is a ridge regression."""
    support = problem.standard.usable.copy()
    if problem.support == "common":
        support &= support.all(axis=1, keepdims=True)
    return _solution(problem, support, "converged", None, 0, started)


def conclude(problem: Problem, workspace: Workspace, best: Best, gain: float | None, started: float) -> Solution:
    """Refit exactly and report."""
    support = as_mask(problem, best.supports)
    if best.interrupted:
        status = "interrupted"
    else:
        status = "swap-optimal" if gain is not None and gain <= workspace.tolerance else "converged"
    return _solution(problem, support, status, gain, best.moves, started)


def _solution(
    problem: Problem, support: Bools, status: str, gain: float | None, moves: int, started: float
) -> Solution:
    standardized = refit(problem, support)
    coef = problem.standard.to_original(standardized)
    intercept, keep = unpenalised(problem, coef)
    return Solution(
        coef=coef,
        coef_standardized=standardized,
        intercept=intercept,
        keep_coef=keep,
        support=support,
        objective=objective(problem, standardized, support),
        bound=None,
        gap=None,
        status=status,
        swap_gain=gain,
        iterations=moves,
        seconds=time.perf_counter() - started,
    )
