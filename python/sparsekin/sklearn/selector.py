"""Columns that a sparse multi-task fit selects, as a step before another estimator."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from sparsekin.data.blocks import Bools
from sparsekin.errors import OptionError, kind_of
from sparsekin.models.sparse.stability import check_at_least
from sparsekin.sklearn.base import column_names, roles_of
from sparsekin.sklearn.sparse.base import SparseBase
from sparsekin.sklearn.tuned import own_words, rng_of


class SupportSelector(SelectorMixin, MetaEstimatorMixin, BaseEstimator):
    """Hand on the columns that `SparseMTL` selects in any task, in several, or stably at a false discovery rate.

    Parameters
    ----------
    estimator : SparseMTLRegressor, SparseMTLClassifier, or their CV forms
        What selects; cloned before it is fitted.
    at_least : int
        Tasks that must select a column.
    fdr : float, optional
        Select by halves of the rows instead, at this false discovery rate, see `SparseResults.select`; `at_least` is
        then tasks whose own rows show it.
    with_task : bool
        Hand on the columns of tasks and groups too, for a next step that reads them.
    n_jobs : int, optional
        Halves at a time, as in joblib.
    random_state : int, RandomState or None
        Draws the halves.

    Attributes
    ----------
    estimator_ : the fitted estimator
        ``estimator_.result_`` has the halves after a selection at `fdr`.
    n_features_in_ : int
    feature_names_in_ : array of shape (n_features_in_,)
        With a frame only.

    Raises
    ------
    OptionError
        The estimator is none of these, or `at_least` or `fdr` is out of range.
    DataError
        As for the estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import simulate
    >>> from sparsekin.sklearn import SparseMTLRegressor, SupportSelector
    >>> made = simulate.simulate_shared_supports(n_tasks=3, n=60, p=30, s=3, q=4, rng=0)
    >>> X = np.column_stack([made.task, made.X])
    >>> selector = SupportSelector(SparseMTLRegressor(task=0, s=3, lambda_z=1), at_least=2)
    >>> selector.fit(X, made.y).get_feature_names_out().tolist()
    ['x3', 'x5', 'x7']
    """

    def __init__(
        self,
        estimator: SparseBase,
        *,
        at_least: int = 1,
        fdr: float | None = None,
        with_task: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.at_least = at_least
        self.fdr = fdr
        self.with_task = with_task
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.target_tags, tags.classifier_tags = inner.target_tags, inner.classifier_tags
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the estimator, and halves of the rows where `fdr` is given.

        Parameters
        ----------
        X : frame, array or scipy.sparse matrix of shape (n, n_features_in_)
        y : array of shape (n,), or (n, K): K outcomes that share X
        sample_weight : array of shape (n,), optional
        """
        if not isinstance(self.estimator, SparseBase):
            raise OptionError(
                f"estimator is {kind_of(self.estimator)}; SupportSelector takes SparseMTLRegressor, "
                "SparseMTLClassifier and their CV forms. SelectFromModel takes others."
            )
        fitted = clone(self.estimator).fit(X, y, sample_weight)
        self.n_features_in_ = fitted.n_features_in_
        if hasattr(fitted, "feature_names_in_"):
            self.feature_names_in_ = fitted.feature_names_in_
        found = fitted.result_
        check_at_least(self.at_least, found.blocks.n_tasks)
        if self.fdr is None:
            names = found.support.index[found.support.sum(axis=1) >= self.at_least].tolist()
        else:
            with own_words():
                fitted.result_ = found.stability(rng=rng_of(self.random_state), n_jobs=self.n_jobs)
            names = fitted.result_.select(self.fdr, self.at_least).features
        self.estimator_ = fitted
        self._mask = np.isin(column_names(fitted), [*names, *found.design.keep_names])
        if self.with_task:
            self._mask[list(roles_of(fitted).values())] = True
        return self

    def _get_support_mask(self) -> Bools:
        check_is_fitted(self)
        return self._mask
