"""What a mixed form answers of the questions every result is asked, and why it does not answer the others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sparsekin.data.forms_design import FormsDesign
from sparsekin.data.frame import RowLedger
from sparsekin.data.rows import Codes
from sparsekin.results.forms.fit import BLOCKS, FormsFit
from sparsekin.results.unavailable import Unavailable

_NO_SELECTION = "a mixed form selects no columns: all have loadings, see `params`"
_NO_ERRORS = (
    "signs and rotations of loadings are arbitrary, so an error of one of them alone has no meaning; bootstrap() turns "
    "replicates towards the fit and gives intervals"
)


class FormsContract(FormsFit):
    """The common questions, answered from the data of the fit."""

    __slots__ = ()

    support = Unavailable(_NO_SELECTION)
    selected = Unavailable(_NO_SELECTION)
    homogeneity = Unavailable(_NO_SELECTION)
    task_fit = Unavailable("tasks share all codes and loadings; see `variance_explained` and `task_shifts`")
    performance = plot_calibration = validate = Unavailable(
        "outcomes are numbers, and several: see `variance_explained`"
    )
    hold_out = Unavailable("cross_validate(target='y') holds rows out")
    certify = Unavailable("the problem is not convex and no bound is known; starts= looks for a better fit")
    alternatives = Unavailable(_NO_SELECTION)
    stability = frequency = select = heterogeneity = Unavailable(_NO_SELECTION)
    bse = Unavailable(_NO_ERRORS)
    pvalues = Unavailable(_NO_ERRORS)

    @property
    def se_kind(self) -> str:
        """What kind of standard errors the fit has: "none"."""
        return "none"

    def conf_int(self) -> Unavailable:
        """Confidence intervals: not available, and why."""
        return Unavailable(_NO_ERRORS)

    @property
    def params(self) -> pd.DataFrame:
        """(q + p_x + p_z, d) loadings of all blocks, by block and term: `alpha`, `beta` and `u`."""
        parts = dict(zip(BLOCKS, (self.alpha, self.beta, self.u), strict=True))
        return pd.concat(parts, names=["block", "term"])

    @property
    def n_obs(self) -> pd.Series | Unavailable:
        """(K,) rows per task; rows without a task are in none."""
        return rows_per_task(self.design, self.task_codes)

    @property
    def ledger(self) -> RowLedger:
        """Rows given and used: all, since missing cells are unknowns of the fit."""
        return full_ledger(self.nobs, self.n_obs)


def rows_per_task(design: FormsDesign, task_codes: Codes) -> pd.Series | Unavailable:
    """(K,) rows of each task."""
    if design.task is None:
        return Unavailable("the model has no tasks")
    labels = pd.Index(list(design.task_names), name=design.task, tupleize_cols=False)
    known = task_codes[task_codes >= 0]
    return pd.Series(np.bincount(known, minlength=len(labels)), index=labels, name="n")


def full_ledger(n: int, n_obs: pd.Series | Unavailable) -> RowLedger:
    """The ledger of a fit that drops no row."""
    per_task = {} if isinstance(n_obs, Unavailable) else n_obs.to_dict()
    return RowLedger(n, n, (), tuple((task, int(rows), int(rows)) for task, rows in per_task.items()))
