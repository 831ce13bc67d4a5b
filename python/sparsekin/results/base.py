"""What every fit of a multi-task model holds: the data it was fitted to, and the way back to the user's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.data.blocks import Bools, Floats, Ints, Matrix, TaskBlocks
from sparsekin.data.design import Design, NewRows
from sparsekin.data.frame import RowLedger, list_names
from sparsekin.data.labels import find_labels
from sparsekin.data.new_outcomes import new_offset
from sparsekin.data.profile import estimable, unpenalised_basis
from sparsekin.data.reader import common_index, read_array, read_labels
from sparsekin.errors import DataError, OptionError
from sparsekin.losses.refit import null_model
from sparsekin.losses.tasks import loss_of
from sparsekin.options import LossFamily
from sparsekin.results.naming import shorten
from sparsekin.results.unavailable import AFTER_SELECTION, FROM_MOMENTS, Unavailable


@dataclass(frozen=True, slots=True, eq=False)
class TaskFit:
    """The data of a fit.

    ============= ========== ==================================================================
    field         shape      meaning
    ============= ========== ==================================================================
    blocks        TaskBlocks numbers cut into tasks
    design        Design     how columns are made from a frame
    ledger        RowLedger  which rows left, and why
    row_positions (N,) int   where each row of `blocks.X` stood in the user's data
    index         n_given    index of the user's data, dropped rows included
    ============= ========== ==================================================================
    """

    blocks: TaskBlocks
    design: Design
    ledger: RowLedger
    row_positions: NDArray[np.int64]
    index: pd.Index

    @property
    def nobs(self) -> int:
        """Rows used in the fit; one of weight 0 is not."""
        return self.blocks.nobs

    @property
    def n_obs(self) -> pd.Series:
        """(K,) rows used per task."""
        return pd.Series(self.blocks.n_obs, index=self.task_index, name="n")

    @property
    def task_index(self) -> pd.Index:
        """(K,) the task labels as an index."""
        return pd.Index(list(self.blocks.task_names), name=self.design.task, tupleize_cols=False)

    @property
    def task_column(self) -> pd.Series | Unavailable | None:
        """(N,) the task label of each row used, in the user's order; None when tasks are outcomes of one design."""
        if self.blocks.origin is not None:
            return Unavailable(FROM_MOMENTS)
        if self.blocks.shared:
            return None
        codes = self.by_row([np.full(len(y), float(k)) for k, y in enumerate(self.blocks.y)])
        return pd.Series(
            self.task_index[self._in_order(codes).astype(np.int64)].array, index=self._kept_index(), name="task"
        )

    honest_way = ""  # of an estimator, after why there are no errors of all rows

    @property
    def se_kind(self) -> str:
        """What kind of standard errors the fit has: "none"."""
        return "none"

    @property
    def bse(self) -> pd.DataFrame | Unavailable:
        """Standard errors: not available, and why."""
        return Unavailable(AFTER_SELECTION + self.honest_way)

    @property
    def pvalues(self) -> pd.DataFrame | Unavailable:
        """P-values: not available, and why."""
        return Unavailable(AFTER_SELECTION + self.honest_way)

    def conf_int(self, level: float = 0.95) -> pd.DataFrame | Unavailable:
        """Confidence intervals: not available, and why."""
        return Unavailable(AFTER_SELECTION + self.honest_way)

    def opening(self) -> str:
        """What the fit is of, to open its repr."""
        by = "" if self.design.task is None else f" by {self.design.task}"
        tasks = "1 task" if self.blocks.n_tasks == 1 else f"{self.blocks.n_tasks} tasks"
        return f"{type(self).__name__} of {shorten(self.design.outcomes, 3)}{by}: {tasks}, {self.nobs} rows"

    def by_term(self, intercept: Floats, keep_coef: Floats, coef: Floats, names: Sequence[str]) -> pd.DataFrame:
        """(1 + q + m, K) Intercept when the model has one, (q, K) always-in terms, (m, K) terms of these names.

        NaN where an always-in term cannot be estimated: it is constant in the task, or given by earlier ones.
        """
        parts, terms = [self.estimated(keep_coef), coef], [*self.blocks.keep_names, *names]
        if self.blocks.intercept:
            parts, terms = [intercept[None, :], *parts], ["Intercept", *terms]
        return pd.DataFrame(np.vstack(parts), index=pd.Index(terms, name="term"), columns=self.task_index)

    def estimated(self, keep_coef: Floats) -> Floats:
        """(q, K) coefficients of the always-in columns, NaN where they cannot be estimated."""
        return np.where(self.kept_estimable(), keep_coef, np.nan)

    def kept_estimable(self) -> Bools:
        """(q, K) whether an always-in column has a coefficient in a task."""
        return np.column_stack([estimable(self.blocks, k) for k in range(self.blocks.n_tasks)])

    @property
    def inestimable(self) -> dict[object, list[str]]:
        """Per task with any: the always-in columns that have no coefficient there."""
        names = np.array(self.blocks.keep_names, dtype=object)
        gone = {
            task: names[~there].tolist()
            for task, there in zip(self.blocks.task_names, self.kept_estimable().T, strict=True)
        }
        return {task: columns for task, columns in gone.items() if columns}

    def residuals(self, fitted: list[Floats], predictors: list[Floats] | None = None) -> pd.Series | pd.DataFrame:
        """Outcome minus K arrays (n_k,) of fitted values, on the user's index; NaN where an outcome is missing.

        Of cox tasks martingale residuals at their linear `predictors`: the event, 1 or 0, minus those expected.
        """
        blocks = self.blocks
        left = [y - values for y, values in zip(blocks.y, fitted, strict=True)]
        for k, eta in enumerate(predictors or []):
            if blocks.families_said[k] == "cox":
                left[k] = loss_of(blocks, k).error(eta)
        if blocks.shared:
            left = [r if w is None else np.where(w > 0, r, np.nan) for r, w in zip(left, blocks.weights, strict=True)]
        return self.in_user_order(self.by_row(left), "resid")

    def by_row(self, values: list[Floats]) -> Floats:
        """One value per row of `blocks.X` from K arrays (n_k,): (N,), or (N, K) in the multi-label case."""
        if self.blocks.shared:
            return np.column_stack(values)
        out = np.empty(len(self.row_positions))
        for rows, part in zip(self.blocks.rows, values, strict=True):
            out[rows] = part
        return out

    def strata_of_rows(self) -> Ints | None:
        """(N,) strata of the rows of the fit, in the user's order; None where no task has any."""
        given = [self.blocks.strata_of(k) for k in range(self.blocks.n_tasks)]
        if all(one is None for one in given):
            return None
        codes = [np.zeros(len(y)) if one is None else one for y, one in zip(self.blocks.y, given, strict=True)]
        return self._in_order(self.by_row([one.astype(float) for one in codes])).astype(np.int64)

    def in_user_order(self, values: Floats, name: str) -> pd.Series | pd.DataFrame:
        """(N,) or (N, K) values per row of `blocks.X` -> Series or frame on the user's index, in the user's order."""
        if values.ndim == 1:
            return pd.Series(self._in_order(values), index=self._kept_index(), name=name)
        return pd.DataFrame(self._in_order(values), index=self._kept_index(), columns=self.task_index)

    def _in_order(self, values: Floats) -> Floats:
        return np.asarray(values[np.argsort(self.row_positions, kind="stable")])

    def _kept_index(self) -> pd.Index:
        return self.index[np.sort(self.row_positions)]


def check_offset(blocks: TaskBlocks, new: object, offset: object) -> None:
    """Refuse an offset of rows that have one, or of a fit that has none.

    Raises
    ------
    OptionError
    """
    if offset is not None and new is None:
        raise OptionError("offset= is of new rows; the rows of the fit have theirs.")
    if offset is not None and blocks.responses is None:
        raise OptionError(
            "offset= is for fits with an offset, or whose outcomes are not all gaussian; add it yourself."
        )


def offset_of_new(design: Design, new: object, given: object, index: pd.Index) -> Floats:
    """(n,) known part of the linear predictor of new rows: `given`, or that of the formula; NaN where missing.

    Raises
    ------
    DataError
        There are not n numbers, or a column that offset() reads is not there.
    """
    own = new_offset(design, new) if given is None else None
    if given is None:
        return np.zeros(len(index)) if own is None else own
    common_index({"the new rows": new, "offset": given})
    try:
        values = np.asarray(read_array(given), float)
    except (TypeError, ValueError):
        raise DataError("offset must be numbers, one per new row.") from None
    if values.shape != (len(index),):
        raise DataError(f"offset has shape {values.shape} for {len(index)} new rows; give one number per row.")
    return values


def linear_predictor(X: Matrix, keep: Floats, intercept: float, coef: Floats, keep_coef: Floats) -> Floats:
    """(n,) c + X b + U g, touching only the columns of `X` (n, p) where `coef` (p,) is not 0."""
    chosen = np.flatnonzero(coef)
    slopes = X[:, chosen] @ coef[chosen] if len(chosen) else 0.0
    return np.asarray(slopes + keep @ keep_coef + intercept)


def fit_statistics(
    blocks: TaskBlocks, k: int, fitted: Floats, n_selected: int, n_parameters: float | None = None
) -> tuple[float, float, float]:
    """RMSE, R2 and residual standard deviation of task k.

    With weights w, residuals r and W = sum w: RMSE = sqrt(sum w r^2 / W); R2 = 1 - sum w r^2 / sum w (y - y_bar)^2
    (y_bar = 0 without an intercept), NaN for a constant outcome; residual sd = sqrt(sum w r^2 / (n - parameters)),
    parameters = selected features + rank of intercept and always-in columns unless given, NaN when n is not larger.
    """
    y = blocks.y[k]
    given = blocks.weights[k]
    w = np.ones(len(y)) if given is None else given
    n, total = blocks.n_obs[k], np.sum(w)
    center = w @ y / total if blocks.intercept else 0.0
    left, around = float(w @ (y - fitted) ** 2), float(w @ (y - center) ** 2)
    spare = n - (n_selected + unpenalised_basis(blocks, k).shape[1] if n_parameters is None else n_parameters)
    r2 = 1.0 - left / around if around > 0 else np.nan
    return float(np.sqrt(left / total)), r2, float(np.sqrt(left / spare)) if spare > 0 else np.nan


def deviances(blocks: TaskBlocks, k: int, family: LossFamily, linear: Floats) -> tuple[float, float]:
    """Mean deviance per row of task k, and one less its ratio to that of the intercept alone (NaN where that is 0).

    `linear` (n_k,) is the linear predictor without the offset.
    """
    loss = loss_of(blocks, k, family)
    U = np.ones((len(linear), int(blocks.intercept and loss.constants)))
    left, around = loss.value(loss.offset + linear), null_model(loss, U).value
    return 2 * left, 1.0 - left / around if around > 1e-24 * loss.scale else np.nan


def encode_labels(task: object, known: Sequence[object], n: int) -> tuple[NDArray[np.int64], Sequence[object]]:
    """Codes (n,), -1 where not `known`, and labels (n,) of one label for all rows, or of one label per row.

    Raises
    ------
    DataError
        There are not n labels, or one reads like a task of the fit but is of another type.
    """
    single = isinstance(task, str | tuple) or not np.iterable(task)
    column = pd.Series([task] * n, dtype=object) if single else read_labels(task)
    labels = [None if gap else label for label, gap in zip(column.tolist(), column.isna(), strict=True)]
    if len(labels) != n:
        raise DataError(f"task has {len(labels)} labels for {n} rows; give one label, or one per row.")
    return find_labels(labels, known).astype(np.int64), labels


def task_codes(design: Design, rows: NewRows, task: object, otherwise: str = "") -> NDArray[np.int64]:
    """(n,) the tasks of new rows, from `task` (one label, or n) where it is given; -1 for rows without a label.

    Raises
    ------
    DataError
        There are not n labels, a task is not of the fit, or no row has a label. `otherwise` is what could be done then.
    """
    known, n = design.task_names, len(rows.index)
    codes, labels = (rows.task_codes, rows.task_labels) if task is None else encode_labels(task, known, n)
    unknown = list(dict.fromkeys(labels[i] for i in np.flatnonzero(codes < 0).tolist() if labels[i] is not None))
    if unknown:
        instead = f"; {otherwise}" if otherwise else ""
        raise DataError(
            f"The model was not fitted to task {list_names(unknown)} (it knows {list_names(known)}){instead}."
        )
    if len(codes) and np.all(codes < 0):
        column = "" if design.recipe is None else f"add the column '{design.task}'{',' if otherwise else ' or'} "
        raise DataError(f"The new rows have no task: {column}pass task=...{f' or {otherwise}.' if otherwise else ''}")
    return codes
