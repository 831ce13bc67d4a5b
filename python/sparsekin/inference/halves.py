"""Which features each half of the rows chooses, and their slopes on the other rows, for all tasks.

One engine for frequencies, intervals and tests: complementary pairs (Shah and Samworth 2013), and on the rows that had
no part in the choice the regression of every task, its own chosen columns adjusted for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.data.profile import unpenalised_columns
from sparsekin.inference.beside_family import slopes_on
from sparsekin.inference.split import counted_rows, on_halves
from sparsekin.l0.fold_share import without
from sparsekin.l0.glm.descent import QUICK
from sparsekin.l0.problem import Problem
from sparsekin.l0.solve import solve

Chooser: TypeAlias = Callable[[Problem], Bools]


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """What one half chose, and what the other rows say of it.

    ======== ======= =======================================================================================
    field    shape   meaning
    ======== ======= =======================================================================================
    features (m,)    chosen in any task, ascending
    support  (m, K)  bool: in which
    slope    (m, K)  on the user's scale, from the other rows, for all tasks; NaN where there is none
    se       (m, K)
    df       (K,)    degrees of freedom the columns chosen in each task leave on the other rows
    ======== ======= =======================================================================================
    """

    features: Ints
    support: Bools
    slope: Floats
    se: Floats
    df: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """All of them, the two of a pair side by side.

    ========== ===== ==================================
    field      shape meaning
    ========== ===== ==================================
    found      2 B   `Half`
    n_features int   p
    n_tasks    int   K
    asked      int   pairs asked for; fewer are there after Ctrl-C
    groups     (N,)  codes of rows that go together; None: no groups
    ========== ===== ==================================
    """

    found: tuple[Half, ...]
    n_features: int
    n_tasks: int
    asked: int
    groups: Ints | None = None

    @property
    def pairs(self) -> int:
        """B."""
        return len(self.found) // 2

    @property
    def frequency(self) -> Floats:
        """(p, K) share of halves that chose each feature in each task."""
        counts = np.zeros((self.n_features, self.n_tasks))
        for half in self.found:
            counts[half.features] += half.support
        return counts / max(len(self.found), 1)

    @property
    def frequency_any(self) -> Floats:
        """(p,) share of halves that chose each feature in any task."""
        counts = np.zeros(self.n_features)
        for half in self.found:
            counts[half.features] += 1
        return counts / max(len(self.found), 1)


def draw_halves(
    problem: Problem,
    *,
    pairs: int,
    rng: object = None,
    effort: int = 1,
    groups: Ints | None = None,
    choose: Chooser | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> Halves:
    """Select on halves of the rows, and estimate on the rest.

    Parameters
    ----------
    problem : Problem
        Its s and penalties are used in every half; s is lowered where a half has too few rows.
    pairs : int
        B: complementary pairs, 2 B halves.
    rng : int, numpy.random.Generator or None
        The same seed gives the same halves whatever `n_jobs`.
    effort : {0, 1, 2}
    groups : (N,) int, optional
        Rows of one group stay on one side, and standard errors allow for what they have in common.
    choose : callable, optional
        The (p, K) bool support that a training problem leads to; by default `solve` at the settings of `problem`.
    n_jobs, progress
        As for cross-validation. Ctrl-C keeps the pairs that are finished.
    """
    work = partial(half_of, problem, choose=choose if choose is not None else _Solve(effort), groups=groups)
    found = on_halves(work, problem.blocks, pairs=pairs, rng=rng, groups=groups, n_jobs=n_jobs, progress=progress)
    return Halves(found, problem.n_features, problem.n_tasks, pairs, groups)


@dataclass(frozen=True, slots=True)
class _Solve:
    effort: int

    def __call__(self, training: Problem) -> Bools:
        found = solve(training, effort=self.effort, shortlist=QUICK)
        if found.status == "interrupted":
            raise KeyboardInterrupt
        return found.support


def half_of(problem: Problem, chosen: Bools, choose: Chooser, groups: Ints | None = None) -> Half:
    """Choose on rows (N,) bool, estimate on all others."""
    support = choose(with_room(without(problem, ~chosen)))
    features = np.flatnonzero(support.any(axis=1))
    blocks, K = problem.blocks, problem.n_tasks
    slope, se, df = np.full((len(features), K), np.nan), np.full((len(features), K), np.nan), np.zeros(K, np.int64)
    rest = counted_rows(blocks) & ~chosen
    for k in range(K):
        w = blocks.weights[k]
        here = rest[blocks.rows[k]] if w is None else rest[blocks.rows[k]] & (w > 0)
        mates = None if groups is None else groups[blocks.rows[k]]
        X, U, inside = blocks.columns_of(k, features), unpenalised_columns(blocks, k), support[features, k]
        found = slopes_on(blocks, k, here, X, inside, U, mates)
        slope[:, k], se[:, k], df[k] = found.b, found.se, found.df
    return Half(features, support[features], slope, se, df)


def with_room(problem: Problem) -> Problem:
    """The problem with s lowered to what the rows of each task leave beside the unpenalised columns, less one."""
    room = [n - basis.shape[1] - 1 for n, basis in zip(problem.blocks.n_obs, problem.basis, strict=True)]
    s = np.minimum(problem.s, np.maximum(room, 0))
    return replace(
        problem, s=np.full(len(s), s.min()) if problem.support == "common" or problem.lambda_2 == np.inf else s
    )


def halves_out(halves: Halves) -> dict[str, object]:
    """Halves as flat arrays and numbers, from which `halves_in` makes them again."""
    K = halves.n_tasks
    return {
        "sizes": np.array([len(half.features) for half in halves.found], np.int64),
        "features": np.concatenate([half.features for half in halves.found] or [np.empty(0, np.int64)]),
        "support": np.vstack([half.support for half in halves.found] or [np.empty((0, K), bool)]),
        "slope": np.vstack([half.slope for half in halves.found] or [np.empty((0, K))]),
        "se": np.vstack([half.se for half in halves.found] or [np.empty((0, K))]),
        "df": np.array([half.df for half in halves.found], np.int64).reshape(-1, K),
        "n_features": halves.n_features,
        "n_tasks": K,
        "asked": halves.asked,
        "groups": halves.groups,
    }


def halves_in(parts: dict[str, Any]) -> Halves:
    """Rebuild the halves that `halves_out` took apart."""
    cuts = np.cumsum(parts["sizes"])[:-1]
    features, support, slope, se = (np.split(parts[name], cuts) for name in ("features", "support", "slope", "se"))
    pieces = zip(features, support, slope, se, parts["df"], strict=True) if len(parts["sizes"]) else ()
    found = tuple(Half(*piece) for piece in pieces)
    return Halves(found, parts["n_features"], parts["n_tasks"], parts["asked"], parts.get("groups"))
