"""Many settings of a problem whose columns stay on disk: passes are shared by all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Ints
from sparsekin.data.sources.stored import moments_of_tasks
from sparsekin.l0.disk.check import Looked, look
from sparsekin.l0.disk.pull import pull_at
from sparsekin.l0.disk.screen import Asked, among, best_columns, candidates
from sparsekin.l0.disk.solve import NEAR, PROMISING, ROUNDS, STOPPED, keep_few, width_of_look
from sparsekin.l0.grid import GridFit, Settings
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_ids, from_ids, from_mask
from sparsekin.l0.solve import improve

Solver = Callable[[Problem, Settings], GridFit]
Asker = Callable[[Problem], Settings]


def grid_on_disk(problem: Problem, largest: int, ask: Asker, solver: Solver) -> GridFit:
    """Solve at every setting; one look at all columns serves all settings.

    Parameters
    ----------
    problem : Problem
        With columns on disk; its own s is not used.
    largest : int
        The largest s among the settings.
    ask : callable
        Settings for the problem of the candidates, in memory.
    solver : callable
        Solves the settings there, as `solve_grid`.

    Returns
    -------
    GridFit
        Of `problem`, with `status` and `left`, what single moves still bring at each setting, nan where not known.
        After Ctrl-C the settings that were met.
    """
    started = time.perf_counter()
    asked = replace(problem, s=np.full(problem.n_tasks, largest, np.int64))
    ids = candidates(asked)
    settings = ask(among(asked, ids))
    grid = solver(among(asked, ids), settings)
    supports, values = [as_ids(one, ids) for one in grid.supports], grid.objective.copy()
    status, left = np.array(["converged"] * len(settings), object), np.full(len(settings), np.nan)
    try:
        open_ = _looked_at(settings, grid)
        for round_ in range(ROUNDS if len(ids) < problem.n_features and not grid.stopped else 0):
            if not len(open_):
                break
            width = width_of_look(asked, ids, len(open_))
            better, near = _look(asked, settings, supports, open_, status, left, width)
            more = near if round_ < NEAR else better
            more = more[~np.isin(more, ids)]
            if not len(more):
                break
            ids = np.union1d(ids, more)
            changed = _again(among(asked, ids), ids, settings, supports, values, solver)
            status[changed], left[changed] = "converged", np.nan
            open_ = changed[np.isin(changed, _looked_at(settings, grid))]
    except STOPPED:
        grid = replace(grid, stopped=True)
    keep_few(problem, supports)
    return replace(
        grid, problem=problem, supports=tuple(supports), objective=values, seconds=time.perf_counter() - started,
        pooled=None, status=tuple(status), left=left,
    )  # fmt: skip


def _looked_at(settings: Settings, grid: GridFit) -> Ints:
    """Settings that a look at all columns is for: those that were met, whose tasks have coefficients of their own."""
    return np.flatnonzero(grid.finished & (settings.s > 0) & ~settings.tied)


def _look(
    problem: Problem, settings: Settings, supports: list[Supports], open_: Ints, status: np.ndarray, left: np.ndarray,
    width: int,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Fill in what single moves bring at settings `open_`; columns that help at any of them, and those near that."""
    if problem.losses is not None:
        sd = moments_of_tasks(problem.blocks).sd
        each = [settings.at(problem, int(i)) for i in open_]
        asked = [Asked(one, pull_at(one, supports[i]), sd) for one, i in zip(each, open_, strict=True)]
        status[open_] = "shortlist-optimal"
        likely = np.unique(np.concatenate(best_columns(problem.blocks, asked, PROMISING)))
        return likely, likely
    seen: list[Looked] = look(problem, [(settings.at(problem, int(i)), supports[i]) for i in open_], width)
    for i, one in zip(open_, seen, strict=True):
        status[i], left[i] = one.status, np.nan if one.left is None else one.left.gain
    better, near = ([getattr(one, name) for one in seen] for name in ("better", "near"))
    return np.unique(np.concatenate(better)), np.unique(np.concatenate(near))


def _again(
    inner: Problem, ids: Ints, settings: Settings, supports: list[Supports], values: np.ndarray, solver: Solver
) -> Ints:  # fmt: skip
    """Search anew among more candidates, and move on from what is known; settings whose F fell."""
    fresh = solver(inner, settings)
    if fresh.stopped:
        raise KeyboardInterrupt
    changed = []
    for i in np.flatnonzero(fresh.finished).tolist():
        best, value = fresh.supports[i], float(fresh.objective[i])
        if not settings.tied[i] and settings.s[i] > 0:
            known = improve(settings.at(inner, i), from_ids(supports[i], ids))
            if known.objective < value:
                best, value = from_mask(known.support), known.objective
        if value < values[i] * (1 - 1e-12):
            supports[i], values[i] = as_ids(best, ids), value
            changed.append(i)
    return np.array(changed, np.int64)
