"""Codes of rows, old or new, from whatever is observed of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.forms.block import Block, apply_scale
from sparsekin.forms.problem import Solution
from sparsekin.forms.rows import find_patterns, solve_rows

Blocks = tuple[Block, Block, Block]


def fitted_codes(solution: Solution, blocks: Blocks, ridge: float) -> tuple[Floats, Floats]:
    """K, H (n, d) that minimise J given the loadings: the row step of the fit."""
    return _solve(solution, blocks, solution.basis, ridge)


def expected_codes(solution: Solution, blocks: Blocks) -> tuple[Floats, Floats]:
    """K, H (n, d) expected given what is observed, for normal codes and noise.

    (k, h) has mean 0 and the covariance S = [K H]'[K H] / n of the fitted codes, K with H included: where X and Z
    tell K and H badly apart, the two are negatively correlated, and only their joint distribution predicts well. What
    is not observed is averaged over: Y from X alone is at population level.
    """
    codes = np.hstack(solution.codes[1:])
    values, E = np.linalg.eigh(codes.T @ codes / len(codes))
    return _solve(solution, blocks, E * np.sqrt(np.maximum(values, 0.0)), 1.0)


def unseen(like: Block, n: int) -> Block:
    """A block of n rows of which nothing is observed."""
    empty = np.zeros((n, like.width))
    return replace(apply_scale(empty, like.center, like.scale), values=empty, seen=empty.copy(), total=0.0)


def _solve(solution: Solution, blocks: Blocks, basis: Floats, ridge: float) -> tuple[Floats, Floats]:
    """Codes (k, h) = basis @ g with a penalty ridge ||g||^2."""
    d = solution.alpha.shape[1]
    upper, lower = basis[:d], basis[d:]
    effective = (solution.alpha @ (upper + lower), solution.beta @ upper, solution.u @ lower)
    g = solve_rows(blocks, effective, solution.noise, ridge * np.eye(basis.shape[1]), find_patterns(blocks))
    return g @ upper.T, g @ lower.T
