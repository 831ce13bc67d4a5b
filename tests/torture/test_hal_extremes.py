"""Data at the edge: a HAL converges on them or says what is wrong."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL
from sparsekin.errors import DataError, DataWarning, SolverError
from sparsekin.hal.path import walk

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
    with pytest.warns(DataWarning, match="in units far apart"):
        model = MTHAL(np.column_stack([Y * 1e-6, X[:, 0] ** 2]), X, penalty="lasso", order=1)
    found = model.fit(0.01)
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


@pytest.mark.parametrize("size", [1e160, 1.7e308, 1e-160])
def test_outcomes_whose_squares_cannot_be_told_are_refused(size):
    spoilt = Y.copy()
    spoilt[3] = size
    for values, task in ((size * np.sign(Y), None), (spoilt, None), (spoilt, np.repeat(["a", "b"], 30))):
        if size < 1 and values is spoilt:
            continue
        what = r"Outcome 'y'" if task is None else r"The outcome of task 'a'"
        with pytest.raises(DataError, match=rf"{what} .* (overflows; divide|is 0; multiply) it by a power of ten"):
            MTHAL(values, X, task)
    with pytest.raises(DataError, match=r"Column 'u' .* by a power of ten"):
        MTHAL(Y, X, keep=pd.DataFrame({"u": size * np.sign(Y)}))
    with pytest.raises(DataError, match=r"Outcome 'b' .* by a power of ten"):
        MTHAL(pd.DataFrame({"a": Y, "b": size * np.sign(Y)}), X)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("size", [1e160, -1.7e308, 1e-160])
def test_columns_whose_squares_cannot_be_told_are_refused_by_name(order, size):
    made = pd.DataFrame(X, columns=["age", "bmi", "crp"])
    made["bmi"] *= abs(size) / 4
    made.loc[0, "bmi"] = size
    with pytest.raises(DataError, match=r"The functions of bmi reach .* column 'bmi' spans .* Rescale by"):
        MTHAL(Y, made, order=order)
    with pytest.raises(DataError, match=r"column 'age' spans .*e\+90 and 'bmi' spans .*e\+90"):
        MTHAL(Y, made.assign(age=1e90 * X[:, 0], bmi=1e90 * X[:, 1]), order=1, max_degree=2)


def test_steps_of_columns_of_any_size_are_those_of_their_ranks():
    far = X * [1e160, 1e-160, 1.0]
    far[0, 0] = -1.7e308
    one = MTHAL(Y, far, order=0).fit(0.05)
    ranks = MTHAL(Y, np.argsort(np.argsort(far, axis=0), axis=0), order=0).fit(0.05)
    np.testing.assert_allclose(one.fittedvalues, ranks.fittedvalues, atol=1e-4)


def test_weights_of_any_scale_are_the_same_weights():
    w = np.random.default_rng(1).uniform(0.1, 2, 60)
    one = MTHAL(Y, X, weights=w).fit(0.05)
    for scale in (1e-200, 1e-12, 1e12, 1e140):
        np.testing.assert_allclose(MTHAL(Y, X, weights=scale * w).fit(0.05).objective, one.objective, rtol=1e-6)
    with pytest.raises(DataError, match=r"Weights reach 1e\+200 in task 'y'; divide them all by that"):
        MTHAL(Y, X, weights=np.full(60, 1e200))


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_what_is_not_a_number_stops_the_solver_at_once(family):
    model = MTHAL(Y > 0 if family == "binomial" else Y, X, family=family)
    weights = (np.full(60, np.nan),)
    spoilt = replace(model.blocks, weights=weights)
    with pytest.raises(SolverError, match="The weighted mean of task 'y' is not finite"):
        list(walk(model._problem.on(spoilt), [0.1]))
    omega = np.where(np.arange(60) == 5, np.nan, 1 / 60)
    how = tuple(
        None if one is None else replace(one, loss=replace(one.loss, omega=omega)) for one in model._problem.curved
    )
    problem = replace(model._problem, omega=(omega,), curved=how)
    with pytest.raises(SolverError, match="is not finite"):
        list(walk(problem, [0.1, 0.01]))
