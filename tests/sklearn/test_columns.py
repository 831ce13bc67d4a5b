"""The column of tasks survives frames, arrays, pipelines, folds and predict; what cannot be used says why."""

import re
import reprlib

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneGroupOut, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline

from sparsekin import MixedForms
from sparsekin.errors import DataError, FormulaError, OptionError
from sparsekin.sklearn import (
    MixedFormsRegressor,
    MTHALClassifierCV,
    MTHALRegressor,
    MTHALRegressorCV,
    SparseMTLClassifier,
    SparseMTLRegressor,
    SparseMTLRegressorCV,
)

NAMES = ["age", "bmi", "crp"]


def people(n=60, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.standard_normal((n, 3)), columns=NAMES)
    X["site"] = np.resize(["A", "B", "C"], n)
    y = X["bmi"] + X["site"].map({"A": 0.0, "B": 2.0, "C": 4.0}) + 0.1 * rng.standard_normal(n)
    return X, y.to_numpy()


def coded(X):
    """The same as an array of numbers."""
    return X.assign(site=X["site"].map({"A": 0, "B": 1, "C": 2})).to_numpy(float)


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("site", lambda X: X),
        ("site", lambda X: X.astype({"site": "category"})),
        ("site", lambda X: pl.DataFrame(X.to_dict("list"))),
        ("site", lambda X: X[["site", *NAMES]]),
        (3, lambda X: X),
        (-1, lambda X: X.to_numpy()),
        (3, lambda X: coded(X).tolist()),
        (3, lambda X: sparse.csr_matrix(coded(X))),
    ],
    ids=["name", "category", "polars", "first", "position in a frame", "objects", "lists", "sparse"],
)
def test_every_container(task, change):
    X, y = people()
    known = SparseMTLRegressor("site", s=1).fit(X, y)
    fit = SparseMTLRegressor(task, s=1).fit(change(X), y)
    assert_array_equal(np.sort(fit.coef_.ravel()), np.sort(known.coef_.ravel()))
    assert_allclose(fit.predict(change(X)[:9] if task != "site" else change(X.head(9))), known.predict(X[:9]))
    assert fit.tasks_.tolist() in (["A", "B", "C"], [0, 1, 2])


def test_numbers_of_a_frame_stay_whole_numbers():
    X, y = people()
    fit = SparseMTLRegressor("site", s=1).fit(X.assign(site=np.resize([1, 2, 3], 60)), y)
    assert fit.tasks_.dtype.kind == "i"
    with pytest.raises(DataError, match=r"Convert the labels"):
        fit.predict(X.assign(site=np.resize(["1", "2", "3"], 60)))


def test_names_and_positions_are_those_of_x():
    X, y = people()
    fit = SparseMTLRegressor(0, s=1, keep=[2]).fit(X[["site", *NAMES]].assign(site=coded(X)[:, 3]).to_numpy(), y)
    assert fit.n_features_in_ == 4
    assert fit.result_.design.feature_names == ("x1", "x3")
    assert fit.result_.design.keep_names == ("x2",)


def test_new_tasks_are_refused_or_predicted_by_the_mean():
    X, y = people()
    new = X.head(3).assign(site=["A", "D", "D"])
    fit = SparseMTLRegressor("site", s=1).fit(X, y)
    with pytest.raises(DataError, match=r"not fitted to task 'D' \(it knows 'A', 'B', 'C'\); new_task='mean' predicts"):
        fit.predict(new)
    mean = SparseMTLRegressor("site", s=1, new_task="mean").fit(X, y)
    expected = mean.result_.predict(new[NAMES].to_numpy(), how="mean")
    assert_array_equal(mean.predict(new), [fit.predict(X)[0], *expected[1:]])
    assert_array_equal(mean.predict(new.assign(site="D")), expected)
    with pytest.raises(OptionError, match=r"new_task = 'middle' is not one of 'raise', 'mean', 'pooled'"):
        SparseMTLRegressor("site", new_task="middle").fit(X, y)


@pytest.mark.filterwarnings("ignore:Heywood")
def test_mixed_forms_predict_new_tasks_at_population_level():
    X, y = people()
    fit = MixedFormsRegressor("site").fit(X, y)
    new = X.head(3).assign(site=["A", "D", "D"])
    expected = [*fit.predict(X)[:1], *fit.result_.predict(new[NAMES], how="mean")["y"].iloc[1:]]
    assert_allclose(fit.predict(new), expected)


def test_stacked_models_predict_new_tasks_after_cross_validation():
    X, y = people()
    fit = SparseMTLRegressorCV("site", s=[1], lambda_1=[0.1], cv=3, new_task="stack", random_state=0).fit(X, y)
    new = X.head(4).assign(site="D")
    assert_array_equal(fit.predict(new), fit.result_.predict(new[NAMES].to_numpy(), how="stack"))


def test_leave_one_site_out():
    X, y = people()
    scores = cross_val_score(
        SparseMTLRegressor("site", s=1, new_task="mean"), X, y, groups=X["site"], cv=LeaveOneGroupOut(),
        scoring="neg_root_mean_squared_error",
    )  # fmt: skip
    assert scores.shape == (3,)
    assert 1.5 < -scores[0] < 4


def test_imputer_inside_folds():
    X, y = people()
    gaps = X.mask(np.random.default_rng(1).random(X.shape) < [[0.1, 0.1, 0.1, 0]])
    impute = make_column_transformer(
        (SimpleImputer(), NAMES), remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")
    pipe = make_pipeline(impute, SparseMTLRegressor("site", s=1))
    assert cross_val_predict(pipe, gaps, y, cv=3).shape == (60,)
    search = GridSearchCV(pipe, {"sparsemtlregressor__s": [1, 3], "sparsemtlregressor__lambda_z": [0, 1]}, cv=3)
    assert search.fit(gaps, y).best_score_ > 0.9
    lost = make_pipeline(impute.set_output(transform="default"), SparseMTLRegressor("site", s=1))
    with pytest.raises(DataError, match=r"task='site' is a name, but the columns of X have none"):
        lost.fit(gaps, y)


def test_groups_are_held_out_together_and_no_feature():
    X, y = people()
    X = X.assign(patient=np.repeat(np.arange(20), 3))
    fit = SparseMTLRegressorCV("site", groups="patient", s=[1], lambda_1=[0.1], cv=4, random_state=0).fit(X, y)
    assert fit.result_.design.feature_names == tuple(NAMES)
    assert (fit.cv_.folds.groupby(X["patient"].to_numpy()).nunique() == 1).all()
    assert_array_equal(fit.coef_[:, 4], 0)


@pytest.mark.parametrize("random_state", [3, np.random.RandomState(3)])
@pytest.mark.parametrize(
    "cv", [3, GroupKFold(3), list(LeaveOneGroupOut().split(range(60), groups=np.arange(60) // 20))]
)
def test_folds_as_scikit_learn_users_give_them(cv, random_state):
    X, y = people()
    X = X.assign(patient=np.repeat(np.arange(20), 3) if isinstance(cv, GroupKFold) else np.arange(60))
    fit = SparseMTLRegressorCV("site", groups="patient", s=[1], lambda_1=[0.1], cv=cv, random_state=random_state)
    assert fit.fit(X, y).cv_.folds.nunique() == 3


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (SparseMTLRegressor("sit"), r"task='sit' is no column of X. Did you mean 'site'\?"),
        (SparseMTLRegressor(4), r"task=4 is no position in X, which has 4 columns."),
        (SparseMTLRegressor(True), r"task=True must be the name or the position of a column of X, or None."),
        (SparseMTLRegressor(), r"Column 'site' of X holds text. Encode it before .* give task='site'."),
        (SparseMTLRegressor("site", keep=["site"]), r"keep names 'site', which says what task or group a row is of."),
        (SparseMTLRegressor("site", keep="ag"), r"keep='ag' is no column of X."),
        (MTHALRegressor("site", new_task="pooled"), r"new_task = 'pooled' is not one of 'raise', 'mean'."),
    ],
)
def test_columns_that_cannot_be_used(estimator, message):
    X, y = people()
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, y)


def test_a_missing_label_or_nothing_beside_it_is_refused():
    X, y = people()
    with pytest.raises(DataError, match=r"task"):
        SparseMTLRegressor("site").fit(X.assign(site=X["site"].mask(X.index == 4)), y)
    with pytest.raises(DataError, match=r"no feature beside its column of tasks"):
        SparseMTLRegressor("site").fit(X[["site"]], y)
    with pytest.raises(FormulaError, match=r"Several outcomes are tasks of their own"):
        SparseMTLRegressor("site").fit(X, np.column_stack([y, y]))
    fit = SparseMTLRegressor("site", s=1).fit(X, y)
    with pytest.raises(DataError, match=r"not fitted to task None"):
        fit.predict(X.assign(site=X["site"].mask(X.index == 4)))


def test_labels_of_every_kind():
    X, y = people()
    high = y > pd.Series(y).groupby(X["site"]).transform("median")
    for labels in (np.array(["no", "yes"]), np.array(["no", "yes"], dtype=object), np.array([2, 7]), [False, True]):
        given = np.asarray(labels)[high.astype(int)]
        fit = SparseMTLClassifier("site", s=1, lambda_1=0.1).fit(X, given)
        assert fit.classes_.tolist() == list(labels)
        assert fit.score(X, given) > 0.8
        assert_array_equal(fit.predict(X), fit.classes_[fit.predict_proba(X).argmax(axis=1)])
    with pytest.raises(DataError, match=r"Only binary classification is supported. The type of the target is multicl"):
        SparseMTLClassifier("site").fit(X, X["site"])
    with pytest.raises(DataError, match=r"y has one class, 'no', in the rows that count; a classifier needs two"):
        SparseMTLClassifier("site").fit(X, ["no"] * 60)


def test_nothing_of_the_user_is_changed():
    X, y = people()
    before, weights = X.copy(), np.ones(60)
    SparseMTLRegressor("site", s=1).fit(X, y, weights).predict(X)
    pd.testing.assert_frame_equal(X, before)
    assert (weights == 1).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [({"cv": 1}, "^cv = 1; cross-validation needs"), ({"cv": "x"}, "^cv = 'x'"),
     ({"random_state": -1}, "^random_state = -1 is not"), ({"choose": "worst", "cv": 2}, "^choose = 'worst' is not")],
)  # fmt: skip
@pytest.mark.parametrize("kind", [SparseMTLRegressorCV, MTHALRegressorCV])
def test_errors_name_the_parameters_of_the_estimator(kind, options, message):
    X = np.random.default_rng(0).standard_normal((40, 2))
    if kind is SparseMTLRegressorCV:
        options = options | {"effort": 0}
    with pytest.raises(ValueError, match=message):
        kind(**options).fit(X, X[:, 0])


@pytest.mark.parametrize("cv", [1.5, [], {}, "x", {1: 2}, [(1, 2, 3)], np.array(1.5)], ids=repr)
@pytest.mark.parametrize("estimator", [SparseMTLRegressorCV, MTHALRegressorCV, MTHALClassifierCV])
def test_folds_that_are_none_are_refused_as_cv(estimator, cv):
    X, y = people()
    y = X["age"] > 0 if estimator is MTHALClassifierCV else y
    with pytest.raises(OptionError, match=rf"^cv = {re.escape(reprlib.repr(cv))} is neither a number of folds"):
        estimator("site", cv=cv).fit(X, y)


def test_the_fold_of_each_row_is_a_cv():
    X, y = people()
    of_row = np.resize(np.repeat([0, 1, 2], 3), 60)
    pairs = [(np.flatnonzero(of_row != fold), np.flatnonzero(of_row == fold)) for fold in range(3)]
    asked = {"s": [1, 2], "lambda_1": [0.1], "lambda_2": [0.0], "lambda_z": [0.0]}
    known = SparseMTLRegressorCV("site", **asked, cv=pairs).fit(X, y).cv_.per_fold
    for cv in (of_row, of_row.tolist(), pd.Series(of_row)):
        assert_allclose(SparseMTLRegressorCV("site", **asked, cv=cv).fit(X, y).cv_.per_fold, known)
    with pytest.raises(DataError, match=r"^cv must have one fold for each of the 60 rows; it has shape \(1,\)"):
        SparseMTLRegressorCV("site", **asked, cv=[1]).fit(X, y)


@pytest.mark.parametrize("lambdas", ["x", -1, 0, np.nan, [0.1, -1]])
@pytest.mark.parametrize("estimator", [MTHALRegressorCV, MTHALClassifierCV])
def test_lambdas_are_called_lambdas(estimator, lambdas):
    X, y = people()
    worst = lambdas[-1] if isinstance(lambdas, list) else lambdas
    with pytest.raises(OptionError, match=rf"^lambdas holds {worst!r}; each value must be a finite number > 0"):
        estimator("site", lambdas=lambdas, max_degree=1).fit(X, X["age"] > 0 if estimator is MTHALClassifierCV else y)


@pytest.mark.parametrize("tolerance", ["x", None, [], -1, np.nan, True, 2])
def test_a_tolerance_of_codes_is_a_number(tolerance):
    X, y = people()
    said = rf"^tolerance = {re.escape(repr(tolerance))} must be a number from 0 to below 1"
    for fit in (
        lambda: MixedFormsRegressor("site", tolerance=tolerance).fit(X, y),
        lambda: MixedForms(y, X[NAMES]).fit(1, tolerance=tolerance),
    ):
        with pytest.raises(OptionError, match=said):
            fit()
