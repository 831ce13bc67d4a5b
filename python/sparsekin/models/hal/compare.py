"""The comparison of a multi-task HAL that a user holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sparsekin.plots.comparison import plot_comparison
from sparsekin.report.document import Document
from sparsekin.report.hal.compare import (
    glance_hal_comparison,
    summarize_hal_comparison,
    tidy_hal_comparison,
    verdict_text,
)
from sparsekin.report.notebook import Summarized
from sparsekin.results.hal.compare import HALComparisonFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALComparison(Summarized, HALComparisonFit):
    """Results of `MTHAL.compare`.

    Errors: `table`, `per_fold`. What they say: `verdict` in words, `methods` as numbers. Use: `summary`, `tidy`,
    `glance`, `plot_comparison`.
    """

    @property
    def verdict(self) -> str:
        """Lines, curves or trees, in words; the rule is `sparsekin.tuning.verdict.verdict`."""
        return verdict_text(self)

    def summary(self) -> Document:
        """Verdict and one table; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_hal_comparison(self)

    def tidy(self) -> pd.DataFrame:
        """One row per method, with the columns of broom; see `sparsekin.report.hal.compare.tidy_hal_comparison`."""
        return tidy_hal_comparison(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole comparison; see `sparsekin.report.hal.compare.glance_hal_comparison`."""
        return glance_hal_comparison(self)

    def plot_comparison(self, ax: Axes | None = None) -> Axes:
        """Differences to the best method, with error bars; see `sparsekin.plots.comparison.plot_comparison`."""
        return plot_comparison(self, ax)
