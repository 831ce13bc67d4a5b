"""Supports met, priced together."""

import numpy as np

from sparsekin.l0.exact.pool import Met


def test_prices_are_added_per_column_and_empty_places_cost_nothing():
    met = Met(size=3, p=5)
    met.add({(0, 2, 4): 1.0, (1,): 2.0, (): 4.0})
    prices = np.array([0.1, -3.0, 0.2, 7.0, 0.3])
    np.testing.assert_allclose(met.priced(prices), [1.6, -1.0, 4.0])
    assert met.cheapest(prices) == ((1,), -1.0)


def test_a_support_is_kept_once_and_many_are_kept():
    met = Met(size=2, p=50)
    for i in range(40):
        met.add({(i, i + 1): float(i)})
        met.add({(0, 1): 99.0})
    assert len(met) == 40
    assert met.values[0] == 0.0
    np.testing.assert_array_equal(met.columns[39], [39, 40])


def test_the_front_remembers_what_was_near_at_earlier_prices():
    met = Met(size=1, p=4)
    met.add({(0,): 0.0, (1,): 1.0, (2,): 2.0, (3,): 9.0})
    np.testing.assert_array_equal(met.front(np.zeros(4), 0.5), [0])
    np.testing.assert_array_equal(met.front(np.array([5.0, 0.0, -1.0, 0.0]), 0.5), [0, 1, 2])
    np.testing.assert_array_equal(met.front(np.zeros(4), 0.5), [0, 1, 2])
