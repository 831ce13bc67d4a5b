"""Very many columns: search on short candidate lists, look at all columns in between, until nothing outside helps."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.search import Supports, open_search
from sparsekin.l0.starts import Best, run
from sparsekin.l0.state import Ids, Workspace

TILE_BYTES = 1 << 26  # memory of one look at a piece of all columns
ROUNDS = 25


def run_on_working_sets(workspace: Workspace, effort: int) -> tuple[Best, float]:
    """Search as `starts.run` does, with memory that does not grow with p; also the best gain left over all columns."""
    s = int(workspace.problem.s.max())
    width = max(100, 10 * s)
    gains = first_gains(workspace)
    common, private = shortlist(workspace, gains, _no_supports(workspace), width)
    stage = 1
    while stage < s:
        supports = _grow(workspace, common, private, stage / s)
        gains, _ = outside_gains(workspace, supports)
        common, private = _join(workspace, common, private, *shortlist(workspace, gains, supports, width))
        stage *= 4
    best = run(workspace, workspace.views(common, private), effort)
    gain = np.inf
    for _ in range(ROUNDS):
        if best.interrupted:
            break
        gains, gain = outside_gains(workspace, best.supports)
        if gain <= workspace.tolerance:
            break
        common, private = _join(workspace, common, private, *shortlist(workspace, gains, best.supports, 30))
        moves = best.moves
        best = run(workspace, workspace.views(common, private), min(effort, 1), warm=best.supports)
        best.moves += moves
    return best, gain


def first_gains(workspace: Workspace) -> list[Floats]:
    """K arrays (p,): gain of each column alone in the model."""
    out = []
    for k, c in enumerate(workspace.c):
        diag = workspace.diag[k if len(workspace.diag) > 1 else 0] + workspace.problem.lambda_1
        out.append(np.divide(c**2, 2 * diag, out=np.zeros_like(c), where=diag > 0))
    return out


def outside_gains(workspace: Workspace, supports: Supports) -> tuple[list[Floats], float]:
    """K arrays (p,) of single entry gains given `supports`, exact over all columns, and the best single gain."""
    problem = workspace.problem
    p, held = problem.n_features, np.unique(np.concatenate(supports)).astype(np.int32)
    size = max(len(S) for S in supports) + 2
    tile = int(np.clip(TILE_BYTES // (8 * size * problem.n_tasks), 1024, p))
    gains = [np.full(p, -np.inf) for _ in range(problem.n_tasks)]
    best = 0.0
    for first in range(0, p, tile):
        candidates = np.union1d(np.arange(first, min(first + tile, p)), held).astype(np.int32)
        search = open_search(workspace, workspace.views(candidates))
        search.load(supports)
        for k in range(problem.n_tasks):
            gains[k][candidates] = search.entry_gains(k)
        best = max(best, search.best_gain())
    return gains, best


def shortlist(
    workspace: Workspace, gains: list[Floats], supports: Supports, width: int
) -> tuple[Ids, tuple[Ids, ...]]:
    """Candidates of all tasks (those held anywhere, best for the sum of tasks) and of each task alone."""
    K = workspace.problem.n_tasks
    total = sum(np.maximum(g, 0.0) for g in gains)
    usable = workspace.problem.standard.usable
    closed = ~usable.all(axis=1) if workspace.problem.support == "common" else ~usable.any(axis=1)
    total[closed] = -1.0
    common = np.union1d(np.concatenate(supports), _top(total, width)).astype(np.int32)
    if len(workspace.sources) == 1 and K > 1:
        own = np.unique(np.concatenate([_top(g, width) for g in gains]))
        return np.union1d(common, own).astype(np.int32), (np.empty(0, np.int32),)
    if workspace.problem.support == "common":
        return common, tuple(np.empty(0, np.int32) for _ in gains)
    return common, tuple(_top(g, width) for g in gains)


def _top(score: Floats, n: int) -> Ids:
    n = min(n, len(score))
    top = np.argpartition(-score, n - 1)[:n]
    return np.sort(top[score[top] > 0]).astype(np.int32)


def _join(
    workspace: Workspace, common: Ids, private: tuple[Ids, ...], more: Ids, own: tuple[Ids, ...]
) -> tuple[Ids, tuple[Ids, ...]]:
    return np.union1d(common, more).astype(np.int32), tuple(
        np.union1d(a, b).astype(np.int32) for a, b in zip(private, own, strict=True)
    )


def _grow(workspace: Workspace, common: Ids, private: tuple[Ids, ...], share: float) -> Supports:
    search = open_search(workspace, workspace.views(common, private))
    search.forward(share)
    return search.supports()


def _no_supports(workspace: Workspace) -> Supports:
    return [np.empty(0, np.int32) for _ in range(workspace.problem.n_tasks)]
