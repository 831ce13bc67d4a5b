"""Prediction intervals of new rows of the tasks of a fit, whatever its estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sparsekin.errors import DataError, OptionError
from sparsekin.inference.conformal import FoldModels, cv_plus
from sparsekin.options import check_level, check_option
from sparsekin.results.base import TaskFit, task_codes


def check_interval(fit: TaskFit, new: object, level: float, retune: object) -> None:
    """Raise where no prediction interval can be told."""
    check_level("level", level)
    check_option("retune", retune, (False, True))
    if new is None:
        raise DataError("Prediction intervals are of new rows; the rows of the fit have residuals. Give new rows.")
    if set(fit.blocks.families_said) != {"gaussian"} or fit.blocks.responses is not None:
        if set(fit.blocks.families_said) == {"gaussian"}:
            raise OptionError(
                "interval='prediction' is not for outcomes with an offset; subtract it, and fit the rest."
            )
        raise OptionError("interval='prediction' is for gaussian outcomes; predict(type='response') has probabilities.")


def interval_table(
    fit: TaskFit, made: FoldModels, predicted: pd.Series | pd.DataFrame, new: object, task: object, keep: object,
    level: float,
) -> pd.DataFrame:  # fmt: skip
    """Predictions of new rows with lower and upper ends by CV+."""
    blocks = fit.blocks
    rows = fit.design.apply(new, keep=keep)
    codes = np.arange(blocks.n_tasks) if blocks.shared else task_codes(fit.design, rows, task, "")
    parts = {}
    for k in np.unique(codes[codes >= 0]):
        mine = np.arange(len(rows.complete)) if blocks.shared else np.flatnonzero(codes == k)
        lower, upper = cv_plus(made, int(k), rows.X[mine], rows.keep[mine], level)
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
