"""What a fit answers where outcomes are yes and no, counts or survival times: predictions, deviances, per task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.errors import OptionError
from sparsekin.l0.glm.separation import separates
from sparsekin.l0.pooled import pooled_problem
from sparsekin.l0.problem import make_problem
from sparsekin.losses.refit import null_model
from sparsekin.losses.tasks import loss_of
from sparsekin.options import PredictHow, Scale, check_how
from sparsekin.results.base import check_offset, offset_of_new, task_codes
from sparsekin.results.baseline import check_baseline, strata_codes, survival_table
from sparsekin.results.family_table import row_of
from sparsekin.results.scale import read_scale
from sparsekin.results.sparse.linear import LinearFit
from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.sparse.new_site import Spread

NOT_SQUARED = "squared errors are of gaussian outcomes only; see task_fit for deviances"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GeneralizedFit(LinearFit):
    """A linear model per task of the log odds, log means or log hazards; of the means themselves where gaussian."""

    @property
    def families(self) -> tuple[str, ...]:
        """(K,) "gaussian", "binomial", "poisson" or "cox"."""
        return self.blocks.families_said

    @property
    def pooled(self) -> bool:
        """Whether all tasks have one coefficient vector."""
        return False

    @property
    def resid(self) -> pd.Series | pd.DataFrame | Unavailable:
        """Outcome minus fitted value, shaped as `fittedvalues`; NaN where an outcome is missing.

        Of cox tasks martingale residuals: the event, 1 or 0, minus those expected.
        """
        if "cox" in self.families:
            return self.residuals(self._means(), self.predictors)
        return LinearFit.resid.fget(self)  # type: ignore[attr-defined]

    @property
    def task_fit(self) -> pd.DataFrame:
        """(K, ...) per task.

        All gaussian: n, selected, rmse, r2, resid_sd (divisor n - parameters; NaN when that is not positive). Else: n,
        events (the rarer outcome, counts, or deaths), selected, events_per_feature, deviance, null_deviance (of the
        unpenalised terms), explained (1 less their ratio), and of the rows of the fit, so too good: auc and brier of
        binomial tasks, dispersion (Pearson) of poisson, concordance (within strata) of cox ones. NaN: not of that kind.
        """
        if self.blocks.responses is None:
            return LinearFit.task_fit.fget(self)  # type: ignore[attr-defined]
        selected = self.estimates.support.sum(axis=0)
        rows = [row_of(self.blocks, k, eta, int(selected[k])) for k, eta in enumerate(self.predictors)]
        return pd.DataFrame(rows, index=self.task_index)

    @property
    def rsquared(self) -> pd.Series | Unavailable:
        """(K,) R2 per task; of gaussian outcomes only."""
        return self.task_fit["r2"] if self.blocks.responses is None else Unavailable(NOT_SQUARED)

    @property
    def rmse(self) -> pd.Series | Unavailable:
        """(K,) root mean squared residual per task: divisor n, or the sum of the weights; of gaussian outcomes only."""
        return self.task_fit["rmse"] if self.blocks.responses is None else Unavailable(NOT_SQUARED)

    @property
    def deviance(self) -> pd.Series:
        """(K,) deviance per task: of gaussian ones the sum of squares, of cox ones beside the saturated likelihood."""
        if self.blocks.responses is not None:
            return self.task_fit["deviance"]
        sums = pd.Series(self.blocks.weight_sums, index=self.task_index)
        return (self.task_fit["rmse"] ** 2 * sums).rename("deviance")

    @property
    def null_deviance(self) -> pd.Series | Unavailable:
        """(K,) deviance per task of intercept and always-in terms alone."""
        if self.blocks.responses is None:
            return Unavailable("of gaussian outcomes rsquared says the same")
        return self.task_fit["null_deviance"]

    def predict(
        self, new: object = None, how: PredictHow = "task", task: object = None, *, keep: object = None,
        labelled: object = None, type: Scale | None = None, times: object = None, offset: object = None,
        strata: object = None,
    ) -> pd.Series | pd.DataFrame:  # fmt: skip
        """Predict the outcome of new rows.

        Parameters
        ----------
        new : frame, or array of shape (n, p) when the fit was given arrays, optional
            Rows with the columns of the fit, and those of the formula's offset(); by default the rows of the fit, with
            their offsets.
        how : {"task", "mean", "pooled", "stack"}
            ``"task"``: each row by the model of its own task. For rows of a study the model has not seen: ``"mean"``,
            slopes that are the mean of the tasks', and in the middle of all rows what the task models predict there,
            weighted by their rows: for equal slopes, the intercepts weighted by rows; ``"pooled"``, the mean of the
            task models weighted by their rows, slopes too; ``"stack"``, their sum with the weights of `stacking`.
            Means are of log odds, log means and log hazards.
        task : label or sequence of n labels, optional
            The tasks of the rows; by default the task column of `new`.
        keep : array of shape (n, q), optional
            Always-in columns, when the fit was given them as an array of their own.
        labelled : frame, or tuple (y, X) or (y, X, keep) when the fit was given arrays, optional
            Rows of the new study with outcome and columns; not with ``how="task"``. Predictions move by the mean
            residual of the m complete ones times tau^2 / (tau^2 + s^2 / m), where tau and s are `new_site.sd_between`
            and `sd_within`: a study keeps the level of the others as far as few rows of its own say little.
            Each of these rows counts once. Gaussian outcomes only.
        type : {"response", "link", "risk", "survival"}, optional
            ``"response"``: means, probabilities and expected counts, the default without cox tasks; ``"link"``: the
            linear predictor; of cox tasks ``"risk"``, the hazard relative to X = 0, the default, and ``"survival"``,
            the probability to be free of the event at `times`, by the baseline hazard of the task (`how="task"`).
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
            `keep` differ; no new rows are given to a model fitted from moments, which has none of its own; or the
            labelled rows lack the outcome, are none, or are not of the study of the new rows; or `offset` does not fit
            the rows, or the formula's reads a column they lack; or ``type="survival"`` in a stratum that the task does
            not have.
        OptionError
            `how` is none of these, asks for the mean of models of different outcomes or families, or for stacking
            weights that the fit does not have; `labelled` with a fit that has no `new_site`, or ``how="task"``; or a
            `type` the family does not have, ``type="survival"`` without `times`, or `strata` without need.
        """
        kind = read_scale(type, times, self.families)
        check_baseline(kind, how, strata)
        check_how(how, get_args(PredictHow))
        if how != "task" and len(set(self.families)) > 1:
            raise OptionError(f"how={how!r} averages models of one family; here tasks are of several.")
        check_offset(self.blocks, new, offset)
        linear = LinearFit.predict(self, new, how, task, keep=keep, labelled=labelled)
        if self.blocks.responses is None:
            return linear
        if isinstance(linear, pd.DataFrame):
            return self._by_outcome(linear, new, kind, offset)
        codes = self._codes(new, how, task, keep)
        if new is None:
            linear = linear + self.in_user_order(self.by_row(self._offsets()), "offset")
        else:
            linear = linear + offset_of_new(self.design, new, offset, linear.index)
        if kind == "survival":
            eta, tasks = linear.to_numpy(), np.broadcast_to(codes, len(linear))
            groups = strata_codes(self, new, strata, tasks, eta)
            return survival_table(self, self.predictors, eta, tasks, groups, times, linear.index)
        if kind == "link":
            return linear
        return pd.Series(self._inverse(linear.to_numpy(), codes), index=linear.index, name=linear.name)

    def _by_outcome(self, linear: pd.DataFrame, new: object, kind: str, offset: object) -> pd.DataFrame:
        """Columns of different outcomes."""
        if new is None:
            linear = linear + self.by_row(self._offsets())[np.argsort(self.row_positions, kind="stable")]
        else:
            linear = linear.add(offset_of_new(self.design, new, offset, linear.index), axis=0)
        if kind == "link":
            return linear
        values = [self._loss(k).inverse_link(linear.iloc[:, k].to_numpy()) for k in range(self.blocks.n_tasks)]
        return pd.DataFrame(np.column_stack(values), index=linear.index, columns=linear.columns)

    def _codes(self, new: object, how: str, task: object, keep: object) -> np.ndarray:
        """(n,) the task of each row; 0 where one model predicts all."""
        if how != "task" or self.blocks.n_tasks == 1:
            return np.zeros(1, int)
        if new is None:
            given = self.by_row([np.full(len(y), float(k)) for k, y in enumerate(self.blocks.y)])
            return np.asarray(self._in_order(given), int)
        return task_codes(self.design, self.design.apply(new, keep=keep), task)

    def _inverse(self, eta: Floats, codes: np.ndarray) -> Floats:
        codes, out = np.broadcast_to(codes, eta.shape), np.full(eta.shape, np.nan)
        for k in np.unique(codes[codes >= 0]):
            out[codes == k] = self._loss(int(k)).inverse_link(eta[codes == k])
        return out

    def _loss(self, k: int) -> Any:
        return loss_of(self.blocks, k)

    def _offsets(self) -> list[Floats]:
        known = [self.blocks.offset_of(k) for k in range(self.blocks.n_tasks)]
        return [np.zeros(len(y)) if one is None else one for y, one in zip(self.blocks.y, known, strict=True)]

    @property
    def predictors(self) -> list[Floats]:
        """K of (n_k,) linear predictors of the rows of the fit, offsets included."""
        linear = self._fitted()
        if self.blocks.responses is None:
            return linear
        return [eta + known for eta, known in zip(linear, self._offsets(), strict=True)]

    def _means(self) -> list[Floats]:
        if self.blocks.responses is None:
            return LinearFit._means(self)
        return [self._loss(k).inverse_link(eta) for k, eta in enumerate(self.predictors)]

    @property
    def separated(self) -> tuple[bool, ...]:
        """(K,) whether the selected features separate the outcome, so that the ridge sets the sizes."""
        if self.blocks.responses is None:
            return (False,) * self.blocks.n_tasks
        problem = make_problem(self.blocks, self.standard, np.ones(self.blocks.n_tasks, np.int64))
        support = self.estimates.support
        if self.pooled:
            S = np.flatnonzero(support[:, 0])
            return (separates(pooled_problem(problem), 0, S),) * self.blocks.n_tasks
        return tuple(separates(problem, k, np.flatnonzero(support[:, k])) for k in range(self.blocks.n_tasks))

    def _spread(self) -> Spread | Unavailable:
        if self.blocks.responses is not None:
            return Unavailable("levels between tasks are of gaussian outcomes so far")
        return LinearFit._spread(self)


def refitted_levels(blocks: TaskBlocks, eta: list[Floats]) -> Floats:
    """(K,) what is added to the intercepts so that they are best beside predictors eta, K of (n_k,); 0 of cox tasks."""
    out = np.zeros(blocks.n_tasks)
    for k, known in enumerate(eta):
        loss = loss_of(blocks, k)
        if loss.constants:
            out[k] = null_model(replace(loss, offset=known), np.ones((len(known), 1))).keep[0]  # type: ignore[type-var]
    return out
