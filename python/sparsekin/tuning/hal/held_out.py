"""What a HAL without each fold says of its rows."""

from __future__ import annotations

from sparsekin.data.blocks import Floats
from sparsekin.hal.path import walk
from sparsekin.hal.predict import outcome_bounds, predict_rows
from sparsekin.hal.problem import Problem
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.held_out import HeldOut, collect_held_out


def held_out_hal(problem: Problem, way: Floats, folds: Folds, tolerance: float) -> HeldOut:
    """Linear predictors of held-out rows at the last of some lambdas that lead to it. Ctrl-C goes through."""
    blocks = problem.blocks
    return collect_held_out(
        blocks, folds, [_predicted(problem, way, folds, fold, tolerance) for fold in range(folds.n_folds)]
    )


def _predicted(problem: Problem, way: Floats, folds: Folds, fold: int, tolerance: float) -> list[Floats]:
    training = training_blocks(problem.blocks, folds, fold)
    *_, point = walk(problem.on(training), way, tolerance)
    return predict_rows(problem.blocks, point, outcome_bounds(training, problem.families))
