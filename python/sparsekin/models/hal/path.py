"""The path of a multi-task HAL that a user holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparsekin.errors import OptionError
from sparsekin.models.hal.checks import check_lambda
from sparsekin.models.hal.results import HALResults, hal_results_of
from sparsekin.plots.hal.path import plot_hal_path
from sparsekin.report.document import Document
from sparsekin.report.hal.path import glance_hal_path, summarize_hal_path, tidy_hal_path
from sparsekin.report.notebook import Summarized
from sparsekin.results.hal.path import HALPathFit
from sparsekin.results.naming import row_number
from sparsekin.results.unavailable import NO_CRITERION, Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALPath(Summarized, HALPathFit):
    """Fits of `MTHAL.path`.

    Fits: `path[i]`, `at`. Tables: `table`, `variation_by_variable`, `summary`, `tidy`, `glance`. Picture: `plot_path`.
    """

    select = Unavailable(NO_CRITERION.format("a MTHAL", "lambda"))

    def __getitem__(self, i: int) -> HALResults:
        """The fit at row `i` of `table`."""
        m, i = len(self), row_number(i, "The lambdas of a path")
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
        """One row per lambda and variable; see `sparsekin.report.hal.path.tidy_hal_path`."""
        return tidy_hal_path(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole path; see `sparsekin.report.hal.path.glance_hal_path`."""
        return glance_hal_path(self)

    def plot_path(self, ax: Axes | None = None) -> Axes:
        """A curve per variable over lambda; see `sparsekin.plots.hal.path.plot_hal_path`."""
        return plot_hal_path(self, ax)
