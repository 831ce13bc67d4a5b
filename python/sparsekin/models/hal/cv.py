"""The path and the cross-validation of a multi-task HAL that a user holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sparsekin.errors import OptionError
from sparsekin.hal.path import walk
from sparsekin.hal.undersmooth import undersmoothed
from sparsekin.models.hal.checks import check_lambda
from sparsekin.models.hal.results import HALResults, hal_results_of
from sparsekin.options import check_option
from sparsekin.plots.hal.cv import plot_hal_cv, plot_hal_path
from sparsekin.report.document import Document
from sparsekin.report.hal.cv import glance_hal_cv, summarize_hal_cv, tidy_hal_cv
from sparsekin.report.sparse.path import glance_hal_path, summarize_hal_path, tidy_hal_path
from sparsekin.results.hal.path import HALCVFit, HALPathFit
from sparsekin.results.unavailable import NO_CRITERION, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALPath(HALPathFit):
    """Fits of `MTHAL.path`.

    Fits: `path[i]`, `at`. Tables: `table`, `variation_by_variable`, `summary`, `tidy`, `glance`. Picture: `plot_path`.
    """

    select = Unavailable(NO_CRITERION.format("a MTHAL", "lambda"))

    def __getitem__(self, i: int) -> HALResults:
        """The fit at row `i` of `table`."""
        m = len(self)
        if not -m <= i < m:
            raise IndexError(f"The path has {m} lambdas, numbered 0 to {m - 1}; there is none numbered {i}.")
        return hal_results_of(self.prepared, self.problem, self.levels, self.points[i], self.tolerance)

    def at(self, lambda_: float) -> HALResults:
        """The fit at this lambda, as `table` prints it.

        Raises
        ------
        OptionError
            It is not one of the path.
        """
        lambda_, values = check_lambda(lambda_), np.array([point.lambda_ for point in self.points])
        i = int(np.argmin(np.abs(np.log(values / lambda_))))
        if not np.isclose(values[i], lambda_, rtol=1e-3, atol=0):
            raise OptionError(
                f"lambda_ = {lambda_:g} is none of the {len(self)} lambdas of the path; the nearest is {values[i]:g}. "
                "Use that, or MTHAL.fit."
            )
        return self[i]

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_hal_path(self)

    def tidy(self) -> pd.DataFrame:
        """One row per lambda and variable; see `sparsekin.report.sparse.path.tidy_hal_path`."""
        return tidy_hal_path(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole path; see `sparsekin.report.sparse.path.glance_hal_path`."""
        return glance_hal_path(self)

    def plot_path(self, ax: Axes | None = None) -> Axes:
        """A curve per variable over lambda; see `sparsekin.plots.hal.curves.plot_hal_path`."""
        return plot_hal_path(self, ax)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALCV(HALCVFit):
    """Results of `MTHAL.cross_validate`.

    Errors: `table`, `per_task`, `per_fold`. The choice: `best`, `best_1se`, `best_l1_ratio`, `refit`. Use: `folds`,
    `summary`, `tidy`, `glance`, `plot_cv`.
    """

    def refit(self, which: Literal["best", "1se", "undersmooth"] = "best") -> HALResults:
        """Fit all rows at the lambda chosen.

        Parameters
        ----------
        which : {"best", "1se", "undersmooth"}
            The least mean error; the largest lambda within one standard error of it (at the same l1_ratio); or, for
            plug-in estimates, the largest lambda not above the best at which the functions selected there solve their
            score equations, see `sparsekin.hal.undersmooth`.

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
        return hal_results_of(self.prepared, self.problem, self.levels, point, self.tolerance)

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
        """Error over lambda with one-standard-error bars; see `sparsekin.plots.hal.curves.plot_hal_cv`."""
        return plot_hal_cv(self, ax)
