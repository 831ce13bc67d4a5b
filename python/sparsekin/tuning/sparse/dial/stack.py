"""Weights of the task models of one setting of the dial, for a study that none of them has seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.parallel import in_order
from sparsekin.tuning.sparse.cross_validate import held_out_triangle
from sparsekin.tuning.sparse.dial.fit import mean_of
from sparsekin.tuning.sparse.dial.run import search_rows
from sparsekin.tuning.sparse.dial.settings import Dial, row_of, searched_for
from sparsekin.tuning.sparse.stacking import Stacking, from_triangles
from sparsekin.tuning.sparse.training import like


def stack_at(problem: Problem, dial: Dial, i: int, folds: Folds, effort: int) -> Stacking | None:
    """Stacking of the task models at row `i` of ``dial.table`` from out-of-fold predictions; None after Ctrl-C."""
    asked = dial.table.take(np.array([i]))
    own = searched_for(dial, asked)
    shared, pooled, separate = (_of_size(one, asked) for one in (own.shared, own.pooled, own.separate))
    small = replace(dial, shared=shared, pooled=pooled, separate=separate)
    row = row_of(small.table, asked)
    pieces = [(problem, small, row, folds, fold, effort) for fold in range(folds.n_folds)]
    found: list[Floats] = in_order(_triangle, pieces, n_jobs=None)
    return from_triangles(found, problem.blocks.intercept) if len(found) == folds.n_folds else None


def _of_size(settings: Settings, asked: Settings) -> Settings:
    return settings.take(settings.s == asked.s[0])


def _triangle(problem: Problem, dial: Dial, row: int, folds: Folds, fold: int, effort: int) -> Floats:
    training = like(problem, training_blocks(problem.blocks, folds, fold))
    found = search_rows(training, dial, effort)
    return held_out_triangle(problem.blocks, folds, fold, mean_of(training, found, dial, np.array([row]))[0])
