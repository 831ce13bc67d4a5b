"""The curvature once intercept and always-in columns U follow: G = H - HU (U'HU)^+ U'H."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sparsekin.data.blocks import Floats
from sparsekin.losses.base import Curvature

_RANK = 1e-14  # of its size, what a column must have that others do not tell


@dataclass(frozen=True, slots=True, eq=False)
class Profiled:
    """G; U (n, q) may have columns the loss cannot see, for Cox a constant."""

    curvature: Curvature
    HU: Floats
    inverse: Floats

    def times(self, A: Floats) -> Floats:
        """G A of (n,) or (n, m)."""
        return self.curvature.times(A) - self.HU @ (self.inverse @ (self.HU.T @ A))

    def gram(self, A: Floats) -> Floats:
        """(m, m) A'G A."""
        against = self.HU.T @ A
        return self.curvature.gram(A) - against.T @ (self.inverse @ against)

    def squares(self, A: Floats) -> Floats:
        """(m,) its diagonal."""
        against = self.HU.T @ A
        return self.curvature.squares(A) - np.einsum("ij,ij->j", against, self.inverse @ against)


def profiled(curvature: Curvature, U: Floats) -> Profiled:
    """G for unpenalised columns U (n, q)."""
    return Profiled(curvature, curvature.times(U), inverse(curvature.gram(U), curvature.weights @ U**2))


def inverse(A: Floats, sizes: Floats) -> Floats:
    """Inverse of a positive semidefinite A (q, q), pseudo-inverse where it is singular beside diagonal `sizes`."""
    root = np.sqrt(np.where(sizes > 0, sizes, 1.0))
    values, vectors = linalg.eigh(A / np.outer(root, root))
    kept = values > _RANK * max(1.0, values.max(initial=0.0))
    part = vectors[:, kept] / np.sqrt(values[kept])
    return np.asarray((part @ part.T) / np.outer(root, root))


def solve(A: Floats, b: Floats, sizes: Floats) -> Floats:
    """A^+ b; by Cholesky where that is safe."""
    root = np.sqrt(np.where(sizes > 0, sizes, 1.0))
    factor, info = linalg.lapack.dpotrf(A / np.outer(root, root), lower=1)
    if info == 0 and np.diag(factor).min(initial=1.0) ** 2 > _RANK:
        return np.asarray(linalg.lapack.dpotrs(factor, b / root, lower=1)[0] / root)
    return np.asarray(inverse(A, sizes) @ b)
