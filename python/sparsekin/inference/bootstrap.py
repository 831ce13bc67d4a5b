"""Coefficients of the whole procedure on rows drawn again: percentile intervals that count being left out as 0.

Rows are drawn with replacement within tasks (rows that tasks share once for all of them, groups whole, classes and
events in their numbers), as whole-numbered weights; the search is repeated at the settings of the fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.random import make_generator
from sparsekin.inference.halves import with_room
from sparsekin.inference.split import counted_rows
from sparsekin.l0.fold_share import reweighted
from sparsekin.l0.glm.descent import QUICK
from sparsekin.l0.problem import Problem
from sparsekin.l0.solve import solve
from sparsekin.tuning.folds import event_codes
from sparsekin.tuning.parallel import in_order

DRAWS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn:
    """Coefficients of features that any draw selects.

    ======== ========= ============================================================
    field    shape     meaning
    ======== ========= ============================================================
    features (m,)      ascending
    coef     (B, m, K) on the user's scale, 0 where not selected; fewer after Ctrl-C
    ======== ========= ============================================================
    """

    features: Ints
    coef: Floats

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """(m, K) percentiles."""
        low, high = np.quantile(self.coef, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high


def redraw(
    problem: Problem, *, rng: object = None, effort: int = 1, groups: Ints | None = None, n_jobs: int | None = None
) -> Redrawn:
    """`DRAWS` searches, on rows drawn again."""
    seeds = make_generator(rng).integers(2**63, size=DRAWS)
    pieces = [(problem, int(seed), groups, effort) for seed in seeds]
    found = in_order(_draw, pieces, n_jobs=n_jobs, what="draws")
    features = np.unique(np.concatenate([one for one, _ in found] or [np.empty(0, np.int64)]))
    coef = np.zeros((len(found), len(features), problem.n_tasks))
    for b, (mine, values) in enumerate(found):
        coef[b, np.searchsorted(features, mine)] = values
    return Redrawn(features, coef)


def _draw(problem: Problem, seed: int, groups: Ints | None, effort: int) -> tuple[Ints, Floats]:
    again = reweighted(problem, counts_of(problem, groups, np.random.default_rng(seed)))
    found = solve(with_room(again), effort=effort, shortlist=QUICK)
    if found.status == "interrupted":
        raise KeyboardInterrupt
    features = np.flatnonzero(found.support.any(axis=1))
    return features, found.coef[features]


def counts_of(problem: Problem, groups: Ints | None, rng: np.random.Generator) -> Floats:
    """(N,) how often each row is drawn."""
    blocks = problem.blocks
    counted, kinds = counted_rows(blocks), event_codes(blocks)
    out = np.zeros(len(counted))
    for start, stop in sorted({(rows.start, rows.stop) for rows in blocks.rows}):
        rows = start + np.flatnonzero(counted[start:stop])
        if groups is None:
            for kind in np.unique(kinds[rows]):
                alike = rows[kinds[rows] == kind]
                out[alike] += rng.multinomial(len(alike), np.full(len(alike), 1 / len(alike)))
        else:
            labels, codes = np.unique(groups[rows], return_inverse=True)
            out[rows] += rng.multinomial(len(labels), np.full(len(labels), 1 / len(labels)))[codes]
    return out
