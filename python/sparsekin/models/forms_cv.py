"""Cross-validation of the dimensions of a mixed form, as the user sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from sparsekin.models.forms_results import FormsResults
from sparsekin.options import check_option
from sparsekin.tuning.cells import CellErrors

Choice = Literal["best", "1se"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormsCV:
    """Errors of held-out cells by d: `table`, `best`, `best_1se`, `refit`.

    ======= ========== ======================================================
    field   shape      meaning
    ======= ========== ======================================================
    errors  CellErrors squared errors per d, fold and block
    fit     function   of d: the fit to all cells, by the same options
    ======= ========== ======================================================
    """

    errors: CellErrors
    fit: Callable[[int], FormsResults]

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
        return self.fit(self.best if choice == "best" else self.best_1se)
