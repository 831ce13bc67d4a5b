"""Many small positive definite systems side by side, the system's number being the last axis of every array."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats

_NEAR = 1e-10  # share of a system's mean diagonal by which its solution is held where the system leaves it free


def add_weighted_grams(systems: Floats, weights: Floats, rows: Floats) -> None:
    """Add sum_j w_ij r_j r_j' to the lower triangle of system i (m, m, u), for weights (u, p) of rows r_j (p, m)."""
    i, j = np.tril_indices(rows.shape[1])
    upto = (rows[:, i] * rows[:, j]).T @ weights.T
    for k, first in enumerate(np.flatnonzero(j == 0)):
        systems[k, : k + 1] += upto[first : first + k + 1]


def hold(systems: Floats, right: Floats, present: Floats | None) -> None:
    """Make A + t I of A (m, m, u) and b + t x of b (m, u), for the present solution x (m, u), or 0; t is tiny.

    This adds t ||x_new - x||^2 to x'Ax - 2 b'x. Unlike a ridge of that size it never raises the latter, and where A is
    singular it leaves the solution as it is instead of letting it grow.
    """
    t = np.einsum("iiu->u", systems) * (_NEAR / len(systems))
    t = np.where(t > 0, t, 1.0)
    np.einsum("iiu->iu", systems)[...] += t
    if present is not None:
        right += t * present


def solve_systems(systems: Floats, right: Floats) -> Floats:
    """(m, u) solutions x of A x = b by Cholesky; both arguments are overwritten, A's lower triangle is read."""
    A, x = systems, right
    m = len(A)
    for j in range(m):
        A[j, j] -= np.einsum("ku,ku->u", A[j, :j], A[j, :j])
        np.sqrt(A[j, j], out=A[j, j])
        A[j + 1 :, j] -= np.einsum("iku,ku->iu", A[j + 1 :, :j], A[j, :j])
        A[j + 1 :, j] /= A[j, j]
        x[j] /= A[j, j]
        x[j + 1 :] -= A[j + 1 :, j] * x[j]
    for j in range(m - 1, -1, -1):
        x[j] /= A[j, j]
        x[:j] -= A[j, :j] * x[j]
    return x
