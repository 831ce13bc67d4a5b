"""The path and the cross-validation of a multi-task HAL that a user holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sparsekin.hal.path import walk
from sparsekin.hal.undersmooth import undersmoothed
from sparsekin.models.hal_results import HALResults, hal_results_of
from sparsekin.options import check_option
from sparsekin.plots.hal_tuning import plot_hal_cv, plot_hal_path
from sparsekin.results.hal_path import HALCVFit, HALPathFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALPath(HALPathFit):
    """Results of `MTHAL.path`: `table`, `variation_by_variable`, `at`, `plot_path`."""

    def at(self, i: int) -> HALResults:
        """The fit at the i-th lambda, with the row number of `table`."""
        return hal_results_of(self.prepared, self.problem, self.levels, self.points[i], self.tolerance)

    def plot_path(self, ax: Axes | None = None) -> Axes:
        """A curve per variable over lambda; see `sparsekin.plots.hal.plot_hal_path`."""
        return plot_hal_path(self, ax)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALCV(HALCVFit):
    """Results of `MTHAL.cross_validate`.

    Errors: `table`, `per_task`. The choice: `best`, `best_1se`, `best_l1_ratio`, `refit`. Use: `folds`, `plot_cv`.
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

    def plot_cv(self, ax: Axes | None = None) -> Axes:
        """Error over lambda with one-standard-error bars; see `sparsekin.plots.hal.plot_hal_cv`."""
        return plot_hal_cv(self, ax)
