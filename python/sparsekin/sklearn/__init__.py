"""The models of sparsekin as scikit-learn estimators."""

from sparsekin.sklearn.forms.regressor import MixedFormsRegressor
from sparsekin.sklearn.hal.classifier import MTHALClassifier
from sparsekin.sklearn.hal.classifier_cv import MTHALClassifierCV
from sparsekin.sklearn.hal.regressor import MTHALRegressor
from sparsekin.sklearn.hal.regressor_cv import MTHALRegressorCV
from sparsekin.sklearn.selector import SupportSelector
from sparsekin.sklearn.sparse.classifier import SparseMTLClassifier
from sparsekin.sklearn.sparse.classifier_cv import SparseMTLClassifierCV
from sparsekin.sklearn.sparse.regressor import SparseMTLRegressor
from sparsekin.sklearn.sparse.regressor_cv import SparseMTLRegressorCV

__all__ = [
    "MTHALClassifier",
    "MTHALClassifierCV",
    "MTHALRegressor",
    "MTHALRegressorCV",
    "MixedFormsRegressor",
    "SparseMTLClassifier",
    "SparseMTLClassifierCV",
    "SparseMTLRegressor",
    "SparseMTLRegressorCV",
    "SupportSelector",
]
