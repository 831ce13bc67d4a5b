"""L0 models for the rows of all tasks together."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Ints, TaskBlocks
from sparsekin.l0.grid import Settings, solve_grid
from sparsekin.l0.problem import Problem
from sparsekin.tuning.sparse.baselines.rows import pool
from sparsekin.tuning.sparse.cross_validate import models_of
from sparsekin.tuning.sparse.scoring import Models

MOST = 50


def fit_pooled_l0(training: TaskBlocks, problem: Problem, settings: Settings, effort: int) -> list[Models | None]:
    """Common slopes on at most s columns, with an intercept per task; always-in columns have one coefficient."""
    together = pool(training, problem)
    models = models_of(solve_grid(together.one, settings, effort=effort))
    return [
        None if one is None else together.to_tasks(one.intercept[0], one.coef[:, 0], one.keep_coef[:, 0])
        for one in models
    ]


def larger_sizes(problem: Problem, sizes: Ints) -> Ints:
    """`sizes` and larger ones, as far as a third of all rows, p and 50 allow."""
    limit = min(problem.n_features, int(problem.blocks.n_obs.sum()) // 3, MOST)
    more = [14, 20, 28, 40, 50]
    return np.union1d(sizes, [size for size in (*more, limit) if sizes.max() < size <= limit]).astype(np.int64)
