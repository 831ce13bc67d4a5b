"""`SparseMTL` tuned by its own cross-validation, as a scikit-learn regressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from sparsekin.models.sparse.tuning import Penalties, Sizes
from sparsekin.options import AnyMetric, Standardize, SupportMode, TaskWeights
from sparsekin.sklearn.sparse.base import SparseRegressor
from sparsekin.sklearn.sparse.tuned import SparseTuned


class SparseMTLRegressorCV(SparseRegressor, SparseTuned):
    """`SparseMTLRegressor` with settings from the package's cross-validation: pool, share or separate, how sparse.

    Parameters
    ----------
    task, keep, standardize, scale_outcome
        As for `SparseMTLRegressor`.
    s, lambda_1, lambda_2, lambda_z, support, task_weights, metric, effort
        As for `SparseMTL.cross_validate`.
    groups : str or int, optional
        Column of X that says which rows belong together (a patient's), by name or position: no feature, and held out
        together.
    cv : int, scikit-learn splitter, list of pairs (training rows, test rows) or array of shape (n,)
        Folds, within each task if a number; of an array the fold of each row.
    choose : {"best", "1se", "average"}
        Which fit is kept, as for `refit` of the cross-validation; "average" predicts better than any one, and is there
        where what is shared is left to the data.
    n_jobs : int, optional
        Folds at a time, as in joblib.
    random_state : int, RandomState or None
        Shuffles the rows into folds.
    new_task : {"raise", "mean", "pooled", "stack"}
        As for `SparseMTLRegressor`; "stack" has weights from the folds.

    Attributes
    ----------
    cv_ : CVResults or DialResults
        The cross-validation: ``cv_.verdict``, ``cv_.best``, ``cv_.summary()``, ``cv_.plot_cv()``.
    result_ : SparseResults, or AverageResults
        The fit chosen.
    coef_, intercept_, tasks_, n_features_in_, feature_names_in_
        As of `SparseMTLRegressor`.

    Raises
    ------
    DataError, OptionError
        As for `SparseMTLRegressor` and `SparseMTL.cross_validate`.

    Warns
    -----
    DataWarning
        As `SparseMTL.cross_validate`.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import simulate
    >>> from sparsekin.sklearn import SparseMTLRegressorCV
    >>> made = simulate.simulate_shared_supports(n_tasks=3, n=60, p=30, s=3, q=4, rng=0)
    >>> X = np.column_stack([made.task, made.X])
    >>> fit = SparseMTLRegressorCV(task=0, random_state=0).fit(X, made.y)
    >>> fit.cv_.judged.chosen in ("share", "separate"), fit.coef_.shape
    (True, (3, 31))
    """

    def __init__(
        self,
        task: str | int | None = None,
        *,
        s: Sizes = "auto",
        lambda_1: Penalties = "auto",
        lambda_2: Penalties = "auto",
        lambda_z: Penalties = "auto",
        support: SupportMode = "heterogeneous",
        task_weights: TaskWeights = "auto",
        metric: AnyMetric | None = None,
        effort: int = 1,
        keep: Sequence[str | int] = (),
        standardize: Standardize = "within",
        scale_outcome: bool = False,
        groups: str | int | None = None,
        cv: Any = 5,
        choose: Literal["best", "1se", "average"] = "best",
        n_jobs: int | None = None,
        random_state: Any = None,
        new_task: str = "raise",
    ) -> None:
        self.task = task
        self.s = s
        self.lambda_1 = lambda_1
        self.lambda_2 = lambda_2
        self.lambda_z = lambda_z
        self.support = support
        self.task_weights = task_weights
        self.metric = metric
        self.effort = effort
        self.keep = keep
        self.standardize = standardize
        self.scale_outcome = scale_outcome
        self.groups = groups
        self.cv = cv
        self.choose = choose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.new_task = new_task

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose the settings, and fit the tasks.

        Parameters
        ----------
        X : frame, array or scipy.sparse matrix of shape (n, n_features_in_)
        y : array of shape (n,), or (n, K): K outcomes that share X
        sample_weight : array of shape (n,), optional
            In the fits, and in the errors of held-out rows.
        """
        rows, y = self._read(X, y, sample_weight, y_numeric=True, multi_output=True)
        return self._take_tuned(self._model(rows, y, scale_outcome=self.scale_outcome), rows)
