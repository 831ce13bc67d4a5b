"""All models of the dial on one set of training rows: the values of the supports that were found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.glm.values import Columns
from sparsekin.l0.problem import Problem
from sparsekin.l0.refits import is_much, read, refits
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.values import Batch, Products
from sparsekin.tuning.sparse.dial.search import Searched
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.scoring import Models


def mean_of(
    problem: Problem, found: Searched, dial: Dial, rows: Ints, weights: Floats | None = None
) -> tuple[Models, Floats]:
    """The mean of the models at some rows of ``dial.table``, and the share of them that select each feature (p, K).

    `weights` sum to 1; None: all the same.
    """
    weights = np.full(len(rows), 1 / len(rows)) if weights is None else weights
    return means_of(problem, found, dial, [(rows, weights)])[0]


def means_of(
    problem: Problem, found: Searched, dial: Dial, members: Sequence[tuple[Ints, Floats]]
) -> list[tuple[Models, Floats]]:
    """As `mean_of`, for several means, rows and weights of each; values of a support are computed once."""
    K, p, q, m = problem.n_tasks, problem.n_features, problem.blocks.keep.shape[1], len(members)
    rows = np.unique(np.concatenate([own for own, _ in members]))
    weights = np.zeros((m, len(rows)))
    for line, (own, w) in zip(weights, members, strict=True):
        line[np.searchsorted(rows, own)] = w
    intercept, coef, keep, share = np.zeros((m, K)), np.zeros((m, p, K)), np.zeros((m, q, K)), np.zeros((m, p, K))
    for own, at, one in models_at(problem, found, dial, rows):
        w, slopes = weights[:, own], one.coef[at]
        intercept += w @ one.intercept[at]
        coef[:, one.columns] += np.tensordot(w, slopes, 1)
        keep += np.tensordot(w, one.keep_coef[at], 1)
        share[:, one.columns] += np.tensordot(w, slopes != 0, 1)
    means = zip(intercept, coef, keep, share, strict=True)
    return [(Models(level, slopes, kept), part) for level, slopes, kept, part in means]


def models_at(
    problem: Problem, found: Searched, dial: Dial, rows: Ints | None = None
) -> Iterator[tuple[Ints, Ints, Batch]]:
    """The models at some rows of ``dial.table`` (None: all), those of one support together.

    Yields positions in `rows`, ascending, where their models stand in a batch, and the batch.
    """
    table, (supports, of_row) = dial.table, _supports_of(found, dial)
    rows = np.arange(len(of_row)) if rows is None else rows
    asked = of_row[rows]
    used = np.unique(asked)
    ridges, links = (np.unique(penalty[rows], return_inverse=True) for penalty in (table.lambda_1, table.lambda_2))
    known = _read(problem, [supports[i] for i in used])
    for i in used:
        own = np.flatnonzero(asked == i)
        (lambda_1, a), (lambda_2, b) = _among(*ridges, own), _among(*links, own)
        columns = read(problem, _union([supports[i]])) if known is None else known
        yield own, a * len(lambda_2) + b, refits(columns, as_mask(problem, supports[i]), lambda_1, lambda_2)


def _among(values: Floats, at: Ints, own: Ints) -> tuple[Floats, Ints]:
    """Those of some values that places `own` have, and which of these each has."""
    there = np.zeros(len(values), bool)
    there[at[own]] = True
    return values[there], (np.cumsum(there) - 1)[at[own]]


def supports_at(found: Searched, dial: Dial, row: int) -> Supports:
    """The supports of the model at a row of ``dial.table``."""
    supports, of_row = _supports_of(found, dial)
    return supports[of_row[row]]


def _supports_of(found: Searched, dial: Dial) -> tuple[list[Supports], Ints]:
    """The supports that differ, and which of them the model at each row of ``dial.table`` has."""
    pool, again = found.pooled if dial.pools else (), [found.pooled[i] for i in dial.reused]
    searches = [*pool, *found.shared, *again, *found.separate]
    shared = len(found.shared) + len(again)
    times = np.repeat([1, len(dial.ridges) * len(dial.links), 1], [len(pool), shared, len(found.separate)])
    keys = [tuple(S.tobytes() for S in one) for one in searches]
    differ = dict(zip(keys, searches, strict=True))
    number = {key: i for i, key in enumerate(differ)}
    return list(differ.values()), np.repeat([number[key] for key in keys], times).astype(np.int64)


def _read(problem: Problem, supports: list[Supports]) -> Products | Columns | None:
    """All columns of some supports, read once; None where there would be too many."""
    columns = _union(supports)
    return None if is_much(problem, columns) else read(problem, columns)


def _union(supports: list[Supports]) -> Ints:
    return np.unique(np.concatenate([np.empty(0, np.int64), *(S for one in supports for S in one)])).astype(np.int64)
