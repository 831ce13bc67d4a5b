"""Predictions of a multi-task HAL for the rows of the fit and for new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.data.design import NewRows
from sparsekin.data.reader import common_index
from sparsekin.errors import OptionError
from sparsekin.hal.predict import mean_of
from sparsekin.options import Scale, check_how
from sparsekin.results.base import check_offset, offset_of_new, task_codes
from sparsekin.results.baseline import check_baseline, strata_codes, survival_table
from sparsekin.results.hal.fit import HALFit
from sparsekin.results.hal.sure import SayCurves
from sparsekin.results.scale import read_scale

_OTHERWISE = 'use how="mean", the mean of the task models'


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALPredicting(SayCurves, HALFit):
    """A fit that predicts."""

    def predict(
        self,
        new: object = None,
        how: Literal["task", "mean"] = "task",
        task: object = None,
        *,
        keep: object = None,
        type: Scale | None = None,
        times: object = None,
        offset: object = None,
        strata: object = None,
    ) -> pd.Series | pd.DataFrame:
        """Predict the outcome of new rows.

        Gaussian tasks: held between the outcomes of the fit, widened by two standard deviations on each side.

        Parameters
        ----------
        new : frame, or array of shape (n, d) when the fit was given arrays, optional
            Rows with the columns of the fit, and those of the formula's offset(); by default the rows of the fit, with
            their offsets.
        how : {"task", "mean"}
            ``"task"``: each row by the model of its own task. ``"mean"``: the mean of the task models weighted by
            their rows, for rows of a task the model has not seen; that of log odds, log means and log hazards.
        task : label or sequence of n labels, optional
            The tasks of the rows; by default the task column of `new`.
        keep : array of shape (n, q), optional
            Always-in columns, when the fit was given them as an array of their own.
        type : {"response", "link", "risk", "survival"}, optional
            ``"response"``: means, the probability of 1 (of the second level), expected counts; the default without cox
            tasks. ``"link"``: log odds, log means, log hazards. Of cox tasks ``"risk"``, the hazard beside that where
            all functions and kept terms are 0, the default, and ``"survival"``, the probability to be free of the
            event at `times`, by the baseline hazard of the task (`how="task"`).
        times : number or sequence of m, optional
            For ``type="survival"``.
        offset : array of shape (n,), optional
            Known part of the linear predictor of new rows (of counts, the log of the exposure); by default that of the
            formula's offset(), else 0: rates per unit of ``exposure=``.
        strata : array of shape (n,), optional
            For ``type="survival"`` of new rows, where the fit was given ``strata=`` as an array; strata that are
            columns are read from `new`.

        Returns
        -------
        Series (n,) on the index of `new`, or, in the multi-label case, DataFrame (n, K) with one column per outcome;
        of survival, DataFrame (n, m) with one column per time. Rows with a missing value are predicted as NaN.

        Raises
        ------
        DataError
            A row belongs to a task the model was not fitted to, and ``how="task"``; row labels of `new`, `task` and
            `keep` differ; `offset` does not fit the rows, or the formula's reads a column they lack; or
            ``type="survival"`` in a stratum that the task does not have.
        OptionError
            `how` is neither of its two, or asks for the mean of models of different outcomes; or a `type` the family
            does not have, ``type="survival"`` without `times`, or `strata` without need.
        """
        kind = read_scale(type, times, self.families)
        check_baseline(kind, how, strata)
        check_how(how, ("task", "mean"), "needs stacking weights, which a MTHAL does not have")
        if kind == "survival":
            return self._survival(new, task, keep, times, offset, strata)
        check_offset(self.blocks, new, offset)
        if how == "mean":
            return self._mean_of_tasks(new, keep, kind, offset)
        if new is None:
            own = self.predictors if kind == "link" else self._fitted()
            return self.in_user_order(self.by_row(own), "predicted")
        rows = self._rows(new, task, keep)
        values = self._all_tasks(rows, kind, offset_of_new(self.design, new, offset, rows.index))
        if self.blocks.shared:
            return pd.DataFrame(values, index=rows.index, columns=self.task_index)
        return pd.Series(self._own(values, rows, task), index=rows.index, name="predicted")

    def _rows(self, new: object, task: object, keep: object) -> NewRows:
        common_index({"the new rows": new, "task": task, "keep": keep})
        return self.design.apply(new, keep=keep)

    def _own(self, values: Floats, rows: NewRows, task: object) -> Floats:
        """(n,) of (n, K), each row by its task."""
        codes = task_codes(self.design, rows, task, _OTHERWISE)
        return np.where(codes >= 0, values[np.arange(len(codes)), codes], np.nan)

    def _all_tasks(self, rows: NewRows, kind: str, known: Floats) -> Floats:
        """(n, K), `known` (n,) part of the linear predictor added."""
        values = self.bounded(rows.X, rows.keep) + known[:, None]
        if kind != "link":
            for k, family in enumerate(self.families):
                values[:, k] = mean_of(family, values[:, k])
        values[~rows.complete] = np.nan
        return values

    def _mean_of_tasks(self, new: object, keep: object, kind: str, offset: object) -> pd.Series | pd.DataFrame:
        if self.blocks.shared or len(set(self.families)) > 1:
            raise OptionError("how='mean' averages models of one kind; here the tasks are outcomes or families differ.")
        common_index({"the new rows": new, "keep": keep})
        rows = None if new is None else self.design.apply(new, keep=keep)
        data = self.blocks if rows is None else rows
        linear = np.average(self.bounded(data.X, data.keep), axis=1, weights=self.blocks.weight_sums)
        linear = linear + (self._offsets() if rows is None else offset_of_new(self.design, new, offset, rows.index))
        values = linear if kind == "link" else mean_of(self.families[0], linear)
        if rows is None:
            return self.in_user_order(values, "predicted")
        return pd.Series(np.where(rows.complete, values, np.nan), rows.index, name="predicted")

    def _offsets(self) -> Floats:
        """(N,) known part of the linear predictors of the rows of the fit."""
        given = [self.blocks.offset_of(k) for k in range(self.blocks.n_tasks)]
        return self.by_row(
            [np.zeros(len(y)) if one is None else one for y, one in zip(self.blocks.y, given, strict=True)]
        )

    def _survival(
        self, new: object, task: object, keep: object, times: object, offset: object, strata: object
    ) -> pd.DataFrame:
        """(n, m) probabilities to be free of the event at `times`."""
        check_offset(self.blocks, new, offset)
        if new is None:
            linear, index = self._in_order(self.by_row(self.predictors)), self._kept_index()
            tasks = [np.full(len(y), float(k)) for k, y in enumerate(self.blocks.y)]
            codes = self._in_order(self.by_row(tasks)).astype(np.int64)
        else:
            rows = self._rows(new, task, keep)
            codes, index = task_codes(self.design, rows, task, _OTHERWISE), rows.index
            known = offset_of_new(self.design, new, offset, rows.index)
            linear = self._own(self._all_tasks(rows, "link", known), rows, task)
        groups = strata_codes(self, new, strata, codes, linear)
        return survival_table(self, self.predictors, linear, codes, groups, times, index)
