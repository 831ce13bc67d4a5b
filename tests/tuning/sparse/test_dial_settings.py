"""What the dial tries, and how much each setting counts in a mean."""

from __future__ import annotations

import numpy as np

from sparsekin import SparseMTL
from sparsekin.tuning.sparse.dial.average import weights_of
from sparsekin.tuning.sparse.dial.settings import dial_like, least_share, make_dial
from sparsekin.tuning.sparse.grid import auto_sizes


def tasks(n, p, K=6):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n * K, p))
    return SparseMTL(X[:, 0] + rng.standard_normal(n * K), X, np.repeat(np.arange(K), n))


def test_weights_of_a_mean_are_relative_and_leave_out_what_is_far_from_the_best():
    losses = np.array([2.0, 2.0, 2.06, 2.12, 2.3])
    expected = np.exp(-np.array([0.0, 0.0, 1.0, 2.0]))
    for unit in (1.0, 1e-6, 1e9):
        np.testing.assert_allclose(weights_of(unit * losses, "rmse"), expected / expected.sum(), rtol=1e-9)
    np.testing.assert_allclose(weights_of((losses / 4) ** 2 - 1, "r2"), expected / expected.sum(), rtol=1e-9)
    np.testing.assert_array_equal(weights_of(np.array([0.0, 1e-12, 1.0]), "mae"), [1.0])
    np.testing.assert_array_equal(weights_of(np.array([1.0, np.nan]), "rmse"), [1.0])
    np.testing.assert_array_equal(weights_of(np.full(4, np.nan), "rmse"), np.full(4, 0.25))


def test_sizes_go_as_far_as_those_without_a_dial():
    """A third of all rows is fitted where there is no dial; a third of what folds leave of them is less."""
    model = tasks(30, 40)
    folds = model._folds("within-task", 5, None, 0)
    problem = model._problem("heterogeneous", "auto", 1, np.inf)
    dial = make_dial(problem, least=least_share(folds, problem.blocks))
    assert set(auto_sizes(problem)) - {0} <= set(range(1, dial.shared.s.max() + 1))
    half = int(least_share(folds, problem.blocks) * 30) // 2
    assert dial.shared.s.max() == dial.separate.s.max() == half
    assert dial.pooled.s.max() == 40


def test_nested_runs_do_not_pool_outcomes():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5))
    model = SparseMTL(X[:, :2] + rng.standard_normal((60, 2)), X)
    folds = model._folds("within-task", 3, None, 0)
    problem = model._problem("heterogeneous", "auto", 1, np.inf)
    dial = dial_like(make_dial(problem), problem, folds)
    assert not dial.pools
    assert not np.any(dial.table.family == 0)
