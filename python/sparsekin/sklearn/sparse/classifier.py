"""`SparseMTL` of yes/no outcomes as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sparsekin.models.sparse.checks import Sizes
from sparsekin.models.sparse.events import Ridge
from sparsekin.options import Standardize, SupportMode, TaskWeights
from sparsekin.sklearn.sparse.base import SparseClassifier


class SparseMTLClassifier(SparseClassifier):
    """Best-subset logistic regression of several tasks as a scikit-learn estimator.

    The numbers are those of `sparsekin.SparseMTL` with ``family="binomial"``; its results are kept as `result_`.

    Parameters
    ----------
    task, keep, standardize, new_task
        As for `SparseMTLRegressor`; means of task models are of log odds.
    s, lambda_1, lambda_2, lambda_z, support, task_weights, effort, dial
        As for `SparseMTL.fit`; ``SparseMTLClassifier(task, **cv.best)`` takes what a cross-validation chose.

    Attributes
    ----------
    result_ : SparseResults
        The fit: ``result_.summary()``, ``result_.stability()``, ``result_.certify()``.
    classes_ : array of shape (2,)
        Labels, sorted; the log odds are those of the second.
    coef_ : array of shape (K, n_features_in_)
        Log odds ratios per unit of X, 0 where a feature is not selected, and for the column of tasks; K = 1 without
        tasks.
    intercept_ : array of shape (K,)
    tasks_, n_features_in_, feature_names_in_
        As of `SparseMTLRegressor`.

    Raises
    ------
    DataError, OptionError
        In `fit` as for `SparseMTL`; y has one class or more than two; a column that a parameter names is not in X; in
        `predict` a task is new.

    Warns
    -----
    DataWarning
        A task has fewer than 5 events per selected feature.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sparsekin.sklearn import SparseMTLClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.standard_normal((200, 3)), columns=["age", "bmi", "crp"])
    >>> X["site"] = np.repeat(["north", "south"], 100)
    >>> y = np.where(X["bmi"] + rng.logistic(size=200) > 0, "ill", "well")
    >>> fit = SparseMTLClassifier("site", s=1, lambda_z=1).fit(X, y)
    >>> fit.classes_.tolist(), (fit.coef_ != 0).any(axis=0).tolist()
    (['ill', 'well'], [False, True, False, False])
    >>> fit.predict_proba(X).shape
    (200, 2)
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
        self.new_task = new_task

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the tasks.

        Parameters
        ----------
        X : frame, array or scipy.sparse matrix of shape (n, n_features_in_)
        y : array of n labels of two classes
        sample_weight : array of shape (n,), optional
        """
        rows, y = self._read(X, y, sample_weight)
        y = self._read_classes(y, rows.weights)
        return self._take_one(self._model(rows, y, family="binomial"), rows)
