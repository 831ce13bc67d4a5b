"""The estimators' numbers are those of the models, to the last bit."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sparsekin import MTHAL, MixedForms, SparseMTL
from sparsekin.sklearn import (
    MixedFormsRegressor,
    MTHALClassifier,
    MTHALClassifierCV,
    MTHALRegressor,
    MTHALRegressorCV,
    SparseMTLClassifier,
    SparseMTLClassifierCV,
    SparseMTLRegressor,
    SparseMTLRegressorCV,
)

NAMES = ["age", "bmi", "crp", "ldl", "hdl"]
TUNED = {"s": [1, 2], "lambda_1": [0.02, 0.2]}


def people(n=90, seed=0):
    """Three sites, five measurements, an outcome and whether it is high."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.standard_normal((n, 5)), columns=NAMES)
    site = np.resize(["A", "B", "C"], n)
    y = 2 * X["bmi"] - X["ldl"] * (site == "A") + np.where(site == "C", 3, 0) + 0.5 * rng.standard_normal(n)
    ill = np.where(y + rng.logistic(size=n) > 1, "ill", "well")
    return X, site, y.to_numpy(), ill, rng.uniform(0.5, 2, n)


def with_site(X, site):
    """The frame with the site between its columns."""
    return pd.concat([X.iloc[:, :2], pd.DataFrame({"site": site}), X.iloc[:, 2:]], axis=1)


FEATURES = [0, 1, 3, 4, 5]


def assert_same_linear(fit, res):
    assert_array_equal(np.atleast_2d(fit.coef_)[:, FEATURES], res.params.loc[NAMES].to_numpy().T)
    assert_array_equal(np.atleast_2d(fit.coef_)[:, 2], 0)
    assert_array_equal(fit.intercept_, res.params.loc["Intercept"])
    assert fit.tasks_.tolist() == ["A", "B", "C"]


@pytest.mark.parametrize("weighted", [False, True])
def test_sparse_regressor(weighted):
    X, site, y, _, weights = people()
    weights = weights if weighted else None
    res = SparseMTL(y, X, site, keep=["age"], weights=weights).fit(2, 0.01, lambda_z=0.1)
    fit = SparseMTLRegressor("site", s=2, lambda_1=0.01, lambda_z=0.1, keep=["age"])
    fit.fit(with_site(X, site), y, sample_weight=weights)
    assert_same_linear(fit, res)
    assert_array_equal(fit.predict(with_site(X, site)), res.predict())
    pd.testing.assert_frame_equal(fit.result_.tidy(), res.tidy())


@pytest.mark.filterwarnings("ignore::sparsekin.errors.DataWarning")
def test_sparse_classifier():
    X, site, _, ill, _ = people()
    res = SparseMTL(ill, X, site, family="binomial").fit(2, lambda_z=0.1)
    fit = SparseMTLClassifier("site", s=2, lambda_z=0.1).fit(with_site(X, site), ill)
    assert_same_linear(fit, res)
    assert_array_equal(fit.decision_function(with_site(X, site)), res.predict(type="link"))
    assert_array_equal(fit.predict_proba(with_site(X, site))[:, 1], res.predict())
    pd.testing.assert_frame_equal(fit.result_.tidy(), res.tidy())


@pytest.mark.parametrize("choose", ["best", "1se", "average"])
def test_sparse_regressor_cv(choose):
    X, site, y, _, _ = people()
    cv = SparseMTL(y, X, site).cross_validate(**TUNED, folds=3, effort=0, rng=7)
    fit = SparseMTLRegressorCV("site", **TUNED, cv=3, effort=0, random_state=7, choose=choose)
    assert_same_linear(fit.fit(with_site(X, site), y), cv.refit(choose))
    pd.testing.assert_frame_equal(fit.cv_.table, cv.table)


def test_sparse_classifier_cv():
    X, site, _, ill, _ = people(180)
    cv = SparseMTL(ill, X, site, family="binomial").cross_validate(**TUNED, folds=3, effort=0, rng=7, metric="auc")
    fit = SparseMTLClassifierCV("site", **TUNED, cv=3, effort=0, random_state=7, metric="auc")
    assert_same_linear(fit.fit(with_site(X, site), ill), cv.refit())
    pd.testing.assert_frame_equal(fit.cv_.table, cv.table)


def test_what_a_cross_validation_chose_is_what_the_plain_estimator_takes():
    X, site, y, _, _ = people()
    tuned = SparseMTLRegressorCV("site", **TUNED, cv=3, random_state=0).fit(with_site(X, site), y)
    fit = SparseMTLRegressor("site", **tuned.cv_.best).fit(with_site(X, site), y)
    np.testing.assert_allclose(fit.coef_, tuned.coef_, atol=1e-8)


def test_several_outcomes():
    X, _, y, _, _ = people()
    Y = np.column_stack([y, -y + 1])
    fit = SparseMTLRegressor(s=2).fit(X, Y)
    res = SparseMTL(Y, X).fit(2)
    assert fit.coef_.shape == (2, 5)
    assert_array_equal(fit.coef_, res.params.loc[NAMES].to_numpy().T)
    assert_array_equal(fit.predict(X), res.predict())


def test_one_task_has_the_shapes_of_lasso_and_logistic_regression():
    X, _, y, ill, _ = people()
    plain = SparseMTLRegressor(s=2).fit(X, y)
    assert plain.coef_.shape == (5,)
    assert np.ndim(plain.intercept_) == 0
    classifier = SparseMTLClassifier(s=2).fit(X, ill)
    assert classifier.coef_.shape == (1, 5)
    assert classifier.intercept_.shape == (1,)


HAL = {"max_degree": 1, "knots": 4}


def test_hal_regressor():
    X, site, y, _, weights = people()
    res = MTHAL(y, X, site, weights=weights, **HAL).fit(0.05, linear=0.3)
    fit = MTHALRegressor("site", lambda_=0.05, linear=0.3, **HAL).fit(with_site(X, site), y, weights)
    assert_array_equal(fit.predict(with_site(X, site)), res.predict())
    shares = res.variables.drop(columns="functions").mean(axis=1)
    assert dict(zip(fit.feature_names_in_, fit.feature_importances_, strict=True))["bmi"] == shares["bmi"]


def test_hal_classifier():
    X, site, _, ill, _ = people()
    res = MTHAL(ill, X, site, family="binomial", **HAL).fit(0.03)
    fit = MTHALClassifier("site", lambda_=0.03, **HAL).fit(with_site(X, site), ill)
    assert_array_equal(fit.predict_proba(with_site(X, site))[:, 1], res.predict())


def test_hal_cv():
    X, site, y, ill, _ = people()
    few = {"n_lambda": 15, "linear": None}
    cv = MTHAL(y, X, site, **HAL).cross_validate(folds=3, rng=3, **few)
    fit = MTHALRegressorCV("site", cv=3, random_state=3, choose="1se", **few, **HAL).fit(with_site(X, site), y)
    assert_array_equal(fit.predict(with_site(X, site)), cv.refit("1se").predict())
    cv = MTHAL(ill, X, site, family="binomial", **HAL).cross_validate(folds=3, rng=3, metric="auc", **few)
    fit = MTHALClassifierCV("site", cv=3, random_state=3, metric="auc", **few, **HAL).fit(with_site(X, site), ill)
    assert_array_equal(fit.predict_proba(with_site(X, site))[:, 1], cv.refit().predict())


@pytest.mark.filterwarnings("ignore::sparsekin.errors.DataWarning")
def test_mixed_forms_with_tasks():
    X, site, y, _, _ = people()
    Y = np.column_stack([y, y - X["age"]])
    res = MixedForms(Y, X, task=site).fit(2)
    fit = MixedFormsRegressor("site", d=2).fit(with_site(X, site), Y)
    assert_array_equal(fit.predict(with_site(X, site)), res.predict(X, task=site))
    assert_array_equal(fit.transform(with_site(X, site)), res.transform(X, task=site))
    assert fit.get_feature_names_out().tolist() == ["fixed_f1", "fixed_f2", "random_f1", "random_f2"]


@pytest.mark.filterwarnings("ignore::sparsekin.errors.DataWarning")
def test_mixed_forms_with_a_random_table():
    X, _, y, _, _ = people()
    res = MixedForms(y, X[["age", "bmi", "crp"]], X[["ldl", "hdl"]]).fit(1)
    fit = MixedFormsRegressor(z=["ldl", 4]).fit(X, y)
    expected = res.predict(X[["age", "bmi", "crp"]], Z=X[["ldl", "hdl"]]).to_numpy()[:, 0]
    assert_array_equal(fit.predict(X), expected)
    assert fit.get_feature_names_out().tolist() == ["fixed_f1", "random_f1"]


@pytest.mark.filterwarnings("ignore::sparsekin.errors.DataWarning")
def test_mixed_forms_takes_missing_cells():
    X, site, y, _, _ = people()
    X = X.mask(np.random.default_rng(1).random(X.shape) < 0.1)
    fit = MixedFormsRegressor("site", d=2).fit(with_site(X, site), y)
    assert fit.score(with_site(X, site), y) > 0.7
    assert MixedFormsRegressor().fit(X, y).get_feature_names_out().tolist() == ["fixed_f1"]
