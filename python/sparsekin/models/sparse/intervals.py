"""Prediction intervals of a fit, in the user's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparsekin.errors import DataError, OptionError
from sparsekin.inference.conformal import cv_plus, fold_models
from sparsekin.models.sparse.exact import problem_at
from sparsekin.results.base import task_codes
from sparsekin.results.sparse.stability import check_share
from sparsekin.results.unavailable import FROM_MOMENTS, Unavailable
from sparsekin.tuning.folds import check_folds, make_folds
from sparsekin.tuning.split import Rng

if TYPE_CHECKING:
    from sparsekin.results.sparse.fit import SparseFit


def prediction_intervals(
    fit: SparseFit, predicted: pd.Series | pd.DataFrame, new: object, how: str, task: object, keep: object,
    level: float, folds: int, rng: Rng,
) -> pd.DataFrame:  # fmt: skip
    """Predictions of new rows with lower and upper ends; see `SparseResults.predict`."""
    check_share("level", level)
    if new is None:
        raise DataError("Prediction intervals are of new rows; the rows of the fit have residuals. Give new rows.")
    if fit.blocks.responses is not None:
        raise OptionError("interval='prediction' is for gaussian outcomes; predict(type='response') has probabilities.")
    if fit.blocks.origin is not None:
        raise OptionError(f"Nothing can be held out: {FROM_MOMENTS}.")
    if how != "task":
        return _of_new_study(fit, predicted, how, level)
    blocks = fit.blocks
    made = make_folds(blocks, folds=int(min(folds, blocks.n_obs.min())), rng=rng)
    check_folds(blocks, made, int(fit.s.max()))
    models = fold_models(problem_at(fit), made, fit.effort)
    rows = fit.design.apply(new, keep=keep)
    codes = np.arange(blocks.n_tasks) if blocks.shared else task_codes(fit.design, rows, task, "")
    parts = {}
    for k in np.unique(codes[codes >= 0]):
        mine = np.arange(len(rows.complete)) if blocks.shared else np.flatnonzero(codes == k)
        lower, upper = cv_plus(models, int(k), rows.X[mine], rows.keep[mine], level)
        ends = np.full((len(rows.complete), 2), np.nan)
        ends[mine] = np.column_stack([lower, upper])
        parts[int(k)] = np.where(rows.complete[:, None], ends, np.nan)
    if not blocks.shared:
        both = np.full((len(rows.complete), 2), np.nan)
        for ends in parts.values():
            both = np.where(np.isnan(both), ends, both)
        return pd.DataFrame({"predicted": predicted, "lower": both[:, 0], "upper": both[:, 1]}, index=rows.index)
    tables = [
        pd.DataFrame(
            {"predicted": pd.DataFrame(predicted).iloc[:, k], "lower": parts[k][:, 0], "upper": parts[k][:, 1]}
        )
        for k in range(blocks.n_tasks)
    ]
    return pd.concat(tables, axis=1, keys=list(fit.task_index))


def _of_new_study(fit: SparseFit, predicted: pd.Series | pd.DataFrame, how: str, level: float) -> pd.DataFrame:
    site = fit.new_site
    if how not in ("mean", "pooled") or isinstance(site, Unavailable) or not isinstance(predicted, pd.Series):
        why = f" {site}." if isinstance(site, Unavailable) else ""
        raise OptionError(
            f"interval='prediction' is of rows of the tasks that were fitted, and with how='mean' or 'pooled' of a new "
            f"study.{why}"
        )
    return site.interval(predicted, level)
