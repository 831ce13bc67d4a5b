"""Supports one column away, and theirs in turn: where a list of the next best supports begins."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.profile import residualize
from sparsekin.l0.exact.join import zbar_of
from sparsekin.l0.exact.pool import Support
from sparsekin.l0.least_squares import solve_ridge, squares, weighted_rows
from sparsekin.l0.polish import refit_value
from sparsekin.l0.problem import Problem, factor
from sparsekin.l0.search import Supports, as_mask, is_coupled
from sparsekin.l0.state import Workspace

Key = tuple[Support, ...]  # columns of each task, ascending
Likely = Callable[[list[int]], Ints]  # of a group of tasks: columns that may enter, most promising first


def key_of(supports: Supports) -> Key:
    """Supports as something to look up."""
    return tuple(tuple(sorted(int(j) for j in S)) for S in supports)


def supports_of(key: Key) -> Supports:
    """K arrays of column numbers."""
    return [np.array(S, np.int32) for S in key]


@dataclass(slots=True)
class Values:
    """F of supports from the rows; what each task adds is computed once per set of columns where tasks are apart."""

    problem: Problem
    known: dict[tuple[int, Support], float] = field(default_factory=dict)

    def of(self, key: Key) -> float:
        """F."""
        if is_coupled(self.problem):
            return refit_value(self.problem, as_mask(self.problem, supports_of(key)))
        return sum(self._task(k, S) for k, S in enumerate(key)) + zbar_of(key, self.problem.lambda_z)

    def _task(self, k: int, S: Support) -> float:
        if (k, S) not in self.known:
            X, Y = weighted_rows(self.problem, np.array([k]), np.array(S, np.int64))
            b = solve_ridge(X, Y, self.problem.lambda_1).b
            self.known[k, S] = squares(X, Y[:, 0], b[:, 0], self.problem.lambda_1)[1]
        return self.known[k, S]


@dataclass(frozen=True, slots=True)
class Nearby:
    """Supports met and their F; whether they are all there are; whether time was up before there were enough."""

    found: dict[Key, float]
    exhausted: bool
    late: bool


def nearby(workspace: Workspace, supports: Supports, most: int, deadline: float = np.inf) -> Nearby:
    """At least `most` supports of squares, unless there are fewer."""
    values = Values(workspace.problem)

    def likely(key: Key, entering: int) -> Likely:
        b = _coefficients(workspace.problem, key)
        return lambda group: _steepest(workspace, key, b, group, entering)

    return look_around(workspace.problem, key_of(supports), most, values.of, likely, deadline)


def look_around(
    problem: Problem, start: Key, most: int, value: Callable[[Key], float], likely: Callable[[Key, int], Likely],
    deadline: float = np.inf,
) -> Nearby:  # fmt: skip
    """At least `most` supports, unless there are fewer: the given ones, those one column away, theirs in turn.

    `value` is F; `likely` says of supports which columns to try in a group of tasks, at most so many.
    """
    if time.perf_counter() > deadline:
        return Nearby({}, False, True)
    found = {start: value(start)}
    queue, seen = [(found[start], start)], 0
    while queue and len(found) < most:
        here = heapq.heappop(queue)[1]
        seen += 1
        for key in exchanged(problem, here, likely(here, 2 * most)):
            if time.perf_counter() > deadline:
                return Nearby(found, False, True)
            if key not in found:
                found[key] = value(key)
                heapq.heappush(queue, (found[key], key))
    return Nearby(found, not queue and seen == len(found), False)


def exchanged(problem: Problem, key: Key, likely: Likely) -> Iterator[Key]:
    """One column leaves, enters, or both: in one task, or in all where they share their support.

    Of the columns outside, the `likely` ones are tried.
    """
    together = problem.support == "common"
    groups = [list(range(problem.n_tasks))] if together else [[k] for k in range(problem.n_tasks)]
    for group in groups:
        size = min(int(problem.s[k]) for k in group)
        inside = key[group[0]]
        entering = likely(group)
        for leaving in (None, *inside):
            rest = tuple(j for j in inside if j != leaving)
            changes = [rest] if leaving is not None else []
            changes += [tuple(sorted((*rest, int(j)))) for j in entering] if len(rest) < size else []
            for S in changes:
                yield tuple(S if k in group else old for k, old in enumerate(key))


def _coefficients(problem: Problem, key: Key) -> list[Floats]:
    """Per task, refitted as if nothing linked the tasks: they only say which columns to try."""
    out = []
    for k, S in enumerate(key):
        X, Y = weighted_rows(problem, np.array([k]), np.array(S, np.int64))
        out.append(solve_ridge(X, Y, problem.lambda_1).b[:, 0])
    return out


def _steepest(workspace: Workspace, key: Key, b: list[Floats], group: list[int], most: int) -> Ints:
    """Columns that may enter all tasks of the group: the `most` of largest squared slope over what they have."""
    problem = workspace.problem
    score, open_ = np.zeros(problem.n_features), np.ones(problem.n_features, bool)
    for k in group:
        diag = workspace.diag_of(k)
        slope = _slopes(problem, k, np.array(key[k], np.int64), b[k])
        score += np.where(diag > 0, slope**2 / np.where(diag > 0, diag + problem.lambda_1, 1.0), 0.0)
        open_ &= diag > 0
        open_[list(key[k])] = False
    columns = np.flatnonzero(open_)
    if len(columns) > most:
        columns = columns[np.argpartition(-score[columns], most - 1)[:most]]
    return columns[np.argsort(-score[columns], kind="stable")]


def _slopes(problem: Problem, k: int, S: Ints, b: Floats) -> Floats:
    """(p,) gradient of the loss of task k at coefficients b of the columns S."""
    blocks, w = problem.blocks, problem.blocks.weights[k]
    y = blocks.y[k] / problem.standard.y_scale[k] - blocks.columns_of(k, S) @ (b / problem.standard.scale[S, k])
    r = residualize(y, problem.basis[k], w)
    return (
        np.asarray(blocks.X_of(k).T @ (factor(problem, k) * (r if w is None else r * w))) / problem.standard.scale[:, k]
    )
