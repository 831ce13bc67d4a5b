"""The r-concave bound has the values of Shah and Samworth's own code, and the stored table those of the function."""

import numpy as np
import pytest

from sparsekin.inference.bound import STORED, THETAS, computed, share_that_may_pass, stored


def test_published_values():
    found = share_that_may_pass(0.05, 50)[[59, 74, 89, 99]]
    np.testing.assert_allclose(found, [2.6053e-3, 6.478e-4, 1.705e-4, 1.238e-5], rtol=5e-4)


@pytest.mark.parametrize("row", [0, 12, 23])
def test_the_table_is_what_the_function_gives(row):
    np.testing.assert_array_equal(stored()[row], computed(THETAS[row], STORED))


def test_it_falls_with_the_cut_and_grows_with_theta_which_is_rounded_up():
    table = stored()
    assert (np.diff(table, axis=1) <= 1e-12).all()
    assert (np.diff(table, axis=0) >= -1e-12).all()
    np.testing.assert_array_equal(share_that_may_pass(0.045, 50), share_that_may_pass(0.05, 50))
    assert (share_that_may_pass(0.6, 50) == 1).all()


def test_it_bounds_what_it_says():
    """Halves that choose each of 1000 useless features with chance 1/20, independently: far within."""
    rng = np.random.default_rng(0)
    frequency = rng.binomial(40, 0.05, size=1000) / 40
    bound = share_that_may_pass(0.05, 20) * 1000
    for i in (15, 20, 30):
        assert (frequency >= i / 40).sum() <= bound[i - 1] + 1e-9
