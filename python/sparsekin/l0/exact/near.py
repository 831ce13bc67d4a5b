"""Which columns of a task are correlated: pairs known by name, all others below a limit."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sparsekin.data.blocks import Floats
from sparsekin.l0.least_squares import weighted_rows
from sparsekin.l0.problem import Problem
from sparsekin.l0.state import Ids

PARTNERS = 6  # pairs by name per column, about
DRAWN = 100  # columns whose correlations say where the limit is
BLOCK = 512  # columns crossed with the others at once

SMALLEST, MOST_TIGHT = 0.2, 50  # eigenvalue of three columns that says something; columns left out of that
ENOUGH = 0.6  # what is left of three columns is 1 - ENOUGH at least, unless they are looked at
CHEAP, PER_NODE, MOST = 5e9, 2e9, 5e11  # products of entries: at once, for each node so far, at most


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """Pairs of m columns with |G_ij| > limit sqrt(q_i q_j), q the diagonal with the ridge; no others are above it.

    ======= ===== ==============================================================================
    field   shape meaning
    ======= ===== ==============================================================================
    first   (n,)  position of a column
    second  (n,)  position of another, a later one
    share   (n,)  G_ij / sqrt(q_i q_j), to within `error`
    limit   float
    error   float of rounding
    triples float no three columns have a smaller eigenvalue, unless one is in `tight`; 0: not known
    tight   (t,)  positions of columns
    ======= ===== ==============================================================================
    """

    first: Ids
    second: Ids
    share: NDArray[np.float32]
    limit: float
    error: float
    triples: float
    tight: Ids


def near_pairs(problem: Problem, k: int, candidates: Ids, deadline: float = np.inf) -> Near | None:
    """The pairs of task k, in single precision; None after the deadline."""
    X, _ = weighted_rows(problem, np.array([k]), candidates.astype(np.int64))
    whole = np.sqrt(np.einsum("ij,ij->j", X, X) + problem.lambda_1)
    A = np.asfortranarray(X / np.where(whole > 0, whole, 1.0), dtype=np.float32)
    del X
    n, m = A.shape
    sample = np.linspace(0, m - 1, min(DRAWN, m)).astype(int)
    limit = float(np.quantile(np.abs(A[:, sample].T @ A), max(1.0 - 2 * PARTNERS / m, 0.0)))
    parts: list[tuple[Ids, Ids, NDArray[np.float32]]] = []
    for start in range(0, m, BLOCK):
        if time.perf_counter() > deadline:
            return None
        cross = A[:, start : start + BLOCK].T @ A[:, start:]
        i, j = np.nonzero(np.abs(cross) > limit)
        i, j = i[j > i], j[j > i]
        parts.append(((i + start).astype(np.int32), (j + start).astype(np.int32), cross[i, j]))
    first, second, share = (np.concatenate(part) for part in zip(*parts, strict=True))
    error = (n + 8) * float(np.finfo(np.float32).eps)  # of a product of vectors no longer than 1, each rounded
    triples, tight = least_of_triples(first, second, share, limit + error, m)
    return Near(first, second, share, limit, error, triples, tight)


def least_of_triples(first: Ids, second: Ids, share: Floats, far: float, m: int) -> tuple[float, Ids]:
    """The least eigenvalue of three columns of m, and those left out of that: some of the most correlated ones.

    Pairs not named are correlated by `far` at most.
    """
    nothing = np.empty(0, np.int32)
    G = sparse.csr_array((share.astype(float), (first, second)), shape=(m, m))
    G = sparse.csr_array(G + G.T)
    G.sort_indices()
    lone = 1.0 - (np.abs(share) + np.sqrt(share.astype(float) ** 2 + 8 * far**2)) / 2  # the third far from both
    tight = np.unique(first[lone < SMALLEST])
    if len(tight) > MOST_TIGHT or 1 - 2 * far < SMALLEST:
        return 0.0, nothing
    reach = max(ENOUGH, 2.0 * far)
    least = min(1.0 - reach, float(lone[lone >= SMALLEST].min(initial=1.0)))
    middle, left, right = _chains(G, reach**2 / 2)
    loose = ~np.isin(np.column_stack([middle, left, right]), tight).any(axis=1)
    middle, left, right = middle[loose], left[loose], right[loose]
    a, b, c = (_entries(G, i, j) for i, j in ((middle, left), (middle, right), (left, right)))
    unknown = c == 0
    low = _least_eigenvalue(a, b, np.where(unknown, far, c))
    low = np.minimum(low, _least_eigenvalue(a, b, np.where(unknown, -far, c)))
    tight = np.union1d(tight, middle[low < SMALLEST]).astype(np.int32)
    if len(tight) > MOST_TIGHT:
        return 0.0, nothing
    return min(least, float(low[low >= SMALLEST].min(initial=1.0))), tight


def _chains(G: sparse.csr_array, enough: float) -> tuple[Ids, Ids, Ids]:
    """Columns (middle, left, right) with the middle correlated with both, a^2 + b^2 > enough.

    Three that are none of these keep 1 - reach at least, reach = sqrt(2 enough). All pairs named: no two squares sum to
    more, and the largest a = b = c is reach / 2. The third, c, not named: c <= far <= reach / 2, and the eigenvalues
    beside the diagonal are at most (c + sqrt(c^2 + 4 enough)) / 2 <= reach.
    """
    parts = []
    squares = np.asarray(G.multiply(G).max(axis=1).todense()).ravel()
    for j in np.flatnonzero(2 * squares > enough).tolist():
        at = slice(G.indptr[j], G.indptr[j + 1])
        partners, size = G.indices[at], np.abs(G.data[at])
        one, other = np.triu_indices(len(partners), 1)
        strong = size[one] ** 2 + size[other] ** 2 > enough
        parts.append(np.column_stack([np.full(strong.sum(), j), partners[one[strong]], partners[other[strong]]]))
    found = np.concatenate([np.empty((0, 3), int), *parts])
    return found[:, 0], found[:, 1], found[:, 2]


def _entries(G: sparse.csr_array, i: Ids, j: Ids) -> Floats:
    """Entries (i, j) of G."""
    rows = np.repeat(np.arange(G.shape[0]), np.diff(G.indptr))
    keys, wanted = rows * G.shape[0] + G.indices, i.astype(np.int64) * G.shape[0] + j
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    return np.where(keys[at] == wanted, G.data[at], 0.0) if len(keys) else np.zeros(len(i))


def _least_eigenvalue(a: Floats, b: Floats, c: Floats) -> Floats:
    """Of 3 by 3 matrices with a diagonal of 1 and a, b, c beside it."""
    third = np.maximum((a**2 + b**2 + c**2) / 3.0, 1e-300)
    angle = np.arccos(np.clip(a * b * c / third**1.5, -1.0, 1.0)) / 3.0
    return np.asarray(1.0 + 2.0 * np.sqrt(third) * np.cos(angle + 2.0 * np.pi / 3.0))


def patience(problem: Problem, k: int, m: int) -> float:
    """After how many nodes the pairs of m columns are worth a look at all of them."""
    products = float(m) ** 2 * float(problem.blocks.n_obs[k])
    return np.inf if products > MOST else max(products - CHEAP, 0.0) / PER_NODE
