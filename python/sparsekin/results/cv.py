"""The data of a cross-validation: errors on held-out rows at many settings, and the choice they suggest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.data.prepare import Prepared
from sparsekin.errors import SolverError
from sparsekin.l0.problem import Problem
from sparsekin.options import Ensemble, Metric
from sparsekin.results.path import setting_at, settings_table
from sparsekin.tuning.errors import CvErrors
from sparsekin.tuning.table import best, best_one_se, comparable, fold_metric, mean_and_error, mean_over, task_metric


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CVFit:
    """A cross-validation of m settings on F folds.

    ======== ======== =====================================================================
    field    shape    meaning
    ======== ======== =====================================================================
    prepared Prepared the data, and the way back to the user's rows
    problem  Problem  all rows; its own s and penalties are not used
    errors   CvErrors sums of errors on held-out rows
    metric   str      "rmse", "r2" or "mae"
    ensemble str      "mean" or "stack": how a task that is left out is predicted
    effort   int      effort of the search
    ======== ======== =====================================================================
    """

    prepared: Prepared
    problem: Problem
    errors: CvErrors
    metric: Metric
    ensemble: Ensemble
    effort: int

    def __repr__(self) -> str:
        folds = self.errors.folds
        return f"<{type(self).__name__}: {len(self.errors.settings)} settings, {folds.n_folds} folds, {folds.scheme}>"

    @property
    def table(self) -> pd.DataFrame:
        """One row per setting.

        Columns s, lambda_1, lambda_2, lambda_z; mean (over the tasks of a fold, then over folds) and std_error (sd
        over folds / sqrt(folds)) of the metric; selected (features per task, mean over folds), mean_jaccard
        (homogeneity of the supports, mean over folds), folds (finished).
        """
        mean, error = self._mean_and_error()
        return settings_table(self.errors.settings).assign(
            mean=mean,
            std_error=error,
            selected=mean_over(mean_over(self.errors.sizes, axis=2), axis=1),
            mean_jaccard=mean_over(self.errors.jaccard, axis=1),
            folds=self.errors.finished.sum(axis=1),
        )

    @property
    def per_task(self) -> pd.DataFrame:
        """(m, K) metric of each task, mean over folds; rows as in `table`."""
        names = pd.Index(list(self.problem.blocks.task_names), name=self.prepared.design.task, tupleize_cols=False)
        return pd.DataFrame(task_metric(self.errors, self.metric), columns=names)

    @property
    def per_fold(self) -> pd.DataFrame:
        """(m, F) metric of each fold, mean over its tasks; rows as in `table`."""
        return pd.DataFrame(fold_metric(self.errors, self.metric))

    @property
    def best(self) -> dict[str, float]:
        """The setting with the best mean."""
        return setting_at(self.errors.settings, self.best_index)

    @property
    def best_1se(self) -> dict[str, float]:
        """The sparsest setting within one standard error, the best one's own, of the best mean.

        Among settings of that s: the largest lambda_z (most sharing), then the largest lambda_1.
        """
        return setting_at(self.errors.settings, self.best_1se_index)

    @property
    def best_index(self) -> int:
        """Row of `best` in `table`."""
        mean, _ = self._mean_and_error()
        return best(mean, self.errors.settings, self.metric, self._eligible(mean))

    @property
    def best_1se_index(self) -> int:
        """Row of `best_1se` in `table`."""
        mean, error = self._mean_and_error()
        return best_one_se(mean, error, self.errors.settings, self.metric, self._eligible(mean))

    @property
    def folds(self) -> pd.Series:
        """(n_given,) fold that holds out each row of the user's data, -1: none. Give it to the next run as `folds`."""
        values = np.full(len(self.prepared.index), -1)
        values[self.prepared.row_positions] = self.errors.folds.of_row
        return pd.Series(values, index=self.prepared.index, name="fold")

    def _mean_and_error(self) -> tuple[Floats, Floats]:
        return mean_and_error(fold_metric(self.errors, self.metric))

    def _eligible(self, mean: Floats) -> np.ndarray:
        found = comparable(self.errors, mean)
        if not found.any():
            raise SolverError("No fold was finished, so there is no setting to choose; run cross_validate again.")
        return found
