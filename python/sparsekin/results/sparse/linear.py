"""What every linear model of several tasks answers, from its coefficients alone: one sparse fit, or a mean of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.data.design import NewRows
from sparsekin.data.profile import unpenalised_basis
from sparsekin.data.reader import common_index
from sparsekin.data.standardize import Standardization
from sparsekin.errors import DataError, OptionError
from sparsekin.options import PredictHow, check_how
from sparsekin.results.base import fit_statistics, linear_predictor, task_codes
from sparsekin.results.homogeneity import Homogeneity, homogeneity
from sparsekin.results.naming import shorten
from sparsekin.results.performance import Performing
from sparsekin.results.sparse.coefficients import Estimates, fitted_of, model_of
from sparsekin.results.sparse.new_site import NewSite, labelled_rows, labels_of, new_site_of
from sparsekin.results.unavailable import FROM_MOMENTS, Unavailable
from sparsekin.tuning.sparse.new_site import Spread, centre_of, spread_of
from sparsekin.tuning.sparse.stacking import Stacking


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LinearFit(Performing):
    """A linear model per task; each kind of fit says what its `estimates` are.

    The fields of `Performing`, and:

    ======== =============== ================================================================
    field    shape           meaning
    ======== =============== ================================================================
    standard Standardization divisors of the scale where the penalties act
    ======== =============== ================================================================
    """

    standard: Standardization

    @property
    def estimates(self) -> Estimates:
        """Coefficients and supports as arrays."""
        raise NotImplementedError

    @property
    def params(self) -> pd.DataFrame:
        """(1 + q + p, K) coefficients on the user's scale: Intercept, always-in terms, all candidate features.

        The row Intercept is there when the model has one; a feature that is not selected in a task has 0 there.
        """
        found = self.estimates
        return self.by_term(found.intercept, found.keep_coef, found.coef, self.blocks.feature_names)

    @property
    def support(self) -> pd.DataFrame:
        """(p, K) bool: True where a task selects a feature."""
        features = pd.Index(self.blocks.feature_names, name="term")
        return pd.DataFrame(self.estimates.support.copy(), index=features, columns=self.task_index)

    @property
    def selected(self) -> list[str]:
        """Features selected in any task, in the order of the data."""
        return [self.blocks.feature_names[j] for j in np.flatnonzero(self.estimates.support.any(axis=1))]

    @property
    def homogeneity(self) -> Homogeneity:
        """How alike the supports of the tasks are."""
        return homogeneity(self.estimates.support, self.blocks.feature_names, self.blocks.task_names)

    @property
    def fittedvalues(self) -> pd.Series | pd.DataFrame | Unavailable:
        """Fitted values on the user's index: (N,), or (N, K) with one column per outcome in the multi-label case.

        Means; probabilities of binomial tasks, expected counts, and of cox tasks the hazard relative to X = 0.
        """
        if self.blocks.origin is not None:
            return Unavailable(FROM_MOMENTS)
        return self.in_user_order(self.by_row(self._means()), "fittedvalues")

    @property
    def resid(self) -> pd.Series | pd.DataFrame | Unavailable:
        """Outcome minus fitted value, shaped as `fittedvalues`; NaN where an outcome is missing."""
        if self.blocks.origin is not None:
            return Unavailable(FROM_MOMENTS)
        return self.residuals(self._means())

    @property
    def task_fit(self) -> pd.DataFrame:
        """(K, 5) per task: n, selected, rmse, r2, resid_sd (divisor n - parameters; NaN when that is not positive).

        NaN is also the residual standard deviation of a model whose parameters cannot be counted.
        """
        selected, parameters = self.estimates.support.sum(axis=0), self._parameters()
        rows = [
            fit_statistics(self.blocks, k, fitted, int(selected[k]), parameters[k])
            for k, fitted in enumerate(self._fitted())
        ]
        table = pd.DataFrame(rows, columns=["rmse", "r2", "resid_sd"], index=self.task_index)
        table.insert(0, "n", self.blocks.n_obs)
        table.insert(1, "selected", selected)
        return table

    @property
    def rsquared(self) -> pd.Series | Unavailable:
        """(K,) R2 per task."""
        return self.task_fit["r2"]

    @property
    def rmse(self) -> pd.Series | Unavailable:
        """(K,) root mean squared residual per task: divisor n, or the sum of the weights."""
        return self.task_fit["rmse"]

    @property
    def constant_columns(self) -> dict[object, list[str]]:
        """Per task with any: the candidate columns that are constant there, and so have no coefficient in it."""
        names, without = self.blocks.feature_names, ~self.standard.usable & (self.estimates.coef == 0)
        constant = {
            task: [names[j] for j in np.flatnonzero(without[:, k])] for k, task in enumerate(self.blocks.task_names)
        }
        return {task: columns for task, columns in constant.items() if columns}

    @property
    def new_site(self) -> NewSite | Unavailable:
        """What is expected of a study the fit has not seen: its level, and how far the levels of tasks are apart."""
        spread = self._spread()
        return spread if isinstance(spread, Unavailable) else new_site_of(spread, self.task_index)

    def predict(
        self, new: object = None, how: PredictHow = "task", task: object = None, *, keep: object = None,
        labelled: object = None,
    ) -> pd.Series | pd.DataFrame:  # fmt: skip
        """Predict the outcome of new rows.

        Parameters
        ----------
        new : frame, or array of shape (n, p) when the fit was given arrays, optional
            Rows with the columns of the fit; by default the rows of the fit.
        how : {"task", "mean", "pooled", "stack"}
            ``"task"``: each row by the model of its own task. For rows of a study the model has not seen: ``"mean"``,
            slopes that are the mean of the tasks', and in the middle of all rows what the task models predict there,
            weighted by their rows: for equal slopes, the intercepts weighted by rows; ``"pooled"``, the mean of the
            task models weighted by their rows, slopes too; ``"stack"``, their sum with the weights of `stacking`.
        task : label or sequence of n labels, optional
            The tasks of the rows; by default the task column of `new`.
        keep : array of shape (n, q), optional
            Always-in columns, when the fit was given them as an array of their own.
        labelled : frame, or tuple (y, X) or (y, X, keep) when the fit was given arrays, optional
            Rows of the new study with outcome and columns; not with ``how="task"``. Predictions move by the mean
            residual of the m complete ones times tau^2 / (tau^2 + s^2 / m), where tau and s are `new_site.sd_between`
            and `sd_within`: a study keeps the level of the others as far as few rows of its own say little.
            Each of these rows counts once.

        Returns
        -------
        Series (n,) on the index of `new`, or, in the multi-label case, DataFrame (n, K) with one column per outcome.
        Rows with a missing value are predicted as NaN.

        Raises
        ------
        DataError
            A row belongs to a task the model was not fitted to, and ``how="task"``; row labels of `new`, `task` and
            `keep` differ; no new rows are given to a model fitted from moments, which has none of its own; or the
            labelled rows lack the outcome, are none, or are not of the study of the new rows.
        OptionError
            `how` is none of these, asks for the mean of models of different outcomes, or for stacking weights that
            the fit does not have; or `labelled` with a fit that has no `new_site`, or ``how="task"``.
        """
        check_how(how, get_args(PredictHow))
        one, label = None if how == "task" else self._one_model(how), None
        if labelled is not None:
            one, label = self._moved(one, labelled)
        blocks = self.blocks
        if new is None:
            if blocks.origin is not None:
                raise DataError(f"There are no rows to predict: {FROM_MOMENTS}. Give new rows.")
            values = self.by_row(self._fitted()) if one is None else linear_predictor(blocks.X, blocks.keep, *one)
            return self.in_user_order(values, "predicted")
        common_index({"the new rows": new, "task": task, "keep": keep})
        rows = self.design.apply(new, keep=keep)
        if label is not None and (others := [str(name) for name in labels_of(rows) if name != label]):
            raise DataError(
                f"The labelled rows are of {label!r}, but some new rows of {shorten(others)}; predict one study."
            )
        if blocks.shared:
            return self._predict_outcomes(rows)
        values = self._predict_by_task(rows, task) if one is None else linear_predictor(rows.X, rows.keep, *one)
        return pd.Series(np.where(rows.complete, values, np.nan), index=rows.index, name="predicted")

    def _predict_outcomes(self, rows: NewRows) -> pd.DataFrame:
        found = self.estimates
        values = np.column_stack([model_of(found, k, rows.X, rows.keep) for k in range(self.blocks.n_tasks)])
        values[~rows.complete] = np.nan
        return pd.DataFrame(values, index=rows.index, columns=self.task_index)

    def _predict_by_task(self, rows: NewRows, task: object) -> Floats:
        codes = task_codes(self.design, rows, task, 'use how="mean", the mean of the task models')
        found, values = self.estimates, np.full(len(codes), np.nan)
        for k in np.unique(codes[codes >= 0]):
            mine = np.flatnonzero(codes == k)
            values[mine] = model_of(found, int(k), rows.X[mine], rows.keep[mine])
        return values

    @property
    def predictors(self) -> list[Floats]:
        """K of (n_k,) linear predictors of the rows of the fit, offsets included."""
        return self._fitted()

    def _parameters_of(self, k: int) -> float:
        own = self._parameters()[k]
        counted = self.estimates.support[:, k].sum() + unpenalised_basis(self.blocks, k).shape[1]
        return float(counted if own is None else own)

    def _parameters(self) -> list[float | None]:
        """K numbers of parameters; None: what the task selects, intercept and always-in columns. NaN: not defined."""
        return [None] * self.blocks.n_tasks

    def _one_model(self, how: PredictHow) -> tuple[float, Floats, Floats]:
        """Intercept, slopes (p,) and always-in coefficients (q,) for a study the model has not seen."""
        if self.blocks.shared:
            outcomes = shorten(self.blocks.task_names)
            raise OptionError(f"how={how!r} averages models of one outcome; here the tasks are outcomes: {outcomes}.")
        found = self.estimates
        own = (found.intercept, found.coef, found.keep_coef)
        if how == "mean":
            intercept, slopes, kept = centre_of(self.blocks).combine(*own)
            return float(intercept), slopes, kept
        sums = self.blocks.weight_sums
        weights = Stacking(sums / sums.sum(), 0.0) if how == "pooled" else self._stacked()
        intercept, coef, keep_coef = weights.combine(*own)
        return float(intercept[0]), coef[:, 0], keep_coef[:, 0]

    def _moved(self, one: tuple[float, Floats, Floats] | None, labelled: object) -> tuple[Any, object]:
        """The one model moved to the labelled rows of a new study, shrunken; and the label of these."""
        if one is None:
            raise OptionError('labelled rows are of a study the fit has not seen; use how="mean" with them.')
        spread = self._spread()
        if isinstance(spread, Unavailable) or np.isnan(spread.within):
            why = spread if isinstance(spread, Unavailable) else Unavailable("no residual degrees of freedom are left")
            raise OptionError(f"What labelled rows are worth cannot be told. {why}; leave labelled out.")
        y, X, kept, label = labelled_rows(self.design, labelled)
        left = float(np.mean(y - linear_predictor(X, kept, *one)))
        return (one[0] + spread.trust(len(y)) * left, *one[1:]), label

    def _spread(self) -> Spread | Unavailable:
        """Of the levels of the tasks, in the middle of the rows of all."""
        blocks, found = self.blocks, self.estimates
        if blocks.shared or blocks.n_tasks == 1:
            return Unavailable("levels between tasks need several tasks with rows of their own")
        if not blocks.intercept:
            return Unavailable("the models have no intercepts")
        centre, n = centre_of(blocks), float(blocks.n_obs.sum())
        squares, used = 0.0, 0.0
        for k, (fitted, own) in enumerate(zip(self._fitted(), self._parameters(), strict=True)):
            r2, w = (blocks.y[k] - fitted) ** 2, blocks.weights[k]
            squares += float(r2.sum() if w is None else w @ r2)
            counted = found.support[:, k].sum() + unpenalised_basis(blocks, k).shape[1]
            used += float(counted if own is None or np.isnan(own) else own)
        spare = (1.0 - used / n) * float(blocks.weight_sums.sum())
        within = squares / spare if used < n else float("nan")
        return spread_of(centre.levels(found.intercept, found.coef, found.keep_coef), n * centre.shares, within)

    def _stacked(self) -> Stacking:
        """The stacking weights, or an `OptionError` that says why there are none."""
        raise NotImplementedError

    def _means(self) -> list[Floats]:
        """K arrays of what is expected of the rows of the blocks."""
        return self._fitted()

    def _fitted(self) -> list[Floats]:
        """K arrays of fitted values of the rows of the blocks, in the units of the blocks' outcomes."""
        return fitted_of(self.blocks, self.estimates)
