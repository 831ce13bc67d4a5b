"""The path a user holds: its tables, its plot, and the fit at any of its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sparsekin.errors import SolverError
from sparsekin.models.sparse.results import SparseResults, results_of
from sparsekin.plots.sparse.path import plot_path
from sparsekin.report.document import Document
from sparsekin.report.notebook import Summarized
from sparsekin.report.sparse.path import glance_path, summarize_path
from sparsekin.results.naming import row_number
from sparsekin.results.sparse.path import PathFit, row_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PathResults(Summarized, PathFit):
    """Fits of `SparseMTL.path`.

    Fits: `path[i]`, `at`, `select`. Tables: `table`, `coef_table`, `criterion`, `summary`, `tidy`, `glance`. Picture:
    `plot_path`.
    """

    def __getitem__(self, i: int) -> SparseResults:
        """The fit at row `i` of `table`."""
        m, i = len(self), row_number(i, "The settings of a path")
        if not -m <= i < m:
            raise IndexError(f"The path has {m} settings, numbered 0 to {m - 1}; there is none numbered {i}.")
        i = i % m
        if not self.grid.finished[i]:
            raise SolverError(f"Ctrl-C came before setting {i} was solved; run the path again.")
        return results_of(
            self.prepared, self.grid.settings.at(self.grid.problem, i), self.grid.solution(i), self.effort
        )

    def at(
        self,
        s: int | None = None,
        lambda_1: float | None = None,
        lambda_2: float | None = None,
        lambda_z: float | None = None,
    ) -> SparseResults:
        """The fit at the setting of these values, as `table` prints them; what the path did not vary may be left out.

        Raises
        ------
        OptionError
            No setting has them, or several have.
        """
        named = {"s": s, "lambda_1": lambda_1, "lambda_2": lambda_2, "lambda_z": lambda_z}
        return self[row_at(self.grid.settings, named)]

    def select(self, gamma: float = 1.0) -> SparseResults:
        """The fit with the smallest extended BIC; see `criterion`.

        Raises
        ------
        SolverError
            No setting has fewer parameters than rows in every task.
        """
        values = np.nan_to_num(self.criterion(gamma).to_numpy(), nan=np.inf)
        if not np.isfinite(values).any():
            raise SolverError("The criterion is finite at no setting: every one has as many parameters as rows.")
        return self[int(values.argmin())]

    def tidy(self) -> pd.DataFrame:
        """One row per setting, task and selected feature: `coef_table`."""
        return self.coef_table()

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_path(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole path; see `sparsekin.report.sparse.path.glance_path`."""
        return glance_path(self)

    def plot_path(
        self,
        ax: Axes | None = None,
        *,
        x: Literal["s", "lambda_1", "lambda_2", "lambda_z"] | None = None,
        at: dict[str, float] | None = None,
        kind: Literal["norm", "tasks"] = "norm",
        max_labels: int = 10,
    ) -> Axes:
        """Curves of features over a tuning parameter; see `sparsekin.plots.sparse.path.plot_path`."""
        return plot_path(self, ax, x=x, at=at, kind=kind, max_labels=max_labels)
