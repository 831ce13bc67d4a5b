"""The results of a multi-task HAL that a user holds: the data of a fit, with its tables, plots and file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparsekin.data.families import Levels
from sparsekin.data.prepare import Prepared
from sparsekin.hal.design import Design
from sparsekin.hal.path import Point
from sparsekin.hal.predict import outcome_bounds
from sparsekin.hal.problem import Problem
from sparsekin.hal.relax import relaxed
from sparsekin.hal.select import subset
from sparsekin.models.judging import Judging
from sparsekin.plots.hal.curves import plot_curves, plot_pair
from sparsekin.report.document import Document
from sparsekin.report.hal.summary import augment_hal, glance_hal, summarize_hal, tidy_hal
from sparsekin.results.hal.predicting import HALPredicting
from sparsekin.results.hal.store import load_hal, save_hal
from sparsekin.results.unavailable import Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALResults(Judging, HALPredicting):
    """Results of `MTHAL.fit`.

    Estimates: `variables`, `sections`, `params`, `support`, `selected`, `curve`, `surface`. The optimum: `objective`,
    `gap`, `status`. Fit: `nobs`, `n_obs`, `fittedvalues`, `resid`, `task_fit`, `performance`. Use: `predict`,
    `relax`, `summary`, `tidy`, `glance`, `augment`, `plot_curves`, `plot_pair`, `plot_calibration`, `plot_survival`,
    `save`, `load`.
    """

    homogeneity = Unavailable("it compares columns, and a MTHAL selects functions: see `sections`, shares in each task")
    certify = Unavailable("there is nothing left to prove: every fit has a duality gap over all functions, see `gap`")
    alternatives = Unavailable(
        "the problem is convex: other choices of functions are those at other lambdas, see path()"
    )
    stability = frequency = select = heterogeneity = Unavailable(
        "half-samples are drawn of SparseMTL only; of functions they have not been judged yet"
    )

    hold_out = Unavailable(
        "a fit holds only the functions it selects: cross_validate(...).refit() keeps what models without each fold say"
    )

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
        self, variables: str | Sequence[str] | None = None, *, ax: Axes | Sequence[Axes] | None = None
    ) -> list[Axes]:
        """Main effects, a line per task; see `sparsekin.plots.hal.curves.plot_curves`."""
        return plot_curves(self, variables, ax=ax)

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
        scaled=bool(np.any(problem.units != 1)),
    )  # fmt: skip


def n_column_sets(problem: Problem) -> int:
    """Sets of columns with a function."""
    basis = problem.design.basis
    return len({basis.columns_of(i) for i in range(len(basis.sections))})
