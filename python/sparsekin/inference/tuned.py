"""A selection with its own cross-validation: s and lambda_z are tuned, the other penalties stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools
from sparsekin.l0.problem import Problem
from sparsekin.l0.solve import solve
from sparsekin.tuning.folds import make_folds
from sparsekin.tuning.sparse.cross_validate import cross_validate
from sparsekin.tuning.sparse.grid import make_grid
from sparsekin.tuning.sparse.table import best, comparable, fold_metric, score_of


@dataclass(frozen=True, slots=True)
class TunedChoice:
    """Supports (p, K) bool of a problem at the s and lambda_z that are best in `folds` folds."""

    folds: int
    seed: int
    effort: int

    def __call__(self, problem: Problem) -> Bools:
        """Tune, then search all rows of the problem."""
        score = score_of("rmse", problem)
        shares = 0.0 if problem.support != "heterogeneous" or problem.n_tasks == 1 else "auto"
        asked = make_grid(problem, "auto", problem.lambda_1, problem.lambda_2, shares)
        folds = int(min(self.folds, problem.blocks.n_obs.min()))
        made = make_folds(problem.blocks, folds=folds, rng=self.seed)
        errors = cross_validate(problem, asked.take(asked.s > 0), made, effort=self.effort)
        if not errors.finished.all():
            raise KeyboardInterrupt
        mean = np.nanmean(fold_metric(errors, score), axis=1)
        i = best(mean, errors.settings, score, comparable(errors, mean))
        return solve(errors.settings.at(problem, i), effort=self.effort).support
