"""Slopes on held-out rows are those of statsmodels, one regression per column."""

import numpy as np
import pytest
import statsmodels.api as sm

from sparsekin.inference.beside import slopes_beside


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e7])
def test_every_column_beside_the_chosen_ones(weighted, scale):
    rng = np.random.default_rng(0)
    n, m = 40, 6
    X = scale * rng.standard_normal((n, m)) + 3 * scale
    U = np.column_stack([np.ones(n), rng.standard_normal(n)])
    y = X[:, 0] / scale + U[:, 1] + rng.standard_normal(n)
    w = rng.uniform(0.2, 2, n) if weighted else None
    inside = np.array([True, False, True, False, False, False])
    found = slopes_beside(y, X, inside, U, w)
    assert found.df == n - 4
    for j in range(m):
        Z = np.column_stack([X[:, j], X[:, inside & (np.arange(m) != j)], U])
        fit = sm.WLS(y, Z, weights=np.ones(n) if w is None else w).fit()
        np.testing.assert_allclose([found.b[j], found.se[j]], [fit.params[0], fit.bse[0]], rtol=1e-7)


def test_columns_without_a_slope_say_so():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 4))
    X[:, 1] = 5.0
    X[:, 3] = X[:, 0] - 2.0
    found = slopes_beside(rng.standard_normal(30), X, np.array([True, False, False, False]), np.ones((30, 1)), None)
    assert np.isnan(found.b).tolist() == [False, True, False, True]
    few = slopes_beside(rng.standard_normal(3), X[:3], np.array([True, False, True, False]), np.ones((3, 1)), None)
    assert np.isnan(few.b).all()


@pytest.mark.parametrize("level", [0.0, 3.0, 1e9 / 3])
@pytest.mark.parametrize("groups", [None, np.arange(40) // 4])
def test_an_outcome_that_does_not_vary_has_no_slopes(level, groups):
    rng = np.random.default_rng(0)
    X, U = rng.standard_normal((40, 3)) + 1, np.column_stack([np.ones(40), rng.standard_normal(40)])
    inside = np.array([True, False, False])
    for y in (np.full(40, level), level * (U @ [1.0, 0.3])):
        found = slopes_beside(y, X, inside, U, rng.uniform(0.5, 2, 40), groups)
        assert np.isnan([found.b, found.se]).all()
    small = slopes_beside(level + 1e-6 * max(level, 1.0) * X[:, 1], X, inside, U, None, groups)
    assert small.b[1] == pytest.approx(1e-6 * max(level, 1.0), rel=1e-6)
