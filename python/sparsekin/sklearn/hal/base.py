"""What the estimators around `MTHAL` have in common."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import RegressorMixin
from sklearn.utils import Tags

from sparsekin.data.blocks import Floats
from sparsekin.models.hal.cv import HALCV
from sparsekin.models.hal.model import MTHAL
from sparsekin.options import FamilyMetric
from sparsekin.sklearn.base import Labels, Rows, TaskEstimator, column_names
from sparsekin.sklearn.classes import TwoClasses
from sparsekin.sklearn.tuned import folds_of, own_words, rng_of


class HALBase(TaskEstimator):
    """An estimator whose fit is that of a `MTHAL`."""

    cv_: HALCV
    feature_importances_: Floats
    _new_task = ("raise", "mean")

    def _model(self, rows: Rows, y: Labels, **options: Any) -> MTHAL:
        return MTHAL(
            y, rows.X, rows.task, order=self.order, max_degree=self.max_degree, knots=self.knots,
            reduce_basis=self.reduce_basis, penalty=self.penalty, keep=self._features("keep", self.keep, rows),
            weights=rows.weights, feature_names=rows.names, **options,
        )  # fmt: skip

    def _take_one(self, model: MTHAL) -> Self:
        """Keep one fit, at the settings that are parameters."""
        return self._take(model.fit(self.lambda_, self.tolerance, self.linear))

    def _take_tuned(self, model: MTHAL, rows: Rows, metric: FamilyMetric | None = None) -> Self:
        """Keep the cross-validation, and the fit it chooses."""
        with own_words():
            self.cv_ = model.cross_validate(
                self.lambdas, self.n_lambda, self.l1_ratio, folds_of(self.cv), rows.groups, self.tolerance, self.n_jobs,
                rng_of(self.random_state), linear=self.linear, metric=metric,
            )  # fmt: skip
            found = self.cv_.refit(self.choose)
        return self._take(found)

    def _take(self, found: Any) -> Self:
        """Keep a fit, with the shares of its variables in the order of the columns of X."""
        shares = found.variables.drop(columns="functions").mean(axis=1)
        self.feature_importances_ = shares.reindex(column_names(self), fill_value=0.0).to_numpy()
        return self._keep_fit(found)


class HALRegressor(RegressorMixin, HALBase):
    """A regressor around `MTHAL`."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> Floats:
        """(n,), or (n, K) of several outcomes, expected values."""
        return self._predict(X)


class HALClassifier(TwoClasses, HALBase):
    """A classifier around `MTHAL`."""
