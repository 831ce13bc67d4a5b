"""`MTHAL` as a scikit-learn regressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sparsekin.hal.knots import Bins
from sparsekin.hal.penalty import PenaltyName
from sparsekin.sklearn.hal.base import HALRegressor


class MTHALRegressor(HALRegressor):
    """Nonparametric regression of several tasks (highly adaptive lasso) as a scikit-learn estimator.

    The numbers are those of `sparsekin.MTHAL`; its results are kept as `result_`.

    Parameters
    ----------
    task, keep
        As for `SparseMTLRegressor`.
    lambda_, tolerance, linear
        As for `MTHAL.fit`; the scale of `lambda_` is that of y, unless `scale_outcome`.
    order, max_degree, knots, reduce_basis, penalty, l1_ratio, scale_outcome
        As for `MTHAL`.
    new_task : {"raise", "mean"}
        What to do with rows of a task that the fit has not seen: refuse them, or predict them by the mean of the task
        models weighted by their rows.

    Attributes
    ----------
    result_ : HALResults
        The fit: ``result_.summary()``, ``result_.plot_curves()``.
    feature_importances_ : array of shape (n_features_in_,)
        Share of the variation of what is predicted in functions that hold the column, mean over tasks: with products of
        variables they add to more than 1. 0 for the columns of tasks and of `keep`.
    tasks_, n_features_in_, feature_names_in_
        As of `SparseMTLRegressor`.

    Raises
    ------
    DataError, OptionError
        In `fit` as for `MTHAL`; a column that a parameter names is not in X; in `predict` a task is
        new.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin.sklearn import MTHALRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([rng.uniform(-2, 2, (200, 3)), np.repeat([1, 2], 100)])
    >>> y = np.where(X[:, 3] == 1, 1, -1) * np.sin(2 * X[:, 0]) + 0.1 * rng.standard_normal(200)
    >>> fit = MTHALRegressor(task=-1, lambda_=0.01, max_degree=1).fit(X, y)
    >>> round(fit.score(X, y), 2), fit.feature_importances_.round(1)
    (0.93, array([1., 0., 0., 0.]))
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
        scale_outcome: bool | None = None,
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
        self.scale_outcome = scale_outcome
        self.keep = keep
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
        model = self._model(rows, y, scale_outcome=self.scale_outcome, l1_ratio=self.l1_ratio)
        return self._take_one(model)
