"""Planted factors for the tests of the forms room: data from the model, and the truth."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import subspace_angles

from sparsekin.forms.block import make_block


@dataclass(frozen=True)
class Planted:
    """full: Y, X, Z with noise; tables: the same with NaN; signal: without noise; loadings: alpha, beta, u."""

    full: list
    tables: list
    signal: list
    loadings: list
    codes: list

    @property
    def blocks(self):
        return [make_block(table) for table in self.tables]


def plant(seed, n=500, widths=(10, 50, 20), d=3, noise=0.3, missing=0.1, random=0.7):
    """Y = (K + H) alpha' + e, X = K beta' + e, Z = H u' + e, sd of e = `noise` times that of the block's signal."""
    rng = np.random.default_rng(seed)
    K, H = rng.standard_normal((n, d)), random * rng.standard_normal((n, d))
    loadings = [rng.standard_normal((width, d)) for width in widths]
    signal = [codes @ L.T for codes, L in zip((K + H, K, H), loadings, strict=True)]
    full = [part + noise * (part.std() if part.size else 0) * rng.standard_normal(part.shape) for part in signal]
    tables = [np.where(rng.random(part.shape) < missing, np.nan, part) for part in full]
    return Planted(full, tables, signal, loadings, [K + H, K, H])


def angles(solution, planted, blocks):
    """Largest principal angle in degrees between fitted and true loadings (standardised columns), per block."""
    return [
        np.degrees(subspace_angles(found, true / block.scale[:, None]).max())
        for found, true, block in zip(solution.loadings, planted.loadings, blocks, strict=True)
    ]


def monotone(found, problem):
    """Whether J never rises within a run by more than 1e-10 of itself, or than rounding of the total sum of squares."""
    total = sum(block.total for block in problem.blocks) / min(*problem.noise, *found.noise)
    for r in np.unique(found.run):
        part = found.trace[found.run == r]
        if (np.diff(part) > 1e-10 * part[:-1] + 1e-14 * total).any():
            return False
    return True
