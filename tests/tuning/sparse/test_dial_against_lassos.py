"""The default tuning against lassos of scikit-learn on test rows: benchmarks/pool_share_separate.py in small."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LassoCV

from sparsekin import SparseMTL

ROWS, P, TESTED = (60, 45, 30, 30), 40, 300


def planted(kind: str, r2: float, seed: int):
    """Rows to train on and to test on: one truth for all tasks, or ten features of each task's own."""
    rng, K = np.random.default_rng(seed), len(ROWS)
    B = np.zeros((P, K))
    if kind == "pooled":
        B[:6] = rng.choice([-1.0, 1.0], (6, 1))
    else:
        for k in range(K):
            B[10 * k : 10 * k + 10, k] = rng.choice([-1.0, 1.0], 10)
    sd = np.sqrt((B**2).sum(axis=0).mean() * (1 - r2) / r2)
    parts = []
    for rows in (np.array(ROWS), np.full(K, TESTED)):
        task = np.repeat(np.arange(K), rows)
        X = rng.standard_normal((len(task), P))
        parts.append((X, np.einsum("ij,ji->i", X, B[:, task]) + task + sd * rng.standard_normal(len(task)), task))
    return parts


def rmse(predicted, y, task):
    return np.mean([np.sqrt(np.mean((predicted - y)[task == k] ** 2)) for k in range(len(ROWS))])


def of_lassos(train, test, seed):
    """RMSE of one lasso with an intercept per task, and of a lasso per task."""
    (X, y, task), (Z, _, where) = train, test
    K, means = len(ROWS), np.array([X[task == k].mean(axis=0) for k in range(len(ROWS))])
    levels = np.array([y[task == k].mean() for k in range(K)])
    rng = np.random.default_rng(seed)
    folds = rng.permutation(len(y)) % 5
    cv = [(np.flatnonzero(folds != f), np.flatnonzero(folds == f)) for f in range(5)]
    pooled = LassoCV(cv=cv, fit_intercept=False, eps=0.01, alphas=50, max_iter=20_000).fit(
        X - means[task], y - levels[task]
    )
    alone = np.empty(len(Z))
    for k in range(K):
        alone[where == k] = (
            LassoCV(cv=5, eps=0.02, alphas=50, max_iter=20_000).fit(X[task == k], y[task == k]).predict(Z[where == k])
        )
    found = (Z - means[where]) @ pooled.coef_ + levels[where], alone
    return [rmse(one, *test[1:]) for one in found]


@pytest.mark.parametrize(("kind", "r2", "most"), [("pooled", 0.3, 1.04), ("separate", 0.9, 0.9)])
def test_the_default_is_not_behind_the_better_lasso(kind, r2, most):
    dials, lassos = [], []
    for seed in (11, 12):
        train, test = planted(kind, r2, seed)
        X, y, task = train
        cv = SparseMTL(y, X, task).cross_validate(folds=5, rng=seed)
        found = [cv.refit(which).predict(test[0], task=test[2]) for which in ("average", "best")]
        dials.append([rmse(np.asarray(one), *test[1:]) for one in found])
        lassos.append(of_lassos(train, test, seed))
    average, best = np.mean(dials, axis=0)
    least = np.mean(lassos, axis=0).min()
    assert average <= most * least
    assert best <= 1.02 * most * least
