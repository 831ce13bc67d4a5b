"""Columns beside the rows of the user's frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sparsekin.results.base import TaskFit
from sparsekin.results.own_rows import own_rows

Values = pd.Series | pd.DataFrame


def beside(fit: TaskFit, fitted: Values, resid: Values, data: object = None) -> pd.DataFrame:
    """Task, .fitted and .resid (.fitted_<outcome> and .resid_<outcome> in the multi-label case) beside `data`.

    Raises
    ------
    DataError
        `data` does not hold the rows the model was fitted to, in their order.
    """
    if isinstance(fitted, pd.DataFrame) and isinstance(resid, pd.DataFrame):
        added = pd.concat([fitted.add_prefix(".fitted_"), resid.add_prefix(".resid_")], axis=1)
    else:
        added = pd.DataFrame({"task": fit.task_column, ".fitted": fitted, ".resid": resid})
    return rows_beside(fit, added, data)


def rows_beside(fit: TaskFit, added: pd.DataFrame, data: object = None) -> pd.DataFrame:
    """Columns of the rows of the fit, in the user's order, beside all rows of `data` where it is given.

    Raises
    ------
    DataError
        As for `beside`.
    """
    if data is None:
        return added
    frame = own_rows(fit, data)
    placed = added.set_axis(np.sort(fit.row_positions)).reindex(range(len(frame)))
    return place_beside(frame, placed.drop(columns=[name for name in ("task",) if name in placed and name in frame]))


def place_beside(frame: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """The columns of a frame and those added, row by row; of a frame that was augmented before, the new ones."""
    old = [name for name in added.columns if name in frame]
    return pd.concat([frame.drop(columns=old), added.set_axis(frame.index)], axis=1)
