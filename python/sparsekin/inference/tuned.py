"""A selection with its own cross-validation: s and lambda_z are tuned, the other penalties stay.

Of tasks that are not all gaussian s alone is, up to one feature for five events: a grid of lambda_z as well took
six times as long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools
from sparsekin.l0.glm.descent import QUICK
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import solve
from sparsekin.tuning.inner_folds import inner_folds
from sparsekin.tuning.judge import rows_judged
from sparsekin.tuning.sparse.cross_validate import cross_validate
from sparsekin.tuning.sparse.grid import auto_sizes, make_grid
from sparsekin.tuning.sparse.table import best, comparable, fold_metric, score_of

EVENTS = 5  # for each feature, at least
LEAST = 3  # features that are tried whatever the events


@dataclass(frozen=True, slots=True)
class TunedChoice:
    """The solution of a problem at the s and lambda_z that are best in `folds` folds, or its support (p, K) bool."""

    folds: int
    seed: int
    effort: int

    def __call__(self, problem: Problem) -> Bools:
        """The support of `solution`."""
        return self.solution(problem).support

    def solution(self, problem: Problem) -> Solution:
        """Tune, then search all rows of the problem. Ctrl-C goes through."""
        score = score_of("rmse" if problem.losses is None else "deviance", problem)
        asked = _grid(problem)
        made = inner_folds(problem.blocks, self.folds, self.seed)
        errors = cross_validate(problem, asked.take(asked.s > 0), made, effort=self.effort, shortlist=QUICK)
        if not errors.finished.all():
            raise KeyboardInterrupt
        mean = np.nanmean(fold_metric(errors, score), axis=1)
        i = best(mean, errors.settings, score, comparable(errors, mean))
        found = solve(errors.settings.at(problem, i), effort=self.effort, shortlist=QUICK)
        if found.status == "interrupted":
            raise KeyboardInterrupt
        return found


def _grid(problem: Problem) -> Settings:
    if problem.losses is not None:
        sizes = auto_sizes(problem)
        shared = problem.lambda_z if problem.support == "heterogeneous" else 0.0
        return make_grid(problem, sizes[sizes <= _most(problem)], problem.lambda_1, problem.lambda_2, shared)
    shares = 0.0 if problem.support != "heterogeneous" or problem.n_tasks == 1 else "auto"
    return make_grid(problem, "auto", problem.lambda_1, problem.lambda_2, shares)


def _most(problem: Problem) -> int:
    blocks = problem.blocks
    events = [rows_judged(blocks, k, np.zeros(len(y))).events for k, y in enumerate(blocks.y)]
    return max(LEAST, int(np.nanmin(np.append(events, blocks.n_obs.min()))) // EVENTS)
