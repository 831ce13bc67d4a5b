"""Random intercepts of tasks beside slopes, estimated together: a linear mixed model with one ratio of variances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Floats, Ints

_ABSENT = 1e-8  # singular values, relative to the largest, below which a direction is not there
# Ratios of variances looked at, times the mean rows of a task, from where all is shrunk to where nothing is: a lattice
# in their logarithm, every _COARSE-th point of it first, then those around the best.
_LOWEST, _HIGHEST, _STEP, _COARSE = np.log(1e-6), np.log(1e8), 0.05, 12


@dataclass(frozen=True, slots=True, eq=False)
class Intercepts:
    """Y = level + B slopes' + u_task + e: level (m,), slopes (m, d), u (K, m), and the variances of its errors."""

    level: Floats
    slopes: Floats
    u: Floats
    error: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """What restricted likelihood reads of A (n, p), which starts with 1s, and Y (n, m).

    Sums of products within tasks, means of the tasks (K, p) and (K, m), and 1 / rows of each task (K,).
    """

    n: int
    AA: Floats
    AY: Floats
    YY: Floats
    mean_A: Floats
    mean_Y: Floats
    share: Floats


def fit_intercepts(Y: Floats, B: Floats, of_row: Ints, n_tasks: int) -> Intercepts | None:
    """Slopes of Y (n, m) on B (n, d) and random intercepts of the tasks `of_row` (n,), by restricted likelihood.

    Each response is on its own. None where the rows cannot tell noise, tasks and B apart.
    """
    n, m = Y.shape
    if n == 0:
        return None
    there, task = np.unique(of_row, return_inverse=True)
    center, middle = B.mean(axis=0), Y.mean(axis=0)
    basis, back = _orthonormal(B - center)
    inside = len(_orthonormal(_within(basis, task)[0], np.sqrt(n))[1].T)
    A = np.hstack([np.ones((n, 1)), basis])
    free = len(there) + inside  # rank of [tasks B]
    if n <= free or free <= A.shape[1]:
        return None
    sums = _sums(A, Y - middle, task)
    ratio = _most_likely(sums)
    b = np.empty((m, A.shape[1]))
    u, error = np.zeros((2, n_tasks, m))
    for j in range(m):
        found, rss, _ = _given(sums, ratio[j], j)
        pull = ratio[j] / (ratio[j] + sums.share)
        b[j] = found[:, 0]
        u[there, j] = pull * (sums.mean_Y[:, j] - sums.mean_A @ b[j])
        error[there, j] = rss[0] / (n - A.shape[1]) * pull * sums.share
    slopes = b[:, 1:] @ back.T
    return Intercepts(middle + b[:, 0] - slopes @ center, slopes, u, error)


def _orthonormal(B: Floats, least: float = 0.0) -> tuple[Floats, Floats]:
    """U (n, r) with orthogonal columns of mean square 1, and T (d, r) such that U = B T; `least` norm of a largest."""
    U, s, Vt = np.linalg.svd(B, full_matrices=False)
    kept = s > _ABSENT * max(s.max(initial=0.0), least, 1e-300)
    root = np.sqrt(len(B))
    return U[:, kept] * root, Vt[kept].T * (root / s[kept])


def _within(A: Floats, task: Ints) -> tuple[Floats, Floats, Floats]:
    """A minus the means of its tasks; these means; rows of each task."""
    count = np.bincount(task).astype(float)
    hot = sparse.csr_array((np.ones(len(A)), (task, np.arange(len(A)))), shape=(len(count), len(A)))
    mean = (hot @ A) / count[:, None]
    return A - mean[task], mean, count


def _sums(A: Floats, Y: Floats, task: Ints) -> _Sums:
    inner_A, mean_A, count = _within(A, task)
    inner_Y, mean_Y, _ = _within(Y, task)
    YY = np.einsum("ij,ij->j", inner_Y, inner_Y)
    return _Sums(len(A), inner_A.T @ inner_A, inner_A.T @ inner_Y, YY, mean_A, mean_Y, 1 / count)


def _given(sums: _Sums, ratio: float, which: int | slice = slice(None)) -> tuple[Floats, Floats, Floats]:
    """Coefficients (p, m), weighted residual squares (m,), -2 log restricted likelihood (m,) at tau^2 / sigma^2."""
    columns = np.atleast_1d(np.arange(len(sums.YY))[which])
    weight = 1 / (ratio + sums.share)
    weighted = sums.mean_A.T * weight
    mean_Y = sums.mean_Y[:, columns]
    AA = sums.AA + weighted @ sums.mean_A
    AY = sums.AY[:, columns] + weighted @ mean_Y
    YY = sums.YY[columns] + weight @ mean_Y**2
    b = np.asarray(np.linalg.solve(AA, AY), float)
    rss: Floats = np.maximum(YY - np.sum(AY * b, axis=0), 1e-15 * YY)
    volume = np.linalg.slogdet(AA)[1] + np.sum(np.log1p(ratio / sums.share))
    return b, rss, (sums.n - len(b)) * np.log(np.maximum(rss, 1e-300)) + volume


def _most_likely(sums: _Sums) -> Floats:
    """(m,) tau^2 / sigma^2 of each response."""
    m, start = len(sums.YY), _LOWEST + np.log(len(sums.share) / sums.n)
    last = int((_HIGHEST - _LOWEST) / _STEP) // _COARSE * _COARSE
    value = np.full((last + 1, m), np.inf)
    for i in range(0, last + 1, _COARSE):
        value[i] = _given(sums, np.exp(start + i * _STEP))[2]
    near = np.unique(value.argmin(axis=0))[:, None] + np.arange(1 - _COARSE, _COARSE)
    for i in np.unique(near[(near >= 0) & (near <= last)]):
        value[i] = _given(sums, np.exp(start + i * _STEP))[2]
    at = value.argmin(axis=0)
    low, here, high = (value[np.clip(at + step, 0, last), np.arange(m)] for step in (-1, 0, 1))
    bend = low - 2 * here + high
    inner = (at > 0) & (at < last) & (bend > 0)
    vertex = np.where(inner, (low - high) / np.where(inner, 2 * bend, 1.0), 0.0)  # of the parabola through the three
    found = np.exp(start + (at + vertex) * _STEP)
    return np.where(_given(sums, 0.0)[2] <= here, 0.0, found)
