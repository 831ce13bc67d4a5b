"""Least squares of one task on rows that had no part in choosing the columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.inference.clusters import n_groups, sandwich_errors

NOTHING = 1e-12  # of its size, an outcome that the columns always in leave: rounding
RANK = 1e-8  # a column that keeps less of its square beside the others has no slope of its own


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Each column's slope beside the adjusting ones.

    ===== ===== =====================================================================================
    field shape meaning
    ===== ===== =====================================================================================
    b     (m,)  slopes; NaN where the column is a combination of the adjusting ones, rows are few, or of an
                outcome that does not vary beyond the columns that are always in
    se    (m,)  their standard errors
    df    int   degrees of freedom left by the adjusting columns; with groups, these less one
    ===== ===== =====================================================================================
    """

    b: Floats
    se: Floats
    df: int


def slopes_beside(
    y: Floats, X: Floats, inside: Bools, U: Floats, w: Floats | None, groups: Ints | None = None
) -> Slopes:
    """The slope of every column of X in the regression of y on U, the columns `inside`, and itself.

    Parameters
    ----------
    y : (n,)
    X : (n, m)
    inside : (m,) bool
        Adjusting columns.
    U : (n, q)
        Columns that are always in, the intercept among them.
    w : (n,), optional
        Weights of the rows, positive.
    groups : (n,) int, optional
        Rows of one group may go together: standard errors allow for it.
    """
    root = np.ones(len(y)) if w is None else np.sqrt(w)
    basis = _orthonormal(U * root[:, None])
    Z, r = _without(basis, X * root[:, None]), _without(basis, y * root)
    varies = _more_than_rounding(r, y * root)
    left = np.einsum("ij,ij->j", Z, Z)
    there = left > RANK * np.einsum("ij,ij->j", X * root[:, None], X * root[:, None])
    chosen = np.flatnonzero(inside & there)
    own = _orthonormal(Z[:, chosen])
    df = len(y) - basis.shape[1] - own.shape[1]
    b, se = np.full(X.shape[1], np.nan), np.full(X.shape[1], np.nan)
    if varies and df >= 1 and own.shape[1] == len(chosen):
        b[chosen], se[chosen] = _joint(Z[:, chosen], r, df, groups)
    others = np.flatnonzero(~inside & there)
    Z, r = _without(own, Z[:, others]), _without(own, r)
    zz = np.einsum("ij,ij->j", Z, Z)
    free = zz > RANK * left[others]
    if varies and df >= 2 and free.any():
        slope = Z[:, free].T @ r / zz[free]
        rss = np.maximum(r @ r - slope**2 * zz[free], 0.0)
        b[others[free]] = slope
        if groups is None:
            se[others[free]] = np.sqrt(rss / (df - 1) / zz[free])
        else:
            scores = Z[:, free] * (r[:, None] - Z[:, free] * slope)
            se[others[free]] = sandwich_errors(scores, 1 / zz[free], groups, len(y) - df + 1)
    return Slopes(b, se, df if groups is None else min(df, n_groups(groups) - 1))


def _joint(Z: Floats, r: Floats, df: int, groups: Ints | None) -> tuple[Floats, Floats]:
    Q, R = np.linalg.qr(Z)
    inverse = np.linalg.inv(R) if len(R) else R
    b = inverse @ (Q.T @ r)
    rest = r - Z @ b
    if groups is not None:
        return b, sandwich_errors(Z * rest[:, None], inverse @ inverse.T, groups, len(r) - df)
    return b, np.sqrt(np.maximum(rest @ rest / df, 0.0)) * np.linalg.norm(inverse, axis=1)


def varies_beyond(y: Floats, U: Floats, w: Floats | None = None) -> bool:
    """Whether an outcome (n,) varies by more than rounding beyond the columns of U (n, q)."""
    root = np.ones(len(y)) if w is None else np.sqrt(w)
    return _more_than_rounding(_without(_orthonormal(U * root[:, None]), y * root), y * root)


def _more_than_rounding(left: Floats, whole: Floats) -> bool:
    return bool(np.linalg.norm(left) > NOTHING * np.linalg.norm(whole))


def _without(basis: Floats, A: Floats) -> Floats:
    for _ in range(2):
        A = A - basis @ (basis.T @ A)
    return A


def _orthonormal(A: Floats) -> Floats:
    """A basis of the columns of A; columns are scaled before their rank is counted."""
    norms = np.linalg.norm(A, axis=0)
    A = A[:, norms > 0] / norms[norms > 0]
    if A.shape[1] == 0:
        return A
    U, d, _ = np.linalg.svd(A, full_matrices=False)
    return np.asarray(U[:, d > 1e-10 * d.max(initial=0.0)])
