"""Tiny problems with columns of very different units and nearly collinear pairs, and F of every one of their supports.

Values come from pivoted QR of rows whose columns have length 1; no normal equations, no solver code.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from oracles.brute_force import TaskRows, selectable, task_rows, zbar
from oracles.instances import blocks_of, problem_of
from sparsekin.l0.problem import Problem

Floats = NDArray[np.float64]
Support = tuple[int, ...]
Supports = tuple[Support, ...]  # one per task
MANY = 700  # supports that are looked at one by one


def badly_scaled_problem(seed: int) -> Problem:
    """K 1-3, p 2-7; scales 1e-6 to 1e6, pairs apart by 1e-3 to 1e-8 with signal in the difference, and the usual."""
    rng = np.random.default_rng(seed)
    n_tasks, p = int(rng.choice([1, 1, 2, 2, 3])), int(rng.integers(2, 8))
    shared = n_tasks > 1 and rng.random() < 0.2
    n = [int(rng.integers(5, 9) if rng.random() < 0.3 else rng.integers(10, 31)) for _ in range(n_tasks)]
    n = n[:1] * n_tasks if shared else n
    scales = 10.0 ** rng.uniform(-6, 6, p) if rng.random() < 0.8 else np.ones(p)
    pairs = [tuple(rng.permutation(p)[:2]) for _ in range(int(rng.integers(0, 3)))]
    gaps = 10.0 ** rng.uniform(-8, -3, len(pairs))
    beta = rng.normal(size=p) * (rng.random(p) < 0.5)
    noise = float(rng.choice([0.0, 0.01, 0.3, 1.0, 3.0]))
    X, y = [], []
    for k, m in enumerate(n):
        x = rng.standard_normal((m, p)) if rng.random() < 0.8 else rng.integers(-1, 2, (m, p)).astype(float)
        if rng.random() < 0.15:
            x[:, -1] = x[:, 0]
        signal = x @ beta
        for (i, j), gap in zip(pairs, gaps, strict=True):
            apart = rng.standard_normal(m)
            x[:, j] = x[:, i] + gap * apart
            signal = signal + rng.choice([0.0, 1.0]) * apart
        x = X[0] / scales if shared and k else x
        X.append((x + rng.choice([0.0, 0.0, 3.0])) * scales if not (shared and k) else X[0])
        y.append((signal + noise * rng.standard_normal(m)) * 10.0 ** rng.choice([0.0, 0.0, -3.0, 3.0]))
    weights = [rng.integers(1, 4, m).astype(float) if rng.random() < 0.2 else None for m in n]
    keep = [rng.standard_normal((m, 1)) for m in n] if rng.random() < 0.15 else None
    blocks = blocks_of(
        X[0] if shared else X, y, weights[:1] * n_tasks if shared else weights,
        keep[0] if keep and shared else keep, intercept=bool(rng.random() < 0.8),
    )  # fmt: skip
    support = str(rng.choice(["heterogeneous", "heterogeneous", "heterogeneous", "common", "independent"]))
    tied = n_tasks > 1 and support != "independent"
    return problem_of(
        blocks, [int(rng.integers(1, 4)) for _ in range(n_tasks)],
        mode=False if shared or rng.random() < 0.7 else "within",
        lambda_1=float(rng.choice([0.0, 0.0, 1e-10, 1e-6, 1e-3, 0.1])),
        lambda_2=float(rng.choice([0.0, 0.0, 1e-4, 0.3])) if tied else 0.0,
        lambda_z=float(rng.choice([0.0, 0.01, 0.3])) if tied else 0.0,
        support=support, task_weights=rng.uniform(0.5, 2.0, n_tasks) if rng.random() < 0.2 else None,
    )  # fmt: skip


def every_support(problem: Problem) -> list[tuple[float, Supports]] | None:
    """F of every support there is, smallest first; None where they are too many to look at one by one."""
    may, K = selectable(problem), problem.n_tasks
    tasks = [task_rows(problem, k) for k in range(K)]
    if problem.support == "common":
        sets = _subsets(np.flatnonzero(may.all(axis=1)), int(problem.s.min()))
        choices: Iterator[Supports] = ((S,) * K for S in sets)
        count = len(sets)
    else:
        per_task = [_subsets(np.flatnonzero(may[:, k]), int(problem.s[k])) for k in range(K)]
        choices, count = product(*per_task), int(np.prod([len(sets) for sets in per_task]))
    coupled = problem.lambda_2 > 0 and K > 1
    if count > (MANY if coupled else 100 * MANY):
        return None
    known: dict[tuple[int, Support], float] = {}

    def value(supports: Supports) -> float:
        mask = mask_of(problem, supports)
        if coupled:
            return _linked_value(problem, tasks, supports) + zbar(problem, mask)
        for k, S in enumerate(supports):
            if (k, S) not in known:
                known[k, S] = _value(problem, tasks[k], S)
        return sum(known[k, S] for k, S in enumerate(supports)) + zbar(problem, mask)

    return sorted((value(supports), supports) for supports in choices)


def mask_of(problem: Problem, supports: Supports) -> NDArray[np.bool_]:
    """(p, K) bool."""
    mask = np.zeros((problem.n_features, problem.n_tasks), bool)
    for k, S in enumerate(supports):
        mask[list(S), k] = True
    return mask


def least_squares(A: Floats, y: Floats) -> float:
    """min ||y - A b||^2 / 2 by pivoted QR of unit columns; directions below 1e-11 are rounding."""
    norms = np.linalg.norm(A, axis=0)
    A = A[:, norms > 0] / norms[norms > 0]
    if A.shape[1] == 0:
        return float(y @ y) / 2
    Q, R, _ = linalg.qr(A, mode="economic", pivoting=True)
    Q = Q[:, np.abs(np.diag(R)) > 1e-11 * abs(R[0, 0])]
    r = y - Q @ (Q.T @ y)
    r = r - Q @ (Q.T @ r)
    return float(r @ r) / 2


def _subsets(columns: NDArray[np.int64], most: int) -> list[Support]:
    return [tuple(int(j) for j in S) for size in range(most + 1) for S in combinations(columns, size)]


def _value(problem: Problem, rows: TaskRows, S: Support) -> float:
    q, ridge = rows.unpenalised.shape[1], np.sqrt(problem.lambda_1)
    A = np.vstack([np.hstack([rows.unpenalised, rows.X[:, list(S)]]), ridge * np.eye(len(S), len(S) + q, q)])
    return least_squares(A, np.concatenate([rows.y, np.zeros(len(S))]))


def _linked_value(problem: Problem, tasks: list[TaskRows], supports: Supports) -> float:
    """All tasks at once: rows, ridge, and sqrt(lambda_2) (b_kj - mean_l b_lj)."""
    K, active = problem.n_tasks, [(j, k) for k, S in enumerate(supports) for j in S]
    free = len(active)
    width = free + sum(task.unpenalised.shape[1] for task in tasks)
    rows, right = [], []
    for k, task in enumerate(tasks):
        block, q = np.zeros((len(task.y), width)), task.unpenalised.shape[1]
        for at, (j, owner) in enumerate(active):
            if owner == k:
                block[:, at] = task.X[:, j]
        block[:, free : free + q] = task.unpenalised
        free += q
        rows.append(block)
        right.append(task.y)
    rows.append(np.sqrt(problem.lambda_1) * np.eye(len(active), width))
    for j in {j for j, _ in active}:
        mine = np.array([float(i == j) for i, _ in active] + [0.0] * (width - len(active)))
        for k in range(K):
            one = np.array([float((i, task) == (j, k)) for i, task in active] + [0.0] * (width - len(active)))
            rows.append(np.sqrt(problem.lambda_2) * (one - mine / K)[None, :])
    A = np.vstack(rows)
    return least_squares(A, np.concatenate([*right, np.zeros(len(A) - sum(map(len, right)))]))
