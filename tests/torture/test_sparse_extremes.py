"""Numbers a computer cannot square, penalties it cannot multiply, outcomes in units far apart: a word, and no hang."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import sparse

from sparsekin import SparseMTL
from sparsekin.errors import DataError, DataWarning, OptionError

SITE = np.repeat(["north", "south"], 30)


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6))
    return X, X[:, 0] - X[:, 2] + rng.normal(size=60)


@pytest.mark.parametrize("value", [1.797e308, 1e160, -1e160])
def test_an_outcome_whose_square_overflows_is_refused_by_name(value):
    X, y = data()
    y[40] = value
    with pytest.raises(DataError, match=r"The outcome of task 'south' reaches .* whose square overflows"):
        SparseMTL(y, X, SITE)
    with pytest.raises(DataError, match=r"Outcome 'y2' reaches .* whose square overflows"):
        SparseMTL(np.column_stack([X[:, 0], y]), X)


def test_an_outcome_whose_square_vanishes_is_refused_by_name():
    X, y = data()
    with pytest.raises(DataError, match=r"'y' varies by .* whose square is 0"):
        SparseMTL(1e-200 * y, X)


@pytest.mark.parametrize("make", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("factor", [1e160, 1e-200])
def test_a_column_that_cannot_be_squared_is_refused_by_name(make, factor):
    X, y = data()
    X[:, 3] *= factor
    with pytest.raises(DataError, match=r"Column 'x4' .* whose square"):
        SparseMTL(y, make(X), SITE)
    with pytest.raises(DataError, match=r"Column '.*' .* whose square"):
        SparseMTL(y, X[:, :2], SITE, keep=X[:, 3:])


@pytest.mark.parametrize("scale", [1e60, 1e-60])
def test_large_and_small_units_are_right(scale):
    X, y = data()
    plain, scaled = SparseMTL(y, X, SITE).fit(s=2), SparseMTL(scale * y, X / scale, SITE).fit(s=2)
    np.testing.assert_array_equal(plain.support.to_numpy(), scaled.support.to_numpy())
    np.testing.assert_allclose(scaled.solution.coef, plain.solution.coef * scale**2, rtol=1e-9)


@pytest.mark.parametrize("name", ["lambda_1", "lambda_2", "lambda_z"])
def test_penalties_are_used_or_refused(name):
    X, y = data()
    model = SparseMTL(y, X, SITE)
    with pytest.raises(OptionError, match=f"{name} = 1e\\+308 is more than can be computed with"):
        model.fit(s=2, **{name: 1e308})
    found = model.fit(s=2, **{name: 1e20})
    assert np.isfinite(found.objective)
    if name != "lambda_1":
        assert (found.support.iloc[:, 0] == found.support.iloc[:, 1]).all()


def test_outcomes_in_units_far_apart_are_warned_of_once_and_by_name():
    X, y = data()
    far = np.where(SITE == "north", 5e3 * y, y)
    with pytest.warns(DataWarning, match="task 'north' .*task 'south' .*units far apart.*scale_outcome=True") as caught:
        model = SparseMTL(far, X, SITE)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(s=2)
        SparseMTL(far, X, SITE, scale_outcome=True)
        SparseMTL(np.where(SITE == "north", 500 * y, y), X, SITE)
        SparseMTL(np.where(SITE == "north", 500 * y, 3.0), X, SITE)


@pytest.mark.parametrize("value", [0.0, 1.0, 3.0, 0.1, 1e9, -1e-9])
@pytest.mark.parametrize(
    "options",
    [{}, {"lambda_2": np.inf}, {"support": "common"}, {"lambda_z": 1.0}, {"lambda_1": 0.1, "lambda_2": 0.1}],
    ids=str,
)
def test_an_outcome_of_one_value_selects_nothing(value, options):
    X, _ = data()
    fit = SparseMTL(np.full(60, value), X, SITE).fit(2, **options)
    assert fit.selected == []
    assert not fit.params.iloc[1:].to_numpy().any()
    np.testing.assert_allclose(fit.params.iloc[0], value, rtol=1e-12)


def test_an_outcome_of_one_value_in_one_task_leaves_the_others_alone():
    X, y = data()
    flat = np.where(SITE == "north", 0.1, y)
    found, alone = SparseMTL(flat, X, SITE).fit(2), SparseMTL(y[30:], X[30:]).fit(2)
    assert not found.support["north"].any()
    np.testing.assert_allclose(found.params["south"], alone.params.iloc[:, 0])
    weights = np.r_[0.0, np.ones(59)]  # a row that does not count may hold another value
    flat[0] = 7.0
    assert not SparseMTL(flat, X, SITE, weights=weights).fit(2).support["north"].any()
