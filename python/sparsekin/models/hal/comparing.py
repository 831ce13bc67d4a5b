"""The method of `MTHAL` that compares it with simpler ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sparsekin.models.hal.checks import check_tolerance, default_lambdas
from sparsekin.models.hal.compare import HALComparison
from sparsekin.models.hal.tuning import HALTuning
from sparsekin.tuning.folds import check_training_rows
from sparsekin.tuning.hal.compare import run_methods
from sparsekin.tuning.split import Rng


class HALComparing(HALTuning):
    """`compare`, beside the methods that tune."""

    def compare(
        self,
        n_lambda: int = 100,
        l1_ratio: float | Sequence[float] | None = None,
        folds: Any = 10,
        groups: Any = None,
        tolerance: float = 1e-6,
        n_jobs: int | None = None,
        rng: Rng = None,
        progress: bool = False,
        linear: float | Sequence[float | None] | Literal["auto"] | None = "auto",
    ) -> HALComparison:
        """Lines, curves or trees? This model and simpler ones on the same folds.

        null: means and kept terms alone. Lassos: the columns themselves, divided by their standard deviations, each in
        for all tasks or for none (multi-task lasso) or in each task by itself (lasso per task). MTHAL: this model. HAL
        per task: its basis, functions chosen in each task by itself. boosting: scikit-learn's trees, with the task as a
        category where tasks have rows of their own. Weights, kept terms and binomial tasks are as in this model. The
        setting used in a fold is the best on the *other* folds, so trying more settings is no advantage; lasso and HAL
        per task, and trees of outcomes of one X, choose it for each task.

        Parameters
        ----------
        n_lambda, l1_ratio, folds, groups, tolerance, n_jobs, rng, progress, linear
            As for `cross_validate`.

        Returns
        -------
        HALComparison

        Raises
        ------
        OptionError
            An option has a value it cannot take, or there is one fold.
        DataError
            Folds or groups do not fit the rows, or a fold takes all rows of a task.
        SolverError
            Ctrl-C before a method was finished.
        MissingExtraError
            `progress` without tqdm.

        Warns
        -----
        InterruptedWarning
            Ctrl-C: the methods that were finished are compared.
        DataWarning
            As for `cross_validate`.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import MTHAL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.uniform(-2, 2, (150, 3))
        >>> Y = np.column_stack([X[:, 0], X[:, 0] + X[:, 1]]) + 0.5 * rng.standard_normal((150, 2))
        >>> found = MTHAL(Y, X, max_degree=1).compare(n_lambda=30, folds=5, rng=0)
        >>> found.methods.indistinct[0]
        'multi-task lasso'
        """
        tolerance = check_tolerance(tolerance)
        problems = self._problems(l1_ratio, linear)
        ours = [(problem, default_lambdas(problem, None, n_lambda)) for problem in problems]
        made = self._make_folds(folds, groups, rng)
        check_training_rows(self._prepared.blocks, made)
        runs = run_methods(ours, made, tolerance=tolerance, n_jobs=n_jobs, progress=progress)
        return HALComparison(tuple(runs), self._prepared.blocks.nobs)
