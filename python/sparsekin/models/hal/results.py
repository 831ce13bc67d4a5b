"""The results of a multi-task HAL that a user holds: the data of a fit, with its tables, plots and file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sparsekin.data.families import Levels
from sparsekin.data.prepare import Prepared
from sparsekin.errors import OptionError
from sparsekin.hal.design import Design
from sparsekin.hal.path import Point
from sparsekin.hal.predict import outcome_bounds
from sparsekin.hal.problem import Problem
from sparsekin.hal.relax import relaxed
from sparsekin.hal.select import subset
from sparsekin.inference.curves import draw_curve_halves
from sparsekin.models.hal.intervals import hal_prediction_intervals
from sparsekin.models.halving import check_halving, warn_of_missing
from sparsekin.models.intervals import check_goes_with
from sparsekin.models.judging import Judging
from sparsekin.options import Scale, check_option
from sparsekin.plots.hal.curves import plot_curves, plot_pair
from sparsekin.report.document import Document
from sparsekin.report.hal.summary import augment_hal, glance_hal, summarize_hal, tidy_hal
from sparsekin.report.notebook import Summarized
from sparsekin.results.hal.predicting import HALPredicting
from sparsekin.results.hal.store import load_hal, save_hal
from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.split import Rng

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALResults(Summarized, Judging, HALPredicting):
    """Results of `MTHAL.fit`.

    Estimates: `variables`, `sections`, `params`, `support`, `selected`, `curve`, `surface`. How sure: `stability`,
    `frequency`, `variable_frequency`, `band`. The optimum: `objective`, `gap`, `status`. Fit: `nobs`, `n_obs`,
    `fittedvalues`, `resid`, `task_fit`, `performance`. Use: `predict`, `relax`, `summary`, `tidy`, `glance`,
    `augment`, `plot_curves`, `plot_pair`, `plot_calibration`, `plot_survival`, `save`, `load`.
    """

    homogeneity = Unavailable("it compares columns, and a MTHAL selects functions: see `sections`, shares in each task")
    certify = Unavailable("there is nothing left to prove: every fit has a duality gap over all functions, see `gap`")
    alternatives = Unavailable(
        "the problem is convex: other choices of functions are those at other lambdas, see path()"
    )
    select = heterogeneity = Unavailable(
        "a fit at the lambda of cross-validation takes in many sets of variables a little, so that no cut of their "
        "frequencies promises much: see stability().frequency and band()"
    )
    hold_out = Unavailable(
        "a fit holds only the functions it selects: cross_validate(...).refit() keeps what models without each fold say"
    )

    def stability(
        self, pairs: int = 50, *, rng: Rng = None, groups: object = None, retune: bool = False,
        n_jobs: int | None = None, progress: bool = False,
    ) -> HALResults:  # fmt: skip
        """How sure are the functions: choose them again on halves of the rows, and refit them on the other halves.

        Complementary half-samples within each task (Shah and Samworth 2013), each fitted at the lambda of this fit.
        The share of halves that choose a set of variables says whether it would come back; curves come from the rows
        that did not choose, without the penalty, so that bands allow for the choice.

        Parameters
        ----------
        pairs : int
            2 half-samples each; at least 10.
        rng : int, numpy.random.Generator or None
        groups : array of shape (n_given,), optional
            Rows of one group (one patient) stay in one half, across tasks too, and standard errors are of groups.
        retune : bool
            Not available: every half has the lambda of this fit.
        n_jobs : int, optional
            As in joblib.
        progress : bool
            Show a bar (needs tqdm).

        Returns
        -------
        HALResults
            With `frequency`, `variable_frequency`, `band`, and the halves in `summary`, `tidy` and `plot_curves`.
            Ctrl-C keeps finished pairs.

        Raises
        ------
        OptionError
            `pairs` is not a whole number of at least 10, or the fit was read from a file.
        DataError
            A task has fewer than 4 rows or 2 groups, or `groups` does not fit the rows.

        Warns
        -----
        InterruptedWarning
            Ctrl-C.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import MTHAL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.uniform(-2, 2, (200, 3))
        >>> y = np.sin(2 * X[:, 0]) + 0.3 * rng.standard_normal(200)
        >>> sure = MTHAL(y, X, max_degree=1).fit(0.05).stability(pairs=10, rng=0)
        >>> sure.variable_frequency["any"].tolist()
        [1.0, 0.65, 0.3]
        """
        check_option("retune", retune, (False, True))
        if retune:
            Unavailable(
                "halves are fitted at the lambda of the fit; cross_validate().refit() tunes it, and stability() of "
                "that has halves"
            )()
        problem = self._full_problem("stability()")
        codes = check_halving(self, pairs, groups)
        drawn = draw_curve_halves(
            problem, self.lambda_, pairs=pairs, rng=rng, groups=codes, n_jobs=n_jobs, progress=progress
        )
        warn_of_missing(drawn.halves // 2, pairs)
        return replace(self, halves=drawn)

    def predict(
        self, new: object = None, how: Literal["task", "mean"] = "task", task: object = None, *, keep: object = None,
        type: Scale | None = None, times: object = None, offset: object = None, strata: object = None,
        interval: Literal["prediction"] | None = None, level: float = 0.9, folds: int = 10, rng: Rng = 0,
        retune: bool = False,
    ) -> pd.Series | pd.DataFrame:  # fmt: skip
        """Predict the outcome of new rows, as `HALPredicting.predict`, with intervals on request.

        Parameters
        ----------
        new, how, task, keep, type, times, offset, strata
            See `HALPredicting.predict`.
        interval : {"prediction"}, optional
            Ends between which the outcome of a new row of a task is expected: CV+ (Barber et al. 2021) from the
            residuals of rows held out within the tasks, at the lambda of this fit, whatever the distribution of the
            errors. Gaussian outcomes, ``how="task"``.
        level : float
            Share of new rows to cover, on average over data sets.
        folds : int
        rng : int, numpy.random.Generator or None
            Of the folds; by default the same ones every time.
        retune : bool
            Choose lambda anew without each fold, by 5-fold cross-validation of its own: intervals then allow for the
            tuning too. About `folds` times as slow as a cross-validation.
            The points stay those of this fit, the ends are of the models that were tuned: ask it of a fit by
            ``cross_validate().refit()``, or points may lie outside their intervals.

        Returns
        -------
        Series or DataFrame
            See `HALPredicting.predict`; with `interval` a DataFrame with columns predicted, lower and upper (outcomes
            of one design: these for each outcome). Infinite where a task has fewer than 1 / (1 - level) - 1 rows.

        Raises
        ------
        OptionError, DataError
            As `HALPredicting.predict`; no new rows, another `how` or family with `interval`, `level` out of range,
            `folds` no whole number of at least 2, `level`, `folds` or `retune` without `interval`, a task with too few
            rows for the folds (with `retune` 4, with 2 folds 8), or the fit was read from a file.
        KeyboardInterrupt
            Ctrl-C: all folds are needed.

        Warns
        -----
        DataWarning
            With `retune`, points that lie outside their interval.
        """
        check_goes_with(interval, level, folds, retune)
        found = HALPredicting.predict(
            self, new, how, task, keep=keep, type=type, times=times, offset=offset, strata=strata
        )
        if interval is None:
            return found
        return hal_prediction_intervals(
            self, self._full_problem("interval='prediction'"), found, new, how, task, keep, level, folds, rng, retune
        )

    def _full_problem(self, asked: str) -> Problem:
        if self.problem is None:
            raise OptionError(
                f"{asked} needs all functions that could be chosen, and a file keeps the selected ones only: fit the "
                "model again, and ask before saving."
            )
        return self.problem

    def relax(self) -> HALResults:
        """The functions selected, refitted per task without the penalty and without signs held.

        By least squares, or maximum likelihood in tasks that are not gaussian. Where functions are collinear among the
        rows of a task, their coefficients of least norm; kept terms come first, so a function they give has 0.

        Raises
        ------
        SolverError
            The functions tell some outcomes of a task for certain.
        """
        basis = self.basis
        design = Design(basis, self.blocks.X)
        coef, intercept, keep_coef = relaxed(self.blocks, design, np.arange(basis.size), self.families)
        return replace(
            self,
            coef=coef,
            intercept=intercept,
            keep_coef=keep_coef,
            gap=np.nan,
            objective=np.nan,
            status="relaxed",
            held_out=None,
        )

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_hal(self)

    def tidy(self) -> pd.DataFrame:
        """One row per term and task; see `sparsekin.report.hal.summary.tidy_hal`."""
        return tidy_hal(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole fit; see `sparsekin.report.hal.summary.glance_hal`."""
        return glance_hal(self)

    def augment(self, data: object = None) -> pd.DataFrame:
        """Fitted values and residuals per row; see `sparsekin.report.hal.summary.augment_hal`."""
        return augment_hal(self, data)

    def plot_curves(
        self, variables: str | Sequence[str] | None = None, *, ax: Axes | Sequence[Axes] | None = None,
        level: float = 0.95,
    ) -> list[Axes]:  # fmt: skip
        """Main effects, a line per task, with bands after `stability`; see `sparsekin.plots.hal.curves.plot_curves`."""
        return plot_curves(self, variables, ax=ax, level=level)

    def plot_pair(self, first: str, second: str, *, ax: Axes | Sequence[Axes] | None = None) -> list[Axes]:
        """Interaction of two variables as a map per task; see `sparsekin.plots.hal.curves.plot_pair`."""
        return plot_pair(self, first, second, ax=ax)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fit, the data it was fitted to included, to one .npz file (arrays and JSON, no pickle)."""
        save_hal(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> HALResults:
        """Read a fit written by `save`. Nothing in the file is run: its formula can only call what formulas may call.

        Raises
        ------
        DataError
            The file is not a saved fit, or was written by a later version of sparsekin.
        """
        return cls(**load_hal(path))


def hal_results_of(
    prepared: Prepared, problem: Problem, levels: tuple[Levels | None, ...], point: Point, tolerance: float
) -> HALResults:
    """A point of the path as the user sees it."""
    basis = problem.design.basis
    return HALResults(
        blocks=prepared.blocks, design=prepared.design, ledger=prepared.ledger, row_positions=prepared.row_positions,
        index=prepared.index, basis=subset(basis, point.functions), coef=point.coef, intercept=point.intercept,
        keep_coef=point.keep_coef, bounds=outcome_bounds(prepared.blocks, problem.families),
        families=problem.families, levels=levels, lambda_=point.lambda_, penalty=problem.penalty.name,
        l1_ratio=problem.penalty.ratio, linear=problem.linear, n_functions=basis.size,
        n_sections=n_column_sets(problem), objective=point.objective, gap=point.gap, null=problem.null_objective,
        status="converged" if point.gap <= tolerance else "not converged",
        scaled=bool(np.any(problem.units != 1)), problem=problem,
    )  # fmt: skip


def n_column_sets(problem: Problem) -> int:
    """Sets of columns with a function."""
    basis = problem.design.basis
    return len({basis.columns_of(i) for i in range(len(basis.sections))})
