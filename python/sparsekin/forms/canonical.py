"""One form of the many that fit alike: (K R, H R, alpha R^-T, ...) with R fixed by a rule."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.forms.problem import Point, Problem

_NOTHING = 1e-9  # share of the largest eigenvalue below which a direction does not count


def canonical_rotation(problem: Problem, point: Point) -> Floats:
    """R (d, d) of the canonical form.

    (K + H)'(K + H) / n = I (a direction that the ridge has shrunk to nothing keeps codes of 0) and alpha'alpha
    diagonal, decreasing; directions that alpha does not reach (d > q) are told apart by beta'beta + u'u likewise. The
    loading of largest absolute value in a column, of alpha or, where that is 0, of beta or u, is positive. With
    orthonormal loadings R can only turn: (K + H)'(K + H) is diagonal and decreasing instead. With l1 nothing turns,
    for that would fill the zeros: columns are scaled and sorted.
    """
    total = point.K + point.H
    gram = total.T @ total / len(total)
    if problem.orthogonal:
        R = np.linalg.eigh(gram)[1][:, ::-1]
    elif problem.l1 > 0:
        R = _scaling(gram, point)
    else:
        R = _whitening(gram, point)
    return R * _signs(point, R)


def turn(point: Point, R: Floats) -> Point:
    """The same fit in other coordinates."""
    back = np.linalg.pinv(R).T
    return Point(point.alpha @ back, point.beta @ back, point.u @ back, point.K @ R, point.H @ R, point.means)


def basis_of(problem: Problem, R: Floats) -> Floats:
    """(2 d, m) from the free coordinates of a row to its codes (k, h) in the new coordinates."""
    d = problem.d
    whole = np.zeros((2 * d, 2 * d))
    whole[:d, :d] = whole[d:, d:] = R.T
    return whole[:, problem.free]


def _whitening(gram: Floats, point: Point) -> Floats:
    values, E = np.linalg.eigh(gram)
    values = np.where(values > _NOTHING * max(values[-1], 1e-300), values, 1.0)
    root, inverse = E * np.sqrt(values) @ E.T, E / np.sqrt(values) @ E.T
    alpha, rest = point.alpha @ root, np.vstack([point.beta, point.u]) @ root
    seen, Q = np.linalg.eigh(alpha.T @ alpha)
    seen, Q = seen[::-1], Q[:, ::-1]
    null = seen <= _NOTHING * max(seen[0], 1e-300)
    if null.sum() > 1:
        inner = rest @ Q[:, null]
        Q[:, null] = Q[:, null] @ np.linalg.eigh(inner.T @ inner)[1][:, ::-1]
    return np.asarray(inverse @ Q)


def _scaling(gram: Floats, point: Point) -> Floats:
    scale = np.sqrt(np.diag(gram))
    scale = np.where(scale > _NOTHING, scale, 1.0)
    order = np.argsort(-np.sum((point.alpha * scale) ** 2, axis=0), kind="stable")
    return np.asarray(np.diag(1 / scale)[:, order])


def _signs(point: Point, R: Floats) -> Floats:
    back = np.linalg.pinv(R).T
    alpha, rest = point.alpha @ back, np.vstack([point.beta, point.u]) @ back
    big = np.abs(alpha).max(axis=0, initial=0.0)
    signs = np.ones(R.shape[1])
    for k in range(R.shape[1]):
        column = alpha[:, k] if big[k] > 1e-6 * max(big.max(), 1e-300) else rest[:, k]
        if len(column):
            signs[k] = np.sign(column[np.argmax(np.abs(column))]) or 1.0
    return signs
