"""The cross-validation of a multi-task HAL that a user holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sparsekin.hal.path import walk
from sparsekin.hal.undersmooth import undersmoothed
from sparsekin.models.hal.results import HALResults, hal_results_of
from sparsekin.options import check_option
from sparsekin.plots.hal.cv import plot_hal_cv
from sparsekin.report.document import Document
from sparsekin.report.hal.cv import glance_hal_cv, summarize_hal_cv, tidy_hal_cv
from sparsekin.report.notebook import Summarized
from sparsekin.results.hal.cv import HALCVFit
from sparsekin.tuning.hal.held_out import held_out_hal

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALCV(Summarized, HALCVFit):
    """Results of `MTHAL.cross_validate`.

    Errors: `table`, `per_task`, `per_fold`. The choice: `best`, `best_1se`, `best_l1_ratio`, `refit`. Use: `folds`,
    `summary`, `tidy`, `glance`, `plot_cv`.
    """

    def refit(self, which: Literal["best", "1se", "undersmooth"] = "best") -> HALResults:
        """Fit all rows at the lambda chosen.

        Where not all outcomes are gaussian the fit carries what models at that lambda, without each fold, say of its
        rows: see `HALResults.performance`.

        Parameters
        ----------
        which : {"best", "1se", "undersmooth"}
            The least mean error; the largest lambda within one standard error of it (at the same l1_ratio and
            linear); or, for plug-in estimates, the largest lambda not above the best at which the functions selected
            there solve their score equations, see `sparsekin.hal.undersmooth`.

        Returns
        -------
        HALResults

        Raises
        ------
        OptionError
            `which` is none of them.
        SolverError
            "undersmooth", and no lambda down to a thousandth of the best qualifies.
        """
        check_option("which", which, ("best", "1se", "undersmooth"))
        at = self.errors.best_1se if which == "1se" else self.errors.best
        way = self.errors.lambdas[: at + 1][np.r_[0 : at : max(at // 10, 1), at]]
        *_, point = walk(self.problem, way, self.tolerance)
        if which == "undersmooth":
            point = undersmoothed(self.problem, point, self.tolerance)
        found = hal_results_of(self.prepared, self.problem, self.levels, point, self.tolerance)
        if found.gaussian:
            return found
        way = np.append(way[way > point.lambda_], point.lambda_)
        return replace(found, held_out=held_out_hal(self.problem, way, self.errors.folds, self.tolerance))

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_hal_cv(self)

    def tidy(self) -> pd.DataFrame:
        """One row per lambda, with the columns of broom; see `sparsekin.report.hal.cv.tidy_hal_cv`."""
        return tidy_hal_cv(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole run; see `sparsekin.report.hal.cv.glance_hal_cv`."""
        return glance_hal_cv(self)

    def plot_cv(self, ax: Axes | None = None) -> Axes:
        """Error over lambda with one-standard-error bars; see `sparsekin.plots.hal.cv.plot_hal_cv`."""
        return plot_hal_cv(self, ax)
