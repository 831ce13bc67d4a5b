"""What must not change a multi-task HAL, and what must change it in a known way."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsekin import MTHAL

SETTINGS = settings(max_examples=15, deadline=None)


def made(seed, n=40):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (n, 2)).round(1)
    y = np.sin(2 * X[:, 0]) * (X[:, 1] > 0) + 0.3 * rng.normal(size=n)
    return X, y, rng.integers(0, 3, n)


@SETTINGS
@given(seed=st.integers(0, 1000), order=st.integers(0, 2), a=st.floats(0.01, 100), b=st.floats(-100, 100))
def test_outcomes_in_other_units(seed, order, a, b):
    X, y, task = made(seed)
    one, other = MTHAL(y, X, task, order=order), MTHAL(a * y + b, X, task, order=order)
    np.testing.assert_allclose(other.lambda_max, a * one.lambda_max, rtol=1e-7)
    lambda_ = 0.2 * one.lambda_max
    first, second = one.fit(lambda_, 1e-10), other.fit(a * lambda_, 1e-10)
    np.testing.assert_allclose(second.objective, a**2 * first.objective, rtol=1e-6)
    np.testing.assert_allclose(second.fittedvalues, a * first.fittedvalues + b, atol=1e-3 * a)


@SETTINGS
@given(seed=st.integers(0, 1000), order=st.integers(0, 2))
def test_rows_and_tasks_in_another_order(seed, order):
    X, y, task = made(seed)
    rows = np.random.default_rng(seed).permutation(len(y))
    one = MTHAL(y, X, task, order=order)
    other = MTHAL(y[rows], X[rows], 2 - task[rows], order=order)
    lambda_ = 0.2 * one.lambda_max
    np.testing.assert_allclose(other.fit(lambda_, 1e-10).objective, one.fit(lambda_, 1e-10).objective, rtol=1e-8)


@SETTINGS
@given(seed=st.integers(0, 1000))
def test_steps_see_ranks_only(seed):
    X, y, task = made(seed)
    one, other = MTHAL(y, X, task, order=0), MTHAL(y, np.exp(X) * [1.0, 50.0], task, order=0)
    lambda_ = 0.2 * one.lambda_max
    first, second = one.fit(lambda_, 1e-10), other.fit(lambda_, 1e-10)
    assert one.n_functions == other.n_functions
    np.testing.assert_allclose(second.objective, first.objective, rtol=1e-8)


@SETTINGS
@given(seed=st.integers(0, 1000), order=st.integers(0, 2))
def test_rows_of_weight_0_do_not_count(seed, order):
    X, y, task = made(seed)
    w = np.ones(len(y))
    w[:5] = 0.0
    spoilt = np.where(w > 0, y, 1e6)
    one, other = (MTHAL(values, X, task, order=order, weights=w).fit(0.05) for values in (y, spoilt))
    np.testing.assert_allclose(other.objective, one.objective, rtol=1e-10)
    np.testing.assert_allclose(other.bounds, one.bounds)


@SETTINGS
@given(seed=st.integers(0, 1000), lambdas=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=4, unique=True))
def test_objective_grows_and_certificates_hold_along_a_path(seed, lambdas):
    X, y, task = made(seed)
    model = MTHAL(y, X, task)
    path = model.path([share * model.lambda_max for share in lambdas])
    assert np.all(np.diff(path.table["objective"]) <= 1e-6)
    assert np.all(path.table["gap"] <= 1e-6)
