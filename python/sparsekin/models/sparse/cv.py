"""The cross-validation a user holds: its tables, its plot, and the fit it suggests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools
from sparsekin.data.sources.stored import passes_from_now
from sparsekin.errors import DataWarning, warn
from sparsekin.l0.disk.solve import solve_on_disk
from sparsekin.l0.grid import cross, solve_grid
from sparsekin.l0.problem import Problem
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import solve
from sparsekin.models.sparse.held_out import tuned
from sparsekin.models.sparse.results import SparseResults, results_of
from sparsekin.options import check_option
from sparsekin.plots.sparse.cv import plot_cv
from sparsekin.report.document import Document
from sparsekin.report.notebook import Summarized
from sparsekin.report.sparse.cv import glance_cv, summarize_cv, tidy_cv
from sparsekin.results.sparse.cv import CVFit
from sparsekin.tuning.sparse.cross_validate import stacking_folds, stacking_weights
from sparsekin.tuning.sparse.edges import edges
from sparsekin.tuning.sparse.stacking import Stacking

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CVResults(Summarized, CVFit):
    """Results of `SparseMTL.cross_validate`.

    Errors: `table`, `per_task`, `per_fold`. The choice: `best`, `best_1se`, `refit`. Use: `folds`, `summary`, `tidy`,
    `glance`, `plot_cv`.
    """

    def refit(self, which: Literal["best", "1se"] = "best") -> SparseResults:
        """Fit all rows at the setting chosen.

        With several tasks of one outcome the fit carries stacking weights, from predictions of rows held out within
        the tasks at that setting, for ``predict(new, how="stack")``. Where not all outcomes are gaussian these are by
        deviance, and it carries what models at that setting, without each fold, say of its rows: see
        `SparseResults.performance`. Of columns on disk it has neither.

        Parameters
        ----------
        which : {"best", "1se"}
            The best mean, or the sparsest setting within one standard error of it (where tasks are left out, of the
            difference to it).

        Returns
        -------
        SparseResults

        Raises
        ------
        OptionError
            `which` is neither.
        """
        check_option("which", which, ("best", "1se"))
        found = self._at(self.best_index if which == "best" else self.best_1se_index)
        return found if self.problem.losses is None or self.passes else tuned(found, self.errors.folds)

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_cv(self)

    def tidy(self) -> pd.DataFrame:
        """One row per setting, with the columns of broom; see `sparsekin.report.sparse.cv.tidy_cv`."""
        return tidy_cv(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole run; see `sparsekin.report.sparse.cv.glance_cv`."""
        return glance_cv(self)

    def plot_cv(self, ax: Axes | None = None) -> Axes:
        """Curve of the metric with one-standard-error bars; see `sparsekin.plots.sparse.cv.plot_cv`."""
        return plot_cv(self, ax)

    def warn_of_edges(self, given: Collection[str], among: Bools | None = None) -> None:
        """Name what is best at an end of what was tried; see `sparsekin.tuning.sparse.edges.edges`."""
        if np.isnan(self.losses).all() or (best := self.best_index) == len(self.errors.settings):
            return
        alike = not bool((self.errors.jaccard[best] < 1).any())
        found = edges(
            self.problem, self.errors.settings, self.losses, best, given, alike=alike, zero=self.with_zero, among=among
        )
        for text in found:
            warn(text, DataWarning)

    def _at(self, i: int) -> SparseResults:
        """The fit of all rows at the i-th setting of `table`."""
        problem = self.tried.settings.at(self.problem, i)
        if self.passes is not None:
            passes = passes_from_now(problem.blocks)
            found = solve_on_disk(problem, effort=self.effort)
            return replace(results_of(self.prepared, problem, found, self.effort), passes=passes())
        return results_of(self.prepared, problem, self._solve(problem), self.effort, self._stacking(i))

    def _solve(self, problem: Problem) -> Solution:
        """The better of a search from scratch and the walk over all lambda_z that the folds saw."""
        if not problem.s.any():
            return solve_grid(problem, cross([0], [0.0], [0.0], [0.0])).solution(0)
        fresh = solve(problem, effort=self.effort)
        shared = np.append(self.errors.settings.lambda_z, problem.lambda_z)
        line = cross([int(problem.s[0])], [problem.lambda_1], [problem.lambda_2], shared)
        grid = solve_grid(self.problem, line, effort=self.effort)
        at = int(np.flatnonzero(grid.settings.lambda_z == problem.lambda_z)[0])
        if not grid.finished[at] or grid.objective[at] >= fresh.objective * (1 - 1e-9):
            return fresh
        return grid.solution(at)

    def _stacking(self, i: int) -> Stacking | None:
        blocks = self.problem.blocks
        if blocks.shared or blocks.n_tasks == 1 or blocks.responses is not None:
            return None
        folds = self.errors.folds
        inner = folds if folds.scheme == "within-task" else stacking_folds(blocks)
        return stacking_weights(self.problem, self.tried.settings.take(np.array([i])), inner, effort=self.effort)[0]
