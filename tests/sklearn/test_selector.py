"""Selection as a step: which columns go on, under which names, and with whose weights."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

import sklearn
from sparsekin import SparseMTL
from sparsekin.errors import OptionError
from sparsekin.sklearn import (
    MixedFormsRegressor,
    MTHALRegressor,
    SparseMTLClassifier,
    SparseMTLRegressor,
    SupportSelector,
)

NAMES = [f"g{j}" for j in range(20)]


def people(n=120, seed=0):
    """`g1` matters in all sites, `g4` in A alone."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.standard_normal((n, 20)), columns=NAMES)
    site = np.resize(["A", "B", "C"], n)
    y = 4 * X["g1"] + 2 * X["g4"] * (site == "A") + 0.3 * rng.standard_normal(n)
    return X.assign(site=site), y.to_numpy()


def test_columns_of_any_task_or_of_several():
    X, y = people()
    estimator = SparseMTLRegressor("site", s=2)
    support = SparseMTL(y, X[NAMES], X["site"]).fit(2).support
    for least in (1, 2, 3):
        selector = SupportSelector(estimator, at_least=least).fit(X, y)
        assert selector.get_feature_names_out().tolist() == list(support.index[support.sum(axis=1) >= least])
        assert not hasattr(estimator, "result_")
    assert selector.get_feature_names_out().tolist() == ["g1"]


def test_kept_columns_and_on_request_the_task_go_on():
    X, y = people()
    selector = SupportSelector(SparseMTLRegressor("site", s=1, keep=["g7"]), at_least=3)
    assert selector.fit(X, y).get_feature_names_out().tolist() == ["g1", "g7"]
    two = make_pipeline(
        clone(selector).set_params(with_task=True).set_output(transform="pandas"),
        MTHALRegressor("site", max_degree=1, knots=5, lambda_=0.05),
    )
    assert two.fit(X, y)[-1].feature_names_in_.tolist() == ["g1", "g7", "site"]
    assert two.score(X, y) > 0.5


def test_selection_at_a_false_discovery_rate_is_that_of_the_results():
    X, y = people()
    selector = SupportSelector(SparseMTLRegressor("site", s=2), fdr=0.1, random_state=5).fit(X, y)
    res = SparseMTL(y, X[NAMES], X["site"]).fit(2).stability(rng=5).select(0.1)
    assert selector.get_feature_names_out().tolist() == [name for name in NAMES if name in res.features]
    assert "g1" in res.features
    assert selector.estimator_.result_.frequency is not None


def test_before_another_estimator_and_set_output():
    X, y = people()
    pipe = make_pipeline(SupportSelector(SparseMTLRegressor("site", s=1)), LinearRegression())
    assert pipe.fit(X, y).score(X, y) > 0.5
    frame = SupportSelector(SparseMTLRegressor("site", s=1)).set_output(transform="pandas").fit_transform(X, y)
    assert frame.columns.tolist() == pipe[0].get_feature_names_out().tolist()
    assert frame.dtypes.eq(float).all()


def test_a_classifier_selects_too():
    X, y = people(240)
    selector = SupportSelector(SparseMTLClassifier("site", s=1, lambda_z=1)).fit(X, np.where(y > 0, "ill", "well"))
    assert selector.get_feature_names_out().tolist() == ["g1"]


def test_scikit_learn_selects_by_coefficients_and_importances():
    X, y = people()
    by_coef = SelectFromModel(SparseMTLRegressor("site", s=1), threshold=1e-9).fit(X, y)
    assert by_coef.get_feature_names_out().tolist() == ["g1"]
    by_share = SelectFromModel(MTHALRegressor("site", max_degree=1, knots=5, lambda_=0.3), threshold=0.5).fit(X, y)
    assert by_share.get_feature_names_out().tolist() == ["g1"]


def test_what_cannot_select_says_so():
    X, y = people()
    with pytest.raises(OptionError, match=r"estimator is a MTHALRegressor; SupportSelector takes SparseMTLRegressor"):
        SupportSelector(MTHALRegressor("site")).fit(X, y)
    with pytest.raises(OptionError, match=r"at_least"):
        SupportSelector(SparseMTLRegressor("site"), at_least=4).fit(X, y)


def test_weights_are_routed():
    X, y = people()
    weights = np.where(X["site"] == "A", 1.0, 1e-3 + (X.index < 60))
    with sklearn.config_context(enable_metadata_routing=True):
        pipe = make_pipeline(
            SupportSelector(SparseMTLRegressor("site", s=2)).set_fit_request(sample_weight=True).set_output(
                transform="pandas"
            ),
            LinearRegression().set_fit_request(sample_weight=False),
        ).fit(X, y, sample_weight=weights)  # fmt: skip
        alone = make_pipeline(SparseMTLRegressor("site", s=2).set_fit_request(sample_weight=True))
        alone.fit(X, y, sample_weight=weights)
    expected = SparseMTL(y, X[NAMES], X["site"], weights=weights).fit(2).params.loc[NAMES].to_numpy().T
    assert_array_equal(pipe[0].estimator_.coef_[:, :20], expected)
    assert_array_equal(alone[0].coef_[:, :20], expected)


@pytest.mark.parametrize(
    "transformer", [MixedFormsRegressor(), SupportSelector(SparseMTLRegressor(s=2))], ids=["MixedForms", "Support"]
)
@pytest.mark.parametrize(
    "check",
    [
        "check_transformer_get_feature_names_out",
        "check_transformer_get_feature_names_out_pandas",
        "check_set_output_transform",
        "check_set_output_transform_pandas",
        "check_global_output_transform_pandas",
        "check_set_output_transform_polars",
        "check_dataframe_column_names_consistency",
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_names_and_output_as_scikit_learn_checks_its_own(transformer, check):
    getattr(estimator_checks, check)(type(transformer).__name__, clone(transformer))


@pytest.mark.parametrize("estimator", [SparseMTLRegressor(s=2), SparseMTLClassifier(lambda_1=0.1)])
def test_names_are_kept_as_scikit_learn_checks(estimator):
    estimator_checks.check_dataframe_column_names_consistency(type(estimator).__name__, estimator)
