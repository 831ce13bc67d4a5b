"""The data of the cross-validation of a mixed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.forms.cross_validate import CellErrors


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormsCVFit:
    """Errors of what was held out, by d.

    ======= ============== ==================================================================
    field   shape          meaning
    ======= ============== ==================================================================
    errors  CellErrors     squared errors per d, fold and block
    target  str            "cells", or "y": rows, of which Y is predicted
    index   n              pandas Index of the user's data
    of_row  (n,) or None   fold that holds each row out, -1: none; None where cells are
    ======= ============== ==================================================================
    """

    errors: CellErrors
    target: str
    index: pd.Index
    of_row: np.ndarray | None

    def __repr__(self) -> str:
        tried = ", ".join(str(d) for d in self.errors.d)
        best, one_se = self.errors.best, self.errors.best_1se
        return f"<{type(self).__name__}: d = {tried}; best {best}, one standard error {one_se}>"

    @property
    def nobs(self) -> int:
        """Rows."""
        return len(self.index)

    @property
    def n_folds(self) -> int:
        """Folds that were finished."""
        return int(self.errors.mse.shape[1])

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
    def per_fold(self) -> pd.DataFrame:
        """(m, F) mean squared error of each fold; rows as in `table`."""
        return pd.DataFrame(self.errors.per_fold)

    @property
    def best(self) -> dict[str, int]:
        """The d of least mean error, as `MixedForms.fit` takes it."""
        return {"d": self.errors.best}

    @property
    def best_1se(self) -> dict[str, int]:
        """The least d whose mean error is within one standard error of the best."""
        return {"d": self.errors.best_1se}

    @property
    def folds(self) -> pd.Series | Unavailable:
        """(n,) fold that holds out each row, -1: none. Give it to the next run as `folds`."""
        if self.of_row is None:
            return Unavailable('cells of all rows were held out, not rows; target="y" holds rows out')
        return pd.Series(self.of_row, index=self.index, name="fold")
