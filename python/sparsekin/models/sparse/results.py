"""The results a user holds: the data of a fit, with its tables, plots and file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pandas as pd

from sparsekin.data.prepare import Prepared
from sparsekin.errors import OptionError
from sparsekin.l0.pooled import is_pooled, on_one_scale
from sparsekin.l0.problem import Problem
from sparsekin.l0.solution import Solution
from sparsekin.models.intervals import check_goes_with
from sparsekin.models.judging import Judging
from sparsekin.models.sparse.cells import cells_of
from sparsekin.models.sparse.exact import alternatives_of, certify_fit, limit_of, relaxed_solution
from sparsekin.models.sparse.how_sure import HowSure
from sparsekin.models.sparse.intervals import prediction_intervals
from sparsekin.options import Method, PredictHow, Scale
from sparsekin.plots.sparse.support import plot_support
from sparsekin.report.document import Document
from sparsekin.report.notebook import Summarized
from sparsekin.report.sparse.summary import summarize
from sparsekin.report.sparse.tidy import augment, glance, tidy
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.generalized import GeneralizedFit
from sparsekin.results.sparse.store import load_fit, save_fit
from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.sparse.stacking import Stacking
from sparsekin.tuning.split import Rng

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SparseResults(Summarized, HowSure, Judging, SparseFit):
    """Results of `SparseMTL.fit`.

    Estimates: `params`, `support`, `selected`, `fractional`, `homogeneity`. The optimum: `objective`, `bound`, `gap`,
    `status`, `swap_optimal`, `swap_gain`. Proof: `certify`, `bound_root`, `alternatives`, `certificate`. How sure:
    `stability`, then `frequency`, `params_heldout`, `conf_int`, `pvalues`, `select`, `heterogeneity`. Fit: `nobs`,
    `n_obs`, `fittedvalues`, `resid`, `task_fit`, `rsquared`, `rmse`, `resid_sd`, `families`, `deviance`,
    `null_deviance`, `performance`. Held out: `hold_out`. Use: `predict`, `summary`, `tidy`, `glance`, `augment`,
    `plot_support`, `plot_calibration`, `plot_survival`, `save`, `load`.
    """

    @property
    def fractional(self) -> pd.DataFrame | Unavailable:
        """(p, K) shares z in [0, 1] of the relaxation, at most s in all per task; only of ``solver="relaxation"``."""
        if self.solution.fractional is None:
            return Unavailable('these are supports of a search; fit(..., solver="relaxation") has fractional ones')
        features = pd.Index(self.blocks.feature_names, name="term")
        return pd.DataFrame(self.solution.fractional.copy(), index=features, columns=self.task_index)

    def predict(
        self, new: object = None, how: PredictHow = "task", task: object = None, *, keep: object = None,
        labelled: object = None, type: Scale | None = None, times: object = None,
        offset: object = None, strata: object = None, interval: Literal["prediction"] | None = None, level: float = 0.9,
        folds: int = 10, rng: Rng = 0, retune: bool = False,
    ) -> pd.Series | pd.DataFrame:  # fmt: skip
        """Predict the outcome of new rows, as `GeneralizedFit.predict`, with intervals on request.

        Parameters
        ----------
        new, how, task, keep, labelled, type, times, offset, strata
            See `GeneralizedFit.predict`.
        interval : {"prediction"}, optional
            Ends between which the outcome of a new row of a task is expected: CV+ (Barber et al. 2021) from the
            residuals of rows held out within the tasks, at the settings of this fit, whatever the distribution of
            the errors. With ``how="mean"`` or ``"pooled"`` of a study the fit has not seen, by `new_site`, without
            labelled rows. Gaussian outcomes.
        level : float
            Share of new rows to cover, on average over data sets.
        folds : int
        rng : int, numpy.random.Generator or None
            Of the folds; by default the same ones every time.
        retune : bool
            Choose s and lambda_z anew without each fold, by 5-fold cross-validation of its own: intervals then allow
            for the tuning too, which matters below some 50 rows a task. About `folds` times as slow as a
            cross-validation.
            The points stay those of this fit, the ends are of the models that were tuned: ask it of a fit by
            ``cross_validate().refit()``, or points may lie outside their intervals.

        Returns
        -------
        Series or DataFrame
            See `GeneralizedFit.predict`; with `interval` a DataFrame with columns predicted, lower and upper (outcomes
            of one design: these for each outcome). Infinite where a task has fewer than 1 / (1 - level) - 1 rows.

        Raises
        ------
        OptionError, DataError
            As `GeneralizedFit.predict`; no new rows, another `how` or family with `interval`, `level` out of range,
            `folds` no whole number of at least 2, `level`, `folds` or `retune` without `interval`, or a task with too
            few rows for the folds (with `retune` 4, with 2 folds 8, and more beside always-in terms).
        KeyboardInterrupt
            Ctrl-C: all folds are needed.

        Warns
        -----
        DataWarning
            With `retune`, points that lie outside their interval.
        """
        check_goes_with(interval, level, folds, retune)
        found = GeneralizedFit.predict(
            self, new, how, task, keep=keep, labelled=labelled, type=type, times=times, offset=offset, strata=strata
        )
        if interval is None:
            return found
        if labelled is not None:
            raise OptionError("With labelled rows ask new_site.interval(predicted, level, labelled=<how many>).")
        return prediction_intervals(self, found, new, how, task, keep, level, folds, rng, retune)

    def certify(
        self,
        gap: float = 1e-4,
        time_limit: float | None = 60.0,
        *,
        method: Method = "tree",
        node_limit: int | None = None,
        memory_limit: float | None = None,
        progress: bool = False,
    ) -> SparseResults:
        """Prove how far the solution is from the optimum; what is better is taken over.

        Branch and bound over supports, driven by SCIP with bounds of our own: a perspective relaxation whose every
        bound is safe whatever the iterations did. No bound on the size of coefficients (big-M) is assumed. The ridge
        `lambda_1` is what makes proofs quick: with fewer rows than features and next to none, few proofs end. Where not
        all outcomes are gaussian, lambda_1 must be above 0: .03 to .1 prove much.

        Parameters
        ----------
        gap : float
            Stop when (objective - bound) / objective is this small.
        time_limit : float or None
            Seconds.
        method : {"tree", "outer-approximation"}
            "outer-approximation": the published way, cuts and one mixed-integer linear program after the other, with
            cuts that are valid; slower by far, for comparison. It needs lambda_1 > 0 and gaussian outcomes.
        node_limit : int, optional
        memory_limit : float, optional
            Megabytes of SCIP's tree.
        progress : bool
            Show a bar with bound and objective (needs tqdm).

        Returns
        -------
        SparseResults
            With `bound`, `gap`, `status` and `certificate`. Ctrl-C returns what is proven by then.

        Raises
        ------
        OptionError
            `gap` or `time_limit` is out of range, or `method` cannot be used, or not all outcomes are gaussian and
            lambda_1 is 0.
        MissingExtraError
            `progress` without tqdm.

        Warns
        -----
        InterruptedWarning
            Ctrl-C stopped the proof.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((60, 8))
        >>> y = 2 * X[:, 1] - X[:, 4] + 0.1 * rng.standard_normal(60)
        >>> res = SparseMTL(y, X, np.repeat(["north", "south"], 30)).fit(s=2, lambda_1=0.01, lambda_z=0.1)
        >>> res.certify().status
        'optimal'
        """
        solution, certificate = certify_fit(self, gap, time_limit, node_limit, memory_limit, progress, method=method)
        return replace(self, solution=solution, certificate=certificate)

    def bound_root(self, time_limit: float | None = 60.0) -> SparseResults:
        """A proven bound from the root alone, in about the time of a few fits; no tree is searched.

        Returns
        -------
        SparseResults
            With `bound`, `gap` and `certificate`; `status` stays as it was.
        """
        solution, certificate = certify_fit(self, 1e-4, time_limit, None, None, False, root_only=True)
        return replace(self, solution=solution, certificate=certificate)

    def alternatives(self, m: int = 5, time_limit: float | None = 60.0, *, within: float | None = None) -> pd.DataFrame:
        """What else explains the data nearly as well: the next best supports, or, `within` a distance, cell by cell.

        Parameters
        ----------
        m : int
            Supports after the best one, without `within`.
        time_limit : float or None
            Seconds; a search that has begun is not cut short where outcomes are gaussian.
        within : float, optional
            Every feature of every task: how much fit it costs to leave it out, and whether supports at most this far
            from the fit have it. In units of twice the log-likelihood of the task (all of them where supports are
            common): n log(RSS' / RSS) of gaussian outcomes, the deviance of others; 4 is about an AIC of 2.

        Returns
        -------
        DataFrame
            By rank: objective, excess (relative to this fit's objective), enters and leaves (features, with the tasks
            where not all), proven (no other support comes before it). ``attrs["status"]`` says why, when not proven.

            `within`: by feature and task, those of the fit and others that supports near it have: coef; low and high
            (of the coefficient in all near supports that were met, 0 where one does without); verdict ("every", "some"
            near support has it, proven by a bound or by showing one; or "undecided"); price (the fit that is lost in
            the best support without it, of others with it: the sum over tasks of n log(RSS' / RSS) or of differences of
            deviance); distance (what the objective, with its penalties, rises by in these units, which decides the
            verdict); at_least (proven of the distance); rival (what enters in its place, of others what leaves); gap;
            proven (that support is the best of its kind). ``attrs``: status, within, how many cells are proven to be
            "in no support" near, how many are "undecided".

        Raises
        ------
        OptionError
            `m`, `time_limit` or `within` is out of range, or not all outcomes are gaussian and lambda_1 is 0.

        Warns
        -----
        InterruptedWarning
            Ctrl-C stopped it.
        """
        return alternatives_of(self, m, time_limit) if within is None else cells_of(self, within, limit_of(time_limit))

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize(self)

    def tidy(self, exponentiate: bool = False) -> pd.DataFrame:
        """One row per term and task; see `sparsekin.report.sparse.tidy.tidy`."""
        return tidy(self, exponentiate)

    def glance(self) -> pd.DataFrame:
        """One row for the whole fit; see `sparsekin.report.sparse.tidy.glance`."""
        return glance(self)

    def augment(self, data: object = None) -> pd.DataFrame | Unavailable:
        """Fitted values and residuals per row; see `sparsekin.report.sparse.tidy.augment`."""
        return augment(self, data)

    def plot_support(self, ax: Axes | None = None, *, max_features: int = 60) -> Axes:
        """Heatmap of features and tasks; see `sparsekin.plots.sparse.support.plot_support`."""
        return plot_support(self, ax, max_features=max_features)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fit, the data it was fitted to included, to one .npz file (arrays and JSON, no pickle)."""
        save_fit(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SparseResults:
        """Read a fit written by `save`. Nothing in the file is run: its formula can only call what formulas may call.

        Raises
        ------
        DataError
            The file is not a saved fit, or was written by a later version of sparsekin.
        """
        return cls(**load_fit(path))


def results_of(
    prepared: Prepared, problem: Problem, solution: Solution, effort: int, stacking: Stacking | None = None,
    keep_tied: bool = False,
) -> SparseResults:  # fmt: skip
    """A solution of `problem` as the user sees it."""
    standard = on_one_scale(problem.standard) if is_pooled(problem) else problem.standard
    return SparseResults(
        blocks=prepared.blocks, design=prepared.design, ledger=prepared.ledger, row_positions=prepared.row_positions,
        index=prepared.index, standard=standard, solution=solution, s=problem.s, lambda_1=problem.lambda_1,
        lambda_2=problem.lambda_2, lambda_z=problem.lambda_z, support_mode=problem.support,
        task_weights=problem.task_weights, effort=effort, stacking=stacking,
        keep_tied=keep_tied,
    )  # fmt: skip


def relaxed_results(prepared: Prepared, problem: Problem, effort: int, time_limit: float | None) -> SparseResults:
    """The relaxation of `problem`, rounded and refitted, as the user sees it."""
    found, certificate = relaxed_solution(problem, time_limit)
    return replace(results_of(prepared, problem, found, effort), certificate=certificate)
