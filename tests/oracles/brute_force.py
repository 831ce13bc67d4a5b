"""Slow NumPy answers to small L0 problems, written from the formulas alone; no solver code is used.

Notation as in `sparsekin.l0.problem`: B and F live on the standardised scale; K tasks, p features.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from oracles.support_choice import best_choice
from sparsekin.l0.problem import Problem

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Optimum:
    """objective: F; support: (p, K) bool; coef: (p, K), standardised."""

    objective: float
    support: Bools
    coef: Floats


@dataclass(frozen=True)
class TaskRows:
    """Rows of one task times sqrt(w_k weight / n_k): X (n, p), y (n,), unpenalised (n, 1 + q)."""

    X: Floats
    y: Floats
    unpenalised: Floats


def task_rows(problem: Problem, k: int) -> TaskRows:
    """Task k such that ||y - X b - unpenalised c||^2 / 2 is its share of the loss."""
    blocks, standard = problem.blocks, problem.standard
    X, keep = blocks.X_of(k), blocks.keep_of(k)
    X = (X.toarray() if sparse.issparse(X) else np.asarray(X)) / standard.scale[:, k]
    w = np.ones(len(X)) if blocks.weights[k] is None else blocks.weights[k]
    if blocks.intercept:
        X, keep = X - np.average(X, axis=0, weights=w), keep - np.average(keep, axis=0, weights=w)
        keep = np.column_stack([np.ones(len(X)), keep])
    root = np.sqrt(problem.task_weights[k] * w / w.sum())
    keep = keep * root[:, None]
    norms = np.linalg.norm(keep, axis=0)
    keep = keep[:, norms > 1e-12] / norms[norms > 1e-12]
    return TaskRows(X * root[:, None], root * blocks.y[k] / standard.y_scale[k], keep)


def exact_refit(problem: Problem, support: Bools) -> tuple[Floats, float]:
    """Best coefficients (p, K) for the supports (p, K) and F there, by one least-squares problem over all tasks.

    Unknowns: the active b_kj, then the unpenalised coefficients of every task. Equations: the rows of all tasks,
    sqrt(lambda_1) b_kj = 0, and sqrt(lambda_2) (b_kj - mean_l b_lj) = 0.
    """
    tasks = [task_rows(problem, k) for k in range(problem.n_tasks)]
    return _refit(problem, tasks, support)


def _refit(problem: Problem, tasks: list[TaskRows], support: Bools) -> tuple[Floats, float]:
    n_tasks = problem.n_tasks
    active = [(j, k) for k in range(n_tasks) for j in np.flatnonzero(support[:, k])]
    width = len(active) + sum(t.unpenalised.shape[1] for t in tasks)
    rows, target, free = [], [], len(active)
    for k, t in enumerate(tasks):
        block = np.zeros((len(t.y), width))
        for column, (j, task) in enumerate(active):
            if task == k:
                block[:, column] = t.X[:, j]
        block[:, free : free + t.unpenalised.shape[1]] = t.unpenalised
        free += t.unpenalised.shape[1]
        rows.append(block)
        target.append(t.y)
    rows.append(np.sqrt(problem.lambda_1) * np.eye(len(active), width))
    rows.append(np.sqrt(problem.lambda_2) * _bbar_rows(active, n_tasks, width))
    A = np.vstack(rows)
    rhs = np.concatenate([*target, np.zeros(len(A) - sum(map(len, target)))])
    solution = np.linalg.lstsq(A, rhs, rcond=1e-12)[0]
    coef = np.zeros(support.shape)
    for value, (j, k) in zip(solution, active, strict=False):
        coef[j, k] = value
    residual = rhs - A @ solution
    return coef, float(residual @ residual / 2 + zbar(problem, support))


def _bbar_rows(active: list[tuple[int, int]], n_tasks: int, width: int) -> Floats:
    """One row b_kj - mean_l b_lj for every task k and every feature j active anywhere."""
    features = sorted({j for j, _ in active})
    rows = np.zeros((len(features), n_tasks, width))
    for column, (j, k) in enumerate(active):
        rows[features.index(j), :, column] = -1 / n_tasks
        rows[features.index(j), k, column] += 1.0
    return rows.reshape(len(features) * n_tasks, width)


def zbar(problem: Problem, support: Bools) -> float:
    """(lambda_z / 2) sum_k ||z_k - z_bar||^2, as written in the paper."""
    z = support.astype(float)
    return float(problem.lambda_z / 2 * np.sum((z - z.mean(axis=1, keepdims=True)) ** 2))


def selectable(problem: Problem) -> Bools:
    """(p, K) columns a task may select; under common support a feature must be selectable in every task."""
    usable = problem.standard.usable
    return usable & usable.all(axis=1, keepdims=True) if problem.support == "common" else usable


def single_moves(problem: Problem, support: Bools) -> Iterator[Bools]:
    """Every support one add, drop or swap away: in one task, or in all tasks at once under common support."""
    may = selectable(problem)
    groups = [slice(None)] if problem.support == "common" else [slice(k, k + 1) for k in range(problem.n_tasks)]
    for group in groups:
        inside = np.flatnonzero(support[:, group].any(axis=1))
        outside = np.flatnonzero(may[:, group].all(axis=1) & ~support[:, group].any(axis=1))
        room = len(inside) < problem.s[group].min()
        for leaving, entering in product([None, *inside], [None, *outside]):
            if (leaving is None and entering is None) or (leaving is None and not room):
                continue
            moved = support.copy()
            if leaving is not None:
                moved[leaving, group] = False
            if entering is not None:
                moved[entering, group] = True
            yield moved


def single_move_gains(problem: Problem, support: Bools) -> float:
    """Largest decrease of F by one add, drop or swap, every coefficient of every task refitted; 0 if none helps."""
    tasks = [task_rows(problem, k) for k in range(problem.n_tasks)]
    here = _refit(problem, tasks, support)[1]
    return max([0.0, *(here - _refit(problem, tasks, moved)[1] for moved in single_moves(problem, support))])


def enumerate_optimum(problem: Problem) -> Optimum:
    """The exact optimum: every support is looked at or ruled out by a bound (small problems only)."""
    if problem.support == "common":
        support = _best_common(problem)
    elif problem.lambda_2 > 0:
        support = best_of_all_combinations(problem)
    else:
        support = _best_separable(problem)
    coef, value = exact_refit(problem, support)
    return Optimum(value, support, coef)


def subsets_up_to(columns: Ints, largest: int) -> list[tuple[int, ...]]:
    return [c for m in range(min(largest, len(columns)) + 1) for c in combinations(columns.tolist(), m)]


def _masks(subsets: list[tuple[int, ...]]) -> Ints:
    return np.array([sum(1 << j for j in c) for c in subsets], np.int64)


def _best_separable(problem: Problem) -> Bools:
    """lambda_2 = 0: the values of all subsets per task, then the best K of them under the Zbar price."""
    H, c = quadratic(problem)
    p, n_tasks = problem.n_features, problem.n_tasks
    subsets = [subsets_up_to(np.flatnonzero(problem.standard.usable[:, k]), int(problem.s[k])) for k in range(n_tasks)]
    values = [explained(H, c, [tuple(k * p + j for j in chosen) for chosen in subsets[k]]) for k in range(n_tasks)]
    price = problem.lambda_z / (2 * n_tasks)
    chosen = best_choice(values, [_masks(s) for s in subsets], price)
    return _to_support(problem, [subsets[k][i] for k, i in enumerate(chosen)])


def _best_common(problem: Problem) -> Bools:
    p, n_tasks = problem.n_features, problem.n_tasks
    subsets = subsets_up_to(np.flatnonzero(selectable(problem).all(axis=1)), int(problem.s.min()))
    H, c = quadratic(problem)
    stacked = [tuple(k * p + j for k in range(n_tasks) for j in chosen) for chosen in subsets]
    best = subsets[int(np.argmin(explained(H, c, stacked)))]
    return _to_support(problem, [best] * n_tasks)


def best_of_all_combinations(problem: Problem) -> Bools:
    """lambda_2 > 0: every combination of supports, one linear system each."""
    p = problem.n_features
    H, c = quadratic(problem)
    usable = problem.standard.usable
    subsets = [subsets_up_to(np.flatnonzero(usable[:, k]), int(problem.s[k])) for k in range(problem.n_tasks)]
    choices = list(product(*subsets))
    stacked = [tuple(k * p + j for k, chosen in enumerate(choice) for j in chosen) for choice in choices]
    values = explained(H, c, stacked)
    masks = np.array(list(product(*(_masks(s).tolist() for s in subsets))))
    bits = (masks[:, :, None] >> np.arange(p)) & 1
    m = bits.sum(axis=1)
    values += problem.lambda_z / 2 * np.sum(m * (problem.n_tasks - m), axis=1) / problem.n_tasks
    return _to_support(problem, list(choices[int(np.argmin(values))]))


def _to_support(problem: Problem, chosen: list[tuple[int, ...]]) -> Bools:
    support = np.zeros((problem.n_features, problem.n_tasks), bool)
    for k, columns in enumerate(chosen):
        support[list(columns), k] = True
    return support


def quadratic(problem: Problem) -> tuple[Floats, Floats]:
    """H (Kp, Kp) and c (Kp,): F(B, Z) = const - c'b + b'H b / 2 + Zbar, b = (b_1, ..., b_K) stacked."""
    p, n_tasks = problem.n_features, problem.n_tasks
    H, c = np.zeros((n_tasks * p, n_tasks * p)), np.zeros(n_tasks * p)
    for k in range(n_tasks):
        t = task_rows(problem, k)
        X = t.X - t.unpenalised @ np.linalg.lstsq(t.unpenalised, t.X, rcond=1e-12)[0]
        part = slice(k * p, (k + 1) * p)
        H[part, part] = X.T @ X + problem.lambda_1 * np.eye(p)
        c[part] = X.T @ t.y
    centring = np.eye(n_tasks) - 1 / n_tasks
    return H + problem.lambda_2 * np.kron(centring, np.eye(p)), c


def explained(H: Floats, c: Floats, sets: list[tuple[int, ...]]) -> Floats:
    """-c_S' H_SS^-1 c_S / 2 for each index set S, batched over sets of equal size."""
    values = np.zeros(len(sets))
    sizes = np.array([len(s) for s in sets])
    for size in np.unique(sizes[sizes > 0]):
        at = np.flatnonzero(sizes == size)
        index = np.array([sets[i] for i in at])
        solved = np.linalg.solve(H[index[:, :, None], index[:, None, :]], c[index][:, :, None])
        values[at] = -np.einsum("ij,ij->i", c[index], solved[:, :, 0]) / 2
    return values
