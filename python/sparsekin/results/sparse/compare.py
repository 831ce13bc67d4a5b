"""The data of a comparison of methods on the same folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.errors import SolverError
from sparsekin.options import Scheme
from sparsekin.tuning.chosen import at_chosen, cross_chosen
from sparsekin.tuning.metrics import mean_and_error
from sparsekin.tuning.sparse.baselines.methods import FAMILIES
from sparsekin.tuning.sparse.baselines.run import MethodRun
from sparsekin.tuning.sparse.table import Score, loss_sign
from sparsekin.tuning.verdict import Verdict, verdict


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ComparisonFit:
    """Methods cross-validated on the same folds, the simplest first.

    ======== ========= =================================
    field    shape     meaning
    ======== ========= =================================
    runs     MethodRun one per method
    metric   str       "rmse", "r2" or "mae"; "relative rmse" or "relative mae" where tasks may have units of their own
    scheme   str       of the folds
    outcomes (K,) str  families of the tasks
    ======== ========= =================================
    """

    runs: tuple[MethodRun, ...]
    metric: Score
    scheme: Scheme
    outcomes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.runs)} methods by {self.metric}>"

    @property
    def per_fold(self) -> pd.DataFrame:
        """(F, methods) metric of each fold, each method at the setting that is best on the *other* folds."""
        return pd.DataFrame({run.name: run.per_fold(self.metric) for run in self._there})

    @property
    def table(self) -> pd.DataFrame:
        """One row per method that is available, the simplest first.

        Index method. Columns: family; mean and std_error of the metric over folds (sd / sqrt(folds)); difference to the
        best method, fold by fold, and difference_se, its standard error corrected for training rows that overlap (sd
        sqrt(1 / F + 1 / (F - 1)) for F folds); selected, features per task, and union, features of all tasks together,
        both means over folds at the settings judged (NaN: boosted trees have no coefficients); seconds of CPU for all
        folds and settings; settings, how many were tried; metric.
        """
        folds = self.per_fold
        mean, error = mean_and_error(folds.to_numpy().T)
        judged = self.methods
        sign = loss_sign(self.metric)
        sizes = [run.selected(self.metric) for run in self._there]
        return pd.DataFrame(
            {
                "family": [run.family for run in self._there], "mean": mean, "std_error": error,
                "difference": [sign * judged.differences.get(run.name, np.nan) for run in self._there],
                "difference_se": [judged.ses.get(run.name, np.nan) for run in self._there],
                "selected": [per_task for per_task, _ in sizes], "union": [union for _, union in sizes],
                "seconds": [run.seconds for run in self._there],
                "settings": [run.tried or len(run.errors.settings) for run in self._there if run.errors is not None],
                "metric": self.metric,
            },
            index=pd.Index(folds.columns, name="method"),
        )  # fmt: skip

    @property
    def methods(self) -> Verdict:
        """The best method, and those that cannot be told apart from it."""
        return self._judge(self._losses())

    @property
    def families(self) -> Verdict:
        """Pooling, sharing or separate models: each family as its method that is best on the *other* folds."""
        losses = self._losses()
        found: dict[str, Floats] = {}
        for family in FAMILIES:
            names = [run.name for run in self._there if run.family == family and run.name in losses]
            if names:
                values = np.array([losses[name] for name in names])
                found[family] = at_chosen(values, cross_chosen(values))
        return self._judge(found)

    def _judge(self, losses: dict[str, Floats]) -> Verdict:
        if all(np.isnan(values).all() for values in losses.values()):
            raise SolverError("No fold was finished, so there is nothing to compare.")
        return verdict(losses, list(losses))

    def _losses(self) -> dict[str, Floats]:
        """Losses of the methods that were finished in most folds: after Ctrl-C the last one is not."""
        folds = {run.name: loss_sign(self.metric) * run.per_fold(self.metric) for run in self._there}
        done = {name: int(np.sum(~np.isnan(values))) for name, values in folds.items()}
        return {name: values for name, values in folds.items() if done[name] == max(done.values())}

    @property
    def _there(self) -> list[MethodRun]:
        return [run for run in self.runs if run.errors is not None]

    @property
    def unavailable(self) -> dict[str, str]:
        """Methods that cannot be used on these data, and why."""
        return {run.name: run.reason for run in self.runs if run.errors is None}
