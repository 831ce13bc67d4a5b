"""The algorithm as published, with its cyclic code updates, step for step; for comparison.

An iteration makes three passes. Each pass refits all loadings by least squares, alpha on K + H, beta on K and u on H,
and soft-thresholds them; then one code is decoded from its block:

    1.  K + H = Y alpha (alpha'alpha)^-1, the change shared equally by K and H
    2.  K = X beta (beta'beta)^-1
    3.  H = Z u (u'u)^-1

The inverses are those of the reference code. The printed algorithm has K = X beta (beta'beta) in their place, which
agrees only for orthonormal loadings.

This is not a descent on J: a pass takes a code from one block alone, whatever that does to the fit of the other
blocks that share it (step 1 ignores X and Z, steps 2 and 3 ignore Y), so J may rise from pass to pass, and where the
passes settle they settle on a cycle through three code updates, not on a minimum of J. Least squares on noisy codes
also shrinks loadings, so decoding enlarges codes, and the updates as printed grow without bound. They commute with
(K, H) -> (K R, H R), so K and H are taken to (K + H)'(K + H) / n = I after each iteration: without l1 nothing else
changes.
Missing cells stand at their column's mean; the blocks have no weights.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.forms.block import Block, times, transposed_times
from sparsekin.forms.problem import Point, Problem, objective


def published_iteration(problem: Problem, point: Point) -> tuple[Point, float]:
    """One iteration, three passes; J of the codes with refitted loadings is reported, not minimised."""
    for decoded in ("Y", "X", "Z"):
        point = decode(problem, refit(problem, point), decoded)
    point = refit(problem, rescale(point))
    return point, objective(problem, point)


def rescale(point: Point) -> Point:
    """K R and H R with (K + H)'(K + H) / n = I."""
    total = point.K + point.H
    values, E = np.linalg.eigh(total.T @ total / len(total))
    values = np.maximum(values, 1e-12 * max(values[-1], 1e-300))
    R = E / np.sqrt(values) @ E.T
    return replace(point, K=point.K @ R, H=point.H @ R)


def refit(problem: Problem, point: Point) -> Point:
    """Loadings by least squares on K + H, K and H, then soft-thresholded at l1."""
    fresh = [
        soft_threshold(transposed_times(block, codes) @ _inverse(codes), problem.l1)
        for block, codes in zip(problem.blocks, point.codes, strict=True)
    ]
    return replace(point, alpha=fresh[0], beta=fresh[1], u=fresh[2])


def decode(problem: Problem, point: Point, block: str) -> Point:
    """One code from its own block."""
    if block == "Y" and not problem.Z.width:
        return replace(point, K=_codes(problem.Y, point.alpha))
    if block == "Y":
        half = (_codes(problem.Y, point.alpha) - point.K - point.H) / 2
        return replace(point, K=point.K + half, H=point.H + half)
    if block == "X":
        return replace(point, K=_codes(problem.X, point.beta))
    return replace(point, H=_codes(problem.Z, point.u)) if problem.Z.width else point


def first_point(problem: Problem, loadings: tuple[Floats, Floats, Floats]) -> Point:
    """Codes decoded from X and Z by given loadings."""
    alpha, beta, u = loadings
    K = _codes(problem.X, beta)
    return Point(alpha, beta, u, K, _codes(problem.Z, u) if problem.Z.width else np.zeros_like(K))


def soft_threshold(loadings: Floats, threshold: float) -> Floats:
    """S(l, t) = sign(l) max(|l| - t, 0)."""
    return np.asarray(np.sign(loadings) * np.maximum(np.abs(loadings) - threshold, 0.0))


def _codes(block: Block, loadings: Floats) -> Floats:
    return times(block, loadings @ _inverse(loadings))


def _inverse(A: Floats) -> Floats:
    """(A'A)^+."""
    return np.asarray(np.linalg.pinv(A.T @ A, hermitian=True))
