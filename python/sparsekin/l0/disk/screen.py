"""Which columns on disk are worth a search: those that look good at models without and with some columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.sources.stored import moments_of_tasks, stored_of
from sparsekin.l0.disk.crossing import cross
from sparsekin.l0.disk.pull import Pull, pull_at, stacked
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.single import with_columns
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, open_search
from sparsekin.l0.state import Ids, open_workspace

HELD_BYTES = 400_000_000  # of candidates in memory, about
LEAST_HELD = 200  # candidates, whatever the rows
WIDEST = 300  # columns of one list, at most
NARROWEST = 30
ROUNDS = 2  # looks at models with columns; the second only where the first found others


def most_held(shape: tuple[int, int]) -> int:
    """Columns of X of this shape that may be in memory at once."""
    n, p = shape
    return min(p, max(LEAST_HELD, HELD_BYTES // (8 * max(n, 1))))


def among(problem: Problem, ids: Ints) -> Problem:
    """The problem with some candidates (ascending), which are held in memory."""
    stored_of(problem.blocks).held.hold(ids)
    return with_columns(problem, ids)


def candidates(problem: Problem, deadline: float = np.inf) -> Ints:
    """Columns worth a search, ascending, for supports of up to `problem.s`; all of them where they fit into memory.

    One pass at the null model, then one or two at forward models of growing size. `TimeoutError` at the deadline.
    """
    p, most = problem.n_features, most_held(problem.blocks.X.shape)
    if most == p:
        return np.arange(p)
    nothing: Supports = [np.empty(0, np.int32)] * problem.n_tasks
    lists = problem.n_tasks * (problem.support != "common") + 1
    width = int(np.clip(most // (4 * lists), NARROWEST, WIDEST))
    sd = moments_of_tasks(problem.blocks).sd
    ids = best_columns(problem, [pull_at(problem, nothing)], sd, width, deadline)
    met: set[bytes] = set()
    for _ in range(ROUNDS):
        inner = among(problem, ids)
        grown = {key_of(as_ids(one, ids)): one for one in forward_models(inner)}
        fresh = [one for key, one in grown.items() if key not in met]
        met |= grown.keys()
        if not fresh:
            break
        each = int(np.clip((most - len(ids)) // (lists * len(fresh)), 1, width))
        found = best_columns(problem, [pull_at(inner, one) for one in fresh], sd, each, deadline)
        ids = np.union1d(ids, found)
    return ids


def key_of(supports: Supports) -> bytes:
    """What supports are known by."""
    return b"|".join(S.tobytes() for S in supports)


def best_columns(
    problem: Problem, pulls: Sequence[Pull], sd: Floats, width: int, deadline: float = np.inf
) -> Ints:  # fmt: skip
    """The `width` columns that promise most at each of m fits, for each task and for all together; one pass.

    `sd` (p, K): standard deviations of the columns in each task.
    """
    K, m = problem.n_tasks, len(pulls)
    rows = problem.blocks.rows
    V = [stacked(pulls, k) for k in range(K)]
    lists = [*range(K), K] if problem.support != "common" and K > 1 else [K]
    tops = [[Top(width) for _ in lists] for _ in range(m)]
    for part, found in cross(problem.blocks, rows, V, deadline):
        scores = entry_scores(problem, part, found, pulls, sd[part])
        for i in range(m):
            together = joint(problem, scores[i])
            for top, k in zip(tops[i], lists, strict=True):
                top.offer(np.arange(part.start, part.stop), together if k == K else scores[i][k])
    return np.unique(np.concatenate([top.ids for line in tops for top in line]))


def entry_scores(
    problem: Problem, part: slice, found: Sequence[Floats], pulls: Sequence[Pull], sd: Floats
) -> Floats:  # fmt: skip
    """(m, K, c) about what each column of a chunk gains alone: g^2 / (2 (h + lambda_1)); 0 where it may not enter."""
    standard, out = problem.standard, []
    divisors = (standard.scale if problem.losses is None else standard.divisors)[part]
    variance, usable = (sd / divisors) ** 2, standard.usable[part]
    for k, products in enumerate(found):
        h = np.array([pull.curvature[k] for pull in pulls])[:, None] * variance[:, k] + problem.lambda_1
        g = (products / divisors[:, [k]]).T
        out.append(np.where(usable[:, k] & (h > 0), g**2 / np.where(h > 0, 2 * h, 1.0), 0.0))
    return np.stack(out, axis=1)


def joint(problem: Problem, scores: Floats) -> Floats:
    """(c,) the sum over tasks of scores (K, c); 0 where a column may not enter one of tasks with one support."""
    total = scores.sum(axis=0)
    return np.where((scores > 0).all(axis=0), total, 0.0) if problem.support == "common" else total


class Top:
    """The columns of the largest scores so far that are above `least`."""

    def __init__(self, width: int, least: float = 0.0) -> None:
        self.width, self.least, self.ids, self.scores = width, least, np.empty(0, np.int64), np.empty(0)

    def offer(self, ids: Ints, scores: Floats) -> None:
        """Look at more columns."""
        good = scores > (self.scores.min() if len(self.ids) == self.width else self.least)
        ids, scores = np.append(self.ids, ids[good]), np.append(self.scores, scores[good])
        if len(ids) > self.width:
            best = np.argpartition(-scores, self.width - 1)[: self.width]
            ids, scores = ids[best], scores[best]
        self.ids, self.scores = ids, scores


def forward_models(inner: Problem) -> list[Supports]:
    """Supports of sizes 1, 3, 9, ... up to s by forward selection, as the problem ties them, apart and together."""
    regimes = [inner]
    if inner.n_tasks > 1 and inner.support == "heterogeneous":
        free = replace(inner, lambda_2=0.0, lambda_z=0.0)
        regimes = [replace(free, support="independent"), replace(free, support="common", s=_one(inner))]
    return [supports for one in regimes for supports in _forward(one)]


def _one(problem: Problem) -> Ints:
    return np.full(problem.n_tasks, int(problem.s.max()), np.int64)


def _forward(problem: Problem) -> list[Supports]:
    most = int(problem.s.max())
    sizes = sorted({*(3**i for i in range(8) if 3**i < most), most}) if most else []
    if problem.losses is not None:
        descent = Descent.open(problem)
        fit, grown = descent.null, []
        for size in sizes:
            fit = descent.on(s=np.minimum(problem.s, size)).resized(fit)
            grown.append(fit.supports)
        return grown
    workspace = open_workspace(problem)
    search = open_search(workspace, workspace.views(np.arange(problem.n_features, dtype=np.int32)))
    out: list[Supports] = []
    for size in sizes:
        search.resize([min(size, one) for one in search.sizes()])
        out.append(search.supports())
    return out


def as_ids(supports: Supports, ids: Ints) -> list[Ids]:
    """Supports of a problem with some columns, in the numbers of all."""
    return [ids[S].astype(np.int32) for S in supports]
