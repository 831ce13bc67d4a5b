"""`MTHAL` of yes/no outcomes as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sparsekin.hal.knots import Bins
from sparsekin.hal.penalty import PenaltyName
from sparsekin.sklearn.hal.base import HALClassifier


class MTHALClassifier(HALClassifier):
    """Nonparametric logistic regression of several tasks (highly adaptive lasso) as a scikit-learn estimator.

    The numbers are those of `sparsekin.MTHAL` with ``family="binomial"``; its results are kept as `result_`.

    Parameters
    ----------
    task, keep, new_task
        As for `MTHALRegressor`; means of task models are of log odds.
    lambda_, tolerance, linear
        As for `MTHAL.fit`.
    order, max_degree, knots, reduce_basis, penalty, l1_ratio
        As for `MTHAL`.

    Attributes
    ----------
    result_ : HALResults
        The fit: ``result_.summary()``, ``result_.plot_curves()``.
    classes_ : array of shape (2,)
        Labels, sorted; the log odds are those of the second.
    feature_importances_, tasks_, n_features_in_, feature_names_in_
        As of `MTHALRegressor`.

    Raises
    ------
    DataError, OptionError
        In `fit` as for `MTHAL`; y has one class or more than two; a column that a parameter names is not in X; in
        `predict` a task is new.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin.sklearn import MTHALClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-2, 2, (200, 3))
    >>> y = np.where(np.abs(X[:, 0]) > 1, "ill", "well")
    >>> fit = MTHALClassifier(lambda_=0.02, max_degree=1).fit(X, y)
    >>> round(fit.score(X, y), 2), fit.predict_proba([[0, 0, 0], [2, 0, 0]]).round(1)[:, 0]
    (0.99, array([0.1, 1. ]))
    """

    def __init__(
        self,
        task: str | int | None = None,
        *,
        lambda_: float = 0.01,
        tolerance: float = 1e-6,
        linear: float | None = None,
        order: int = 1,
        max_degree: int | None = None,
        knots: Bins | Sequence[Bins] | None = None,
        reduce_basis: float | None = None,
        penalty: PenaltyName = "l21",
        l1_ratio: float = 0.5,
        keep: Sequence[str | int] = (),
        new_task: str = "raise",
    ) -> None:
        self.task = task
        self.lambda_ = lambda_
        self.tolerance = tolerance
        self.linear = linear
        self.order = order
        self.max_degree = max_degree
        self.knots = knots
        self.reduce_basis = reduce_basis
        self.penalty = penalty
        self.l1_ratio = l1_ratio
        self.keep = keep
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
        model = self._model(rows, y, family="binomial", l1_ratio=self.l1_ratio)
        return self._take_one(model)
