"""Random intercepts beside slopes against mixed models of statsmodels, and where nothing can be told."""

import numpy as np
import pytest
import statsmodels.api as sm

from sparsekin.forms.intercepts import fit_intercepts


def draw(seed, n_tasks, p, spread=0.8, most=40):
    """Tasks of many sizes, whose means of X differ and tell part of their intercepts."""
    rng = np.random.default_rng(seed)
    of_row = rng.permutation(np.repeat(np.arange(n_tasks), rng.integers(1, most, n_tasks)))
    middle = 2 * rng.standard_normal((n_tasks, p))
    X = rng.standard_normal((len(of_row), p)) + middle[of_row]
    u = spread * rng.standard_normal(n_tasks) - 3 * middle.sum(axis=1)
    return X @ np.ones(p) + u[of_row] + rng.standard_normal(len(of_row)), X, of_row


def mixed_model(y, X, of_row):
    found = sm.MixedLM(y, np.column_stack([np.ones(len(y)), X]), groups=of_row).fit(gtol=1e-8)
    return found, np.array([float(found.random_effects[k].iloc[0]) for k in np.unique(of_row)])


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("seed", "n_tasks", "p"), [(0, 60, 2), (1, 10, 4), (2, 3, 1), (3, 40, 0), (4, 8, 3)])
def test_they_are_those_of_a_mixed_model(seed, n_tasks, p):
    y, X, of_row = draw(seed, n_tasks, p)
    model, blups = mixed_model(y, X, of_row)
    found = fit_intercepts(y[:, None], X, of_row, n_tasks)
    np.testing.assert_allclose(found.u[:, 0], blups, rtol=1e-3, atol=1e-3 * np.abs(blups).max())
    np.testing.assert_allclose([found.level[0], *found.slopes[0]], model.fe_params, rtol=1e-3, atol=1e-3)
    rows = np.bincount(of_row)
    tau = float(np.ravel(model.cov_re)[0])
    np.testing.assert_allclose(found.error[:, 0], tau * model.scale / (model.scale + rows * tau), rtol=1e-2)


def test_units_and_directions_change_nothing():
    y, X, of_row = draw(5, 12, 3)
    one = fit_intercepts(y[:, None], X, of_row, 12)
    turn = np.array([[1e-6, 2.0, 0.0], [0.0, 3e4, 1.0], [0.0, 0.0, 1e-2]])
    two = fit_intercepts(1e9 * y[:, None] + 1e10, np.hstack([X @ turn, X[:, :1], np.ones((len(y), 1))]), of_row, 12)
    np.testing.assert_allclose(two.u / 1e9, one.u, rtol=1e-6, atol=1e-7)
    both = fit_intercepts(np.column_stack([np.random.default_rng(0).standard_normal(len(y)), y]), X, of_row, 12)
    np.testing.assert_allclose(both.u[:, 1:], one.u, rtol=1e-10)


def test_without_noise_intercepts_are_not_shrunk():
    _, X, of_row = draw(6, 7, 2)
    truth = np.array([3.0, -1, 0.5, 2, -2, 0, -2.5])
    y = X @ np.array([1.0, -2]) + truth[of_row]
    found = fit_intercepts(y[:, None], X, of_row, 7)
    np.testing.assert_allclose(found.slopes[0], [1, -2], atol=1e-5)
    np.testing.assert_allclose(found.u[:, 0], truth - truth.mean(), atol=1e-4)


@pytest.mark.parametrize(("of_row", "p"), [
    ([0] * 6, 0), ([0, 1, 2, 3, 4, 5], 0), ([], 0), ([0, 0, 0, 1, 1, 1], 4), ([0, 0, 0, 1, 1, 1], -1),
])  # fmt: skip
def test_where_nothing_can_be_told_there_is_none(of_row, p):
    """One task; tasks of one row; no rows; no row left; p = -1: a column that is the task."""
    of_row = np.array(of_row, int)
    X = np.random.default_rng(0).standard_normal((len(of_row), max(p, 0)))
    X = of_row[:, None].astype(float) if p < 0 else X
    y = np.random.default_rng(1).standard_normal((len(of_row), 1))
    assert fit_intercepts(y, X, of_row, 6) is None


def test_a_constant_response_has_no_effects():
    _, X, of_row = draw(7, 5, 2)
    found = fit_intercepts(np.full((len(X), 1), 3.0), X, of_row, 6)
    np.testing.assert_allclose(found.u, 0.0)
    np.testing.assert_allclose(found.level + X @ found.slopes.T, np.full((len(X), 1), 3.0)[:, :1])
