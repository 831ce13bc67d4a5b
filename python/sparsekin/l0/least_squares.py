"""Ridge least squares that no choice of units changes: columns are scaled to length 1 before anything is decided.

Normal equations serve where every column keeps more than `PIVOT` of its square beside the others; else orthogonal
factorisations of the rows do, which square no condition number. Directions below `RANK` are not told from rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.profile import NOTHING, outcome_left, residualize
from sparsekin.l0.problem import Problem, factor, outcomes

PIVOT = 1e-6
RANK = 1e-11
TILT = 32.0 * float(np.finfo(float).eps)  # by how much rounding turns the fit, over the least singular value


@dataclass(frozen=True, slots=True)
class Fitted:
    """Coefficients (s, q) of q outcomes, and the least singular value of the unit columns that was told from 0."""

    b: Floats
    least: float


def weighted_rows(problem: Problem, tasks: Ints, S: Ints) -> tuple[Floats, Floats]:
    """X (n, s) and Y (n, q) of q alike tasks such that ||Y - X b||^2 / 2 is their loss, unpenalised columns out."""
    k = int(tasks[0])
    w, basis = problem.blocks.weights[k], problem.basis[k]
    root = np.sqrt(factor(problem, k) * (np.ones(problem.basis[k].shape[0]) if w is None else w))[:, None]
    given = problem.blocks.columns_of(k, S) / problem.standard.scale[S, k]
    X = residualize(given, basis, w)
    X[:, np.linalg.norm(X, axis=0) <= NOTHING * np.linalg.norm(given, axis=0)] = 0.0
    return X * root, outcome_left(outcomes(problem, tasks), basis, w) * root


def solve_ridge(X: Floats, Y: Floats, ridge: float) -> Fitted:
    """Least squares of Y (n, q) on X (n, s), ridge / 2 times the squares of the coefficients added."""
    if X.shape[1] == 0:
        return Fitted(np.empty((0, Y.shape[1])), 1.0)
    norms = column_norms(X, ridge)
    A, extra = X / norms, ridge / norms**2
    H = A.T @ A
    H.flat[:: len(H) + 1] += extra
    lower, info = linalg.lapack.dpotrf(H, lower=1, clean=0)
    if info == 0 and np.diag(lower).min() ** 2 > PIVOT:
        b = linalg.lapack.dpotrs(lower, A.T @ Y, lower=1)[0]
        b += linalg.lapack.dpotrs(lower, A.T @ (Y - A @ b) - extra[:, None] * b, lower=1)[0]  # one step of refinement
        return Fitted(b / norms[:, None], float(np.diag(lower).min()))
    if ridge > 0:
        A = np.vstack([A, np.diag(np.sqrt(extra))])
        Y = np.vstack([Y, np.zeros((len(extra), Y.shape[1]))])
    b, least = solve_rows(A, Y)
    return Fitted(b / norms[:, None], least)


def column_norms(X: Floats, ridge: float) -> Floats:
    """(s,) lengths of the columns with the ridge below them; 1 where there is nothing."""
    norms = np.hypot(np.linalg.norm(X, axis=0), np.sqrt(ridge))
    return np.where(norms > 0, norms, 1.0)


def solve_rows(A: Floats, Y: Floats, rank: float = RANK) -> tuple[Floats, float]:
    """Least squares from rows whose columns have comparable lengths; also the least singular value told from 0."""
    b, _, _, values = np.linalg.lstsq(A, Y, rcond=rank)
    told = values[values > rank * values.max(initial=0.0)]
    return np.asarray(b, float), float(min(told.min(initial=1.0), 1.0))


def squares(X: Floats, y: Floats, b: Floats, ridge: float = 0.0) -> tuple[float, float]:
    """||y||^2 / 2 and ||y - X b||^2 / 2 + ridge / 2 ||b||^2."""
    r = y - X @ b
    return float(y @ y) / 2, float(r @ r) / 2 + ridge / 2 * float(b @ b)


def doubt(least: float, outcome: float, residual: float) -> float:
    """What rounding can hide of a value ||residual||^2 / 2, for ||outcome||^2 / 2 = `outcome` (both halved squares)."""
    tilt = TILT / least
    return 2.0 * tilt * np.sqrt(outcome * max(residual, 0.0)) + tilt**2 * outcome
