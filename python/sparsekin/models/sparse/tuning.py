"""What a model offers to choose s and the penalties: paths, cross-validation, criteria."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import DataError
from sparsekin.l0.exact.bounds import root_bounds
from sparsekin.l0.given import solve_given
from sparsekin.l0.grid import solve_grid
from sparsekin.l0.problem import Problem, make_problem
from sparsekin.models.sparse.checks import check_settings, one_scale, read_task_weights
from sparsekin.models.sparse.cv import CVResults
from sparsekin.models.sparse.dialling import dials, run_dial
from sparsekin.models.sparse.disk import cross_validated_on_disk, path_on_disk
from sparsekin.models.sparse.events import (
    auto_ridge,
    check_families,
    check_stacking,
    read_metric,
)
from sparsekin.models.sparse.fitting import Fitting
from sparsekin.models.sparse.mixed import with_variances
from sparsekin.models.sparse.path import PathResults
from sparsekin.models.sparse.results import SparseResults
from sparsekin.options import AnyMetric, Ensemble, Scheme, SupportMode, TaskWeights, check_option
from sparsekin.tuning.folds import Folds, check_events
from sparsekin.tuning.parallel import make_bar, warn_of_interrupt
from sparsekin.tuning.sparse.cross_validate import cross_validate
from sparsekin.tuning.sparse.dial.settings import links_of
from sparsekin.tuning.sparse.grid import SEARCHED_PER_ROW, asks_for_pooling, is_auto, make_grid, ridges_by_rows
from sparsekin.tuning.sparse.stages import second_stage
from sparsekin.tuning.split import Rng

Sizes: TypeAlias = "int | Sequence[int] | Literal['auto']"
Penalties: TypeAlias = "float | Sequence[float] | Literal['auto']"


class Tuning(Fitting):
    """Methods of `SparseMTL` that try many settings."""

    def path(
        self,
        s: Sizes = "auto",
        lambda_1: Penalties = "auto",
        lambda_2: Penalties = 0.0,
        lambda_z: Penalties = "auto",
        support: SupportMode = "heterogeneous",
        task_weights: TaskWeights = "auto",
        effort: int = 1,
        bounds: bool = False,
        progress: bool = False,
    ) -> PathResults:
        """Fit every combination of the values given, neighbours warming each other.

        Parameters
        ----------
        s : int, sequence of int, or "auto"
            Support sizes, the same in all tasks; 0 is the model without features.
        lambda_1, lambda_2, lambda_z : float, sequence of float, or "auto"
            Penalties. "auto" for lambda_1: as for `fit`; for lambda_z: 0 and 19 values up to where all tasks select the
            same features; for lambda_2, from separate to pooled: 0, .03, .1, .3, 1, 10 and, but for outcomes of one X,
            inf: supports are searched for at 0 and inf, and in between the best of those found at the same s and
            lambda_1 is refitted (gaussian outcomes; else 0, .01, .1, 1 and 10 are searched). With lambda_2 = inf among
            the values (as for `fit`), all settings have its scale and weights of tasks.
        support, task_weights, effort
            As for `fit`.
        bounds : bool
            Prove a lower bound at every setting, as `SparseResults.bound_root` does: bound and gap in the table.
        progress : bool
            Show a bar (needs tqdm).

        Returns
        -------
        PathResults

        Raises
        ------
        OptionError, DataError
            As for `fit`.
        MissingExtraError
            `progress` without tqdm.

        Warns
        -----
        InterruptedWarning
            Ctrl-C: the settings that were finished are returned.

        Examples
        --------
        >>> from sparsekin import SparseMTL, simulate
        >>> made = simulate.simulate_shared_supports(n_tasks=3, n=40, p=30, s=3, q=4, rng=0)
        >>> path = SparseMTL(made.y, made.X, made.task).path(s=3, lambda_z=[0, 1, 100])
        >>> path.table["core"].tolist()[-1]
        3.0
        """
        auto = is_auto("lambda_2", lambda_2) and self.blocks.responses is None
        links = links_of(self.blocks, support) if auto else lambda_2
        check_families(self.blocks, links)
        problem = self._problem(support, task_weights, effort, links)
        check_option("bounds", bounds, (False, True))
        ridges = auto_ridge(self.blocks) if is_auto("lambda_1", lambda_1) else lambda_1
        if self.blocks.on_disk:
            asked = (s, ridges, links, lambda_z)
            return path_on_disk(self._prepared, problem, asked, auto, effort, bounds, progress)
        settings = make_grid(problem, s, ridges, links, lambda_z, n_lambda_z=20)
        check_settings(self._prepared.blocks, settings)
        with make_bar(progress, len(settings) * (1 + bounds), "settings") as bar:
            grid = (solve_given if auto else solve_grid)(problem, settings, effort=effort, step=bar.update)
            proven = root_bounds(grid, bar.update) if bounds else None
        done = grid.finished if proven is None else np.isfinite(proven)
        if not done.all():
            warn_of_interrupt("The path", int(done.sum()), len(settings), "settings")
        return PathResults(prepared=self._prepared, grid=grid, effort=effort, bounds=proven)

    def select(
        self,
        s: Sizes = "auto",
        lambda_1: Penalties = "auto",
        lambda_2: Penalties = 0.0,
        lambda_z: Penalties = "auto",
        support: SupportMode = "heterogeneous",
        task_weights: TaskWeights = "auto",
        criterion: Literal["ebic"] = "ebic",
        gamma: float = 1.0,
        effort: int = 1,
    ) -> SparseResults:
        """The fit with the smallest information criterion: one path on all rows, no folds.

        The criterion counts parameters, of which lambda_2 = inf saves some: ``lambda_2="auto"`` asks whether to pool.

        Parameters
        ----------
        s, lambda_1, lambda_2, lambda_z, support, task_weights, effort
            As for `path`.
        criterion : {"ebic"}
            Extended BIC; formula in `sparsekin.tuning.sparse.criteria.ebic`.
        gamma : float
            From 0 (BIC) to 1 (strictest).

        Returns
        -------
        SparseResults

        Raises
        ------
        OptionError, DataError
            As for `path`.
        SolverError
            Every setting has as many parameters as rows.
        """
        check_option("criterion", criterion, ("ebic",))
        return self.path(s, lambda_1, lambda_2, lambda_z, support, task_weights, effort).select(gamma)

    def cross_validate(
        self,
        s: Sizes = "auto",
        lambda_1: Penalties = "auto",
        lambda_2: Penalties = "auto",
        lambda_z: Penalties = "auto",
        support: SupportMode = "heterogeneous",
        task_weights: TaskWeights = "auto",
        folds: Any = 10,
        scheme: Scheme = "within-task",
        groups: Any = None,
        metric: AnyMetric | None = None,
        ensemble: Ensemble = "mean",
        stages: int = 1,
        effort: int = 1,
        n_jobs: int | None = None,
        rng: Rng = None,
        progress: bool = False,
    ) -> CVResults:
        """Pool, share or separate, and how sparse: settings judged on rows held out of the fit.

        By default the dial from pooled to separate: supports are searched for over s and lambda_z, for all tasks as
        one, and for each task alone; every support then gets the values of every lambda_1 and lambda_2, from tasks
        that share nothing to one coefficient vector (lambda_2 = inf). Columns are scaled by their standard deviations
        over all rows there, tasks weighted by their rows, and lambda_2 ties always-in columns too; intercepts are
        free. Of yes/no outcomes, counts and survival times the same, by deviances; supports have as many features as a
        third of the events allows, and tasks of several families share or are apart. With numbers for `lambda_2`, or
        another `support`, every combination of the values given is searched.

        Parameters
        ----------
        s : int, sequence of int, or "auto"
            Support sizes, the same in all tasks; with 0 ("auto" has it) the null model of the last row may be chosen.
        lambda_1, lambda_2, lambda_z : float, sequence of float, or "auto"
            Penalties. "auto" for lambda_1: 0, .02, .1, .4, 1.5 and 6, or 1, 4, 16 (and 64 on the dial) over the mean
            rows of a task where not all outcomes are gaussian; for lambda_2: the dial, or 0 where tasks share
            nothing, with columns on disk, ``ensemble="stack"`` and ``stages=2``; for lambda_z: 0 and values up to
            where all tasks select the same features, 4 of them on the dial, else 9. With lambda_2 = inf among the
            values (as for `fit`), all settings have its scale and weights of tasks.
        support, task_weights, effort
            As for `fit`.
        folds : int, scikit-learn splitter, array of shape (n,) or str
            Number of folds, a splitter, the fold of each row of the data (-1: never held out), or the column with it.
        scheme : {"within-task", "leave-one-task-out"}
            Hold out rows of every task, or one task after the other: how well is a new study predicted? In the
            deviance of a yes/no or count task held out as a whole its level is free: how many cases a study has is a
            matter of its sampling, of which no other study knows. The Brier score counts levels.
        groups : array of shape (n,) or str, optional
            Rows of one group (one patient) are held out together: values, or a column of the data that is no candidate;
            by default that of `from_formula`.
        metric : {"rmse", "r2", "mae", "deviance", "auc", "brier", "c_index"}, optional
            The first three for gaussian tasks ("rmse" by default), the mean deviance of held-out rows for others; where
            all are binomial also AUC and Brier score, where all are cox the concordance. Per task and fold, relative to
            the null model where tasks are outcomes or of several families or `scale_outcome` is set; then the mean over
            the tasks, then over the folds.
        ensemble : {"mean", "stack"}
            How the models of the other tasks predict a task that is left out.
        stages : {1, 2}
            2: then a finer grid around the winner, on the same folds.
        n_jobs : int, optional
            Folds at a time, as in joblib; results do not depend on it.
        rng : int, numpy.random.Generator or None
            Shuffles the rows into folds.
        progress : bool
            Show a bar (needs tqdm).

        Returns
        -------
        DialResults, or CVResults where numbers are given for lambda_2 or nothing is to be shared

        Raises
        ------
        OptionError
            An option has a value it cannot take, or two contradict each other.
        DataError
            A task has too few rows for the folds or for s, or folds or groups do not fit the rows.
        MissingExtraError
            `progress` without tqdm.

        Warns
        -----
        InterruptedWarning
            Ctrl-C: the folds that were finished are returned.
        DataWarning
            The best value of a parameter is the last one tried, and more could be tried.

        Examples
        --------
        >>> from sparsekin import SparseMTL, simulate
        >>> made = simulate.simulate_shared_supports(n_tasks=3, n=60, p=30, s=3, q=4, rng=0)
        >>> cv = SparseMTL(made.y, made.X, made.task).cross_validate(folds=5, rng=0)
        >>> cv.families.index.tolist()
        ['pool', 'share', 'separate']
        >>> cv.judged.chosen in ("share", "separate")
        True
        """
        for name, value, allowed in (
            ("ensemble", ensemble, get_args(Ensemble)), ("stages", stages, (1, 2))
        ):  # fmt: skip
            check_option(name, value, allowed)
        check_option("support", support, get_args(SupportMode))
        families = self.blocks.responses is not None
        judged = read_metric(metric, self.blocks)
        made = self._folds(scheme, folds, groups, rng)
        if families:
            check_stacking(ensemble, self.blocks)
            check_events(self.blocks, made)
        if stages == 2:
            refuse_on_disk(self.blocks, "stages=2", "Give a finer grid yourself.")
        if not self.blocks.on_disk and dials(self.blocks, support, s, lambda_2, ensemble, stages):
            problem = self._problem(support, task_weights, effort, np.inf)
            return run_dial(self._prepared, problem, made, (s, lambda_1, lambda_z), judged, effort, n_jobs, progress)
        if families:
            lambda_1 = (
                ridges_by_rows(self.blocks, SEARCHED_PER_ROW).tolist() if is_auto("lambda_1", lambda_1) else lambda_1
            )
            lambda_2 = 0.0 if is_auto("lambda_2", lambda_2) else lambda_2
            check_families(self.blocks, lambda_2)
        lambda_2 = 0.0 if support == "heterogeneous" and isinstance(lambda_2, str) else lambda_2
        problem = self._problem(support, task_weights, effort, lambda_2)
        run: dict[str, Any] = {"effort": effort, "ensemble": ensemble, "n_jobs": n_jobs, "progress": progress}
        if self.blocks.on_disk:
            given = (s, lambda_1, lambda_2, lambda_z)
            return cross_validated_on_disk(self._prepared, problem, made, given, judged, run)
        asked = make_grid(problem, s, lambda_1, lambda_2, lambda_z)
        check_settings(self._prepared.blocks, asked, made)
        settings = asked.take(asked.s > 0)
        errors = cross_validate(problem, settings, made, **run)
        if stages == 2:
            errors = second_stage(problem, errors, judged, **run)
        cv = CVResults(self._prepared, problem, errors, judged, ensemble, effort, len(settings) < len(asked))
        values = {"s": s, "lambda_1": lambda_1, "lambda_2": lambda_2, "lambda_z": lambda_z}
        cv.warn_of_edges([name for name, value in values.items() if not is_auto(name, value)])
        return cv

    def _problem(
        self, support: SupportMode, task_weights: TaskWeights, effort: int, lambda_2: Penalties = 0.0
    ) -> Problem:
        check_option("support", support, get_args(SupportMode))
        check_option("task_weights", task_weights, get_args(TaskWeights))
        check_option("effort", effort, (0, 1, 2))
        blocks, pooled = self._prepared.blocks, asks_for_pooling(lambda_2)
        weights, standard = read_task_weights(task_weights, blocks, pooled), one_scale(self._standard, blocks, pooled)
        weights, standard = with_variances(weights, blocks, standard)
        return make_problem(blocks, standard, np.ones(blocks.n_tasks, np.int64), task_weights=weights, support=support)

    def _folds(self, scheme: Scheme, folds: Any, groups: Any, rng: Rng) -> Folds:
        if self.blocks.origin is not None:
            raise DataError(
                "Cross-validation holds rows out, and a model made from moments has none; use select(), or path() and "
                "new rows."
            )
        return self._make_folds(folds, groups, rng, scheme)
