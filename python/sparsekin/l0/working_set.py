"""Very many columns: search on short candidate lists, look at all columns in between, until nothing outside helps."""

from __future__ import annotations

import math

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.best import Best, Left
from sparsekin.l0.screen import entry_scores, join, residuals, shortlist
from sparsekin.l0.search import Supports, open_search
from sparsekin.l0.starts import run
from sparsekin.l0.state import Ids, Workspace

TILE_BYTES = 1 << 26  # memory of one look at a piece of all columns
ROUNDS = 25
VIOLATORS = 30  # columns a look adds per task
WIDTH = 100  # columns of the first lists, at least

Lists = tuple[Ids, tuple[Ids, ...]]  # candidates of all tasks, and of each task alone


def run_on_working_sets(workspace: Workspace, effort: int) -> tuple[Best, Left | None]:
    """Search as `starts.run` does, with memory that does not grow with p; also the best gain left over all columns.

    Each effort goes on from where the one below it ended.
    """
    best, left = Best.of_nothing(workspace.problem.n_tasks), None
    try:
        lists = staged_lists(workspace)
        for level in range(effort + 1):
            warm = best.supports if level else None
            fresh = run(workspace, workspace.views(*lists), level, warm=warm, first=level)
            moved = level == 0 or not _same(fresh.supports, best.supports)
            best.replace(fresh)
            if best.interrupted:
                break
            if moved:
                lists, left = _widen(workspace, lists, best)
    except KeyboardInterrupt:
        best.interrupted = True
    return best, left


def _widen(workspace: Workspace, lists: Lists, best: Best) -> tuple[Lists, Left | None]:
    """Look at all columns and search on with the ones that help, until none does."""
    left = None
    for _ in range(ROUNDS):
        if best.interrupted:
            break
        gains, left = outside_gains(workspace, best.supports)
        if left.settled:
            break
        lists = join(lists, shortlist(workspace, gains, best.supports, VIOLATORS))
        best.replace(run(workspace, workspace.views(*lists), 0, warm=best.supports, first=1))
        left = None
    return lists, left


def _same(a: Supports, b: Supports) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def staged_lists(workspace: Workspace) -> Lists:
    """Candidates that look good at the null model and at forward models of growing size."""
    s = int(workspace.problem.s.max())
    width = max(WIDTH, 10 * s)
    empty = [np.empty(0, np.int32) for _ in range(workspace.problem.n_tasks)]
    lists = shortlist(workspace, first_scores(workspace), empty, width)
    size = 1
    while size < s:
        supports = _grow(workspace, lists, size / s)
        rest = residuals(workspace.problem, supports)
        scores = [entry_scores(workspace, k, r[:, None])[:, 0] for k, r in enumerate(rest)]
        lists = join(lists, shortlist(workspace, scores, supports, width))
        size *= 3
    return lists


def first_scores(workspace: Workspace) -> list[Floats]:
    """K arrays (p,): gain of each column alone in the model."""
    out = []
    for k, c in enumerate(workspace.c):
        diag = workspace.diag_of(k)
        out.append(np.divide(c**2, 2 * (diag + workspace.problem.lambda_1), out=np.zeros_like(c), where=diag > 0))
    return out


def outside_gains(workspace: Workspace, supports: Supports) -> tuple[list[Floats], Left]:
    """K arrays (p,) of single entry gains given `supports`, exact over all columns, and the best single gain."""
    problem = workspace.problem
    p, held = problem.n_features, np.unique(np.concatenate(supports)).astype(np.int32)
    size = max(len(S) for S in supports) + 2
    tile = int(np.clip(TILE_BYTES // (8 * size * problem.n_tasks), 1024, p))
    gains = [np.full(p, -np.inf) for _ in range(problem.n_tasks)]
    best = Left.nothing()
    for first in range(0, p, tile):
        candidates = np.union1d(np.arange(first, min(first + tile, p)), held).astype(np.int32)
        search = open_search(workspace, workspace.views(candidates))
        search.load(supports)
        for k in range(problem.n_tasks):
            gains[k][candidates] = search.entry_gains(k)
        best = best.and_of(search)
    return gains, best


def _grow(workspace: Workspace, lists: Lists, share: float) -> Supports:
    search = open_search(workspace, workspace.views(*lists))
    search.resize([math.ceil(share * s) for s in search.sizes()])
    return search.supports()
