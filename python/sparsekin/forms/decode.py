"""Codes of rows, old or new, from whatever is observed of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.linalg import block_diag

from sparsekin.data.blocks import Floats
from sparsekin.forms.block import Block, apply_scale
from sparsekin.forms.problem import Solution
from sparsekin.forms.rows import find_patterns, solve_rows

Blocks = tuple[Block, Block, Block]


def fitted_codes(solution: Solution, blocks: Blocks, ridge: float) -> tuple[Floats, Floats]:
    """K, H (n, d) that minimise J given the loadings: the row step of the fit."""
    return _solve(solution, blocks, ridge * np.eye(solution.basis.shape[1]))


def expected_codes(solution: Solution, blocks: Blocks) -> tuple[Floats, Floats]:
    """K, H (n, d) expected given what is observed, for normal codes and noise.

    The codes of the fit give the prior variances S_K = K'K / n and S_H = H'H / n. A row with nothing observed of Z
    (and Y) has H = 0: it is predicted at population level.
    """
    n = len(solution.codes_fixed)
    covariance = block_diag(*(codes.T @ codes / n for codes in solution.codes[1:]))
    precision = solution.basis.T @ np.linalg.pinv(covariance, rcond=1e-10, hermitian=True) @ solution.basis
    return _solve(solution, blocks, precision)


def unseen(like: Block, n: int) -> Block:
    """A block of n rows of which nothing is observed."""
    empty = np.zeros((n, like.width))
    return replace(apply_scale(empty, like.center, like.scale), values=empty, seen=empty.copy(), total=0.0)


def _solve(solution: Solution, blocks: Blocks, precision: Floats) -> tuple[Floats, Floats]:
    d = solution.alpha.shape[1]
    upper, lower = solution.basis[:d], solution.basis[d:]
    effective = (solution.alpha @ (upper + lower), solution.beta @ upper, solution.u @ lower)
    g = solve_rows(blocks, effective, solution.noise, precision, find_patterns(blocks))
    return g @ upper.T, g @ lower.T
