"""Prediction intervals of a HAL fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from sparsekin.data.blocks import Floats, Matrix
from sparsekin.errors import OptionError
from sparsekin.hal.predict import outcome_bounds
from sparsekin.hal.problem import Problem
from sparsekin.hal.select import subset
from sparsekin.inference.conformal import missed
from sparsekin.inference.curves import point_without
from sparsekin.models.hal.checks import default_lambdas
from sparsekin.models.intervals import check_interval, interval_folds, interval_table
from sparsekin.results.hal.fit import HALFit
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.hal.cross_validate import judge_all
from sparsekin.tuning.held_out import all_needed
from sparsekin.tuning.inner_folds import INNER, inner_folds
from sparsekin.tuning.split import Rng

_TOLERANCE = 1e-6
_LAMBDAS = 50  # of the tuning within each fold


@dataclass(frozen=True, slots=True)
class _Model:
    fit: HALFit

    def predict(self, k: int, X: Matrix, keep: Floats) -> Floats:
        """(n,) outcomes of rows of task k."""
        return self.fit.bounded(X, keep)[:, k]


def hal_prediction_intervals(
    fit: HALFit, problem: Problem, predicted: pd.Series | pd.DataFrame, new: object, how: str, task: object,
    keep: object, level: float, folds: int, rng: Rng, retune: bool,
) -> pd.DataFrame:  # fmt: skip
    """Predictions of new rows with lower and upper ends; see `HALResults.predict`."""
    check_interval(fit, new, level)
    if how != "task":
        raise OptionError("interval='prediction' of a MTHAL is of new rows of the tasks that were fitted, how='task'.")
    if fit.status == "relaxed":
        raise OptionError("interval='prediction' is of penalised fits; ask the fit that was relaxed.")
    blocks = problem.blocks
    made = interval_folds(blocks, folds, rng, [0] * blocks.n_tasks if retune else None)
    models: list[_Model] = []
    try:
        for fold in range(made.n_folds):
            models.append(_without(fit, problem, made, fold, retune))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(all_needed(len(models), made.n_folds)) from None
    return interval_table(fit, missed(models, blocks, made), predicted, new, task, keep, level, retune)


def _without(fit: HALFit, problem: Problem, made: Folds, fold: int, retune: bool) -> _Model:
    lambda_ = _tuned_lambda(problem, made, fold) if retune else fit.lambda_
    point = point_without(problem, made.of_row == fold, lambda_, _TOLERANCE)
    part = replace(
        fit, basis=subset(problem.design.basis, point.functions), coef=point.coef, intercept=point.intercept,
        keep_coef=point.keep_coef, bounds=outcome_bounds(training_blocks(problem.blocks, made, fold), fit.families),
    )  # fmt: skip
    return _Model(part)


def _tuned_lambda(problem: Problem, made: Folds, fold: int) -> float:
    """The lambda that predicts best in a cross-validation of the rows of all folds but one."""
    training = problem.on(training_blocks(problem.blocks, made, fold))
    inner = inner_folds(training.blocks, INNER, 0)
    found, finished = judge_all(
        [training], [default_lambdas(training, None, _LAMBDAS)], inner, tolerance=_TOLERANCE, to_the_end=False,
        n_jobs=None, progress=False, tell=False,
    )  # fmt: skip
    if not finished:
        raise KeyboardInterrupt
    return float(found[0].lambdas[found[0].best])
