"""Prediction intervals of new rows of the tasks of a fit, whatever its estimator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sparsekin.data.blocks import TaskBlocks
from sparsekin.errors import DataError, DataWarning, OptionError, warn
from sparsekin.inference.conformal import FoldModels, cv_plus
from sparsekin.options import check_level, check_option
from sparsekin.results.base import TaskFit, task_codes
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.inner_folds import check_rows_to_tune, inner_folds, read_number, rows_to_tune
from sparsekin.tuning.split import Rng

_TWO_ROWS = "; prediction intervals need 2, one to hold out and one to train on"


def check_goes_with(interval: object, level: object, folds: object, retune: object) -> None:
    """Raise `OptionError` where options of intervals are given and no interval is asked for."""
    check_option("interval", interval, (None, "prediction"))
    check_option("retune", retune, (False, True))
    if interval is not None:
        return
    usual = {"level": (level, 0.9), "folds": (folds, 10), "retune": (retune, False)}
    for name, (given, default) in usual.items():
        if type(given) is not type(default) or given != default:
            raise OptionError(f"{name} = {given!r} is of intervals; ask for interval='prediction', or leave it out.")


def interval_folds(blocks: TaskBlocks, folds: object, rng: Rng, free: Sequence[int] | None) -> Folds:
    """Folds within tasks, fewer where a task has fewer rows.

    `free`, of folds without which is tuned anew: K numbers of coefficients that come before the features.
    """
    number, k = read_number(folds), int(np.argmin(blocks.n_obs))
    if free is not None:
        helps = number < blocks.n_obs[k] and blocks.n_obs[k] >= rows_to_tune(int(blocks.n_obs[k]), free[k])
        more = "Give more folds, leave retune out" if helps else "Leave retune out"
        why = f"what each of {number} folds leaves is cut into folds again."
        check_rows_to_tune(blocks, number, free, why, more)
    return inner_folds(blocks, number, rng, _TWO_ROWS)


def check_interval(fit: TaskFit, new: object, level: float) -> None:
    """Raise where no prediction interval can be told."""
    check_level("level", level)
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
    level: float, retune: bool,
) -> pd.DataFrame:  # fmt: skip
    """Predictions of new rows with lower and upper ends by CV+; a warning where `retune` put the ends elsewhere."""
    table = _with_ends(fit, made, predicted, new, task, keep, level)
    if retune:
        point, lower, upper = (table.to_numpy(float)[:, i::3] for i in range(3))
        outside = int(((point < lower) | (point > upper)).sum())
        if outside:
            warn(
                f"{outside} of {int(np.isfinite(point).sum())} points lie outside their interval: the settings of the "
                "fit are not those that tuning chooses; see cross_validate().refit().", DataWarning,
            )  # fmt: skip
    return table


def _with_ends(
    fit: TaskFit, made: FoldModels, predicted: pd.Series | pd.DataFrame, new: object, task: object, keep: object,
    level: float,
) -> pd.DataFrame:  # fmt: skip
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
