"""The cross-validation from pooled to separate that a user holds, and the fits it suggests."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.l0.pooled import pooled_problem, to_tasks
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import improve, solution_of
from sparsekin.l0.tied import tied_solution
from sparsekin.models.sparse.average import AverageResults
from sparsekin.models.sparse.cv import CVResults
from sparsekin.models.sparse.held_out import tuned
from sparsekin.models.sparse.results import SparseResults, results_of
from sparsekin.options import SupportMode, check_option
from sparsekin.plots.sparse.dial import plot_dial
from sparsekin.report.document import Document
from sparsekin.report.sparse.dial import glance_dial, summarize_dial
from sparsekin.report.sparse.families import families_text
from sparsekin.results.sparse.average import MEMBERS
from sparsekin.results.sparse.dial import DialFit, nested_table
from sparsekin.results.sparse.path import setting_at
from sparsekin.tuning.folds import make_folds
from sparsekin.tuning.metrics import mean_over
from sparsekin.tuning.sparse.cross_validate import stacking_folds
from sparsekin.tuning.sparse.dial.fit import supports_at
from sparsekin.tuning.sparse.dial.mixture import Mixture, mixed_model
from sparsekin.tuning.sparse.dial.nested import nest
from sparsekin.tuning.sparse.dial.run import search_rows
from sparsekin.tuning.sparse.dial.search import Searched
from sparsekin.tuning.sparse.dial.settings import (
    dial_like,
    row_of,
    searched_for,
)
from sparsekin.tuning.sparse.dial.stack import stack_at
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.stacking import Stacking
from sparsekin.tuning.sparse.table import loss_sign
from sparsekin.tuning.split import Rng, read_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DialResults(CVResults, DialFit):
    """Results of `SparseMTL.cross_validate` from pooled to separate.

    The question, one score or K scores: `verdict`, `families`. Errors: `table`, `per_task`, `per_fold`. The choice:
    `best`, `best_1se`, `refit`. Use: `folds`, `summary`, `tidy`, `glance`, `plot_cv`.

    The fields of `DialFit`, and where they are known `searched`: the supports found on all rows, and `mixed`: what
    `mixed_model` makes of them.
    """

    searched: Searched | None = field(kw_only=True, default=None)
    mixed: tuple[Models, Floats, int] | None = field(kw_only=True, default=None)

    @property
    def verdict(self) -> str:
        """Pool, share or separate, in words; see `sparsekin.report.sparse.families.families_text`."""
        return families_text(self.judged)

    @property
    def best(self) -> dict[str, Any]:
        """The setting that `refit` takes by default, with `support` and `dial` for `SparseMTL.fit`.

        Of the settings of the family that the verdict speaks for whose error is at most 1 % above the least: that whose
        model of all rows predicts most like the average (by mean squared differences). Many are as good, and picked by
        errors alone one of them would be chance. Where none is so good: that of the least error.
        ``fit(**cv.best)`` minimises what `refit` does, by a search of its own, which may find other supports.
        """
        return self._setting(self.best_index)

    @property
    def best_1se(self) -> dict[str, Any]:
        """The sparsest within one standard error of the best mean in the family that the verdict speaks for."""
        return self._setting(self.best_1se_index)

    def refit(  # type: ignore[override]
        self, which: Literal["best", "1se", "average"] = "best"
    ) -> SparseResults | AverageResults:
        """Fit all rows at what was chosen.

        Parameters
        ----------
        which : {"best", "1se", "average"}
            "best": in the family that the verdict speaks for, of the settings with errors within 1 % of the least, that
            nearest to the average; "1se": in the same family, the sparsest within one standard error of the best mean;
            "average": the mean of the best settings of all families, each family by how good its mean is on held-out
            rows, and of lassos for all tasks unless sizes were given or X is sparse. It predicts better than any one of
            them, and keeps how often each feature is selected.

        Returns
        -------
        SparseResults, or AverageResults for "average"

        Raises
        ------
        OptionError
            `which` is none of these.
        """
        check_option("which", which, ("best", "1se", "average"))
        if which == "average":
            return self._average()
        found = self._single(self.best_index if which == "best" else self.best_1se_index)
        return found if self.problem.losses is None else tuned(found, self.errors.folds)

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_dial(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole run; see `sparsekin.report.sparse.dial.glance_dial`."""
        return glance_dial(self)

    def plot_cv(self, ax: Axes | None = None) -> Axes:
        """Error over the number of features, a curve per family; see `sparsekin.plots.sparse.dial.plot_dial`."""
        return plot_dial(self, ax)

    def nested(
        self, folds: int = 5, *, groups: Any = None, n_jobs: int | None = None, rng: Rng = None, progress: bool = False
    ) -> pd.DataFrame:
        """The honest error of the whole procedure: tuning, verdict and average on training rows alone.

        Every outer fold is held out in turn; the rest is tuned by as many folds of its own, and the mean of the
        settings it arrives at predicts what was held out.

        Parameters
        ----------
        folds : int
            Outer folds within the tasks, and inner folds.
        groups : array of shape (n,), optional
            Rows of one group are held out together, in outer and in inner folds.
        n_jobs : int, optional
            Outer folds at a time, as in joblib.
        rng : int, numpy.random.Generator or None
            Shuffles the rows into folds.
        progress : bool
            Show a bar (needs tqdm).

        Returns
        -------
        DataFrame
            A row per outer fold: family, averaged (settings), selected (features per task), error (the metric of
            `score`), null (the same of the null model).

        Raises
        ------
        OptionError, DataError
            As for `SparseMTL.cross_validate`.
        """
        found = self.prepared
        outer = make_folds(
            found.blocks, folds=folds, groups=groups, rng=rng, positions=found.row_positions,
            n_given=len(found.index), index=found.index if found.labelled else None,
        )  # fmt: skip
        codes = None if groups is None else read_groups(groups, found.row_positions, len(found.index))
        lines = nest(
            self.problem, partial(dial_like, self.dial), outer, folds, self.score, groups=codes, effort=self.effort,
            rng=rng, n_jobs=n_jobs, progress=progress,
        )  # fmt: skip
        return nested_table(lines, self.score)

    def _average(self) -> AverageResults:
        mixture = self.average
        found = search_rows(self.problem, self.dial, self.effort) if self.searched is None else self.searched
        mean, share, size = self.mixed or mixed_model(self.problem, found, self.dial, mixture)
        given = self.prepared
        return AverageResults(
            blocks=given.blocks, design=given.design, ledger=given.ledger, row_positions=given.row_positions,
            index=given.index, standard=self.problem.standard, intercept=mean.intercept, coef=mean.coef,
            keep_coef=mean.keep_coef, inclusion=share, members=self._members(mixture, size),
            verdict=self.verdict, best_member=self._single(int(mixture.parts[0].rows[0]), found),
        )  # fmt: skip

    def _members(self, mixture: Mixture, size: int) -> pd.DataFrame:
        """Settings of each family, the best first, then the lasso, whose penalty is no lambda_1, with its size."""
        rows, weights = mixture.settings
        found = self.table.iloc[rows][list(MEMBERS[:-1])].assign(weight=weights)
        if mixture.lasso is not None:
            part, weight = mixture.lasso
            mean = loss_sign(self.score) * float(mean_over(part.losses[None], axis=1)[0])
            last = [part.family, size, np.nan, np.inf, 0.0, mean, weight]
            found = pd.concat([found, pd.DataFrame([last], columns=found.columns)])
        return found.reset_index(drop=True)

    def _single(self, i: int, found: Searched | None = None) -> SparseResults:
        """The fit of all rows at the i-th setting; `found`: what all searches found on them, where that is known."""
        if i == len(self.settings):
            return CVResults._at(self, i)
        settings, support = self.settings, self._mode(i)
        problem = replace(settings.at(self.problem, i), support=support)
        problem = problem if support == "heterogeneous" else replace(problem, lambda_z=0.0)
        solution, tied = self._solution(problem, settings.family[i] == 0, self._supports(i, found))
        return results_of(self.prepared, problem, solution, self.effort, self._stack(i), keep_tied=tied)

    def _setting(self, i: int) -> dict[str, Any]:
        return setting_at(self.tried.settings, i) | {"support": self._mode(i), "dial": True}

    def _mode(self, i: int) -> SupportMode:
        """Support mode of the fit at the i-th setting."""
        settings = self.settings
        if i == len(settings) or np.isinf(settings.lambda_2[i]):
            return "heterogeneous"
        return "independent" if settings.family[i] == 2 else "common" if settings.common[i] else "heterogeneous"

    def _supports(self, i: int, found: Searched | None) -> Supports:
        found = self.searched if found is None else found
        if found is not None:
            return supports_at(found, self.dial, i)
        asked = self.settings.take(np.array([i]))
        dial = searched_for(self.dial, asked)
        found = search_rows(self.problem, dial, self.effort)
        return supports_at(found, dial, row_of(dial.table, asked))

    def _stack(self, i: int) -> Stacking | None:
        if self.problem.blocks.shared or self.problem.losses is not None:
            return None
        folds = self.errors.folds
        inner = folds if folds.scheme == "within-task" else stacking_folds(self.problem.blocks)
        return stack_at(self.problem, self.dial, i, inner, self.effort)

    def _solution(self, problem: Problem, pool: bool, supports: Supports) -> tuple[Solution, bool]:
        """The fit of all rows from supports, and whether its always-in columns are tied at a finite lambda_2."""
        mask = as_mask(problem, supports)
        if problem.lambda_2 == np.inf:
            core = [np.flatnonzero(mask.all(axis=1)).astype(np.int32)]
            one = replace(pooled_problem(self.problem), s=problem.s[:1], lambda_1=problem.lambda_1)
            return to_tasks(problem, improve(one, core) if pool else solution_of(one, core, time.perf_counter())), False
        if problem.lambda_2 > 0 and self.problem.blocks.keep.shape[1]:
            polished = improve(problem, supports).support
            return min((tied_solution(problem, one) for one in (mask, polished)), key=lambda one: one.objective), True
        return improve(problem, supports), False
