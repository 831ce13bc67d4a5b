"""Cross-validation of the dimensions of a mixed form, as the user sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from sparsekin.models.forms_results import FormsResults
from sparsekin.options import check_option
from sparsekin.tuning.cells import CellErrors

if TYPE_CHECKING:
    from sparsekin.models.forms import MixedForms

Choice = Literal["best", "1se"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormsCV:
    """Errors of held-out cells by d: `table`, `best`, `best_1se`, `refit`.

    ======= ========== ================================================
    field   shape      meaning
    ======= ========== ================================================
    errors  CellErrors squared errors per d, fold and block
    model   MixedForms what was cross-validated
    options dict       algorithm, ridge, l1, orthogonal
    ======= ========== ================================================
    """

    errors: CellErrors
    model: MixedForms
    options: dict[str, Any]

    def __repr__(self) -> str:
        tried = ", ".join(str(d) for d in self.errors.d)
        return f"<{type(self).__name__}: d = {tried}; best {self.best}, one standard error {self.best_1se}>"

    @property
    def table(self) -> pd.DataFrame:
        """One row per d: mean and std_error of the mean squared error of held-out standardised cells; y, x, z apart.

        `mean` gives each block the same weight; with ``target="y"`` it is that of Y. After Ctrl-C they are
        those of the finished folds.
        """
        per_block = self.errors.per_block
        columns = {"d": self.errors.d, "mean": self.errors.mean, "std_error": self.errors.std_error}
        return pd.DataFrame(columns | {name: per_block[:, b] for b, name in enumerate("yxz")})

    @property
    def best(self) -> int:
        """The d of least mean error."""
        return self.errors.best

    @property
    def best_1se(self) -> int:
        """The least d whose mean error is within one standard error of the best."""
        return self.errors.best_1se

    def refit(self, choice: Choice = "1se") -> FormsResults:
        """Fit the chosen d to all cells."""
        check_option("choice", choice, get_args(Choice))
        return self.model.fit(d=self.best if choice == "best" else self.best_1se, **self.options)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormsBootstrap:
    """Loadings of resampled rows, turned towards those of the fit.

    ========== ============== ==================================================================
    field      shape          meaning
    ========== ============== ==================================================================
    estimates  frame          block, term, factor, estimate: the loadings of the fit
    loadings   (B, m)         loadings of each replicate, in the order of `estimates`
    level      float          coverage of the intervals
    ========== ============== ==================================================================
    """

    estimates: pd.DataFrame
    loadings: np.ndarray
    level: float

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.loadings)} replicates, {100 * self.level:g} % intervals>"

    @property
    def intervals(self) -> pd.DataFrame:
        """block, term, factor, estimate, conf_low, conf_high: percentiles of the turned replicates."""
        tail = (1 - self.level) / 2
        low, high = np.quantile(self.loadings, [tail, 1 - tail], axis=0)
        return self.estimates.assign(conf_low=low, conf_high=high)
