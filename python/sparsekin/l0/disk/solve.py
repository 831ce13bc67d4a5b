"""Solve one problem whose columns stay on disk: searches on candidates in memory, looks at all columns in between."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Ints
from sparsekin.data.sources.stored import moments_of_tasks, stored_of
from sparsekin.l0.best import Left
from sparsekin.l0.disk.check import VIOLATORS, look
from sparsekin.l0.disk.pull import pull_at
from sparsekin.l0.disk.screen import WIDEST, Asked, among, best_columns, candidates, most_held, nothing
from sparsekin.l0.pooled import is_pooled, pooled_problem, to_tasks
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_ids, from_ids, from_mask
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import improve, solution_of, solve

ROUNDS = 7  # looks at all columns, at most
NEAR = 2  # of them, the first that also add columns that do not help by themselves
PROMISING = 30  # columns that a look adds per task, of tasks with losses
STOPPED = (KeyboardInterrupt, TimeoutError)


def solve_on_disk(problem: Problem, *, effort: int = 1, deadline: float = np.inf) -> Solution:
    """Minimise F as `l0.solve.solve` does; no more than the candidates are in memory.

    The status is that of `solve`: "swap-optimal" where a look at all columns found no add, drop or swap in any task
    that helps, "shortlist-optimal" of tasks with losses. Ctrl-C and `deadline` (of `time.perf_counter`) end with the
    best so far, "interrupted".
    """
    if is_pooled(problem):
        return to_tasks(problem, solve_on_disk(pooled_problem(problem), effort=effort, deadline=deadline))
    started = time.perf_counter()
    supports = nothing(problem)
    if not problem.s.any():
        return solution_of(problem, supports, started)
    best, moves, status, left = np.inf, 0, "interrupted", None
    try:
        ids = candidates(problem, deadline)
        for round_ in range(ROUNDS):
            inner = among(problem, ids)
            found = _best_of(inner, ids, supports, best, effort)
            moves += found.iterations
            better = found.objective < best * (1 - 1e-12)
            if better:
                best, supports = found.objective, as_ids(from_mask(found.support), ids)
            if found.status == "interrupted":
                status = "interrupted"
                break
            if len(ids) == problem.n_features:
                status, left = found.status, None if found.swap_gain is None else Left(found.swap_gain, True)
                break
            if not better:
                break
            status, left, more = _outside(problem, supports, ids, round_, deadline)
            if not len(more):
                break
            ids = np.union1d(ids, more)
    except STOPPED:
        status, left = "interrupted", None
    keep_few(problem, [supports])
    return replace(
        solution_of(problem, supports, started), status=status, swap_gain=None if left is None else left.gain,
        iterations=moves,
    )  # fmt: skip


def _best_of(inner: Problem, ids: Ints, supports: Supports, best: float, effort: int) -> Solution:
    """The better of a search from scratch and of moves from what is known."""
    fresh = solve(inner, effort=effort)
    if not np.isfinite(best) or fresh.status == "interrupted":
        return fresh
    known = improve(inner, from_ids(supports, ids))
    better = known if known.objective < fresh.objective else fresh
    return replace(better, iterations=known.iterations + fresh.iterations)


def _outside(
    problem: Problem, supports: Supports, ids: Ints, round_: int, deadline: float
) -> tuple[str, Left | None, Ints]:  # fmt: skip
    """Status, what single moves can bring, and columns on disk worth a search; none where it has ended."""
    if problem.losses is None:
        width = width_of_look(problem, ids, 1)
        seen = look(problem, [(problem, supports)], width, deadline)[0]
        more = seen.near if round_ < NEAR else seen.better
        return seen.status, seen.left, more[~np.isin(more, ids)]
    sd = moments_of_tasks(problem.blocks).sd
    likely = best_columns(problem.blocks, [Asked(problem, pull_at(problem, supports), sd)], PROMISING, deadline)[0]
    more = likely[~np.isin(likely, ids)]
    return "shortlist-optimal", None, more


def width_of_look(problem: Problem, ids: Ints, fits: int) -> int:
    """Columns that a look adds for each fit and task: what there is room for."""
    room = most_held(problem.blocks.X.shape) - len(ids)
    return int(np.clip(room // (2 * fits * problem.n_tasks), VIOLATORS, WIDEST))


def keep_few(problem: Problem, fits: list[Supports]) -> None:
    """Of the candidates in memory keep those selected."""
    held = stored_of(problem.blocks).held
    ids = [np.concatenate(supports) for supports in fits if len(supports)]
    held.hold(np.unique(np.concatenate([*ids, np.empty(0, np.int64)])).astype(np.int64))
