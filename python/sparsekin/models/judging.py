"""How well a fit predicts: pictures, and validation on new rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sparsekin.models.validating import validation_fields
from sparsekin.plots.calibration import plot_calibration
from sparsekin.plots.survival import plot_survival
from sparsekin.report.document import Document
from sparsekin.report.notebook import Summarized
from sparsekin.report.performance import summarize_validation
from sparsekin.results.performance import Performing
from sparsekin.results.validation import ValidationFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Pictures(Performing):
    """Pictures of predictions and outcomes."""

    __slots__ = ()

    def plot_calibration(
        self, *, rows: str | None = None, time: float | None = None, ax: Axes | Sequence[Axes] | None = None
    ) -> list[Axes]:
        """Observed against predicted outcomes; see `sparsekin.plots.calibration.plot_calibration`."""
        return plot_calibration(self, rows=rows, time=time, ax=ax)

    def plot_survival(self, *, rows: str | None = None, ax: Axes | Sequence[Axes] | None = None) -> list[Axes]:
        """Survival by thirds of predicted risk; see `sparsekin.plots.survival.plot_survival`."""
        return plot_survival(self, rows=rows, ax=ax)


class Validation(Summarized, Pictures, ValidationFit):
    """New rows beside what a fit predicts of them: `performance`, `summary`, `plot_calibration`, `plot_survival`."""

    __slots__ = ()

    def summary(self) -> Document:
        """A summary table; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_validation(self)


class Judging(Pictures):
    """The verbs of a fit about its predictions."""

    __slots__ = ()

    def validate(
        self, new: Any, y: Any = None, how: str = "task", task: Any = None, *, keep: Any = None, offset: Any = None,
        strata: Any = None,
    ) -> Validation:  # fmt: skip
        """Judge the fit on rows it has not seen, whose outcomes are known: external validation.

        Parameters
        ----------
        new : frame, or array of shape (n, p) when the fit was given arrays
            Rows with the columns of the formula, outcomes, offset() and strata() too. Rows where any is missing are
            left out.
        y : array, optional
            Outcomes, when the fit was given arrays; as for the model.
        how, task, keep, offset, strata
            As for `predict`; strata of arrays are needed here too. With another `how` than "task" the rows may be of
            any studies; each is judged by itself where the task column, or `task`, names them.

        Returns
        -------
        Validation
            With `performance` (as that of the fit, rows "new rows"), `summary`, `plot_calibration` and
            `plot_survival`. Survival times of known tasks are predicted by the baseline hazard of their task and
            stratum.

        Raises
        ------
        DataError
            A column is not there, outcomes are none of the family, no row is complete, or as for `predict`.
        OptionError
            `y` is missing, or not asked for; tasks are outcomes of one X; or as for `predict`.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((400, 5))
        >>> ill = rng.random(400) < 1 / (1 + np.exp(-2 * X[:, 1]))
        >>> site = np.tile(["north", "south"], 200)
        >>> res = SparseMTL(ill[:200], X[:200], site[:200], family="binomial").fit(s=1)
        >>> res.validate(X[200:], ill[200:], task=site[200:]).performance["auc"].round(2).tolist()
        [0.85, 0.92]
        """
        return Validation(**validation_fields(self, new, y, how, task, keep, offset, strata))
