"""`MTHAL` of yes/no outcomes tuned by its own cross-validation, as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from sparsekin.hal.knots import Bins
from sparsekin.hal.penalty import PenaltyName
from sparsekin.options import FamilyMetric
from sparsekin.sklearn.hal.base import HALClassifier


class MTHALClassifierCV(HALClassifier):
    """`MTHALClassifier` with lambda from the package's cross-validation.

    Parameters
    ----------
    task, keep, order, max_degree, knots, reduce_basis, penalty, tolerance, new_task
        As for `MTHALClassifier`.
    lambdas, n_lambda, l1_ratio, linear, metric
        As for `MTHAL.cross_validate`.
    groups, cv, n_jobs, random_state
        As for `SparseMTLRegressorCV`.
    choose : {"best", "1se", "undersmooth"}
        Which fit is kept, as for `refit` of the cross-validation; "undersmooth" is for plug-in estimates.

    Attributes
    ----------
    cv_ : HALCV
        The cross-validation: ``cv_.best``, ``cv_.summary()``, ``cv_.plot_cv()``.
    result_ : HALResults
        The fit chosen.
    classes_, feature_importances_, tasks_, n_features_in_, feature_names_in_
        As of `MTHALClassifier`.

    Raises
    ------
    DataError, OptionError
        As for `MTHALClassifier` and `MTHAL.cross_validate`.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin.sklearn import MTHALClassifierCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-2, 2, (200, 3))
    >>> y = np.where(np.abs(X[:, 0]) + 0.5 * rng.standard_normal(200) > 1, "ill", "well")
    >>> fit = MTHALClassifierCV(max_degree=1, choose="1se", random_state=0).fit(X, y)
    >>> fit.feature_importances_.round(1)
    array([1., 0., 0.])
    """

    def __init__(
        self,
        task: str | int | None = None,
        *,
        lambdas: Sequence[float] | None = None,
        n_lambda: int = 100,
        l1_ratio: float | Sequence[float] | None = None,
        linear: float | Sequence[float | None] | Literal["auto"] | None = "auto",
        tolerance: float = 1e-6,
        metric: FamilyMetric | None = None,
        order: int = 1,
        max_degree: int | None = None,
        knots: Bins | Sequence[Bins] | None = None,
        reduce_basis: float | None = None,
        penalty: PenaltyName = "l21",
        keep: Sequence[str | int] = (),
        groups: str | int | None = None,
        cv: Any = 5,
        choose: Literal["best", "1se", "undersmooth"] = "best",
        n_jobs: int | None = None,
        random_state: Any = None,
        new_task: str = "raise",
    ) -> None:
        self.task = task
        self.lambdas = lambdas
        self.n_lambda = n_lambda
        self.l1_ratio = l1_ratio
        self.linear = linear
        self.tolerance = tolerance
        self.metric = metric
        self.order = order
        self.max_degree = max_degree
        self.knots = knots
        self.reduce_basis = reduce_basis
        self.penalty = penalty
        self.keep = keep
        self.groups = groups
        self.cv = cv
        self.choose = choose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.new_task = new_task

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose lambda, and fit the tasks.

        Parameters
        ----------
        X : frame, array or scipy.sparse matrix of shape (n, n_features_in_)
        y : array of n labels of two classes
        sample_weight : array of shape (n,), optional
        """
        rows, y = self._read(X, y, sample_weight)
        y = self._read_classes(y, rows.weights)
        model = self._model(rows, y, family="binomial")
        return self._take_tuned(model, rows, self.metric)
