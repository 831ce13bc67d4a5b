"""Data for the tests of the HAL room."""

import numpy as np

from sparsekin.data.blocks import TaskBlocks


def covariates(n, d, rng, ties=True):
    X = rng.uniform(-2, 2, (n, d))
    if ties:
        X[:, 0] = np.round(X[:, 0], 1)
        X[:, -1] = rng.integers(0, 3, n)
    return np.asfortranarray(X)


def outcomes_of(X, K, rng, noise=0.4):
    base = np.sin(2 * X[:, 0]) + (X[:, 1] > 0) * X[:, 0]
    return [(1 + 0.3 * k) * base + 0.5 * k * np.abs(X[:, 1]) + noise * rng.normal(size=len(X)) for k in range(K)]


def shared_blocks(X, ys, weights=None, keep=None):
    n, K = len(X), len(ys)
    keep = np.empty((n, 0)) if keep is None else keep
    return TaskBlocks(
        X, tuple(ys), (slice(0, n),) * K, tuple(weights) if weights is not None else (None,) * K, keep,
        tuple(f"y{k}" for k in range(K)), tuple(f"x{j}" for j in range(X.shape[1])),
        tuple(f"u{j}" for j in range(keep.shape[1])), shared=True,
    )  # fmt: skip


def own_blocks(X, y, sizes, weights=None, keep=None):
    ends = np.cumsum(sizes)
    rows = tuple(slice(int(end - size), int(end)) for end, size in zip(ends, sizes, strict=True))
    keep = np.empty((len(X), 0)) if keep is None else keep
    return TaskBlocks(
        X, tuple(y[part] for part in rows), rows, tuple(weights) if weights is not None else (None,) * len(sizes), keep,
        tuple(f"t{k}" for k in range(len(sizes))), tuple(f"x{j}" for j in range(X.shape[1])),
        tuple(f"u{j}" for j in range(keep.shape[1])),
    )  # fmt: skip
