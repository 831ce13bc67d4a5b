"""The data of a fitted sparse multi-task regression, under the names statsmodels users know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.data.blocks import Bools, Floats, Matrix
from sparsekin.data.design import NewRows
from sparsekin.data.reader import common_index
from sparsekin.data.standardize import Standardization
from sparsekin.errors import DataError, OptionError
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.pooled import estimable_in_common
from sparsekin.l0.solution import Solution
from sparsekin.options import PredictHow, SupportMode, check_how
from sparsekin.results.base import TaskFit, fit_statistics, linear_predictor, task_codes
from sparsekin.results.homogeneity import Homogeneity, homogeneity
from sparsekin.results.naming import shorten
from sparsekin.results.unavailable import FROM_MOMENTS, Unavailable
from sparsekin.tuning.sparse.stacking import Stacking, equal_weights


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SparseFit(TaskFit):
    """A fitted sparse multi-task regression.

    The fields of `TaskFit`, and:

    ============ =============== ================================================================
    field        shape           meaning
    ============ =============== ================================================================
    standard     Standardization divisors of the scale where the penalties act
    solution     Solution        what the solver found
    s            (K,) int        most features each task may select
    lambda_1     float           ridge
    lambda_2     float           similar values (Bbar)
    lambda_z     float           similar supports (Zbar)
    support_mode str             "heterogeneous", "common" or "independent"
    task_weights (K,)            w_k of the objective
    effort       int             effort of the search, 0, 1 or 2
    stacking     Stacking        weights of the task models for a new study; None unless tuned
    certificate  Certificate     what was proven of the optimum; None unless `certify` was called
    ============ =============== ================================================================
    """

    standard: Standardization
    solution: Solution
    s: NDArray[np.int64]
    lambda_1: float
    lambda_2: float
    lambda_z: float
    support_mode: SupportMode
    task_weights: Floats
    effort: int
    stacking: Stacking | None = None
    certificate: Certificate | None = None

    def __repr__(self) -> str:
        count = f"{len(self.selected)} of {self.blocks.n_features} candidates selected"
        return f"<{self.opening()}, {count}, {self.status}>"

    @property
    def params(self) -> pd.DataFrame:
        """(1 + q + p, K) coefficients on the user's scale: Intercept, always-in terms, all candidate features.

        The row Intercept is there when the model has one; a feature that is not selected in a task has 0 there.
        """
        found = self.solution
        return self.by_term(found.intercept, found.keep_coef, found.coef, self.blocks.feature_names)

    @property
    def support(self) -> pd.DataFrame:
        """(p, K) bool: True where a task selects a feature."""
        features = pd.Index(self.blocks.feature_names, name="term")
        return pd.DataFrame(self.solution.support.copy(), index=features, columns=self.task_index)

    @property
    def selected(self) -> list[str]:
        """Features selected in any task, in the order of the data."""
        return [self.blocks.feature_names[j] for j in np.flatnonzero(self.solution.support.any(axis=1))]

    @property
    def homogeneity(self) -> Homogeneity:
        """How alike the supports of the tasks are."""
        return homogeneity(self.solution.support, self.blocks.feature_names, self.blocks.task_names)

    @property
    def objective(self) -> float:
        """F at the solution."""
        return self.solution.objective

    @property
    def bound(self) -> float | None:
        """A proven lower bound of F; None when none was computed."""
        return self.solution.bound

    @property
    def gap(self) -> float | None:
        """(objective - bound) / objective; None without a bound."""
        return self.solution.gap

    @property
    def status(self) -> str:
        """How the search ended: "swap-optimal", "converged", "interrupted", or what the certificate says."""
        return self.solution.status

    @property
    def swap_gain(self) -> float | None:
        """Largest decrease of F that one add, drop or swap in one task can still bring; None when not computed."""
        return self.solution.swap_gain

    @property
    def swap_optimal(self) -> bool | None:
        """Whether no single add, drop or swap improves the fit; None when that was not computed."""
        return None if self.swap_gain is None else self.status == "swap-optimal" or self.swap_gain == 0

    @property
    def fittedvalues(self) -> pd.Series | pd.DataFrame | Unavailable:
        """Fitted values on the user's index: (N,), or (N, K) with one column per outcome in the multi-label case."""
        if self.blocks.origin is not None:
            return Unavailable(FROM_MOMENTS)
        return self.in_user_order(self.by_row(self._fitted()), "fittedvalues")

    @property
    def resid(self) -> pd.Series | pd.DataFrame | Unavailable:
        """Outcome minus fitted value, shaped as `fittedvalues`; NaN where an outcome is missing."""
        if self.blocks.origin is not None:
            return Unavailable(FROM_MOMENTS)
        return self.residuals(self._fitted())

    @property
    def task_fit(self) -> pd.DataFrame:
        """(K, 5) per task: n, selected, rmse, r2, resid_sd (divisor n - parameters; NaN when that is not positive).

        Of one vector for all tasks (lambda_2 = inf), a task's parameters are its intercept and its share n_k / N of it.
        """
        selected, parameters = self.solution.support.sum(axis=0), self._parameters()
        rows = [
            fit_statistics(self.blocks, k, fitted, int(selected[k]), parameters[k])
            for k, fitted in enumerate(self._fitted())
        ]
        table = pd.DataFrame(rows, columns=["rmse", "r2", "resid_sd"], index=self.task_index)
        table.insert(0, "n", self.blocks.n_obs)
        table.insert(1, "selected", selected)
        return table

    @property
    def rsquared(self) -> pd.Series:
        """(K,) R2 per task."""
        return self.task_fit["r2"]

    @property
    def rmse(self) -> pd.Series:
        """(K,) root mean squared residual per task: divisor n, or the sum of the weights."""
        return self.task_fit["rmse"]

    @property
    def resid_sd(self) -> pd.Series:
        """(K,) residual standard deviation per task, of a row of weight 1: divisor n minus the number of parameters."""
        return self.task_fit["resid_sd"]

    @property
    def constant_columns(self) -> dict[object, list[str]]:
        """Per task with any: the candidate columns that are constant there, which cannot be selected in it."""
        names = self.blocks.feature_names
        constant = {
            task: [names[j] for j in np.flatnonzero(~self.standard.usable[:, k])]
            for k, task in enumerate(self.blocks.task_names)
        }
        return {task: columns for task, columns in constant.items() if columns}

    def predict(
        self, new: object = None, how: PredictHow = "task", task: object = None, *, keep: object = None
    ) -> pd.Series | pd.DataFrame:
        """Predict the outcome of new rows.

        Parameters
        ----------
        new : frame, or array of shape (n, p) when the fit was given arrays, optional
            Rows with the columns of the fit; by default the rows of the fit.
        how : {"task", "mean", "stack"}
            ``"task"``: each row by the model of its own task. For rows of a study the model has not seen: ``"mean"``,
            the mean of the task models; ``"stack"``, their sum with the weights of `stacking`.
        task : label or sequence of n labels, optional
            The tasks of the rows; by default the task column of `new`.
        keep : array of shape (n, q), optional
            Always-in columns, when the fit was given them as an array of their own.

        Returns
        -------
        Series (n,) on the index of `new`, or, in the multi-label case, DataFrame (n, K) with one column per outcome.
        Rows with a missing value are predicted as NaN.

        Raises
        ------
        DataError
            A row belongs to a task the model was not fitted to, and ``how="task"``; row labels of `new`, `task` and
            `keep` differ; or no new rows are given to a
            model fitted from moments, which has none of its own.
        OptionError
            `how` is none of these, asks for the mean of models of different outcomes, or for stacking weights that
            the fit does not have.
        """
        check_how(how, get_args(PredictHow))
        self._check_ensemble(how)
        if new is None:
            if self.blocks.origin is not None:
                raise DataError(f"There are no rows to predict: {FROM_MOMENTS}. Give new rows.")
            blocks = self.blocks
            values = self.by_row(self._fitted()) if how == "task" else self._ensemble(how, blocks.X, blocks.keep)
            return self.in_user_order(values, "predicted")
        common_index({"the new rows": new, "task": task, "keep": keep})
        rows = self.design.apply(new, keep=keep)
        if self.blocks.shared:
            return self._predict_outcomes(rows)
        values = self._predict_by_task(rows, task) if how == "task" else self._ensemble(how, rows.X, rows.keep)
        return pd.Series(np.where(rows.complete, values, np.nan), index=rows.index, name="predicted")

    def _predict_outcomes(self, rows: NewRows) -> pd.DataFrame:
        values = np.column_stack([self._model(k, rows.X, rows.keep) for k in range(self.blocks.n_tasks)])
        values[~rows.complete] = np.nan
        return pd.DataFrame(values, index=rows.index, columns=self.task_index)

    def _predict_by_task(self, rows: NewRows, task: object) -> Floats:
        codes = task_codes(self.design, rows, task, 'use how="mean", the mean of the task models')
        values = np.full(len(codes), np.nan)
        for k in np.unique(codes[codes >= 0]):
            mine = np.flatnonzero(codes == k)
            values[mine] = self._model(int(k), rows.X[mine], rows.keep[mine])
        return values

    @property
    def pooled(self) -> bool:
        """Whether all tasks have one coefficient vector: lambda_2 is infinite."""
        return self.lambda_2 == np.inf and self.blocks.n_tasks > 1

    def kept_estimable(self) -> Bools:
        """(q, K) whether an always-in column has a coefficient in a task."""
        if not self.pooled:
            return TaskFit.kept_estimable(self)
        return np.repeat(estimable_in_common(self.blocks)[:, None], self.blocks.n_tasks, axis=1)

    def _parameters(self) -> list[float | None]:
        """K numbers of parameters where the tasks share them; None where each has its own."""
        blocks = self.blocks
        if not self.pooled:
            return [None] * blocks.n_tasks
        shared = int(self.solution.support[:, 0].sum()) + int(estimable_in_common(blocks).sum())
        return [blocks.intercept + shared * float(n) / float(blocks.n_obs.sum()) for n in blocks.n_obs]

    def _model(self, k: int, X: Matrix, keep: Floats) -> Floats:
        found = self.solution
        return linear_predictor(X, keep, found.intercept[k], found.coef[:, k], found.keep_coef[:, k])

    def _check_ensemble(self, how: PredictHow) -> None:
        if how != "task" and self.blocks.shared:
            outcomes = shorten(self.blocks.task_names)
            raise OptionError(f"how={how!r} averages models of one outcome; here the tasks are outcomes: {outcomes}.")
        if how == "stack" and self.stacking is None:
            raise OptionError(
                "how='stack' needs stacking weights, which come from cross-validation: use "
                "model.cross_validate(...).refit(), or how='mean'."
            )

    def _ensemble(self, how: PredictHow, X: Matrix, keep: Floats) -> Floats:
        found = self.solution
        weights = self.stacking if how == "stack" and self.stacking is not None else equal_weights(self.blocks.n_tasks)
        intercept, coef, keep_coef = weights.combine(found.intercept, found.coef, found.keep_coef)
        return linear_predictor(X, keep, float(intercept[0]), coef[:, 0], keep_coef[:, 0])

    def _fitted(self) -> list[Floats]:
        """K arrays of fitted values of the rows of the blocks, in the units of the blocks' outcomes."""
        found, blocks = self.solution, self.blocks
        intercept = found.intercept
        if blocks.origin is not None:
            intercept = intercept - blocks.origin.intercept(found.coef, found.keep_coef)
        return [
            linear_predictor(blocks.X_of(k), blocks.keep_of(k), intercept[k], found.coef[:, k], found.keep_coef[:, k])
            for k in range(blocks.n_tasks)
        ]
