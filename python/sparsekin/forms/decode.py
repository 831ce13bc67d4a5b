"""Codes of rows, old or new, from whatever is observed of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.forms.block import Block, apply_scale, reweigh
from sparsekin.forms.problem import Solution
from sparsekin.forms.rows import find_patterns, solve_rows

Blocks = tuple[Block, Block, Block]


def fitted_codes(solution: Solution, blocks: Blocks, ridge: float) -> tuple[Floats, Floats]:
    """K, H (n, d) that minimise J given the loadings: the row step of the fit; expected ones of maximum likelihood."""
    if solution.column_noise is not None:
        return expected_codes(solution, blocks)
    return _solve(solution, blocks, solution.basis, ridge)


def expected_codes(solution: Solution, blocks: Blocks) -> tuple[Floats, Floats]:
    """K, H (n, d) expected given what is observed, for normal codes and noise.

    (k, h) has mean 0 and the covariance that maximum likelihood estimates, or S = [K H]'[K H] / n of the fitted codes,
    K with H included: where X and Z tell K and H badly apart, the two are negatively correlated, and only their joint
    distribution predicts well. What is not observed is averaged over: Y from X alone is at population level.
    """
    if solution.column_noise is not None:
        return _solve_weighted(solution, blocks, solution.column_noise)
    values, E = np.linalg.eigh(code_covariance(solution))
    return _solve(solution, blocks, E * np.sqrt(np.maximum(values, 0.0)), 1.0)


def code_covariance(solution: Solution) -> Floats:
    """(2 d, 2 d) covariance of (k, h): the one maximum likelihood estimates, or that of the fitted codes."""
    if solution.column_noise is not None:
        return np.asarray(solution.basis @ solution.basis.T)
    codes = np.hstack(solution.codes[1:])
    return np.asarray(codes.T @ codes / len(codes))


def covariance_given(solution: Solution, use: str) -> Floats:
    """(2 d, 2 d) covariance of (k, h) given all columns of the blocks in `use`, letters of "yxz"."""
    values, E = np.linalg.eigh(code_covariance(solution))
    basis = E * np.sqrt(np.maximum(values, 0.0))
    sizes = [len(loadings) for loadings in solution.loadings]
    if solution.column_noise is None:
        noise = [np.full(size, v) for size, v in zip(sizes, solution.noise, strict=True)]
    else:
        noise = np.split(solution.column_noise, np.cumsum(sizes)[:-1])
    system = np.eye(basis.shape[1])
    for letter, M, v in zip("yxz", _effective(solution, basis), noise, strict=True):
        if letter in use:
            system += M.T @ (M / v[:, None])
    return np.asarray(basis @ np.linalg.solve(system, basis.T))


def unseen(like: Block, n: int) -> Block:
    """A block of n rows of which nothing is observed."""
    empty = np.zeros((n, like.width))
    return replace(apply_scale(empty, like.center, like.scale), values=empty, seen=empty.copy(), total=0.0)


def _solve(solution: Solution, blocks: Blocks, basis: Floats, ridge: float) -> tuple[Floats, Floats]:
    """Codes (k, h) = basis @ g with a penalty ridge ||g||^2."""
    precision = ridge * np.eye(basis.shape[1])
    effective = _effective(solution, basis)
    return _codes(basis, solve_rows(blocks, effective, solution.noise, precision, find_patterns(blocks)))


def _solve_weighted(solution: Solution, blocks: Blocks, variances: Floats) -> tuple[Floats, Floats]:
    """Expected codes with a residual variance for each column."""
    ends = np.cumsum([block.width for block in blocks])[:-1]
    sds = np.split(np.sqrt(variances), ends)
    weighted = [reweigh(block, sd) for block, sd in zip(blocks, sds, strict=True)]
    effective = [M / sd[:, None] for M, sd in zip(_effective(solution, solution.basis), sds, strict=True)]
    precision = np.eye(solution.basis.shape[1])
    return _codes(solution.basis, solve_rows(weighted, effective, np.ones(3), precision, find_patterns(weighted)))


def _effective(solution: Solution, basis: Floats) -> tuple[Floats, Floats, Floats]:
    d = solution.alpha.shape[1]
    upper, lower = basis[:d], basis[d:]
    return solution.alpha @ (upper + lower), solution.beta @ upper, solution.u @ lower


def _codes(basis: Floats, g: Floats) -> tuple[Floats, Floats]:
    d = len(basis) // 2
    return g @ basis[:d].T, g @ basis[d:].T
