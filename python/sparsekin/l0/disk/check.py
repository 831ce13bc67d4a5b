"""Whether any column on disk would enter: gains of single moves, exact, over all columns, in one pass for many fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.sources.stored import moments_of_tasks
from sparsekin.l0.best import Left
from sparsekin.l0.disk.crossing import cross
from sparsekin.l0.disk.frame import Frame, frames_of, tile
from sparsekin.l0.disk.screen import Top
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, from_ids, open_search
from sparsekin.l0.state import open_workspace

VIOLATORS = 30  # columns that one look adds for each fit and task


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What a look at all columns says of one fit.

    ======= ============= ================================================================
    field   type          meaning
    ======= ============= ================================================================
    left    Left or None  what single moves still bring; None where that cannot be told
    better  (v,) int      columns with a move that helps, ascending
    near    (w,) int      those, and others whose moves cost least
    ======= ============= ================================================================
    """

    left: Left | None
    better: Ints
    near: Ints

    @property
    def status(self) -> str:
        """What may be said of the fit."""
        return "swap-optimal" if self.left is not None and self.left.settled else "converged"


def look(
    problem: Problem, fits: Sequence[tuple[Problem, Supports]], width: int = VIOLATORS, deadline: float = np.inf
) -> list[Looked]:  # fmt: skip
    """Look at every column for each of m fits; one pass. Squared errors.

    Parameters
    ----------
    problem : Problem
        With columns on disk.
    fits : m of (Problem, supports)
        The same data, with s and penalties of their own; supports in numbers of all columns.
    width : int
        Columns to name for each fit and task.
    deadline : float
        `TimeoutError` from then on.
    """
    H = np.unique(np.concatenate([np.concatenate(supports) for _, supports in fits])).astype(np.int64)
    frames, sd = frames_of(problem, H), moments_of_tasks(problem.blocks).sd
    watches = [Watch(one, from_ids(supports, H), width) for one, supports in fits]
    crossed = cross(problem.blocks, [f.rows for f in frames], [f.vectors for f in frames], deadline)
    for part, found in crossed:
        _look_at(problem, watches, frames, H, part, found, sd[part])
    return [watch.looked() for watch in watches]


def _look_at(
    problem: Problem, watches: Sequence[Watch], frames: Sequence[Frame], H: Ints, part: slice,
    found: Sequence[Floats], sd: Floats,
) -> None:  # fmt: skip
    small, ids = tile(problem, frames, H, part, found, sd)
    workspace = open_workspace(small)
    views = workspace.views(np.arange(len(ids), dtype=np.int32))
    for watch in watches:
        at, K = watch.problem, small.n_tasks
        own = replace(
            small, s=np.minimum(at.s, len(ids)), lambda_1=at.lambda_1, lambda_2=at.lambda_2, lambda_z=at.lambda_z
        )
        search = open_search(replace(workspace, problem=own), views)
        search.load(watch.supports)
        if not search.holds(watch.supports):
            watch.left = None
            continue
        watch.left = None if watch.left is None else watch.left.and_of(search)
        least = search.tolerances()
        least = np.broadcast_to(least, K) if len(least) in (1, K) else np.zeros(K)
        for k in range(1 if at.support == "common" else K):
            gains = search.entry_gains(k)
            own_ids = ids[search.candidates(k)[: len(gains)]]
            outside = np.isfinite(gains) & ~np.isin(own_ids, H)
            watch.tops[k].offer(own_ids[outside], gains[outside] - least[k])


class Watch:
    """One fit while chunks go by; its supports in places of the columns held."""

    def __init__(self, problem: Problem, supports: Supports, width: int) -> None:
        self.problem, self.supports = problem, supports
        self.left: Left | None = Left.nothing()
        self.tops = [Top(width, -np.inf) for _ in range(problem.n_tasks)]

    def looked(self) -> Looked:
        """What was seen."""
        helps = np.concatenate([top.ids[top.scores > 0] for top in self.tops])
        return Looked(self.left, np.unique(helps), np.unique(np.concatenate([top.ids for top in self.tops])))
