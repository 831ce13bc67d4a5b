"""What the estimators around `SparseMTL` have in common."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from sparsekin.data.blocks import Floats
from sparsekin.models.sparse.model import SparseMTL
from sparsekin.sklearn.base import Labels, Rows, TaskEstimator
from sparsekin.sklearn.classes import TwoClasses


class SparseBase(TaskEstimator):
    """An estimator whose fit is that of a `SparseMTL`."""

    coef_: Floats
    intercept_: Floats

    def _model(self, rows: Rows, y: Labels, **options: Any) -> SparseMTL:
        return SparseMTL(
            y, rows.X, rows.task, keep=self._features("keep", self.keep, rows), weights=rows.weights,
            feature_names=rows.names, standardize=self.standardize, **options,
        )  # fmt: skip

    def _take_one(self, model: SparseMTL, rows: Rows) -> Self:
        """Keep one fit, at the settings that are parameters."""
        found = model.fit(
            self.s, self.lambda_1, self.lambda_2, self.lambda_z, self.support, self.task_weights, self.effort,
            dial=self.dial,
        )  # fmt: skip
        return self._take(found, rows)

    def _take(self, found: Any, rows: Rows) -> Self:
        """Keep a fit, with its coefficients in the order of the columns of X."""
        params = found.params
        self.coef_ = np.zeros((params.shape[1], self.n_features_in_))
        self.coef_[:, rows.at] = params.loc[list(rows.names)].to_numpy().T
        self.intercept_ = params.loc["Intercept"].to_numpy()
        return self._keep_fit(found)


class SparseRegressor(RegressorMixin, SparseBase):
    """A regressor around `SparseMTL`."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> Floats:
        """(n,), or (n, K) of several outcomes, expected values."""
        return self._predict(X)

    def _take(self, found: Any, rows: Rows) -> Self:
        super()._take(found, rows)
        if self.task is None and len(self.coef_) == 1:
            self.coef_, self.intercept_ = self.coef_[0], self.intercept_[0]
        return self


class SparseClassifier(TwoClasses, SparseBase):
    """A classifier around `SparseMTL`."""
