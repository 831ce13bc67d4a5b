"""Knots and functions are those of hal9001's rules; what does not fit is refused before it is built."""

import numpy as np
import pytest

from hal.hal9001_twin import enumerate_basis, evaluate, quantizer, reduce_basis
from hal.hal_cases import covariates
from sparsekin.errors import DataError
from sparsekin.hal.basis import Term, all_terms, bins_of, count_terms, make_basis
from sparsekin.hal.design import Design, drop_repeats
from sparsekin.hal.knots import default_bins, inverse_cdf, place_knots

NAMES = ("age", "bmi", "crp", "sex")


def described(basis):
    return [basis.describe(j) for j in range(basis.size)]


def moving(functions, X):
    """Ours by design: no step at the smallest value of a column, which hal9001 has; see docs/decisions/hal.md."""
    low = X.min(axis=0)
    return [
        (columns, knots, orders)
        for columns, knots, orders in functions
        if any(orders) or all(t > low[j] for j, t in zip(columns, knots, strict=True))
    ]


@pytest.mark.parametrize("bins", [1, 2, 5, 10, 20])
@pytest.mark.parametrize("n", [7, 30, 100, 1501])
def test_knots_are_those_values_are_rounded_down_to(n, bins):
    rng = np.random.default_rng(3)
    for x in (rng.normal(size=n), rng.integers(0, 2, n).astype(float), np.round(rng.normal(size=n), 1)):
        rounded = quantizer(x, bins)
        assert set(rounded.tolist()) <= set(place_knots(x, bins).tolist())
        knots = place_knots(x, bins)
        np.testing.assert_array_equal(knots[np.searchsorted(knots, x, side="right") - 1], rounded)


def test_quantiles_are_of_type_1():
    # R 4.2: quantile(c(1, 2, 4, 8, 16), c(0, .2, .39, .4, .41, .6, 1), type = 1)
    found = inverse_cdf(np.array([1.0, 2, 4, 8, 16]), np.array([0, 0.2, 0.39, 0.4, 0.41, 0.6, 1.0]))
    np.testing.assert_array_equal(found, [1, 1, 2, 2, 4, 4, 16])


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_functions_are_those_of_the_slow_rules(order, degree):
    X = covariates(60, 4, np.random.default_rng(degree))
    bins = [default_bins(order, s) for s in range(1, degree + 1)]
    found = described(make_basis(X, all_terms(4, degree, order, None), NAMES))
    expected = enumerate_basis(X, degree, order, bins)
    assert len(found) == len(set(found))
    assert set(found) == set(moving(expected, X))


@pytest.mark.parametrize("seed", [0, 1])
def test_steps_are_reduced_and_first_copies_stay(seed):
    X = covariates(50, 3, np.random.default_rng(seed))
    share = 1 / np.sqrt(50)
    found = described(drop_repeats(make_basis(X, all_terms(3, 3, 0, "full"), NAMES), X, share))
    every = moving(enumerate_basis(X, 3, 0, [50, 50, 50]), X)
    expected = reduce_basis(X, every, share)
    assert len(expected) < len(every)
    assert found == expected


def test_hinges_are_not_reduced():
    X = covariates(50, 3, np.random.default_rng(0))
    basis = make_basis(X, all_terms(3, 2, 1, None), NAMES)
    assert drop_repeats(basis, X, 0.5) is basis


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_columns_are_the_functions(order):
    X = covariates(40, 3, np.random.default_rng(5))
    basis = make_basis(X, all_terms(3, 3, order, 6), NAMES)
    columns = Design(basis, X).columns(np.arange(basis.size))
    for j in range(basis.size):
        np.testing.assert_allclose(columns[:, j], evaluate(X, basis.describe(j)), rtol=1e-14, atol=0)


def test_new_rows_below_the_lowest_knot_get_nothing():
    X = covariates(40, 2, np.random.default_rng(5), ties=False)
    basis = make_basis(X, all_terms(2, 2, 1, 6), NAMES)
    below = np.full((1, 2), -9.0)
    assert not Design(basis, below).columns(np.arange(basis.size)).any()


def test_a_section_of_its_own():
    X = covariates(40, 3, np.random.default_rng(5))
    basis = make_basis(X, [Term((0, 2), 0, "full", 2.5)], NAMES)
    assert {columns for columns, _, _ in described(basis)} == {(0, 2)}
    seen, low = np.unique(X[:, [0, 2]], axis=0), X[:, [0, 2]].min(axis=0)
    assert basis.size == np.count_nonzero(np.all(seen > low, axis=1))
    np.testing.assert_array_equal(basis.factors, 2.5)


def test_bins_by_degree():
    assert [bins_of(None, 0, s) for s in (1, 2, 3)] == [20, 10, 5]
    assert [bins_of([50, 7], 1, s) for s in (1, 2, 3)] == [50, 7, 7]
    assert bins_of(["full", 7], 1, 3) == 7
    assert bins_of("full", 1, 2) == "full"
    assert count_terms(5, 3) == len(all_terms(5, 3, 1, None)) == 25


def test_too_many_functions_are_refused_with_the_number():
    X = covariates(300, 4, np.random.default_rng(0), ties=False)
    message = r"up to 3,000 functions in 10 sections .* 0\.10 MB, more than the 0\.05 MB allowed; lower m"
    with pytest.raises(DataError, match=message):
        make_basis(X, all_terms(4, 2, 1, "full"), NAMES, memory=5e4, n_tasks=1)


def test_too_large_a_grid_is_refused_by_name():
    X = covariates(50, 4, np.random.default_rng(0), ties=False)
    with pytest.raises(DataError, match=r"\(age, bmi, crp\) has a grid of 50 x 50 x 50 knots, which needs 8\.00 MB"):
        make_basis(X, [Term((0, 1, 2), 1, "full")], NAMES, memory=1e6)


def test_pairs_at_every_knot_need_no_grid():
    X = covariates(30_000, 2, np.random.default_rng(0), ties=False)
    assert (
        make_basis(X, [Term((0, 1), 0, "full")], NAMES).size == 29_998
    )  # as a grid 7.2 GB; not the lowest of a column


@pytest.mark.parametrize("bins", [20, "full"])
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_every_factor_of_a_step_is_0_in_some_row_and_1_in_another(bins, degree):
    X = covariates(80, 4, np.random.default_rng(degree))
    X[:, 3] = 7.0
    basis = drop_repeats(make_basis(X, all_terms(4, degree, 0, bins), NAMES), X, 0.0)
    assert basis.size
    for columns, knots, _ in described(basis):
        for j, t in zip(columns, knots, strict=True):
            assert 0 < np.mean(X[:, j] >= t) < 1
