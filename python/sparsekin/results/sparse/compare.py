"""The data of a comparison of methods on the same folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.options import Scheme
from sparsekin.tuning.metrics import mean_and_error, mean_over
from sparsekin.tuning.sparse.baselines import MethodRun
from sparsekin.tuning.sparse.errors import CvErrors
from sparsekin.tuning.sparse.table import Score, at_chosen, cross_chosen, fold_metric


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ComparisonFit:
    """Methods cross-validated on the same folds; the first is what the others are compared with.

    ====== ========= =================================
    field  shape     meaning
    ====== ========= =================================
    runs   MethodRun one per method
    metric str       "rmse", "r2" or "mae"; "relative rmse" or "relative mae" where tasks may have units of their own
    scheme str       of the folds
    ====== ========= =================================
    """

    runs: tuple[MethodRun, ...]
    metric: Score
    scheme: Scheme

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.runs)} methods by {self.metric}>"

    @property
    def per_fold(self) -> pd.DataFrame:
        """(F, methods) metric of each fold, each method at the setting that is best on the *other* folds."""
        found = {}
        for name, errors in self._there:
            values = fold_metric(errors, self.metric)
            found[name] = at_chosen(values, cross_chosen(values, self.metric))
        return pd.DataFrame(found)

    @property
    def table(self) -> pd.DataFrame:
        """One row per method that is available, last "null": means and always-in columns alone.

        Index method; columns mean and std_error of the metric over folds; difference to the first method and
        difference_se, the standard error of the paired differences (sd over folds / sqrt(folds)); selected (features
        per task, mean over folds, each at the setting it is judged at); settings (how many were tried); metric.
        """
        folds = self.per_fold.to_numpy().T
        mean, error = mean_and_error(folds)
        difference, difference_se = mean_and_error(folds - folds[0])
        difference[0], difference_se[0] = np.nan, np.nan
        selected = []
        for _, errors in self._there:
            chosen = cross_chosen(fold_metric(errors, self.metric), self.metric)
            selected.append(float(mean_over(at_chosen(mean_over(errors.sizes, axis=2), chosen), axis=0)))
        return pd.DataFrame(
            {
                "mean": mean, "std_error": error, "difference": difference, "difference_se": difference_se,
                "selected": selected, "settings": [len(errors.settings) for _, errors in self._there],
                "metric": self.metric,
            },
            index=pd.Index(self.per_fold.columns, name="method"),
        )  # fmt: skip

    @property
    def _there(self) -> list[tuple[str, CvErrors]]:
        return [(run.name, run.errors) for run in self.runs if run.errors is not None]

    @property
    def unavailable(self) -> dict[str, str]:
        """Methods that cannot be used on these data, and why."""
        return {run.name: run.reason for run in self.runs if run.errors is None}
