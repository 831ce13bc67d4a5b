"""Constant columns, gaps in held-out responses, and input that used to be taken or dropped in silence."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sparsekin import MixedForms
from sparsekin.errors import DataError, OptionError


def tables(seed=0, n=80, missing=0.0):
    rng = np.random.default_rng(seed)
    codes = rng.standard_normal((n, 2))
    Y, X = (codes @ rng.standard_normal((2, p)) + 0.4 * rng.standard_normal((n, p)) for p in (3, 6))
    X[rng.random(X.shape) < missing] = np.nan
    return Y, X, np.arange(n) % 4


@pytest.mark.filterwarnings("ignore:The fit stopped at max_sweeps")
@pytest.mark.parametrize("algorithm", ["als", "em", "published"])
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_constant_columns_change_nothing(algorithm, missing):
    Y, X, task = tables(missing=missing)
    flat = np.tile(np.arange(20.0), (len(Y), 1))
    flat[3, 4:9] = np.nan
    wide = np.hstack([flat[:, :10], X, flat[:, 10:]])
    few, many = (MixedForms(Y, part, task=task).fit(d=2, algorithm=algorithm, max_sweeps=300, tolerance=1e-5)
                 for part in (X, wide))  # fmt: skip
    np.testing.assert_allclose(many.predict(), few.predict(), atol=1e-10)
    np.testing.assert_allclose(many.predict(wide[:9]), few.predict(X[:9]), atol=1e-10)
    np.testing.assert_allclose(many.task_shifts, few.task_shifts, atol=1e-10)
    np.testing.assert_allclose(many.alpha, few.alpha, atol=1e-10)
    assert not many.beta.iloc[[0, 15 + 3]].to_numpy().any()
    assert many.objective == pytest.approx(few.objective, rel=1e-12)
    np.testing.assert_allclose(many.impute()["x"].iloc[3, :10], np.arange(10.0), atol=1e-12)
    assert many.residual_variance["x", "x1"] == 0


@pytest.mark.parametrize("target", ["cells", "y"])
def test_constant_columns_do_not_count_in_cross_validation(target):
    Y, X, task = tables()
    wide = [np.hstack([table, np.ones((len(Y), 5))]) for table in (Y, X)]
    few, many = (MixedForms(*part, task=task).cross_validate(d=[1, 2], folds=3, rng=1, target=target)
                 for part in ((Y, X), wide))  # fmt: skip
    pd.testing.assert_frame_equal(few.table, many.table)


def test_constant_columns_of_sparse_tables_change_nothing():
    Y, X, _ = tables()
    X = np.where(np.abs(X) > 0.5, X, 0.0)
    wide = sparse.csr_array(np.hstack([np.full((len(Y), 3), 0.1), X]))
    few, many = (MixedForms(Y, part).fit(d=2) for part in (sparse.csr_array(X), wide))
    np.testing.assert_allclose(many.predict(), few.predict(), atol=1e-10)


def test_held_out_rows_are_those_with_a_response():
    Y, X, _ = tables()
    Y[10:] = np.nan
    Y[:3, 1:] = np.nan
    Y[5, 2] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cv = MixedForms(Y, X).cross_validate(d=[1, 2], folds=5, rng=0, target="y")
        assert cv.table[["mean", "std_error", "y"]].notna().all(axis=None)
        assert cv.best["d"] == cv.table["d"][cv.table["mean"].argmin()]
        assert repr(cv).startswith("<FormsCV: d = 1, 2; best ")
    for target, rows, what in (("y", 10, "10 rows with a response"), ("cells", 80, "80 rows")):
        with pytest.raises(OptionError, match=f"folds = {rows + 1}, but the data have {what}; set folds to {rows} or"):
            MixedForms(Y, X).cross_validate(d=1, folds=rows + 1, target=target)
    each = MixedForms(Y, X).cross_validate(d=1, folds=10, target="y", rng=0)
    errors = each.errors.mse[0, :, 0]
    assert np.isfinite(errors).all()
    np.testing.assert_allclose(each.table["mean"], errors.mean())


def test_responses_that_are_constant_have_nothing_explained_and_nothing_to_hold_out():
    _, X, task = tables()
    model = MixedForms(np.ones(len(X)), X, task=task)
    fit = model.fit(d=1)
    assert fit.variance_explained.loc["y"].isna().all()
    assert not fit.task_shifts.to_numpy().any()
    assert "Constant, so without loadings: y." in str(fit.summary())
    with pytest.raises(DataError, match="Every response is constant: held-out values cannot tell one d from another"):
        model.cross_validate(d=[1, 2], target="y")
    assert model.cross_validate(d=[1, 2], folds=2, rng=0).table["y"].isna().all()
    one = np.where(np.arange(len(X)) == 3, 1.0, np.nan)
    with pytest.raises(DataError, match="Every response is constant"):
        MixedForms(one, X).cross_validate(d=1, folds=2, target="y")


def test_a_response_with_one_value_does_not_make_the_table_missing():
    Y, X, _ = tables()
    Y[1:, 2] = np.nan
    for target in ("y", "cells"):
        cv = MixedForms(Y, X).cross_validate(d=[1, 2], folds=4, rng=0, target=target)
        assert cv.table[["mean", "std_error", "y"]].notna().all(axis=None)


@pytest.mark.parametrize("value", [1e160, -1e170, 1e-160])
def test_numbers_whose_squares_are_none_are_refused(value):
    Y, X, _ = tables()
    X[:, 2] *= value
    with pytest.raises(
        DataError, match=r"Column 'x3' of X has values up to .*e.1[5-7]\d, whose squares cannot be computed"
    ):
        MixedForms(Y, X)
    with pytest.raises(DataError, match="Column 'x3' of X has values up to"):
        MixedForms(Y, sparse.csr_array(X))
    good = np.where(np.arange(6) == 2, np.sign(X), X)
    with pytest.raises(DataError, match="whose squares cannot be computed; give it in other units"):
        MixedForms(Y, good).fit(d=1).predict(X)


@pytest.mark.parametrize("dtype", [bool, object, "boolean"])
def test_true_and_false_are_no_response(dtype):
    _, X, _ = tables()
    frame = pd.DataFrame(X, columns=list("abcdef")).assign(ill=pd.Series(X[:, 0] > 0).astype(dtype))
    with pytest.raises(DataError, match="Response 'ill' holds true and false, but mixed forms are for numbers"):
        MixedForms.from_formula("ill ~ a + b + c", frame)
    with pytest.raises(DataError, match="holds true and false"):
        MixedForms(frame[["ill"]], X)
    with pytest.raises(DataError, match="holds true and false"):
        MixedForms(X[:, 0] > 0, X)
    MixedForms.from_formula("a + b ~ c + ill", frame)


@pytest.mark.parametrize(("fitted", "given"), [
    ([0, 1, 2, 3], ["0", "1", "2", "3"]), (["0", "1", "2", "3"], [0, 1, 2, 3]),
])  # fmt: skip
def test_labels_of_another_type_are_refused(fitted, given):
    Y, X, task = tables()
    frame = pd.DataFrame(np.hstack([Y, X]), columns=["y1", "y2", "y3", *"abcdef"])
    frame["site"] = np.array(fitted, object)[task]
    other = frame.assign(site=np.array(given, object)[task])
    fit = MixedForms.from_formula("y1 + y2 ~ a + b + c", frame, task="site").fit(d=1)
    plain = MixedForms(Y, X, task=frame["site"]).fit(d=1)
    for call in (
        lambda: fit.predict(other), lambda: fit.transform(other), lambda: fit.translate(other, from_="z", to="y"),
        lambda: plain.predict(X, task=other["site"]), lambda: plain.transform(X, task=other["site"]),
    ):  # fmt: skip
        with pytest.raises(DataError, match=r"Task .*[0-3].* of the new rows is .*; the fit knows"):
            call()
    elsewhere = fit.predict(frame.assign(site="elsewhere"))
    pd.testing.assert_frame_equal(elsewhere, fit.predict(frame.drop(columns="site")))
