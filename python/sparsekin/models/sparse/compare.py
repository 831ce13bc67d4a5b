"""The comparison a user holds."""

from __future__ import annotations

from dataclasses import dataclass

from sparsekin.report.document import Document
from sparsekin.report.sparse.cv import summarize_comparison
from sparsekin.results.sparse.compare import ComparisonFit


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison(ComparisonFit):
    """Results of `SparseMTL.compare`: `table`, `per_fold`, `unavailable`, `summary`."""

    def summary(self) -> Document:
        """One table; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_comparison(self)
