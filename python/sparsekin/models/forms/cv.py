"""Cross-validation of the dimensions of a mixed form, as the user sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from sparsekin.models.forms.results import FormsResults
from sparsekin.options import check_option
from sparsekin.plots.forms.cv import plot_forms_cv
from sparsekin.report.document import Document
from sparsekin.report.forms.cv import glance_forms_cv, summarize_forms_cv, tidy_forms_cv
from sparsekin.report.notebook import Summarized
from sparsekin.results.forms.cv import FormsCVFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormsCV(Summarized, FormsCVFit):
    """Results of `MixedForms.cross_validate`.

    Errors: `table`, `per_fold`. The choice: `best`, `best_1se`, `refit`. Use: `folds`, `summary`, `tidy`, `glance`,
    `plot_cv`.

    The fields of `FormsCVFit`, and `fit`: function of d, the fit to all cells by the same options.
    """

    fit: Callable[[int], FormsResults]

    def refit(self, which: Literal["best", "1se"] = "best") -> FormsResults:
        """Fit all cells at the d chosen.

        Parameters
        ----------
        which : {"best", "1se"}
            The least mean error, or the least d within one standard error of it.

        Returns
        -------
        FormsResults

        Raises
        ------
        OptionError
            `which` is neither.
        """
        check_option("which", which, ("best", "1se"))
        return self.fit(self.errors.best if which == "best" else self.errors.best_1se)

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_forms_cv(self)

    def tidy(self) -> pd.DataFrame:
        """One row per d, with the columns of broom; see `sparsekin.report.forms.cv.tidy_forms_cv`."""
        return tidy_forms_cv(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole run; see `sparsekin.report.forms.cv.glance_forms_cv`."""
        return glance_forms_cv(self)

    def plot_cv(self, ax: Axes | None = None) -> Axes:
        """Error over d with one-standard-error bars; see `sparsekin.plots.forms.cv.plot_forms_cv`."""
        return plot_forms_cv(self, ax)
