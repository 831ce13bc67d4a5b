"""Errors of a multi-task HAL on the rows held out by folds, and the metrics made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.hal.problem import Problem
from sparsekin.options import LossFamily
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.hal.scores import HIGH
from sparsekin.tuning.metrics import mean_and_error, mean_over


@dataclass(frozen=True, slots=True, eq=False)
class HalErrors:
    """Errors of m lambdas on the rows held out by F folds, per task.

    ======== ========= ===========================================================================================
    field    shape     meaning
    ======== ========= ===========================================================================================
    l1_ratio float     share of the 1-norm in the penalty
    linear   float     penalty of lines, see `sparsekin.hal.linear`; None: that of other functions
    lambdas  (m,)      descending
    folds    Folds     which fold holds each row out
    families K of str
    apart    bool      whether tasks may have units of their own: outcomes of one X, or scaled ones
    deviance (m, F, K) sum of w (y - prediction)^2 over the held-out rows, of the deviance of the family in others
    null     (K,)      mean deviance, over all rows, of the unpenalised columns alone fitted to all rows
    weight   (F, K)    sum of the weights w of the held-out rows
    sizes    (m, F)    functions selected
    asked    str, None "brier", "auc" or "c_index" where that is the metric, whose values of the held-out rows are:
    score    (m, F, K) NaN where they have none
    ======== ========= ===========================================================================================
    """

    l1_ratio: float
    linear: float | None
    lambdas: Floats
    folds: Folds
    families: tuple[LossFamily, ...]
    apart: bool
    deviance: Floats
    null: Floats
    weight: Floats
    sizes: Floats
    asked: str | None = None
    score: Floats | None = None

    @classmethod
    def of(
        cls,
        problem: Problem,
        lambdas: Floats,
        folds: Folds,
        deviance: Floats,
        weight: Floats,
        sizes: Floats,
        asked: str | None = None,
        score: Floats | None = None,
    ) -> HalErrors:
        """Errors of the settings of a problem."""
        apart = (problem.blocks.shared and problem.n_tasks > 1) or bool(np.any(problem.units != 1.0))
        return cls(
            problem.penalty.ratio, problem.linear, lambdas, folds, problem.families, apart, deviance,
            problem.null_deviance, weight, sizes, asked, score,
        )  # fmt: skip

    @property
    def metric(self) -> str:
        """What is averaged over tasks, if nothing else was asked for.

        "rmse" where all are gaussian, "deviance" (a row's mean) where all are of another family, and where families
        meet "relative deviance", a task's mean deviance over that of its unpenalised columns alone; so is "relative
        rmse" of gaussian tasks that may have units of their own, root mean squares in both.
        """
        if self.asked is not None:
            return self.asked
        if len(set(self.families)) > 1:
            return "relative deviance"
        if self.families[0] != "gaussian":
            return "deviance"
        return "relative rmse" if self.apart else "rmse"

    @property
    def per_fold(self) -> Floats:
        """(m, F) the metric, mean over the tasks of a fold."""
        return mean_over(self.cells, axis=2)

    @property
    def cells(self) -> Floats:
        """(m, F, K) the metric of each task; NaN where a fold holds out none of its rows."""
        if not self.metric.startswith("relative"):
            return self._per_cell()
        share = self._mean_deviance() / np.where(self.null > 0, self.null, 1.0)
        return np.sqrt(share) if self.metric == "relative rmse" else share

    @property
    def per_task(self) -> Floats:
        """(m, K) mean over folds of RMSE, of mean deviance where not gaussian, or of the metric asked for."""
        return mean_over(self._per_cell(), axis=1)

    @property
    def mean_and_error(self) -> tuple[Floats, Floats]:
        """(m,) mean over folds, and its standard error sd / sqrt(F)."""
        return mean_and_error(self.per_fold)

    @property
    def loss_and_error(self) -> tuple[Floats, Floats]:
        """The same, the mean with its sign turned where more is better."""
        mean, error = self.mean_and_error
        return (-mean if self.metric in HIGH else mean), error

    @property
    def best(self) -> int:
        """Lambda with the best mean; of equals, the largest."""
        return int(np.nanargmin(self.loss_and_error[0]))

    @property
    def best_1se(self) -> int:
        """Largest lambda whose mean is within one standard error of the best."""
        mean, error = self.loss_and_error
        limit = mean[self.best] + np.nan_to_num(error[self.best])
        return int(np.flatnonzero(mean <= limit)[0])

    def _mean_deviance(self) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.weight > 0, self.deviance / self.weight, np.nan)

    def _per_cell(self) -> Floats:
        """(m, F, K) in the units a user reads."""
        if self.score is not None:
            return self.score
        squared = np.array([family == "gaussian" for family in self.families])
        mean = self._mean_deviance()
        return np.where(squared, np.sqrt(mean), mean)
