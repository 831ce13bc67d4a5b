"""The results a user holds: the data of a fit, with its tables, plots and file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sparsekin.plots.support import plot_support
from sparsekin.report.document import Document
from sparsekin.report.summary import summarize
from sparsekin.report.tidy import augment, glance, tidy
from sparsekin.results.sparse import SparseFit
from sparsekin.results.store import load_fit, save_fit
from sparsekin.results.unavailable import Unavailable

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
