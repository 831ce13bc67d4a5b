"""Kindred tasks with AR(1) columns, and their problem."""

from itertools import pairwise

import numpy as np

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.standardize import standardize
from sparsekin.l0.problem import make_problem


def ar1(rng, n, p, rho=0.5):
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def kindred(
    rng, K=4, n=100, p=100, s=8, q=8, low=0.25, high=0.75, differ=0.25, null=False, **rows,
):  # fmt: skip
    """X, y (K each) and B (p, K): s of q candidates at even places in each task, half of them with one slope in all.

    `rows` as for `draw_rows`.
    """
    candidates = np.sort(rng.choice(np.arange(0, p - 1, 2), q, replace=False))
    base = rng.uniform(low, high, q) * rng.choice([-1, 1], q)
    same = rng.permutation(np.arange(q) % 2 == 0)
    B = np.zeros((p, K))
    for k in range(K):
        on = rng.choice(q, s, replace=False)
        value = base + np.where(same, 0.0, rng.normal(0, differ, q))
        value = np.where(np.abs(value) < 0.12, 0.12 * np.sign(base), value)
        B[candidates[on], k] = value[on]
    B = B * (not null)
    return *draw_rows(rng, B, n, **rows), B


def draw_rows(rng, B, n, rho=0.5, noise="normal", size=1, yes=None, rate=None, events=None, columns="normal"):
    """X and y, K each, of slopes B (p, K).

    With `size` rows of a group have half of the variance of X and of the noise in common. "skewed" columns are
    exponentials of normal ones. "changing" noise has an sd that grows with the square of the first active column. With
    `yes`, outcomes are yes or no, about that share of them yes; with `rate`, counts with that mean where features are
    0; with `events`, times and status, about that share of them events.
    """
    p, K = B.shape
    X = [grouped(ar1(rng, n, p, rho), lambda m: ar1(rng, m, p, rho), size) for _ in range(K)]
    if columns == "skewed":
        X = [(np.exp(0.8 * x) - np.exp(0.32)) / np.sqrt(np.exp(1.28) - np.exp(0.64)) for x in X]
    if yes is not None:
        chances = [1 / (1 + np.exp(-(x @ B[:, k] + np.log(yes / (1 - yes))))) for k, x in enumerate(X)]
        return X, [(rng.random(n) < chance).astype(float) for chance in chances]
    if rate is not None:
        return X, [rng.poisson(rate * np.exp(x @ B[:, k])).astype(float) for k, x in enumerate(X)]
    if events is not None:
        return X, [times(rng, x @ B[:, k], events) for k, x in enumerate(X)]
    noises = [grouped(errors(rng, n, noise), lambda m: errors(rng, m, noise), size) for _ in range(K)]
    if noise == "changing":
        first = np.flatnonzero(B.any(axis=1))[0]
        noises = [e * (0.4 + 0.6 * x[:, first] ** 2) / np.sqrt(1.72) for e, x in zip(noises, X, strict=True)]
    return X, [x @ B[:, k] + noises[k] for k, x in enumerate(X)]


def times(rng, eta, events):
    """(n, 2) exponential times of hazard exp(eta), censored independently, and status."""
    time, until = rng.exponential(np.exp(-eta)), rng.exponential(events / (1 - events), len(eta))
    return np.column_stack([np.minimum(time, until), time <= until]).astype(float)


def grouped(A, draw, size):
    """Rows in groups of `size`, half of the variance in common."""
    if size == 1:
        return A
    return (A + draw(-(-len(A) // size))[np.arange(len(A)) // size]) / np.sqrt(2)


def errors(rng, n, kind):
    """Of variance 1; "outliers": and one in twenty five times as large."""
    if kind == "outliers":
        return rng.standard_normal(n) * np.where(rng.random(n) < 0.05, 5.0, 1.0)
    if kind == "t3":
        return rng.standard_t(3, n) / np.sqrt(3)
    return rng.exponential(size=n) - 1 if kind == "skewed" else rng.standard_normal(n)


def problem_of(X, y, s, lambda_z, lambda_1=1e-3, weights=None, keep=None):
    ends = np.cumsum([0, *map(len, y)])
    blocks = TaskBlocks(
        X=np.asfortranarray(np.vstack(X)), y=tuple(y),
        rows=tuple(slice(int(a), int(b)) for a, b in pairwise(ends)),
        weights=weights or (None,) * len(y), keep=np.empty((ends[-1], 0)) if keep is None else keep,
        task_names=tuple(range(len(y))), feature_names=tuple(f"x{j}" for j in range(X[0].shape[1])),
        keep_names=() if keep is None else tuple(f"u{j}" for j in range(keep.shape[1])),
    )  # fmt: skip
    return make_problem(blocks, standardize(blocks), np.full(len(y), s), lambda_1=lambda_1, lambda_z=lambda_z)
