"""Loadings to start from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.forms.als import Loadings
from sparsekin.forms.block import Block, times, transposed_times
from sparsekin.forms.problem import Problem

_PASSES = 4  # of subspace iteration


def start_from(problem: Problem, number: int, rng: np.random.Generator) -> Loadings:
    """Start 0 aligns the principal components of X and Z through Y, start 1 takes those of [Y X Z], others are random.

    Start 0 is start 1 where X or Z has less than d dimensions or Y less than d columns.
    """
    fits = problem.rank_x == problem.rank_z == problem.d <= problem.Y.width
    if number == 0 and fits:
        return aligned_loadings(problem, rng)
    return spectral_loadings(problem, rng) if number < 2 else random_loadings(problem, rng)


def aligned_loadings(problem: Problem, rng: np.random.Generator) -> Loadings:
    """Exact without noise: K from X, H from Z, each in coordinates of its own, which Y then ties together.

    With Y ~ K0 A + H0 B for principal components K0, H0 (mean square 1): alpha' = A, H = H0 M and M A = B.
    """
    d = problem.d
    (beta,), (loadings_z,) = (directions((block,), d, rng) for block in (problem.X, problem.Z))
    codes = np.hstack([_codes(problem.X, beta), _codes(problem.Z, loadings_z)])
    tied = transposed_times(problem.Y, codes) @ np.linalg.pinv(codes.T @ codes, hermitian=True)
    alpha = tied[:, :d]
    M = (np.linalg.pinv(alpha, rcond=0.01) @ tied[:, d:]).T
    return _shaped(problem, (alpha, beta, loadings_z @ np.linalg.pinv(M, rcond=0.01).T), rng)


def spectral_loadings(problem: Problem, rng: np.random.Generator) -> Loadings:
    """The first d principal directions of [Y X Z]."""
    return _shaped(problem, directions(problem.blocks, problem.d, rng), rng)


def random_loadings(problem: Problem, rng: np.random.Generator) -> Loadings:
    """Normal loadings of variance 1 / d."""
    parts = [rng.standard_normal((block.width, problem.d)) / np.sqrt(problem.d) for block in problem.blocks]
    return _shaped(problem, parts, rng)


def directions(blocks: Sequence[Block], d: int, rng: np.random.Generator) -> list[Floats]:
    """Loadings of the first d principal components of the blocks side by side; codes of mean square 1 belong to them.

    By subspace iteration, with never more than (n, d + 5) numbers.
    """
    edges = np.cumsum([0, *(block.width for block in blocks)])
    parts = list(zip(blocks, pairwise(edges), strict=True))
    V = rng.standard_normal((edges[-1], min(d + 5, edges[-1])))
    for _ in range(_PASSES):
        Q = np.linalg.qr(np.sum([times(block, V[a:b]) for block, (a, b) in parts], axis=0))[0]
        V = np.vstack([transposed_times(block, Q) for block in blocks])
    U, values, _ = np.linalg.svd(V, full_matrices=False)
    m = min(d, len(values))
    top = np.zeros((edges[-1], d))
    top[:, :m] = U[:, :m] * values[:m] / np.sqrt(blocks[0].n_obs)
    return [top[a:b] for a, b in pairwise(edges)]


def _codes(block: Block, loadings: Floats) -> Floats:
    return times(block, loadings @ np.linalg.pinv(loadings.T @ loadings, hermitian=True))


def _shaped(problem: Problem, parts: Sequence[Floats], rng: np.random.Generator) -> Loadings:
    """Loadings that keep to the ranks and are 0 nowhere else; orthonormal where that is asked."""
    alpha, beta, u = (part + 1e-3 * rng.standard_normal(part.shape) for part in parts)
    beta[:, problem.rank_x :] = 0.0
    u[:, : problem.d - problem.rank_z] = 0.0
    if not problem.orthogonal:
        return alpha, beta, u
    return _orthonormal(alpha), _orthonormal(beta), _orthonormal(u)


def _orthonormal(loadings: Floats) -> Floats:
    if not len(loadings):
        return loadings
    U, _, Vt = np.linalg.svd(loadings, full_matrices=False)
    return np.asarray(U @ Vt)
