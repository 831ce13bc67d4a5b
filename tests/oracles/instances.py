"""Small simulated problems for tests, made from a seed and a few settings alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.standardize import standardize
from sparsekin.l0.problem import Problem, make_problem

Floats = NDArray[np.float64]


def blocks_of(
    X: list[Floats] | Floats,
    y: list[Floats],
    weights: list[Floats | None] | None = None,
    keep: list[Floats] | Floats | None = None,
    intercept: bool = True,
) -> TaskBlocks:
    """Task blocks from one design per task, or from one (N, p) design shared by all tasks."""
    shared = isinstance(X, np.ndarray)
    stacked = X if shared else np.vstack(X)
    if keep is None:
        keep = np.empty((len(stacked), 0))
    keep = keep if isinstance(keep, np.ndarray) else np.vstack(keep)
    ends = np.cumsum([0, *map(len, y)])
    rows = [slice(0, len(stacked))] * len(y) if shared else [slice(a, b) for a, b in pairwise(ends)]
    return TaskBlocks(
        X=np.asfortranarray(stacked),
        y=tuple(y),
        rows=tuple(rows),
        weights=tuple(weights or [None] * len(y)),
        keep=np.asfortranarray(keep),
        task_names=tuple(f"task{k}" for k in range(len(y))),
        feature_names=tuple(f"x{j}" for j in range(stacked.shape[1])),
        keep_names=tuple(f"keep{j}" for j in range(keep.shape[1])),
        shared=shared,
        intercept=intercept,
    )


def problem_of(blocks: TaskBlocks, s: int | list[int], *, mode: Any = "within", **settings: Any) -> Problem:
    """A `Problem` with the standardisation the package uses; `settings` go to `make_problem`."""
    sizes = np.broadcast_to(np.asarray(s, np.int64), (blocks.n_tasks,)).copy()
    return make_problem(blocks, standardize(blocks, mode), sizes, **settings)


def toeplitz_normal(rng: np.random.Generator, n: int, p: int, rho: float) -> Floats:
    """(n, p) normal columns with correlation rho^|i - j|."""
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def kindred_tasks(
    seed: int, *, n: int, p: int, n_tasks: int, s: int, rho: float, snr: float, shared: bool = False
) -> TaskBlocks:
    """Tasks whose s true features come from one pool of s + 2; signal variance is snr times the noise variance."""
    rng = np.random.default_rng(seed)
    pool = rng.permutation(p)[: s + 2]
    signs = rng.choice([-1.0, 1.0], p)
    X, y = [], []
    for k in range(n_tasks):
        X.append(X[0] if shared and k else toeplitz_normal(rng, n, p, rho))
        beta = np.zeros(p)
        chosen = rng.permutation(pool)[:s]
        beta[chosen] = signs[chosen] * rng.uniform(0.4, 1.6, s)
        signal = X[k] @ beta
        noise = rng.standard_normal(n)
        y.append(rng.normal() + signal + noise * np.sqrt(signal.var() / snr) / noise.std())
    return blocks_of(X[0] if shared else X, y)
