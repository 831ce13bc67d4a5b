"""Moves in the order of what the quadratic model says they gain: which of them are worth an exact refit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.problem import Problem
from sparsekin.l0.state import Ids

Raw = tuple[Ids, Floats, Floats]  # columns held, gains and costs: see `Freezer.gains`
Change = tuple[int, int, int]  # task, column that leaves or -1, column that enters or -1
PARTNERS = 5  # columns tried in place of one in all tasks that hold it


@dataclass(frozen=True, slots=True)
class Move:
    """Changes made together, and what the model says they gain."""

    gain: float
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Gains in one task: (s + 1, p) of exchanges and, last, entries; costs (s,) of leaving; the Zbar term."""

    held: Ids
    gains: Floats
    cost: Floats
    leaving: Floats
    joining: Floats

    @property
    def total(self) -> Floats:
        """Gains with what the Zbar term gives for a move of this task alone."""
        return self.gains + np.append(self.leaving, 0.0)[:, None] + self.joining


Holder = tuple[int, Table, int]  # task, its table, place of a column there
Offer = tuple[float, Callable[[], tuple[Change, ...]]]  # gain, and what is changed


def rank(problem: Problem, raw: list[Raw], most: int) -> list[Move]:
    """The `most` best single moves of every task and, where supports are tied, as many joint ones; best first."""
    if problem.support == "common":
        return _common(problem, raw, most)
    m = np.bincount(np.concatenate([held for held, _, _ in raw]), minlength=problem.n_features)
    tables, joining = [], gift(problem, m, 1)
    for k, (held, gains, cost) in enumerate(raw):
        if len(held) >= problem.s[k]:
            gains[-1] = -np.inf
        tables.append(Table(held, gains, cost, gift(problem, m[held], -1), joining))
    tied = problem.n_tasks > 1 and problem.lambda_z > 0 and problem.support == "heterogeneous"
    moves = [move for k, table in enumerate(tables) for move in _singles(k, table, most)]
    moves.sort(key=lambda move: -move.gain)
    if tied:
        moves = [*moves[: 2 * most], *_drops(tables), *_joint(problem, tables, m, most)]
        moves.sort(key=lambda move: -move.gain)
    return moves


def gift(problem: Problem, m: Ints, joining: Ints | int) -> Floats:
    """What the Zbar term falls by when `joining` more tasks take columns that m tasks hold."""
    if problem.support != "heterogeneous":
        return np.zeros(np.shape(m))
    K, after = problem.n_tasks, m + joining
    return np.asarray(problem.lambda_z / (2 * K) * (m * (K - m) - after * (K - after)))


def _best(values: Floats, n: int) -> list[tuple[int, ...]]:
    """Places of the n largest finite values."""
    flat = values.ravel()
    n = min(n, len(flat))
    top = np.argpartition(-flat, n - 1)[:n] if n else np.empty(0, int)
    top = top[np.argsort(-flat[top], kind="stable")]
    places = zip(*np.unravel_index(top[np.isfinite(flat[top])], values.shape), strict=True)
    return [tuple(int(i) for i in place) for place in places]


def _singles(k: int, table: Table, most: int) -> list[Move]:
    total = table.total
    return [Move(float(total[i, j]), ((k, _column(table, i), j),)) for i, j in _best(total, most)]


def _column(table: Table, i: int) -> int:
    """The i-th column held; -1 for none."""
    return int(table.held[i]) if i < len(table.held) else -1


def _drops(tables: list[Table]) -> list[Move]:
    """Leaving alone, where the Zbar term gives something for it."""
    return [
        Move(float(gift_ - cost), ((k, int(j), -1),))
        for k, table in enumerate(tables)
        for j, gift_, cost in zip(table.held, table.leaving, table.cost, strict=True)
        if gift_ > cost / 2
    ]


def _joint(problem: Problem, tables: list[Table], m: Ints, most: int) -> list[Move]:
    """One column into several tasks, out of several, or another in its place. What is changed is spelled out last."""
    offers = _into_many(problem, tables, m, most)
    holders: dict[int, list[Holder]] = {}
    for k, table in enumerate(tables):
        for i, j in enumerate(table.held.tolist()):
            holders.setdefault(j, []).append((k, table, i))
    for j in sorted(holders):
        if len(holders[j]) > 1:
            offers += _out_of_many(problem, holders[j], m, j)
            offers += _in_place_of(problem, holders[j], m, j)
    offers.sort(key=lambda offer: -offer[0])
    return [Move(gain, changes()) for gain, changes in offers[: 2 * most]]


def _into_many(problem: Problem, tables: list[Table], m: Ints, most: int) -> list[Offer]:
    gains = [table.gains + np.append(table.leaving, 0.0)[:, None] for table in tables]
    best = np.array([one.max(axis=0) for one in gains])
    order = np.argsort(-best, axis=0, kind="stable")
    sums = np.cumsum(np.take_along_axis(best, order, 0), axis=0)

    def changes(t: int, j: int) -> tuple[Change, ...]:
        return tuple((k, _column(tables[k], int(gains[k][:, j].argmax())), j) for k in order[:t, j].tolist())

    sizes = np.arange(2, len(tables) + 1)
    totals = sums[1:] + gift(problem, np.broadcast_to(m, (len(sizes), len(m))), sizes[:, None])
    n = min(most, len(m))
    top = np.argpartition(-totals, n - 1, axis=1)[:, :n]
    values = np.take_along_axis(totals, top, 1)
    places = _best(values, 2 * most)
    return [(float(values[r, c]), partial(changes, r + 2, int(top[r, c]))) for r, c in places]


def _out_of_many(problem: Problem, holders: list[Holder], m: Ints, j: int) -> list[Offer]:
    ways: list[tuple[float, Change]] = []
    for k, table, i in holders:
        row = table.gains[i] + table.joining
        into = int(np.argmax(row)) if len(row) else -1
        ways.append(max((float(row[into]), (k, j, into)), (-float(table.cost[i]), (k, j, -1))))
    ways.sort(key=lambda way: -way[0])
    out = np.arange(2, len(ways) + 1)
    totals = np.cumsum([gain for gain, _ in ways])[1:] + gift(problem, np.full(len(out), m[j]), -out)

    def changes(t: int) -> tuple[Change, ...]:
        return tuple(change for _, change in ways[:t])

    return [(float(total), partial(changes, t)) for total, t in zip(totals, out.tolist(), strict=True)]


def _in_place_of(problem: Problem, holders: list[Holder], m: Ints, j: int) -> list[Offer]:
    rows = np.array([table.gains[i] for _, table, i in holders])
    free = np.isfinite(rows)
    count = free.sum(axis=0)
    total = np.where(free, rows, 0.0).sum(axis=0) + gift(problem, m, count)
    total += gift(problem, np.full(len(holders) + 1, m[j]), -np.arange(len(holders) + 1))[count]
    total = np.where(count > 1, total, -np.inf)
    total[j] = -np.inf

    def changes(i: int) -> tuple[Change, ...]:
        return tuple((k, j, i) for (k, _, _), there in zip(holders, free[:, i], strict=True) if there)

    return [(float(total[i]), partial(changes, i)) for (i,) in _best(total, PARTNERS)]


def _common(problem: Problem, raw: list[Raw], most: int) -> list[Move]:
    held = raw[0][0]
    total = np.zeros_like(raw[0][1])
    for other, gains, _ in raw:
        order = [*np.searchsorted(other, held, sorter=np.argsort(other)), len(held)] if len(other) else [0]
        places = [*(int(np.argsort(other)[i]) for i in order[:-1]), len(held)] if len(other) else [0]
        total = total + gains[places]
    if len(held) >= problem.s.min():
        total[-1] = -np.inf
    return [
        Move(float(total[i, j]), tuple((k, int(held[i]) if i < len(held) else -1, j) for k in range(problem.n_tasks)))
        for i, j in _best(total, most)
    ]
