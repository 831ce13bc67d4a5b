"""The data of a comparison of a multi-task HAL with simpler methods on the same folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.tuning.hal.compare import HalRun
from sparsekin.tuning.metrics import mean_and_error
from sparsekin.tuning.verdict import Verdict, verdict


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALComparisonFit:
    """Methods cross-validated on the same folds, the simplest first.

    ====== ====== ========================================
    field  shape  meaning
    ====== ====== ========================================
    runs   HalRun one per method
    nobs   int    rows used
    ====== ====== ========================================
    """

    runs: tuple[HalRun, ...]
    nobs: int

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.runs)} methods by {self.metric}>"

    @property
    def metric(self) -> str:
        """What is compared, see `HALCVFit.metric`."""
        return self.runs[0].judged[0].metric

    @property
    def per_fold(self) -> pd.DataFrame:
        """(F, methods) metric of each fold, each method at the setting that is best on the *other* folds."""
        return pd.DataFrame({run.name: run.per_fold for run in self.runs})

    @property
    def table(self) -> pd.DataFrame:
        """One row per method, the simplest first.

        Index method. Columns: mean and std_error of the metric over folds (sd / sqrt(folds)); difference to the best
        method, fold by fold, and difference_se, its standard error corrected for training rows that overlap (sd sqrt(1
        / F + 1 / (F - 1)) for F folds); selected, functions or columns at the settings judged (NaN: trees); seconds of
        CPU for all folds and settings; settings, how many were tried; metric.
        """
        folds, judged = self.per_fold, self.methods
        mean, error = mean_and_error(folds.to_numpy().T)
        return pd.DataFrame(
            {
                "mean": mean, "std_error": error,
                "difference": [judged.differences.get(run.name, np.nan) for run in self.runs],
                "difference_se": [judged.ses.get(run.name, np.nan) for run in self.runs],
                "selected": [run.selected for run in self.runs], "seconds": [run.seconds for run in self.runs],
                "settings": [len(run.cells) for run in self.runs], "metric": self.metric,
            },
            index=pd.Index(folds.columns, name="method"),
        )  # fmt: skip

    @property
    def methods(self) -> Verdict:
        """The best method, those that cannot be told apart from it, and the choice of `sparsekin.tuning.verdict`."""
        return verdict({run.name: run.per_fold for run in self.runs}, [run.name for run in self.runs])
