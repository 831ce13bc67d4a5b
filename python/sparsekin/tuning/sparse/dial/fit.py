"""All models of the dial on one set of training rows: supports first, values second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.glm.descent import QUICK
from sparsekin.l0.glm.values import Columns
from sparsekin.l0.grid import cross, open_origins, solve_grid
from sparsekin.l0.problem import Problem
from sparsekin.l0.refits import is_much, read, refits
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.state import Workspace, open_diags, open_workspace
from sparsekin.l0.values import Batch, Products
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.scoring import Models


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """What the searches of the dial found on some training rows.

    ======== ============== ========================================================================
    field    shape          meaning
    ======== ============== ========================================================================
    pooled   m of Supports  of one model for all tasks, in the order of ``dial.pooled``
    shared   m of Supports  in the order of ``dial.shared``
    separate m of Supports  of each task by itself, in the order of ``dial.separate``
    ======== ============== ========================================================================
    """

    pooled: tuple[Supports, ...]
    shared: tuple[Supports, ...]
    separate: tuple[Supports, ...]


def search_dial(
    problem: Problem, pooled: Problem | None, dial: Dial, effort: int, opened: Workspace | None = None,
    opened_pooled: Workspace | None = None,
) -> Searched:  # fmt: skip
    """Supports of the three searches.

    Parameters
    ----------
    problem : Problem
        The tasks.
    pooled : Problem or None
        Their rows as one task; None where they are outcomes of one X.
    dial : Dial
    effort : {0, 1, 2}
    opened, opened_pooled : Workspace, optional
        Where the rows were already read.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C came before all were finished.
    """
    if problem.losses is not None:
        return _search_losses(problem, pooled, dial, effort)
    if pooled is None:
        common = replace(problem, support="common")
        opened_pooled = None if opened is None else replace(opened, diag=open_diags(common, list(opened.diag)))
        together = solve_grid(common, dial.pooled, effort=effort, workspace=opened_pooled)
    else:
        together = solve_grid(pooled, dial.pooled, effort=effort, workspace=opened_pooled)
    opened = open_workspace(problem) if opened is None else opened
    asked = dial.separate if len(dial.separate) else dial.shared
    starts = open_origins(opened, asked, dial.walks.tolist())
    shared = solve_grid(problem, dial.shared, effort=effort, workspace=opened, starts=starts)
    separate = solve_grid(
        replace(problem, support="independent"), dial.separate, effort=effort, workspace=opened, starts=starts
    )
    if any(grid.stopped for grid in (together, shared, separate)):
        raise KeyboardInterrupt
    K = problem.n_tasks
    alone = tuple([one[0]] * K for one in together.supports)
    return Searched(alone, shared.supports, separate.supports)


def _search_losses(problem: Problem, pooled: Problem | None, dial: Dial, effort: int) -> Searched:
    """`search_dial` of tasks with losses.

    Exact refits rank supports, so less effort finds as good ones; tasks by themselves are searched at the ridges of
    `dial.walks`, whose supports serve the other ridges too.
    """
    one = replace(problem, support="common") if pooled is None else pooled
    apart = replace(problem, support="independent")
    walked = cross(dial.separate.s, dial.walks, [0.0], [0.0]) if len(dial.separate) else dial.separate
    grids = [
        solve_grid(own, settings, effort=max(effort - 1, 0), shortlist=QUICK)
        for own, settings in ((one, dial.pooled), (problem, dial.shared), (apart, walked))
    ]
    if any(grid.stopped for grid in grids):
        raise KeyboardInterrupt
    K = problem.n_tasks
    together = [found if pooled is None else [found[0]] * K for found in grids[0].supports]
    sizes, at = np.unique(walked.s), len(dial.walks) // 2 if len(dial.separate) else 0
    separate = [grids[2].supports[at * len(sizes) + np.searchsorted(sizes, s)] for s in dial.separate.s]
    return Searched(tuple(together), grids[1].supports, tuple(separate))


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
