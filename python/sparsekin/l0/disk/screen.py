"""Which columns on disk are worth a search: those that look good at models without and with some columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.data.sources.stored import moments_of_tasks, stored_of
from sparsekin.l0.disk.crossing import cross
from sparsekin.l0.disk.pull import Pull, pull_at
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.single import with_columns
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_ids, open_search
from sparsekin.l0.state import open_workspace

HELD_BYTES = 400_000_000  # of candidates in memory, about
LEAST_HELD = 200  # candidates, whatever the rows
WIDEST = 300  # columns of one list, at most
NARROWEST = 30
ROUNDS = 2  # looks at models with columns; the second only where the first found others
ALIKE = 3  # so many times the columns of one fold are those of all folds, about


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
    if most_held(problem.blocks.X.shape) == problem.n_features:
        return np.arange(problem.n_features)
    return candidates_of([problem], [moments_of_tasks(problem.blocks).sd], deadline)[0]


def candidates_of(problems: Sequence[Problem], sds: Sequence[Floats], deadline: float = np.inf) -> list[Ints]:
    """The same of each of several problems on rows of one X, which share the passes; all are held together.

    Parameters
    ----------
    problems : of Problem
    sds : of (p, K) standard deviations of the columns in the tasks of each
    """
    blocks, F = problems[0].blocks, len(problems)
    most, lists = most_held(blocks.X.shape), 1 + max(one.n_tasks * (one.support != "common") for one in problems)
    width = int(np.clip(most // (4 * lists * min(F, ALIKE)), NARROWEST, WIDEST))
    asked = [Asked(one, pull_at(one, nothing(one)), sd) for one, sd in zip(problems, sds, strict=True)]
    ids = best_columns(blocks, asked, width, deadline)
    met: list[set[bytes]] = [set() for _ in problems]
    for _ in range(ROUNDS):
        held = np.unique(np.concatenate(ids))
        stored_of(blocks).held.hold(held)
        fresh, whose = [], []
        for f, (one, sd) in enumerate(zip(problems, sds, strict=True)):
            inner = with_columns(one, ids[f])
            for supports in forward_models(inner):
                key = b"|".join(S.tobytes() for S in as_ids(supports, ids[f]))
                if key not in met[f]:
                    met[f].add(key)
                    fresh.append(Asked(one, pull_at(inner, supports), sd))
                    whose.append(f)
        if not fresh:
            break
        each = int(np.clip((most - len(held)) // (lists * max(len(fresh) // max(F // ALIKE, 1), 1)), 1, width))
        for f, found in zip(whose, best_columns(blocks, fresh, each, deadline), strict=True):
            ids[f] = np.union1d(ids[f], found)
    return ids


def nothing(problem: Problem) -> Supports:
    """No column anywhere."""
    return [np.empty(0, np.int32)] * problem.n_tasks


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A fit for which columns are looked for: its problem, what it leaves of the outcomes, and sd (p, K)."""

    problem: Problem
    pull: Pull
    sd: Floats


def best_columns(
    blocks: TaskBlocks, asked: Sequence[Asked], width: int, deadline: float = np.inf
) -> list[Ints]:  # fmt: skip
    """For each of m fits the `width` columns that promise most, for each task and for all together; one pass."""
    rows, vectors, places = _by_rows(asked)
    tops = [[Top(width) for _ in range(_lists(one.problem))] for one in asked]
    for part, found in cross(blocks, rows, vectors, deadline):
        for one, place, line in zip(asked, places, tops, strict=True):
            products = np.array([found[d][:, c] for d, c in place])
            scores, numbers = entry_scores(one, part, products), np.arange(part.start, part.stop)
            for top, score in zip(line, [joint(one.problem, scores), *scores], strict=False):
                top.offer(numbers, score)
    return [np.unique(np.concatenate([top.ids for top in line])) for line in tops]


def _lists(problem: Problem) -> int:
    return 1 if problem.support == "common" or problem.n_tasks == 1 else 1 + problem.n_tasks


def _by_rows(asked: Sequence[Asked]) -> tuple[list[slice], list[Floats], list[list[tuple[int, int]]]]:
    """Designs (rows of X), their vectors (n, m), and where those of each fit stand: design and column of every task."""
    at: dict[tuple[int, int], list[Floats]] = {}
    places = []
    for one in asked:
        place = []
        for rows, v in zip(one.problem.blocks.rows, one.pull.vectors, strict=True):
            own = at.setdefault((rows.start, rows.stop), [])
            place.append((list(at).index((rows.start, rows.stop)), len(own)))
            own.append(v)
        places.append(place)
    return [slice(*key) for key in at], [np.column_stack(own) for own in at.values()], places


def entry_scores(one: Asked, part: slice, products: Floats) -> Floats:
    """(K, c) about what each column of a chunk gains alone: g^2 / (2 (h + lambda_1)); 0 where it may not enter."""
    problem, standard = one.problem, one.problem.standard
    divisors = (standard.scale if problem.losses is None else standard.divisors)[part].T
    h = one.pull.curvature[:, None] * (one.sd[part].T / divisors) ** 2 + problem.lambda_1
    return np.where(standard.usable[part].T & (h > 0), (products / divisors) ** 2 / np.where(h > 0, 2 * h, 1.0), 0.0)


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
