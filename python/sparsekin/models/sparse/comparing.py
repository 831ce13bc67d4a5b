"""What a model offers to ask whether tasks should be pooled, share or be fitted apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.models.sparse.checks import check_settings
from sparsekin.models.sparse.compare import Comparison
from sparsekin.models.sparse.dialling import dial_of
from sparsekin.models.sparse.events import check_families, family_grid, read_metric
from sparsekin.models.sparse.tuning import Penalties, Sizes, Tuning
from sparsekin.options import AnyMetric, Scheme, check_option
from sparsekin.tuning.folds import check_events
from sparsekin.tuning.sparse.baselines.methods import methods
from sparsekin.tuning.sparse.baselines.pooled import larger_sizes
from sparsekin.tuning.sparse.baselines.run import run_methods
from sparsekin.tuning.sparse.dial.compare import run_dial_method
from sparsekin.tuning.sparse.grid import make_grid
from sparsekin.tuning.sparse.table import score_of
from sparsekin.tuning.split import Rng


class Comparing(Tuning):
    """The method of `SparseMTL` that tries other methods."""

    def compare(
        self,
        s: Sizes = "auto",
        lambda_1: Penalties | None = None,
        lambda_2: Penalties = 0.0,
        lambda_z: Penalties = "auto",
        folds: Any = 10,
        scheme: Scheme = "within-task",
        groups: Any = None,
        metric: AnyMetric | None = None,
        boosting: bool = False,
        effort: int = 1,
        n_jobs: int | None = None,
        rng: Rng = None,
        progress: bool = False,
    ) -> Comparison:
        """Pool, share or separate? Shared supports against simpler methods, on the same folds.

        Pooling: lasso, ridge and L0 of all rows, with an intercept per task and one coefficient of each always-in
        column. Sharing: a lasso per task that starts from the pooled one (pretraining, as in ptLasso), scikit-learn's
        multi-task lasso (where tasks are outcomes of one X), shared supports, a common support, and "dial, averaged":
        what ``cross_validate(s=s, lambda_z=lambda_z).refit("average")`` predicts, the mean of the best settings from
        pooled to separate. Separate models: lasso, ridge and L0 of each task. "null" is means and always-in columns
        alone. Pooled and independent L0 take s and lambda_1 as given, and lambda_1 = 0, .02, .1, .4, 1.5, 6 (of yes/no
        outcomes, counts and survival times 1, 4, 16 and 64 over the mean rows of a task); lassos and ridges have grids
        of their own. The setting used in a fold is the best on the *other* folds, so trying more settings is no
        advantage; lasso and ridge per task choose it for each task.

        Parameters
        ----------
        s, lambda_2, lambda_z, folds, scheme, groups, metric, effort, n_jobs, rng, progress
            As for `cross_validate`.
        lambda_1 : float, sequence of float, or "auto", optional
            Of shared supports and a common support; by default 0, or 4 over the mean rows of a task where not all
            outcomes are gaussian.
        boosting : bool
            Also gradient boosting (scikit-learn) with the task as one of the features.

        Returns
        -------
        Comparison
            ``print(comparison.summary())``.

        Raises
        ------
        OptionError, DataError, MissingExtraError
            As for `cross_validate`.
        """
        refuse_on_disk(self.blocks, "compare()", "Compare on candidates in memory, X.columns(names).")
        check_option("boosting", boosting, (False, True))
        named = read_metric(metric, self.blocks)
        check_families(self.blocks, lambda_2)
        problem = self._problem("heterogeneous", "auto", effort, lambda_2)
        made = self._folds(scheme, folds, groups, rng)
        if self.blocks.responses is None:
            settings = make_grid(problem, s, 0.0 if lambda_1 is None else lambda_1, lambda_2, lambda_z)
        else:
            check_events(self.blocks, made)
            settings = family_grid(problem, made, s, lambda_1, lambda_2, lambda_z)
        check_settings(self._prepared.blocks, settings, made)
        pooled_sizes = larger_sizes(problem, settings.s) if isinstance(s, str) else None
        asked = methods(problem, settings, effort, boosting=boosting, pooled_sizes=pooled_sizes)
        judged = score_of(named, problem)
        runs = run_methods(problem.blocks, asked, made, judged, n_jobs=n_jobs, progress=progress)
        finished = runs[-1].errors is not None and runs[-1].errors.finished.all()
        if self.blocks.n_tasks > 1 and settings.s.any() and finished:
            pooled = self._problem("heterogeneous", "auto", effort, np.inf)
            dial = dial_of(pooled, made, s, "auto", lambda_z)
            row = run_dial_method(pooled, dial, made, judged, effort=effort, n_jobs=n_jobs, progress=progress)
            runs.insert(1 + max(i for i, run in enumerate(runs) if run.family == "sharing"), row)
        return Comparison(tuple(runs), judged, made.scheme, self.blocks.families_said)
