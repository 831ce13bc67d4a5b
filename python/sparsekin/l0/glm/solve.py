"""Solve one problem whose tasks have losses of their own; the same answers as `l0.solve` gives."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.data.profile import unpenalised_coef
from sparsekin.l0.glm.descent import SHORTLIST, Descent
from sparsekin.l0.glm.fit import Fit, free_columns, losses_of, refit
from sparsekin.l0.glm.single import coefficients, one_task, part, together
from sparsekin.l0.glm.starts import KICKS, KICKS_ALONE, Lead, one_after_the_other, search
from sparsekin.l0.glm.working_set import ALL_COLUMNS, search_among_many
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import as_mask
from sparsekin.l0.solution import Solution
from sparsekin.l0.state import Ids

SHORTLISTED = "shortlist-optimal"  # no better among the 20 best-ranked moves, each of them refitted
FEW_MOVES = (0, 500, 5_000)  # by effort: up to so many single moves, all of them are refitted


def solve(problem: Problem, effort: int = 1, deadline: float = np.inf, shortlist: int = SHORTLIST) -> Solution:
    """Minimise F; Ctrl-C, or `deadline` of `time.perf_counter`, ends with the best so far.

    The status is "swap-optimal" where every add, drop and exchange was refitted, else "shortlist-optimal".
    """
    started = time.perf_counter()
    try:
        descent = Descent.open(problem, deadline, shortlist)
    except TimeoutError:
        return replace(solution_of(problem, [np.empty(0, np.int32)] * problem.n_tasks, started), status="interrupted")
    if np.all(problem.s >= problem.n_features) and problem.lambda_z == 0:
        return solution_of(problem, full_supports(descent), started)
    lead = best_fit(descent, effort)
    status = "interrupted" if lead.interrupted else _settle(descent, lead, effort)
    return _solution(problem, lead.fit, status, descent.count.moves, started)


def best_fit(descent: Descent, effort: int) -> Lead:
    """The best fit that the search finds: task by task where nothing ties them."""
    problem, kicks = descent.problem, KICKS if descent.tied else KICKS_ALONE
    if problem.n_features <= ALL_COLUMNS:
        return search(descent, effort, kicks=kicks)
    if descent.tied or problem.n_tasks == 1:
        return search_among_many(descent, effort, kicks)
    return one_after_the_other(descent, lambda own, _: search_among_many(own, effort, kicks))


def _settle(descent: Descent, lead: Lead, effort: int) -> str:
    """Refit every single move where they are few, and go on from the ones that help."""
    problem = descent.problem
    tasks = 1 if problem.support == "common" else problem.n_tasks
    moves = tasks * problem.n_features * (int(problem.s.max()) + 1)
    if moves > FEW_MOVES[effort]:
        return SHORTLISTED
    try:
        if not descent.tied and problem.n_tasks > 1:
            apart = [one_task(descent, k) for k in range(problem.n_tasks)]
            fits = [one.descend(part(lead.fit, k), moves) for k, one in enumerate(apart)]
            lead.fit = together(problem, fits)
        else:
            lead.fit = descent.descend(lead.fit, moves)
    except (KeyboardInterrupt, TimeoutError):
        return "interrupted"
    return "swap-optimal"


def full_supports(descent: Descent) -> list[Ids]:
    """Every column wherever it may enter."""
    return [np.flatnonzero(np.isfinite(least)).astype(np.int32) for least in descent.freezer.least]


def solution_of(problem: Problem, supports: Sequence[Ids], started: float) -> Solution:
    """The exact refit of given supports, nothing said of other supports."""
    fit = refit(problem, supports)
    assert fit is not None
    return _solution(problem, fit, "converged", 0, started)


def improve(problem: Problem, supports: Sequence[Ids]) -> Solution:
    """The nearest fit that no ranked move improves, from given supports; no move at all where they are few."""
    started = time.perf_counter()
    start = refit(problem, supports)
    assert start is not None
    descent = Descent.open(problem)
    lead = Lead(start)
    try:
        lead.fit = descent.descend(start)
    except KeyboardInterrupt:
        lead.interrupted = True
        lead.offer(descent.so_far())
    status = "interrupted" if lead.interrupted else _settle(descent, lead, 1)
    return _solution(problem, lead.fit, status, descent.count.moves, started)


def unpenalised(problem: Problem, fit: Fit) -> tuple[Floats, Floats]:
    """Intercepts (K,), 0 where the loss has none, and always-in coefficients (q, K), user's scale."""
    blocks, losses = problem.blocks, losses_of(problem)
    intercept, keep = np.zeros(problem.n_tasks), np.zeros((blocks.keep.shape[1], problem.n_tasks))
    for k, free in enumerate(fit.free):
        intercept[k], keep[:, k] = unpenalised_coef(blocks, k, free_columns(problem, k) @ free)
        if not losses[k].constants:
            intercept[k] = 0.0
    return intercept, keep


def _solution(problem: Problem, fit: Fit, status: str, moves: int, started: float) -> Solution:
    standardized = coefficients(problem, fit)
    intercept, keep = unpenalised(problem, fit)
    return Solution(
        coef=problem.standard.to_original(standardized),
        coef_standardized=standardized,
        intercept=intercept,
        keep_coef=keep,
        support=as_mask(problem, fit.supports),
        objective=fit.F,
        bound=None,
        gap=None,
        status=status,
        swap_gain=0.0 if status == "swap-optimal" else None,
        iterations=moves,
        seconds=time.perf_counter() - started,
    )
