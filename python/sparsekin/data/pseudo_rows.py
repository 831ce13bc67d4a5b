"""From moments to blocks a solver can read: a few pseudo-rows that have exactly these moments."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.linalg import lapack

from sparsekin.data.blocks import Floats, Origin, TaskBlocks
from sparsekin.data.moments import Moments
from sparsekin.data.task_moments import TaskMoments


def blocks_from_moments(moments: Moments) -> TaskBlocks:
    """Blocks of pseudo-rows whose weighted means and cross-products are those of the rows.

    With an intercept the numbers are deviations from the task means, which `TaskBlocks.origin` holds.
    """
    q, p = len(moments.keep_names), len(moments.feature_names)
    tables = [pseudo_rows(part) for part in moments.parts]
    means = np.column_stack([part.mean for part in moments.parts])
    if not moments.intercept:
        tables = [table + mean for table, mean in zip(tables, means.T, strict=True)]
        means = np.zeros_like(means)
    ends = np.cumsum([0, *(len(table) for table in tables)])
    weights = tuple(
        np.full(len(table), part.weight / len(table)) for table, part in zip(tables, moments.parts, strict=True)
    )
    counts = np.array([part.rows for part in moments.parts])
    rows = tuple(slice(a, b) for a, b in pairwise(ends.tolist()))
    names: tuple[object, ...] = moments.tasks
    y = tuple(np.ascontiguousarray(table[:, q + p]) for table in tables)
    X0, keep0, y0 = means[q : q + p], means[:q], means[q + p]
    if moments.multi_label:
        names, K = moments.outcomes, len(moments.outcomes)
        weights, rows, counts = weights * K, rows * K, np.repeat(counts, K)
        y = tuple(np.ascontiguousarray(column) for column in tables[0][:, q + p :].T)
        X0, keep0, y0 = np.repeat(X0, K, axis=1), np.repeat(keep0, K, axis=1), means[q + p :, 0]
    table = np.vstack(tables)
    return TaskBlocks(
        X=np.asfortranarray(table[:, q : q + p]),
        y=y,
        rows=rows,
        weights=weights,
        keep=np.asfortranarray(table[:, :q]),
        task_names=names,
        feature_names=moments.feature_names,
        keep_names=moments.keep_names,
        shared=moments.multi_label,
        intercept=moments.intercept,
        origin=Origin(counts, X0, keep0, y0),
    )


def pseudo_rows(part: TaskMoments) -> Floats:
    """(r + 1, d) rows of equal weight n / (r + 1), mean 0 and cross-products `part.cross`; r is their rank.

    R'R = cross by pivoted Cholesky on the scale of correlations; then ((r + 1) / n)^(1/2) H R, where the columns of H
    ((r + 1) x r, orthonormal, orthogonal to the ones) are those of a Householder reflection without its first.
    """
    sd = np.sqrt(np.where(part.constant, 0.0, np.diag(part.cross)))
    varies = np.flatnonzero(sd)
    R = np.zeros((0, len(sd)))
    if len(varies):
        correlations = part.cross[np.ix_(varies, varies)] / np.multiply.outer(sd[varies], sd[varies])
        root = _root(correlations, part.rows - 1)
        R = np.zeros((len(root), len(sd)))
        R[:, varies] = root * sd[varies]
    m = len(R) + 1
    table = np.vstack([np.zeros((1, len(sd))), R])
    v = np.full(m, -1 / np.sqrt(m))
    v[0] += 1.0
    if m > 1:
        table -= np.multiply.outer(v * (2 / (v @ v)), v @ table)
    return np.asarray(table * np.sqrt(m / part.weight))


def _root(A: Floats, most: int) -> Floats:
    """(r, d) R with R'R = A (d, d), positive semidefinite with unit diagonal; r is its rank, or `most` if less."""
    factor, order, rank, _ = lapack.dpstrf(np.asfortranarray(A))
    R = np.zeros((min(rank, most), len(A)))
    R[:, order - 1] = np.triu(factor)[: len(R)]
    return R
