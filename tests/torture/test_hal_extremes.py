"""Data at the edge: a HAL converges on them or says what is wrong."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL
from sparsekin.errors import DataError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), RNG.normal(size=60)
DESIGNS = {
    "constant column": np.column_stack([X, np.ones(60)]),
    "only constants": np.ones((60, 2)),
    "copies": X[:, [0, 0, 0]],
    "binary": (X > 0).astype(float),
    "integers": np.round(3 * X).astype(int),
    "far and wide": 1e6 * X + 1e9,
    "tiny": 1e-6 * X,
}


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", DESIGNS)
def test_designs(name, order):
    model = MTHAL(Y, DESIGNS[name], order=order)
    table = model.path(n_lambda=8).table
    assert (table["gap"] <= 1e-6).all()
    assert np.isfinite(model.fit(0.1 * model.lambda_max if model.lambda_max else 1.0).fittedvalues).all()


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_few_rows(n, order):
    found = MTHAL(Y[:n], X[:n], order=order).fit(0.1)
    assert found.status == "converged"
    assert np.isfinite(found.fittedvalues).all()


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("penalty", ["l21", "lasso"])
def test_interpolation_where_columns_are_linearly_dependent(order, penalty):
    found = MTHAL(np.column_stack([Y, -Y, X[:, 0]])[:20], X[:20], order=order, knots="full", penalty=penalty).fit(1e-8)
    assert found.gap <= 1e-6
    assert np.abs(found.coef).max() < 1e4
    if order == 1:
        np.testing.assert_allclose(found.resid, 0, atol=0.01)


def test_a_lasso_with_nothing_in_one_task():
    found = MTHAL(np.column_stack([Y * 1e-6, X[:, 0] ** 2]), X, penalty="lasso", order=1).fit(0.01)
    assert not found.coef[:, 0].any()
    assert found.coef[:, 1].any()


def test_a_task_of_one_row():
    task = np.array(["b"] + ["a"] * 59)
    model = MTHAL(Y, X, task)
    assert model.fit(0.05).status == "converged"
    with pytest.raises(DataError, match="Task 'b' has 1 row but folds = 3"):
        model.cross_validate(folds=3)


def test_an_outcome_seen_five_times():
    gaps = np.column_stack([Y, np.where(np.arange(60) < 5, Y, np.nan)])
    found = MTHAL(gaps, X).fit(0.05)
    assert found.status == "converged"
    assert found.task_fit["n"].tolist() == [60, 5]


def test_names_with_spaces_and_no_intercept():
    frame = pd.DataFrame(X, columns=["a b", "c", "d"]).assign(y=Y)
    found = MTHAL.from_formula("y ~ h(`a b`) + h(c, `a b`) + I(d ** 2) + 0", frame).fit(0.01)
    assert "Intercept" not in found.params.index
    assert found.blocks.keep_names == ("I(d ** 2)",)
    assert found.blocks.feature_names == ("a b", "c")
    np.testing.assert_allclose(found.predict(frame), found.fittedvalues)
