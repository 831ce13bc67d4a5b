"""Fits with lambda_2 = inf of odd data, from stored seeds, against least squares on rows centred within their tasks."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import sparse

from sparsekin import SparseMTL


def odd_data(seed):
    """Units apart, means far from 0, columns constant in or given by tasks, zeros, weights of 0: any may come."""
    rng = np.random.default_rng(seed)
    K, p, q = int(rng.integers(1, 6)), int(rng.integers(1, 8)), int(rng.integers(0, 3))
    task = np.repeat(np.arange(K), rng.integers(12 + q, 25, K))
    N = len(task)
    X = rng.standard_normal((N, p)) * 10.0 ** rng.integers(-3, 4, p) + rng.choice([0, 1, 1e3]) * rng.standard_normal(p)
    keep = rng.standard_normal((N, q))
    if rng.random() < 0.3:
        X[task == 0, 0] = 1.5
    if rng.random() < 0.2:
        X[:, -1] = task
    if rng.random() < 0.3:
        X = np.where(rng.random(X.shape) < 0.5, 0, X)
    if q and rng.random() < 0.3:
        keep[:, 0] = 2.0 * task
    weights = rng.uniform(0.2, 3, N) * (rng.random(N) > 0.2 * rng.integers(0, 2))
    weights = weights if rng.random() < 0.4 else np.ones(N)
    y = (X / np.maximum(np.abs(X).max(axis=0), 1e-9)) @ (2 * rng.standard_normal(p))
    y += task * rng.choice([0, 1, 1e4]) + rng.standard_normal(N)
    order = rng.permutation(N)
    return y[order], X[order], task[order], keep[order], weights[order], rng


def centred(values, task, weights):
    """Values less the weighted means of their tasks."""
    out = np.array(values, float)
    for k in np.unique(task):
        out[task == k] -= np.average(out[task == k], axis=0, weights=weights[task == k])
    return out


def least(A, b):
    """Least ||b - A z||^2 / 2."""
    norms = np.linalg.norm(A, axis=0)
    A = A / np.where(norms > 0, norms, 1.0)
    return float(np.sum((b - A @ np.linalg.lstsq(A, b, rcond=1e-11)[0]) ** 2) / 2) if A.size else float(b @ b) / 2


def check(seed):
    y, X, task, keep, weights, rng = odd_data(seed)
    K, p, N = len(np.unique(task)), X.shape[1], len(y)
    ridge, s = float(rng.choice([0, 0.01, 0.5])), int(rng.integers(0, p + 1))
    how, mode = str(rng.choice(["auto", "equal"])), ("within", "pooled", False)[rng.integers(3)]
    given = sparse.csr_array(X) if np.mean(X == 0) > 0.2 else X
    model = SparseMTL(y, given, task, keep=keep if keep.size else None, weights=weights, standardize=mode)
    found = model.fit(s, ridge, math.inf, float(rng.choice([0, 0.3])), task_weights=how)
    sd = np.ones(p)
    if mode is not False:
        sd = np.sqrt(np.average((X - np.average(X, axis=0, weights=weights)) ** 2, axis=0, weights=weights))
    total = np.bincount(task, weights)
    root = np.sqrt(weights * (K / weights.sum() if how == "auto" else 1 / total[task]))[:, None]
    A, free = centred(X, task, weights) / np.where(sd > 0, sd, 1.0) * root, centred(keep, task, weights) * root
    b = np.r_[centred(y, task, weights) * root[:, 0], np.zeros(p)]

    def value(S):
        ridge_rows = np.sqrt(K * ridge) * np.eye(p)[:, S]
        return least(np.vstack([np.column_stack([A[:, S], free]), np.pad(ridge_rows, ((0, 0), (0, free.shape[1])))]), b)

    chosen = [int(name[1:]) - 1 for name in found.selected]
    tolerance = 1e-8 * max(found.objective, 1e-6 * value([]))
    assert found.objective == pytest.approx(value(chosen), abs=tolerance)
    assert found.objective <= min(value(list(S)) for m in range(s + 1) for S in combinations(range(p), m)) + tolerance
    slopes = found.params.iloc[1:].to_numpy()
    np.testing.assert_array_equal(np.isnan(slopes), np.isnan(slopes[:, :1]).repeat(K, axis=1))
    assert np.nanmax(np.abs(slopes - slopes[:, :1]), initial=0.0) == 0
    assert np.average(found.resid, weights=weights) == pytest.approx(0.0, abs=1e-9 * (np.abs(y).max() + 1))
    assert len(found.resid) == N


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_odd_data(first):
    for seed in range(first, first + 20):
        check(seed)


@pytest.mark.slow
def test_much_odd_data():
    for seed in range(60, 2060):
        check(seed)
