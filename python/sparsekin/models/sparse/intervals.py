"""Prediction intervals of a fit, in the user's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import OptionError
from sparsekin.inference.conformal import fold_models
from sparsekin.inference.tuned import TunedChoice
from sparsekin.l0.problem import Problem
from sparsekin.models.intervals import check_interval, interval_folds, interval_table
from sparsekin.models.sparse.exact import problem_at
from sparsekin.results.unavailable import FROM_MOMENTS, Unavailable
from sparsekin.tuning.folds import check_folds
from sparsekin.tuning.inner_folds import INNER
from sparsekin.tuning.split import Rng

if TYPE_CHECKING:
    from sparsekin.results.sparse.fit import SparseFit


def prediction_intervals(
    fit: SparseFit, predicted: pd.Series | pd.DataFrame, new: object, how: str, task: object, keep: object,
    level: float, folds: int, rng: Rng, retune: bool,
) -> pd.DataFrame:  # fmt: skip
    """Predictions of new rows with lower and upper ends; see `SparseResults.predict`."""
    check_interval(fit, new, level)
    refuse_on_disk(fit.blocks, 'predict(interval="prediction")', "Predict points, or keep rows for testing.")
    if fit.blocks.origin is not None:
        raise OptionError(f"Nothing can be held out: {FROM_MOMENTS}.")
    if how != "task":
        if retune:
            raise OptionError("retune=True is of rows of the tasks that were fitted, how='task'; leave it out.")
        return _of_new_study(fit, predicted, how, level)
    blocks, problem = fit.blocks, problem_at(fit)
    made = interval_folds(blocks, folds, rng, _free(problem) if retune else None)
    if not retune:
        check_folds(blocks, made, int(fit.s.max()))
    search = TunedChoice(INNER, 0, fit.effort).solution if retune else None
    models = fold_models(problem, made, fit.effort, search=search)
    return interval_table(fit, models, predicted, new, task, keep, level, retune)


def _free(problem: Problem) -> list[int]:
    """K ranks of the unpenalised columns; all of these where the rows of a task are no more than that."""
    blocks = problem.blocks
    every, ranks = blocks.intercept + len(blocks.keep_names), [basis.shape[1] for basis in problem.basis]
    return [rank if rank < n else every for rank, n in zip(ranks, blocks.n_obs.tolist(), strict=True)]


def _of_new_study(fit: SparseFit, predicted: pd.Series | pd.DataFrame, how: str, level: float) -> pd.DataFrame:
    site = fit.new_site
    if how not in ("mean", "pooled") or isinstance(site, Unavailable) or not isinstance(predicted, pd.Series):
        why = f" {site}." if isinstance(site, Unavailable) else ""
        raise OptionError(
            f"interval='prediction' is of rows of the tasks that were fitted, and with how='mean' or 'pooled' of a new "
            f"study.{why}"
        )
    return site.interval(predicted, level)
