"""`SparseMTL` as a scikit-learn regressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sparsekin.models.sparse.checks import Sizes
from sparsekin.models.sparse.events import Ridge
from sparsekin.options import Standardize, SupportMode, TaskWeights
from sparsekin.sklearn.sparse.base import SparseRegressor


class SparseMTLRegressor(SparseRegressor):
    """Best-subset regression of several tasks as a scikit-learn estimator.

    The numbers are those of `sparsekin.SparseMTL`; its results are kept as `result_`.

    Parameters
    ----------
    task : str or int, optional
        Column of X that says which task a row belongs to: its name in a frame, or its position. By default all rows
        are one task, or, where y has several columns, each of them is a task.
    s, lambda_1, lambda_2, lambda_z, support, task_weights, effort, dial
        As for `SparseMTL.fit`; ``SparseMTLRegressor(task, **cv.best)`` takes what a cross-validation chose.
    keep : sequence of str or int
        Columns of X that are always in, by name or position.
    standardize, scale_outcome
        As for `SparseMTL`.
    new_task : {"raise", "mean", "pooled"}
        What to do with rows of a task that the fit has not seen: refuse them, or predict them by a mean of the task
        models, see `SparseResults.predict`.

    Attributes
    ----------
    result_ : SparseResults
        The fit: ``result_.summary()``, ``result_.stability()``, ``result_.certify()``.
    coef_ : array of shape (n_features_in_,), or (K, n_features_in_) with tasks or several outcomes
        Coefficients in the units of X, 0 where a feature is not selected, and for the column of tasks.
    intercept_ : float, or array of shape (K,)
    tasks_ : array of shape (K,)
        Labels of the tasks, in the order of `coef_`; with `task` only.
    n_features_in_ : int
        Columns of X, that of tasks too.
    feature_names_in_ : array of shape (n_features_in_,)
        With a frame only.

    Raises
    ------
    DataError, OptionError
        In `fit` as for `SparseMTL`; a column that a parameter names is not in X; in `predict` a task is new.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sparsekin.sklearn import SparseMTLRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.standard_normal((60, 3)), columns=["age", "bmi", "crp"])
    >>> X["site"] = np.repeat(["north", "south"], 30)
    >>> y = 2 * X["bmi"] + np.where(X["site"] == "north", 5, 1) + 0.1 * rng.standard_normal(60)
    >>> fit = SparseMTLRegressor("site", s=1).fit(X, y)
    >>> fit.coef_.round(1)
    array([[0., 2., 0., 0.],
           [0., 2., 0., 0.]])
    >>> fit.intercept_.round(1), fit.tasks_.tolist()
    (array([5., 1.]), ['north', 'south'])
    """

    def __init__(
        self,
        task: str | int | None = None,
        *,
        s: Sizes = 5,
        lambda_1: Ridge = "auto",
        lambda_2: float = 0.0,
        lambda_z: float = 0.0,
        support: SupportMode = "heterogeneous",
        task_weights: TaskWeights = "auto",
        effort: int = 1,
        dial: bool = False,
        keep: Sequence[str | int] = (),
        standardize: Standardize = "within",
        scale_outcome: bool = False,
        new_task: str = "raise",
    ) -> None:
        self.task = task
        self.s = s
        self.lambda_1 = lambda_1
        self.lambda_2 = lambda_2
        self.lambda_z = lambda_z
        self.support = support
        self.task_weights = task_weights
        self.effort = effort
        self.dial = dial
        self.keep = keep
        self.standardize = standardize
        self.scale_outcome = scale_outcome
        self.new_task = new_task

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the tasks.

        Parameters
        ----------
        X : frame, array or scipy.sparse matrix of shape (n, n_features_in_)
        y : array of shape (n,), or (n, K): K outcomes that share X
        sample_weight : array of shape (n,), optional
        """
        rows, y = self._read(X, y, sample_weight, y_numeric=True, multi_output=True)
        return self._take_one(self._model(rows, y, scale_outcome=self.scale_outcome), rows)
