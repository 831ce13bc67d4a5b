"""Solve one L0 problem: search, exact refit, and how far the answer is from any single improvement."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from sparsekin.data.blocks import Bools
from sparsekin.l0.best import Best, Left
from sparsekin.l0.glm import solve as glm
from sparsekin.l0.glm.descent import SHORTLIST
from sparsekin.l0.polish import refit, unpenalised
from sparsekin.l0.pooled import is_pooled, pooled_problem, to_tasks
from sparsekin.l0.problem import Problem, objective
from sparsekin.l0.search import Supports, as_mask, from_mask, open_search
from sparsekin.l0.solution import Solution
from sparsekin.l0.starts import run
from sparsekin.l0.state import Workspace, open_workspace
from sparsekin.l0.working_set import run_on_working_sets

FEW_COLUMNS = 500  # up to this many, a problem that allows all of them is searched
AGAIN = 3  # times a search goes on where numbers computed afresh show that it ended early
ALL_COLUMNS = 10_000  # up to this many candidates every move looks at all of them


def solve(problem: Problem, *, effort: int = 1, shortlist: int = SHORTLIST) -> Solution:
    """Minimise F.

    Parameters
    ----------
    problem : Problem
    effort : {0, 1, 2}
        0: forward selection and single moves; 1: several starts, joint moves; 2: perturbations as well.
    shortlist : int
        Of tasks that are not all gaussian: moves refitted before a fit counts as the best around.

    Returns
    -------
    Solution
    """
    if is_pooled(problem):
        return to_tasks(problem, solve(pooled_problem(problem), effort=effort, shortlist=shortlist))
    if problem.losses is not None:
        return glm.solve(problem, effort, shortlist=shortlist)
    started = time.perf_counter()
    workspace = open_workspace(problem)
    if np.all(problem.s >= problem.n_features):
        if _full_is_best(workspace) or problem.n_features > FEW_COLUMNS:
            return full_model(workspace, started)
        best, left = _run_from_full(workspace, effort)
    elif problem.n_features > ALL_COLUMNS:
        best, left = run_on_working_sets(workspace, effort)
    else:
        best, left = _run_on_all(workspace, effort)
    return conclude(problem, best, left, started)


def _full_is_best(workspace: Workspace) -> bool:
    """Whether columns that may enter some tasks only cost nothing, so that no column can be too many."""
    may = workspace.may
    return workspace.problem.lambda_z == 0 or bool(np.all(may.all(axis=1) == may.any(axis=1)))


def _run_from_full(workspace: Workspace, effort: int) -> tuple[Best, Left | None]:
    """Every column is allowed, but not every column pays: search as ever, and down from all that may enter."""
    best, left = _run_on_all(workspace, effort)
    for supports in _full_supports(workspace):
        if best.interrupted:
            break
        views = workspace.views(np.arange(workspace.problem.n_features, dtype=np.int32))
        best.replace(run(workspace, views, effort, warm=supports))
        left = _left(workspace, views, best)
    return best, left


def _full_supports(workspace: Workspace) -> list[Supports]:
    """Every column wherever it may enter, and every column that may enter everywhere."""
    may = workspace.may
    masks = (may, may & may.all(axis=1, keepdims=True))
    return [from_mask(one) for one in masks]


def _run_on_all(workspace: Workspace, effort: int) -> tuple[Best, Left | None]:
    views = workspace.views(np.arange(workspace.problem.n_features, dtype=np.int32))
    best = run(workspace, views, effort)
    return best, _left(workspace, views, best)


def _left(workspace: Workspace, views: list[Any], best: Best) -> Left | None:
    """What single moves bring by numbers computed afresh; where that is anything, they are made."""
    try:
        search = open_search(workspace, views)
        search.load(best.supports)
        if not search.holds(best.supports):
            return None
        left = Left.nothing().and_of(search)
        for _ in range(0 if left.settled or best.interrupted else AGAIN):
            moves = search.moves
            search.polish()
            best.offer(search)
            if search.moves == moves:
                break
            search.load(best.supports)
            left = Left.nothing().and_of(search)
        return left
    except KeyboardInterrupt:
        best.interrupted = True
        return None


def improve(problem: Problem, supports: Supports) -> Solution:
    """The nearest local optimum: single moves from given supports until none improves F."""
    if problem.losses is not None:
        return glm.improve(problem, supports)
    started = time.perf_counter()
    if problem.n_features > ALL_COLUMNS:
        return solution_of(problem, supports, started)
    workspace = open_workspace(problem)
    views = workspace.views(np.arange(problem.n_features, dtype=np.int32))
    search, best = open_search(workspace, views), Best()
    search.load(supports)
    if not search.holds(supports):
        return solution_of(problem, supports, started)
    best.offer(search)
    try:
        search.polish()
    except KeyboardInterrupt:
        best.interrupted = True
    best.offer(search)
    best.moves = search.moves
    return conclude(problem, best, _left(workspace, views, best), started)


def solution_of(problem: Problem, supports: Supports, started: float) -> Solution:
    """The exact refit of given supports, nothing said of other supports."""
    if is_pooled(problem):
        return to_tasks(problem, solution_of(pooled_problem(problem), supports[:1], started))
    if problem.losses is not None:
        return glm.solution_of(problem, supports, started)
    return _solution(problem, as_mask(problem, supports), "converged", None, 0, started)


def full_model(workspace: Workspace, started: float) -> Solution:
    """s >= p: every column is in wherever it may be, or only where all tasks may have it if that has the lower F."""
    problem = workspace.problem
    supports = _full_supports(workspace)[: 1 if _full_is_best(workspace) else 2]
    return min((solution_of(problem, one, started) for one in supports), key=lambda found: found.objective)


def conclude(problem: Problem, best: Best, left: Left | None, started: float) -> Solution:
    """Refit exactly and report."""
    support = as_mask(problem, best.supports)
    settled = left is not None and left.settled
    status = "interrupted" if best.interrupted else "swap-optimal" if settled else "converged"
    return _solution(problem, support, status, None if left is None else left.gain, best.moves, started)


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
