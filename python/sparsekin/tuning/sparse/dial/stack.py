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
from sparsekin.tuning.sparse.dial.settings import Dial, DialSettings, row_of, searched_for
from sparsekin.tuning.sparse.stacking import Stacking, from_triangles
from sparsekin.tuning.sparse.training import like


def stack_at(problem: Problem, dial: Dial, i: int, folds: Folds, effort: int) -> Stacking | None:
    """Stacking of the task models at row `i` of ``dial.table`` from out-of-fold predictions; None after Ctrl-C."""
    asked = dial.table.take(np.array([i]))
    own = searched_for(dial, asked)
    shared, pooled = (_alone(one, asked) for one in (own.shared, own.pooled))
    small = replace(dial, shared=shared, pooled=pooled, separate=_of_size(own.separate, asked))
    row = row_of(small.table, asked)
    pieces = [(problem, small, row, folds, fold, effort) for fold in range(folds.n_folds)]
    found: list[Floats] = in_order(_triangle, pieces, n_jobs=None)
    return from_triangles(found, problem.blocks.intercept) if len(found) == folds.n_folds else None


def _alone(settings: Settings, asked: DialSettings) -> Settings:
    """Searches of one size and ridge: with several lambda_z, which start from each other."""
    return _of_size(settings.take(settings.lambda_1 == asked.searched[0]), asked)


def _of_size(settings: Settings, asked: DialSettings) -> Settings:
    return settings.take(settings.s == asked.s[0])


def _triangle(problem: Problem, dial: Dial, row: int, folds: Folds, fold: int, effort: int) -> Floats:
    training = like(problem, training_blocks(problem.blocks, folds, fold))
    found = search_rows(training, dial, effort)
    return held_out_triangle(problem.blocks, folds, fold, mean_of(training, found, dial, np.array([row]))[0])
