"""Moves in the order of what the quadratic model says they gain: which of them are worth an exact refit."""

from __future__ import annotations

from dataclasses import dataclass

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


def rank(problem: Problem, raw: list[Raw], most: int) -> list[Move]:
    """The `most` best single moves of every task and, where supports are tied, as many joint ones; best first."""
    if problem.support == "common":
        return _common(problem, raw, most)
    m = np.bincount(np.concatenate([held for held, _, _ in raw]), minlength=problem.n_features)
    tables = []
    for k, (held, gains, cost) in enumerate(raw):
        if len(held) >= problem.s[k]:
            gains[-1] = -np.inf
        leaving, joining = gift(problem, m[held], -1), gift(problem, m, 1)
        tables.append(Table(held, gains, cost, leaving, joining))
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
    """One column into several tasks, out of several, or another in its place."""
    moves = _into_many(problem, tables, m, most)
    for j in np.flatnonzero(m > 0).tolist():
        at = [np.flatnonzero(table.held == j) for table in tables]
        holders = [(k, table, int(i[0])) for k, (table, i) in enumerate(zip(tables, at, strict=True)) if len(i)]
        if len(holders) > 1:
            moves += _out_of_many(problem, holders, m, j)
            moves += _in_place_of(problem, holders, m, j)
    moves.sort(key=lambda move: -move.gain)
    return moves[: 2 * most]


def _into_many(problem: Problem, tables: list[Table], m: Ints, most: int) -> list[Move]:
    gains = [table.gains + np.append(table.leaving, 0.0)[:, None] for table in tables]
    best = np.array([one.max(axis=0) for one in gains])
    who = np.array([one.argmax(axis=0) for one in gains])
    order = np.argsort(-best, axis=0, kind="stable")
    sums = np.cumsum(np.take_along_axis(best, order, 0), axis=0)
    moves = []
    for t in range(2, len(tables) + 1):
        total = sums[t - 1] + gift(problem, m, t)
        for (j,) in _best(total, most):
            changes = tuple((int(k), _column(tables[k], int(who[k, j])), j) for k in order[:t, j])
            moves.append(Move(float(total[j]), changes))
    return moves


def _out_of_many(problem: Problem, holders: list[tuple[int, Table, int]], m: Ints, j: int) -> list[Move]:
    offers: list[tuple[float, Change]] = []
    for k, table, i in holders:
        row = table.gains[i] + table.joining
        into = int(np.argmax(row)) if len(row) else -1
        offers.append(max((float(row[into]), (k, j, into)), (-float(table.cost[i]), (k, j, -1))))
    offers.sort(key=lambda offer: -offer[0])
    sums = np.cumsum([gain for gain, _ in offers])
    return [
        Move(float(sums[t - 1] + gift(problem, m[j], -t)), tuple(change for _, change in offers[:t]))
        for t in range(2, len(offers) + 1)
    ]


def _in_place_of(problem: Problem, holders: list[tuple[int, Table, int]], m: Ints, j: int) -> list[Move]:
    rows = np.array([table.gains[i] for _, table, i in holders])
    free = np.isfinite(rows)
    count = free.sum(axis=0)
    total = np.where(free, rows, 0.0).sum(axis=0) + gift(problem, m, count)
    total += np.asarray([float(gift(problem, m[j], -int(t))) for t in range(len(holders) + 1)])[count]
    total = np.where(count > 1, total, -np.inf)
    total[j] = -np.inf
    return [
        Move(float(total[i]), tuple((k, j, i) for (k, _, _), there in zip(holders, free[:, i], strict=True) if there))
        for (i,) in _best(total, PARTNERS)
    ]


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
