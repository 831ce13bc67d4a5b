"""The data of a cross-validation: errors on held-out rows at many settings, and the choice they suggest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.prepare import Prepared
from sparsekin.errors import SolverError
from sparsekin.l0.problem import Problem
from sparsekin.options import AnyMetric, Ensemble
from sparsekin.results.naming import counted
from sparsekin.results.sparse.path import setting_at, settings_table
from sparsekin.tuning.metrics import mean_and_error, mean_over
from sparsekin.tuning.sparse.errors import CvErrors, with_null
from sparsekin.tuning.sparse.table import (
    Score,
    best,
    best_one_se,
    comparable,
    fold_metric,
    loss_sign,
    null_error,
    score_of,
    task_metric,
)

NULL = "null"  # the row of the model without features


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CVFit:
    """A cross-validation of m settings on F folds.

    ========= ======== =====================================================================
    field     shape    meaning
    ========= ======== =====================================================================
    prepared  Prepared the data, and the way back to the user's rows
    problem   Problem  all rows; its own s and penalties are not used
    errors    CvErrors sums of errors on held-out rows
    metric    str      "rmse", "r2" or "mae"; "deviance", "auc", "brier" or "c_index" where not all are gaussian
    ensemble  str      "mean" or "stack": how a task that is left out is predicted
    effort    int      effort of the search
    with_zero bool     s = 0 was among the sizes, so the null model may be chosen
    passes    int      how often all columns on disk were read, for their moments too; None of X in memory
    ========= ======== =====================================================================
    """

    prepared: Prepared
    problem: Problem
    errors: CvErrors
    metric: AnyMetric
    ensemble: Ensemble
    effort: int
    with_zero: bool = False
    passes: int | None = field(default=None, kw_only=True)

    def __repr__(self) -> str:
        folds = self.errors.folds
        return f"<{type(self).__name__}: {counted(self.n_settings, 'setting')}, {folds.n_folds} folds, {folds.scheme}>"

    @property
    def n_settings(self) -> int:
        """Settings that may be chosen."""
        return len(self.errors.settings) + self.with_zero

    @property
    def score(self) -> Score:
        """What is averaged: the metric, relative to the null model where tasks may have units of their own.

        That is where tasks are outcomes of one X and where outcomes are scaled: "relative rmse" or "relative mae".
        """
        return score_of(self.metric, self.problem)

    @property
    def tried(self) -> CvErrors:
        """The errors with the null model as the last setting."""
        return with_null(self.errors)

    @property
    def table(self) -> pd.DataFrame:
        """One row per setting, and last the row "null": means and always-in columns alone.

        Columns s, lambda_1, lambda_2, lambda_z; mean (over the tasks of a fold, then over folds) and std_error (sd
        over folds / sqrt(folds)) of the metric; selected (features per task, mean over folds), mean_jaccard
        (homogeneity of the supports, mean over folds), folds (finished), metric (see `score`).
        """
        return table_of(self)

    @property
    def per_task(self) -> pd.DataFrame:
        """(m + 1, K) metric of each task, mean over folds; rows as in `table`. NaN: the task has nothing to predict."""
        return pd.DataFrame(task_metric(self.tried, self.score), columns=self._tasks, index=self._rows)

    @property
    def per_fold(self) -> pd.DataFrame:
        """(m + 1, F) metric of each fold, mean over its tasks; rows as in `table`."""
        return pd.DataFrame(fold_metric(self.tried, self.score), index=self._rows)

    @property
    def null_error(self) -> pd.Series:
        """(K,) RMSE (mean absolute error, mean deviance) of the null model in the units of each task: what 1 is."""
        own: Score = "deviance" if self.problem.losses is not None else "mae" if self.metric == "mae" else "rmse"
        values = null_error(self.errors, own)
        return pd.Series(values, index=self._tasks, name="null")

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self.prepared.blocks.nobs

    @property
    def best(self) -> dict[str, float]:
        """The setting with the best mean; s = 0, the null model, only where 0 was among the sizes."""
        return setting_at(self.tried.settings, self.best_index)

    @property
    def best_1se(self) -> dict[str, float]:
        """The sparsest setting within one standard error, the best one's own, of the best mean.

        Among settings of that s: the largest lambda_z (most sharing), then the largest lambda_1. Where tasks are left
        out it is the standard error of the difference to the best: tasks differ by how hard they are.
        """
        return setting_at(self.tried.settings, self.best_1se_index)

    @property
    def best_index(self) -> int:
        """Position of `best` in `table`."""
        mean, _, eligible = self._choice()
        return best(mean, self.tried.settings, self.score, eligible)

    @property
    def best_1se_index(self) -> int:
        """Position of `best_1se` in `table`."""
        *_, eligible = self._choice()
        per_fold = fold_metric(self.tried, self.score)
        left_out = self.errors.folds.scheme == "leave-one-task-out"
        return best_one_se(per_fold, self.tried.settings, self.score, eligible, paired=left_out)

    @property
    def losses(self) -> Floats:
        """(m,) mean loss of each setting: the metric, or its negative where larger is better."""
        return loss_sign(self.score) * mean_over(fold_metric(self.errors, self.score), axis=1)

    @property
    def folds(self) -> pd.Series:
        """(n_given,) fold that holds out each row of the user's data, -1: none. Give it to the next run as `folds`."""
        values = np.full(len(self.prepared.index), -1)
        values[self.prepared.row_positions] = self.errors.folds.of_row
        return pd.Series(values, index=self.prepared.index, name="fold")

    @property
    def _rows(self) -> pd.Index:
        return pd.Index([*range(len(self.errors.settings)), NULL], dtype=object)

    @property
    def _tasks(self) -> pd.Index:
        return pd.Index(list(self.problem.blocks.task_names), name=self.prepared.design.task, tupleize_cols=False)

    def _choice(self) -> tuple[Floats, Floats, Bools]:
        """Mean and standard error of every row, and which rows may be chosen."""
        return choice_of(self)


def table_of(cv: CVFit) -> pd.DataFrame:
    """The columns of `CVFit.table`."""
    tried = cv.tried
    mean, error = mean_and_error(fold_metric(tried, cv.score))
    return settings_table(tried.settings).assign(
        mean=mean,
        std_error=error,
        selected=mean_over(mean_over(tried.sizes, axis=2), axis=1),
        mean_jaccard=mean_over(tried.jaccard, axis=1),
        folds=tried.finished.sum(axis=1),
        metric=cv.score,
    ).set_axis(pd.Index([*range(len(cv.errors.settings)), NULL], dtype=object))  # fmt: skip


def choice_of(cv: CVFit) -> tuple[Floats, Floats, Bools]:
    """Mean and standard error of every row of the table, and which rows may be chosen."""
    tried = cv.tried
    mean, error = mean_and_error(fold_metric(tried, cv.score))
    found = comparable(tried, mean)
    found[-1] &= cv.with_zero
    if not found.any():
        raise SolverError(
            "No task varies beyond what means and always-in columns explain, so there is nothing to predict."
            if cv.errors.finished.any()
            else "No fold was finished, so there is no setting to choose; run cross_validate again."
        )
    return mean, error, found
