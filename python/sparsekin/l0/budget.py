"""What may be looked at exhaustively, by counting operations: never by the clock, so that a fit can be repeated."""

from __future__ import annotations

from math import comb
from typing import Any

from sparsekin.l0.problem import Problem
from sparsekin.l0.search import is_coupled
from sparsekin.l0.state import Workspace

# What efforts 0, 1, 2 may spend for each task, in loop steps of about a nanosecond.
PAIRS = (0, 2 * 10**7, 10**8)  # on all supports of one or two columns
LARGER = (0, 2 * 10**6, 2 * 10**7)  # on all supports of three or more
EXCHANGES = (0, 10**6, 5 * 10**6)  # on one look at all exchanges of two columns for two
PRODUCTS = 5  # multiplications and additions of a Gram row that take as long as one step of a scan
LONGEST = 6  # supports longer than this are not enumerated


def may_exhaust(workspace: Workspace, views: list[Any], effort: int) -> bool:
    """Whether looking at every support of every task is cheap."""
    sizes, candidates = _sizes(workspace.problem, views)
    if max(sizes) > LONGEST:
        return False
    if is_coupled(workspace.problem):
        return _may_exhaust_coupled(workspace.problem, sizes[0], candidates[0], effort)
    scans = sum(comb(m, s) * (4 + s) + comb(m, max(s - 2, 0)) * m * s for m, s in zip(candidates, sizes, strict=True))
    return _affordable(workspace, views, scans, (PAIRS if max(sizes) <= 2 else LARGER)[effort])


def _may_exhaust_coupled(problem: Problem, s: int, m: int, effort: int) -> bool:
    """One support for all tasks, their coefficients tied: a scan over K (K + s) m numbers for every s - 1 columns."""
    K = problem.n_tasks
    scans = comb(m, max(s - 1, 0)) * m * K * (K + s)
    return problem.support == "common" and scans <= LARGER[effort] * K


def may_exchange_pairs(workspace: Workspace, views: list[Any], effort: int) -> bool:
    """Whether looking at every exchange of two columns for two is cheap."""
    sizes, candidates = _sizes(workspace.problem, views)
    if is_coupled(workspace.problem):
        K, s, m = workspace.problem.n_tasks, max(sizes), max(candidates)
        return comb(K * s, 2) * m * m * K * (K + s) <= EXCHANGES[effort] * K
    scans = sum(comb(s, 2) * comb(m, 2) * (4 + s) for m, s in zip(candidates, sizes, strict=True))
    return _affordable(workspace, views, scans, EXCHANGES[effort])


def _sizes(problem: Problem, views: list[Any]) -> tuple[list[int], list[int]]:
    """s and the numbers of candidates: of each task, or once where all tasks move together."""
    if problem.support == "common":
        return [int(problem.s.min())], [views[0].aligned]
    return problem.s.tolist(), [views[k if len(views) > 1 else 0].size for k in range(problem.n_tasks)]


def _affordable(workspace: Workspace, views: list[Any], scans: int, each: int) -> bool:
    """All Gram rows of the candidates, and the scans in every block, against what each task may cost."""
    problem = workspace.problem
    rows = sum(len(problem.blocks.y[r]) * view.size**2 for r, view in enumerate(views)) // PRODUCTS
    return rows + scans * (problem.n_tasks if problem.support == "common" else 1) <= each * problem.n_tasks
