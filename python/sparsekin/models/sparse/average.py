"""The average a user holds: the mean of the best settings of a cross-validation, with its tables, picture and file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sparsekin.data.prepare import Prepared
from sparsekin.data.standardize import Standardization
from sparsekin.l0.solution import Solution
from sparsekin.models.intervals import check_goes_with
from sparsekin.models.judging import Judging
from sparsekin.models.sparse.results import SparseResults
from sparsekin.options import PredictHow, Scale
from sparsekin.plots.sparse.support import plot_support
from sparsekin.report.document import Document
from sparsekin.report.notebook import Summarized
from sparsekin.report.sparse.average import glance_average, summarize_average, tidy_average
from sparsekin.report.sparse.tidy import augment
from sparsekin.results.sparse.average import MEMBERS, AverageFit
from sparsekin.results.sparse.store import load_average, save_average
from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.split import Rng

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NO_INTERVAL = Unavailable(
    "intervals are of one setting without each fold, and an average has many: predict(interval='prediction') of "
    'refit("best"), or of best_member'
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AverageResults(Summarized, Judging, AverageFit):
    """Results of ``refit("average")`` of a cross-validation: the mean of its best settings.

    A prediction is the mean of the predictions of the settings averaged (`members`), and a coefficient the mean of
    their coefficients; of yes/no outcomes, counts and survival times, the prediction that is a mean is the linear
    predictor. For reading, coefficients below `cut` times the largest of their task are left out.

    What was averaged: `members`, `inclusion_weights`, `best_member`, `verdict`. Estimates: `params`, `support`,
    `selected`, `homogeneity`. Reading: `cut`, `at_cut`, `cut_to`. Fit: `nobs`, `n_obs`, `fittedvalues`, `resid`,
    `task_fit`, `rsquared`, `rmse`. Use: `predict`, `summary`, `tidy`, `glance`, `augment`, `plot_support`, `save`,
    `load`. What only one fit has (`objective`, `certify`, ...) says so; `best_member` has it.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sparsekin import SparseMTL
    >>> from sparsekin.models.sparse.average import average_of
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.standard_normal((60, 4)), columns=["age", "bmi", "crp", "ldl"])
    >>> y = 2 * X["bmi"] - X["ldl"] + 0.1 * rng.standard_normal(60)
    >>> model = SparseMTL(y, X, np.repeat(["north", "south"], 30))
    >>> fits = [model.fit(s=2, lambda_1=0.1), model.fit(s=1)]
    >>> members = pd.DataFrame({"family": "share", "s": [2, 1], "lambda_1": [0.1, 0.0], "mean": [0.11, 0.4]})
    >>> members[["lambda_2", "lambda_z"]] = 0.0
    >>> solutions = [fit.solution for fit in fits]
    >>> average = average_of(model._prepared, fits[0].standard, members, solutions, "Share supports.", fits[0])
    >>> average.selected, float(average.inclusion_weights.loc["ldl", "south"])
    (['bmi', 'ldl'], 0.5)
    >>> bool(np.allclose(average.predict(), (fits[0].predict() + fits[1].predict()) / 2))
    True
    """

    best_member: SparseResults | None = None
    cut: float = 0.05

    def predict(
        self, new: object = None, how: PredictHow = "task", task: object = None, *, keep: object = None,
        labelled: object = None, type: Scale | None = None, times: object = None,
        offset: object = None, strata: object = None, interval: Literal["prediction"] | None = None, level: float = 0.9,
        folds: int = 10, rng: Rng = 0, retune: bool = False,
    ) -> pd.Series | pd.DataFrame:  # fmt: skip
        """Predict the outcome of new rows, as `GeneralizedFit.predict`.

        Parameters
        ----------
        new, how, task, keep, labelled, type, times, offset, strata
            See `GeneralizedFit.predict`.
        interval, level, folds, rng, retune
            As of `SparseResults.predict`; not available of an average.

        Returns
        -------
        Series or DataFrame
            See `GeneralizedFit.predict`.

        Raises
        ------
        OptionError, DataError
            As `GeneralizedFit.predict`.
        SparsekinError
            An interval is asked for.
        """
        check_goes_with(interval, level, folds, retune)
        if interval is not None:
            _NO_INTERVAL()
        return AverageFit.predict(
            self, new, how, task, keep=keep, labelled=labelled, type=type, times=times, offset=offset, strata=strata
        )

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_average(self)

    def tidy(self, exponentiate: bool = False) -> pd.DataFrame:
        """One row per term and task; see `sparsekin.report.sparse.average.tidy_average`."""
        return tidy_average(self, exponentiate)

    def glance(self) -> pd.DataFrame:
        """One row for the whole average; see `sparsekin.report.sparse.average.glance_average`."""
        return glance_average(self)

    def augment(self, data: object = None) -> pd.DataFrame | Unavailable:
        """Fitted values and residuals per row; see `sparsekin.report.sparse.tidy.augment`."""
        return augment(self, data)

    def plot_support(self, ax: Axes | None = None, *, max_features: int = 60) -> Axes:
        """Heatmap of features and tasks; see `sparsekin.plots.sparse.support.plot_support`."""
        return plot_support(self, ax, max_features=max_features)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the average, its best member and the data included, to one .npz file (arrays and JSON, no pickle)."""
        save_average(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> AverageResults:
        """Read an average written by `save`. Nothing in the file is run: formulas only call what formulas may call.

        Raises
        ------
        DataError
            The file is not a saved average, or was written by a later version of sparsekin.
        """
        return cls(**load_average(path, SparseResults))


def average_of(
    prepared: Prepared,
    standard: Standardization,
    members: pd.DataFrame,
    models: Iterable[Models | Solution],
    verdict: str,
    best_member: SparseResults | None = None,
) -> AverageResults:
    """The mean of some models of the same rows.

    Parameters
    ----------
    prepared : Prepared
    standard : Standardization
        The scale on which coefficients are compared.
    members : DataFrame
        One row per model, best first, with the columns of `AverageFit.members`.
    models : iterable of Models or Solution
        In the order of `members`, all of the same weight; one at a time is looked at.
    verdict : str
    best_member : SparseResults, optional
        The first of `members` as a fit of its own, to the same rows.

    Returns
    -------
    AverageResults
    """
    blocks, m = prepared.blocks, len(members)
    shape, K = (blocks.n_features, blocks.n_tasks), blocks.n_tasks
    intercept, coef, keep_coef = np.zeros(K), np.zeros(shape), np.zeros((blocks.keep.shape[1], K))
    selected = np.zeros(shape)
    for _, one in zip(range(m), models, strict=True):
        intercept += one.intercept
        coef += one.coef
        keep_coef += one.keep_coef
        selected += one.coef != 0
    return AverageResults(
        blocks=blocks, design=prepared.design, ledger=prepared.ledger, row_positions=prepared.row_positions,
        index=prepared.index, standard=standard, intercept=intercept / m, coef=coef / m, keep_coef=keep_coef / m,
        inclusion=selected / m, members=members.assign(weight=1 / m)[list(MEMBERS)].reset_index(drop=True),
        verdict=verdict, best_member=best_member,
    )  # fmt: skip
