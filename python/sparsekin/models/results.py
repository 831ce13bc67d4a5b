"""The results a user holds: the data of a fit, with its tables, plots and file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sparsekin.data.prepare import Prepared
from sparsekin.l0.problem import Problem
from sparsekin.l0.solution import Solution
from sparsekin.plots.support import plot_support
from sparsekin.report.document import Document
from sparsekin.report.summary import summarize
from sparsekin.report.tidy import augment, glance, tidy
from sparsekin.results.sparse import SparseFit
from sparsekin.results.store import load_fit, save_fit
from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.stacking import Stacking

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SparseResults(SparseFit):
    """Results of `SparseMTL.fit`.

    Estimates: `params`, `support`, `selected`, `homogeneity`. The optimum: `objective`, `bound`, `gap`, `status`,
    `swap_optimal`, `swap_gain`. Fit: `nobs`, `n_obs`, `fittedvalues`, `resid`, `task_fit`, `rsquared`, `rmse`,
    `resid_sd`. Use: `predict`, `summary`, `tidy`, `glance`, `augment`, `plot_support`, `save`, `load`.
    """

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize(self)

    def tidy(self) -> pd.DataFrame:
        """One row per term and task; see `sparsekin.report.tidy.tidy`."""
        return tidy(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole fit; see `sparsekin.report.tidy.glance`."""
        return glance(self)

    def augment(self, data: object = None) -> pd.DataFrame | Unavailable:
        """Fitted values and residuals per row; see `sparsekin.report.tidy.augment`."""
        return augment(self, data)

    def plot_support(self, ax: Axes | None = None, *, max_features: int = 60) -> Axes:
        """Heatmap of features and tasks; see `sparsekin.plots.support.plot_support`."""
        return plot_support(self, ax, max_features=max_features)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fit, the data it was fitted to included, to one .npz file (arrays and JSON, no pickle)."""
        save_fit(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SparseResults:
        """Read a fit written by `save`. A formula is evaluated when predicting: load only files you trust.

        Raises
        ------
        DataError
            The file is not a saved fit, or was written by a later version of sparsekin.
        """
        return cls(**load_fit(path))


def results_of(
    prepared: Prepared, problem: Problem, solution: Solution, effort: int, stacking: Stacking | None = None
) -> SparseResults:
    """A solution of `problem` as the user sees it."""
    return SparseResults(
        blocks=prepared.blocks, design=prepared.design, ledger=prepared.ledger, row_positions=prepared.row_positions,
        index=prepared.index, standard=problem.standard, solution=solution, s=problem.s, lambda_1=problem.lambda_1,
        lambda_2=problem.lambda_2, lambda_z=problem.lambda_z, support_mode=problem.support,
        task_weights=problem.task_weights, effort=effort, stacking=stacking,
    )  # fmt: skip
