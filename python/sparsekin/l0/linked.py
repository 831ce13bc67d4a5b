"""Least squares of tasks whose coefficients answer to each other (lambda_2 > 0), from the rows.

sum_k ||b_k - b_bar||^2 = min over m of sum_k ||b_k - m||^2, and given m the tasks are apart: each is factorised once,
what its factorisation leaves over says what it asks of m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.least_squares import RANK, TILT, column_norms, solve_rows

SAFE = 1e2 * RANK  # a smaller pivot of one task beside its links: all tasks are factorised together


@dataclass(frozen=True, slots=True)
class Linked:
    """Triangle and outcome of one task, min ||R b - q||^2; the places of its columns among those of all tasks."""

    R: Floats
    q: Floats
    places: Ints

    @classmethod
    def of(cls, X: Floats, y: Floats, places: Ints) -> Linked:
        """From the rows."""
        if X.shape[1] == 0:
            return cls(np.empty((0, 0)), np.empty(0), places)
        Q, R = linalg.qr(X, mode="economic")
        return cls(R, Q.T @ y, places)


def solve_linked(tasks: list[Linked], u: int, ridge: float, link: float) -> tuple[list[Floats], float]:
    """Coefficients of each task, u columns in all; and the least singular value of unit columns told from 0."""
    apart = _solve_apart(tasks, u, ridge, link)
    return apart if apart is not None else _solve_together(tasks, u, ridge, link)


def _solve_apart(tasks: list[Linked], u: int, ridge: float, link: float) -> tuple[list[Floats], float] | None:
    """By way of m; None where a task does not say what its coefficients are beside the links."""
    K, held = len(tasks), np.zeros(u)
    factors, left, least = [], [], 1.0
    for task in tasks:
        s, r = len(task.places), len(task.R)
        held[task.places] += 1
        norms = column_norms(task.R, ridge + link)
        block = np.vstack([task.R, np.sqrt(ridge) * np.eye(s), np.sqrt(link) * np.eye(s)]) / norms
        Q, T = linalg.qr(block) if s else (np.eye(len(block)), block)  # SciPy 1.11 has no QR of no columns
        least = min(least, float(np.abs(np.diag(T)).min(initial=1.0)))
        if least < SAFE:
            return None
        asked = -Q[r + s :].T / np.sqrt(K)  # rotated: (sqrt(link) I) m, with m in units of 1 / sqrt(K link)
        right = Q[:r].T @ task.q
        factors.append((T[:s], asked[:s], right[:s], norms))
        rows = np.zeros((len(asked) - s, u + 1))
        rows[:, task.places], rows[:, u] = asked[s:], right[s:]
        left.append(rows)
    alone = np.hstack([np.diag(np.sqrt((K - held) / K)), np.zeros((u, 1))])
    stack = np.vstack([*left, alone])
    norms = column_norms(stack[:, :u], 0.0)
    rank = max(RANK, TILT / norms.min(initial=1.0))  # stiff links leave little of the data in these rows
    m, told = solve_rows(stack[:, :u] / norms, stack[:, u:], rank)
    m = m[:, 0] / norms
    out = []
    for task, (T, asked, right, scale) in zip(tasks, factors, strict=True):
        b = linalg.solve_triangular(T, right - asked @ m[task.places]) if len(right) else right
        out.append(b / scale)
    return out, min(least, told)


def _solve_together(tasks: list[Linked], u: int, ridge: float, link: float) -> tuple[list[Floats], float]:
    """One least-squares problem in the coefficients of all tasks."""
    K, sizes = len(tasks), [len(task.places) for task in tasks]
    ends = np.cumsum([0, *sizes])
    triangles = linalg.block_diag(*[task.R for task in tasks])
    place = np.concatenate([task.places for task in tasks])
    spread = np.zeros((ends[-1], ends[-1]))
    for j in range(u):
        at = np.flatnonzero(place == j)
        m = len(at)
        spread[np.ix_(at, at)] = np.eye(m) - (1.0 - np.sqrt(1.0 - m / K)) / max(m, 1)  # squared: I - 11' / K
    rows = np.vstack([triangles, np.sqrt(ridge) * np.eye(ends[-1]), np.sqrt(link) * spread])
    right = np.concatenate([*[task.q for task in tasks], np.zeros(2 * ends[-1])])
    norms = column_norms(rows, 0.0)
    b, least = solve_rows(rows / norms, right[:, None])
    return np.split(b[:, 0] / norms, ends[1:-1]), least
