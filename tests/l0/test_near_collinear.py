"""Pairs of columns that differ by a millionth, links far stiffer than the data: F is what least squares gives."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from oracles.instances import blocks_of, problem_of
from sparsekin.l0.fold_share import share_folds
from sparsekin.l0.polish import refit_value
from sparsekin.l0.search import as_mask
from sparsekin.l0.solve import solve
from sparsekin.l0.starts import run


def rss(X, y, S) -> float:
    """By QR of columns centred and scaled to length 1."""
    A = X[:, list(S)] - X[:, list(S)].mean(axis=0)
    Q, _ = np.linalg.qr(A / np.linalg.norm(A, axis=0))
    r = y - y.mean()
    for _ in range(2):
        r = r - Q @ (Q.T @ r)
    return float(r @ r)


def near_pair(seed: int, noise: float, n: int = 50, p: int = 10):
    """Columns 0 and 1 nearly equal, the signal in their difference; far from zero in every second seed."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    X[:, 1] = X[:, 0] + noise * rng.normal(size=n)
    y = 1.5 * X[:, 0] + (X[:, 1] - X[:, 0]) / noise + 0.3 * X[:, 4] + 0.2 * rng.normal(size=n)
    return X + 50.0 * (seed % 2), y


@pytest.mark.parametrize("noise", [1e-3, 1e-5, 2e-6, 1e-7])
def test_the_difference_of_a_pair_is_found(noise):
    for seed in range(4):
        X, y = near_pair(seed, noise)
        for s in (2, 3):
            best = min(rss(X, y, S) for S in combinations(range(10), s))
            for effort in (0, 1, 2):
                found = solve(problem_of(blocks_of(X, [y]), s), effort=effort)
                assert found.status == "swap-optimal"
                assert found.objective * 100 == pytest.approx(best, rel=1e-5)
            for settings in ({"support": "common"}, {"lambda_z": 0.01}):
                both = solve(problem_of(blocks_of([X, X], [y, y]), s, **settings))
                assert both.objective * 50 == pytest.approx(best, rel=1e-5)


def test_a_column_that_is_the_sum_of_others_never_joins_them():
    for seed in range(4):
        X, y = near_pair(seed, 1e-7)
        X[:, 2], X[:, 6] = X[:, 0] + X[:, 3], X[:, 1]
        found = solve(problem_of(blocks_of(X, [y]), 4))
        S = np.flatnonzero(found.support[:, 0])
        assert np.abs(found.coef_standardized).max() < 1e9
        assert found.objective * 100 == pytest.approx(rss(X, y, S), rel=1e-5)
        best = min(rss(X, y, S) for S in combinations((0, 1, 3, 4, 5, 7, 8, 9), 4))
        assert found.objective * 100 == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize("noise", [1e-5, 1e-7])
def test_training_problems_of_folds_see_it_too(noise):
    X, y = near_pair(0, noise)
    of_row = np.arange(50) % 5
    folds = share_folds(problem_of(blocks_of(X, [y]), 2), of_row)
    assert folds.tasks
    problem, workspace = folds.training(0)
    best = run(workspace, workspace.views(np.arange(10, dtype=np.int32)), 1)
    outside = of_row != 0
    least = min(rss(X[outside], y[outside], S) for S in combinations(range(10), 2))
    assert refit_value(problem, as_mask(problem, best.supports)) * 2 * outside.sum() == pytest.approx(least, rel=1e-5)


def pooled(X, y, S) -> float:
    """RSS of one regression on columns S with an intercept per task."""
    K = len(X)
    A = np.vstack([np.column_stack([np.eye(K)[[k] * len(x)], x[:, list(S)]]) for k, x in enumerate(X)])
    r = np.concatenate(y)
    return float(np.sum((r - A @ np.linalg.lstsq(A, r, rcond=None)[0]) ** 2))


@pytest.mark.parametrize("support", ["heterogeneous", "common"])
@pytest.mark.parametrize("unit", [1.0, 1e-4])
def test_stiff_links_give_the_pooled_regression(support, unit):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = [unit * rng.normal(size=(20, 7)) for _ in range(3)]
        y = [x @ np.array([2, 0, -1, 0, 1, 0, 0]) / unit + rng.normal(size=20) for x in X]
        best = min(pooled(X, y, S) for S in combinations(range(7), 3))
        for lambda_2 in (1e8, 1e10, 1e12):
            problem = problem_of(blocks_of(X, y), 3, mode=False, support=support, lambda_2=lambda_2 * unit**2)
            found = solve(problem)
            assert found.objective * 40 == pytest.approx(best, rel=1e-6)
            assert found.objective * 40 <= best * (1 + 1e-9)
            assert found.support.sum() == 9
    small = problem_of(blocks_of(X, y), 3, mode=False, support=support, lambda_2=30.0)
    assert solve(small).support.sum() == 9


@pytest.mark.parametrize("support", ["heterogeneous", "common"])
@pytest.mark.parametrize("lambda_2", [1e3, 1e7])
def test_linked_tasks_find_the_difference_of_a_pair(support, lambda_2):
    """The same rows in both tasks: lambda_2 costs nothing, so F is twice that of one task."""
    for seed in range(3):
        X, y = near_pair(seed, 1e-5)
        best = min(rss(X, y, S) for S in combinations(range(10), 2))
        for effort in (1, 2):
            found = solve(problem_of(blocks_of([X, X], [y, y]), 2, support=support, lambda_2=lambda_2), effort=effort)
            assert found.objective * 50 == pytest.approx(best, rel=1e-5)
            if not found.support[:2].all():
                assert found.status != "swap-optimal"


def test_exchanges_that_only_rounding_favours_come_to_an_end():
    for seed in (1, 2, 3):
        rng = np.random.default_rng(seed)
        for _ in range(60):
            X, y, noise = [], [], 10.0 ** rng.uniform(-4.2, -3.2)
            for n in rng.integers(8, 20, size=2):
                x, e = rng.normal(size=(n, 3)), rng.normal(size=n)
                x[:, 1] = x[:, 0] + noise * e
                X.append(x)
                y.append(0.5 * x @ rng.normal(size=3) + e + 0.2 * rng.normal(size=n))
            found = solve(problem_of(blocks_of(X, y), 2, lambda_2=10.0 ** rng.uniform(3, 6)), effort=2)
            assert found.support.sum() <= 4
