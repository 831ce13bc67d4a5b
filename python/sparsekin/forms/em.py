"""Maximum likelihood for linear mixed forms by expectation and maximisation: codes are random, not parameters.

A row's codes (k, h) are normal with mean 0 and covariance S, its columns normal around m + M (k, h) with a residual
variance D_j each. What is minimised over the means m, the loadings M, D and S is

    -2 log L + c sum_j (log D_j + v_b / D_j),      D_j >= 1e-3, of Y 5e-3,

the second part being a weak prior, worth c = 5 rows whose residual variance is v_b, the one that least squares found
for the block: it keeps single columns from being fitted without error. There are closed steps for all (Rubin and
Thayer 1982); S is free although the scale of the codes is too, and within a step so is the mean of the codes, which
speeds the steps up (Liu, Rubin and Wu 1998). Without gaps m is the mean of the columns, 0.
Loadings and log D are moved on in the direction of the last step, as in alternating least squares, and taken back
where the likelihood falls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.forms.als import effective_loadings
from sparsekin.forms.block import Block, column_counts, column_squares, column_sums, reweigh, times, transposed_times
from sparsekin.forms.loadings import centred, code_means
from sparsekin.forms.problem import FLOORS, Means, Point, Problem
from sparsekin.forms.rows import Patterns, add_systems
from sparsekin.forms.small_systems import add_weighted_grams, hold, solve_systems

PRIOR = 5.0  # rows that the prior of the residual variances is worth
LEAST = 1e-3  # residual variance of a standardised column
LEASTS = (FLOORS[0], LEAST, LEAST)  # of Y, X, Z
_BATCH = 1_000_000  # numbers in a batch of covariances
_FARTHEST = 30.0  # steps that parameters are moved on
Loadings = tuple[Floats, Floats, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """loadings alpha, beta, u; D: residual variances of the columns of Y, X, Z; root (m, m): S = root root'.

    S is the covariance of the m free coordinates of (k, h). means: of the columns of Y, X, Z.
    """

    loadings: Loadings
    D: Loadings
    root: Floats
    means: Means


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What a step needs to know of the codes given the data.

    ======= ============= =========================================================================
    field   shape         meaning
    ======= ============= =========================================================================
    value   float         what is minimised, at the parameters of the expectation
    mean    (n, m)        of the free coordinates of (k, h)
    second  (m, m)        sum over rows of their second moments
    grams   3 of arrays   per block the second moments of its codes: (d, d, 1), or (d, d, p) over the
                          rows where each column is observed; lower triangles
    ======= ============= =========================================================================
    """

    value: float
    mean: Floats
    second: Floats
    grams: tuple[Floats, Floats, Floats]


def first_parameters(problem: Problem, point: Point) -> Parameters:
    """Those of a least squares solution: S from its codes, the variances of its blocks for all their columns."""
    codes = np.hstack([point.K, point.H])[:, problem.free]
    S = codes.T @ codes / problem.Y.n_obs
    values, E = np.linalg.eigh(S)
    y, x, z = (
        np.full(block.width, max(v, least))
        for block, v, least in zip(problem.blocks, problem.noise, LEASTS, strict=True)
    )
    root = E * np.sqrt(np.maximum(values, 1e-3 * values[-1]))
    means = problem.split(np.zeros(sum(b.width for b in problem.blocks))) if point.means is None else point.means
    return Parameters(point.loadings, (y, x, z), root, means)


def expect(problem: Problem, now: Parameters, patterns: Patterns) -> Expected:
    """The E step: moments of codes (k, h) = root w, w ~ N(0, I), given the data."""
    sds = [np.sqrt(D) for D in now.D]
    blocks = [reweigh(block, sd) for block, sd in zip(problem.around(now.means).blocks, sds, strict=True)]
    parts = zip(effective_loadings(problem, now.loadings), sds, strict=True)
    effective = [M @ now.root / sd[:, None] for M, sd in parts]
    right = np.asarray(sum(times(block, M) for block, M in zip(blocks, effective, strict=True)))
    maps = [_selection(problem, place) @ now.root for place in range(3)]
    grams = [
        np.zeros((problem.d, problem.d, 1 if block.seen is None else block.width)) for block in blocks
    ]  # fmt: skip
    mean, spread, logs = np.empty_like(right), np.zeros_like(now.root), 0.0
    for rows, of_rows, seen, V, log, count in _by_pattern(problem, effective, patterns):
        mean[rows] = right[rows] @ V[0] if len(V) == 1 else np.einsum("nij,nj->ni", V[of_rows], right[rows])
        counted = V * count[:, None, None]
        spread += counted.sum(axis=0)
        logs += float(count @ log)
        for A, gram, own in zip(maps, grams, seen, strict=True):
            _add_spread(gram, A, counted, own)
    for A, gram, block in zip(maps, grams, blocks, strict=True):
        weights = np.ones((1, len(mean))) if block.seen is None else block.seen.T
        add_weighted_grams(gram, weights, mean @ A.T)
    value = sum(block.total for block in blocks) - float(np.vdot(right, mean)) + logs + _penalty(problem, now)
    second = now.root @ (spread + mean.T @ mean) @ now.root.T
    return Expected(value, mean @ now.root.T, second, (grams[0], grams[1], grams[2]))


def maximise(problem: Problem, now: Parameters, found: Expected) -> Parameters:
    """The M step: regressions of the columns on the codes, their residual variances, and S."""
    loadings, D, means = [], [], []
    middle = found.mean.mean(axis=0) if problem.gaps else np.zeros(len(problem.free))
    for place, old in enumerate(now.loadings):
        fresh, own, mean = _columns(problem, place, old, found, middle)
        loadings.append(fresh)
        D.append(own)
        means.append(mean)
    S = found.second / problem.Y.n_obs - np.outer(middle, middle)
    values, E = np.linalg.eigh((S + S.T) / 2)
    root = E * np.sqrt(np.maximum(values, 1e-14 * values[-1]))
    (a, b, c), (y, x, z), (i, j, k) = loadings, D, means
    return rescale(problem, Parameters((a, b, c), (y, x, z), root, (i, j, k)))


def _columns(problem: Problem, place: int, old: Floats, found: Expected, middle: Floats) -> tuple[Floats, ...]:
    """Loadings, residual variances and means of a block's columns, for codes around `middle`."""
    block, T = problem.blocks[place], _selection(problem, place)
    fresh, span = np.zeros_like(old), np.flatnonzero(T.any(axis=1))
    gram, codes = found.grams[place][span][:, span], found.mean @ T[span].T
    product, left, count = transposed_times(block, codes), column_squares(block), column_counts(block)
    sums, around = column_sums(block), None
    if problem.gaps:
        around = code_means(block, codes)
        product, gram = centred(product, gram, around, sums, count)
        left = left - sums**2 / np.maximum(count, 1.0)
    fresh[:, span] = _regress(gram, product, old[:, span], block)
    left = left - 2 * np.sum(product * fresh[:, span], axis=1) + _quadratic(gram, fresh[:, span])
    prior = PRIOR * max(float(problem.noise[place]), LEAST)
    D = np.maximum((np.maximum(left, 0.0) + prior) / (count + PRIOR), LEASTS[place])
    if around is None:
        return fresh, D, np.zeros(block.width)
    moved = np.sum((T[span] @ middle - around) * fresh[:, span], axis=1)
    return fresh, D, sums / np.maximum(count, 1.0) + moved


def rescale(problem: Problem, now: Parameters) -> Parameters:
    """Coordinates in which the variances of k and h add up to 1 in each dimension."""
    d, free = problem.d, problem.free
    S = np.zeros((2 * d, 2 * d))
    S[np.ix_(free, free)] = now.root @ now.root.T
    variances = np.diag(S)[:d] + np.diag(S)[d:]
    scale = np.sqrt(np.where(variances > 0, variances, 1.0))
    alpha, beta, u = (part * scale for part in now.loadings)
    return replace(now, loadings=(alpha, beta, u), root=now.root / np.tile(scale, 2)[free, None])


def beyond(new: Parameters, old: Parameters, reach: float) -> Parameters:
    """Loadings, means and log D moved on by `reach` times the last step; S stays."""
    if reach == 0.0:
        return new
    parts = [a + reach * (a - b) for a, b in zip(new.loadings, old.loadings, strict=True)]
    y, x, z = (
        np.maximum(a * np.exp(np.clip(reach * np.log(a / b), -1.0, 1.0)), least)
        for a, b, least in zip(new.D, old.D, LEASTS, strict=True)
    )
    i, j, k = (a + reach * (a - b) for a, b in zip(new.means, old.means, strict=True))
    return replace(new, loadings=(parts[0], parts[1], parts[2]), D=(y, x, z), means=(i, j, k))


def next_reach(reach: float) -> float:
    """How far to move on after a success."""
    return min(1.5 * reach + 0.5, _FARTHEST)


def _by_pattern(problem: Problem, effective: list[Floats], patterns: Patterns) -> Iterator[tuple[Any, ...]]:
    """Per batch of u patterns: their rows, which pattern each row has, what is seen, V, log det V^-1, rows of data."""
    count = np.bincount(patterns.of_row, minlength=patterns.n_patterns) * (problem.Y.n_obs / problem.n_rows)
    order = np.argsort(patterns.of_row, kind="stable")
    starts = np.searchsorted(patterns.of_row[order], np.arange(patterns.n_patterns + 1))
    batch = max(1, _BATCH // len(problem.free) ** 2)
    for first in range(0, patterns.n_patterns, batch):
        which = slice(first, min(first + batch, patterns.n_patterns))
        rows = order[starts[which.start] : starts[which.stop]]
        seen = [None if part is None else part[which] for part in patterns.seen]
        yield rows, patterns.of_row[rows] - first, seen, *_covariances(effective, patterns, which), count[which]


def _covariances(effective: list[Floats], patterns: Patterns, which: slice) -> tuple[Floats, Floats]:
    """(u, m, m) (I + sum_b M_b'M_b)^-1 over the cells seen in each pattern, and (u,) log det of the inverse."""
    m = effective[0].shape[1]
    shared = np.eye(m)
    for M, seen in zip(effective, patterns.seen, strict=True):
        if seen is None:
            shared += M.T @ M
    systems = np.ascontiguousarray(np.moveaxis(add_systems(shared, effective, np.ones(3), patterns, which), 2, 0))
    L = np.linalg.cholesky(systems)
    inverse = np.linalg.inv(L)
    return np.swapaxes(inverse, 1, 2) @ inverse, 2 * np.log(np.einsum("uii->ui", L)).sum(axis=1)


def _add_spread(gram: Floats, A: Floats, counted: Floats, seen: Floats | None) -> None:
    """Add the covariances A V A' of the patterns to the second moments of a block's codes."""
    if seen is None:
        gram[:, :, 0] += A @ counted.sum(axis=0) @ A.T
        return
    own = A @ counted @ A.T
    for k in range(len(A)):
        gram[k, : k + 1] += own[:, k, : k + 1].T @ seen


def _selection(problem: Problem, place: int) -> Floats:
    """(d, m) from the free coordinates of (k, h) to the codes of a block: k + h, k or h."""
    eye, none = np.eye(problem.d), np.zeros((problem.d, problem.d))
    whole = ((eye, eye), (eye, none), (none, eye))[place]
    return np.asarray(np.hstack(whole)[:, problem.free])


def _regress(gram: Floats, product: Floats, present: Floats, block: Block) -> Floats:
    if not block.width or not product.shape[1]:
        return present
    systems = gram.copy() if gram.shape[2] == block.width else np.repeat(gram, block.width, axis=2)
    right = np.array(product.T, order="C")
    hold(systems, right, present.T)
    return solve_systems(systems, right).T


def _quadratic(gram: Floats, loadings: Floats) -> Floats:
    """(p,) l_j' G_j l_j, from lower triangles."""
    lower = np.tril(np.ones(gram.shape[:2]), -1) + np.tril(np.ones(gram.shape[:2]))
    return np.asarray(np.einsum("abp,pa,pb->p", gram * lower[:, :, None], loadings, loadings))


def _penalty(problem: Problem, now: Parameters) -> float:
    """The log determinants of D, and the prior."""
    total = 0.0
    for block, D, v in zip(problem.blocks, now.D, problem.noise, strict=True):
        total += float((column_counts(block) + PRIOR) @ np.log(D) + PRIOR * max(float(v), LEAST) * np.sum(1 / D))
    return total
