"""The comparison a user holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sparsekin.plots.comparison import plot_comparison
from sparsekin.report.document import Document
from sparsekin.report.notebook import Summarized
from sparsekin.report.sparse.compare import glance_comparison, summarize_comparison, tidy_comparison, verdict_text
from sparsekin.results.sparse.compare import ComparisonFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison(Summarized, ComparisonFit):
    """Results of `SparseMTL.compare`.

    Errors: `table`, `per_fold`, `unavailable`. What they say: `verdict` in words, `families` and `methods` as numbers.
    Use: `summary`, `tidy`, `glance`, `plot_comparison`.
    """

    @property
    def verdict(self) -> str:
        """Pool, share or separate, in words; the rule is `sparsekin.tuning.verdict.verdict`."""
        return verdict_text(self)

    def summary(self) -> Document:
        """Verdict and one table; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_comparison(self)

    def tidy(self) -> pd.DataFrame:
        """One row per method, with the columns of broom; see `sparsekin.report.sparse.compare.tidy_comparison`."""
        return tidy_comparison(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole comparison; see `sparsekin.report.sparse.compare.glance_comparison`."""
        return glance_comparison(self)

    def plot_comparison(self, ax: Axes | None = None) -> Axes:
        """Differences to the best method, with error bars; see `sparsekin.plots.comparison.plot_comparison`."""
        return plot_comparison(self, ax)
