"""Two classes: their labels, and probabilities from the log odds of a fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sparsekin.data.blocks import Floats
from sparsekin.errors import DataError
from sparsekin.sklearn.base import Labels, TaskEstimator


class TwoClasses(ClassifierMixin, TaskEstimator):
    """A classifier of two classes whose fit is of the log odds of the second."""

    classes_: Labels

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _read_classes(self, y: Labels, weights: Floats | None) -> Labels:
        """(n,) y as the models take it: text as it is, so that a summary has its words, other labels as 0 and 1."""
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise DataError(f"Only binary classification is supported. The type of the target is {kind}.")
        self.classes_, codes = np.unique(y, return_inverse=True)
        seen = self.classes_[np.unique(codes if weights is None else codes[weights > 0])].tolist()
        if len(seen) == 1:
            raise DataError(f"y has one class, {seen[0]!r}, in the rows that count; a classifier needs two.")
        text = all(isinstance(label, str) for label in self.classes_.tolist())
        return self.classes_.astype(str)[codes] if text else codes.astype(float)

    def decision_function(self, X: Any) -> Floats:
        """(n,) log odds of the second of `classes_`."""
        return self._predict(X, type="link")

    def predict_proba(self, X: Any) -> Floats:
        """(n, 2) probabilities of `classes_`."""
        second = self._predict(X, type="response")
        return np.column_stack([1.0 - second, second])

    def predict(self, X: Any) -> Labels:
        """(n,) the more probable class."""
        second = self.decision_function(X) > 0
        return np.asarray(self.classes_[second.astype(int)])
