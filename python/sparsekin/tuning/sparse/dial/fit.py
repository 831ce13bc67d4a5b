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


@dataclass(frozen=True, slots=True)
class Piece:
    """One support and the penalties that give it values.

    ======== ======== ===============================================
    field    shape    meaning
    ======== ======== ===============================================
    supports Supports K arrays of column numbers
    ridges   (a,)     lambda_1
    links    (b,)     lambda_2, running fastest
    ======== ======== ===============================================
    """

    supports: Supports
    ridges: Floats
    links: Floats

    def __len__(self) -> int:
        return len(self.ridges) * len(self.links)

    @property
    def key(self) -> tuple[bytes, ...]:
        """The same where the models are."""
        return (*(S.tobytes() for S in self.supports), self.ridges.tobytes(), self.links.tobytes())

    def of(self, at: Ints) -> tuple[Piece, Ints]:
        """The least piece with the models at some places, and where they stand in it."""
        ridges, i = np.unique(at // len(self.links), return_inverse=True)
        links, j = np.unique(at % len(self.links), return_inverse=True)
        return replace(self, ridges=self.ridges[ridges], links=self.links[links]), i * len(links) + j


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


def pieces_of(found: Searched, dial: Dial) -> list[Piece]:
    """Supports with the penalties of their values, in the order of ``dial.table``."""
    inf, zero = np.array([np.inf]), np.zeros(1)
    own = found.pooled if dial.pools else ()
    pool = [Piece(one, dial.pooled.lambda_1[[i]], inf) for i, one in enumerate(own)]
    both = [*found.shared, *(found.pooled[i] for i in dial.reused)]
    share = [Piece(one, dial.ridges, dial.links) for one in both]
    return pool + share + [Piece(one, dial.separate.lambda_1[[i]], zero) for i, one in enumerate(found.separate)]


def batches(problem: Problem, found: Searched, dial: Dial) -> Iterator[tuple[list[int], Batch]]:
    """Models, and the rows of ``dial.table`` where they begin: several where searches found the same supports."""
    pieces = pieces_of(found, dial)
    known = _read(problem, [piece.supports for piece in pieces])
    starts: dict[tuple[bytes, ...], list[int]] = {}
    own: dict[tuple[bytes, ...], Piece] = {}
    for piece, start in zip(pieces, _ends(pieces), strict=False):
        own.setdefault(piece.key, piece)
        starts.setdefault(piece.key, []).append(int(start))
    for key, piece in own.items():
        yield starts[key], _values(problem, known, piece)


def mean_of(
    problem: Problem, found: Searched, dial: Dial, rows: Ints, weights: Floats | None = None
) -> tuple[Models, Floats]:
    """The mean of the models at some rows of ``dial.table``, and the share of them that select each feature (p, K).

    `weights` sum to 1; None: all the same.
    """
    return means_of(problem, found, dial, rows, [np.full(len(rows), 1 / len(rows)) if weights is None else weights])[0]


def means_of(
    problem: Problem, found: Searched, dial: Dial, rows: Ints, weights: Sequence[Floats]
) -> list[tuple[Models, Floats]]:
    """As `mean_of`, for several weights of the first of `rows`; values of a support are computed once."""
    K, p, q = problem.n_tasks, problem.n_features, problem.blocks.keep.shape[1]
    means = [(Models(np.zeros(K), np.zeros((p, K)), np.zeros((q, K))), np.zeros((p, K))) for _ in weights]
    for own, all_at, one in models_at(problem, found, dial, rows[: max(map(len, weights))]):
        for given, (mean, share) in zip(weights, means, strict=True):
            some = own[own < len(given)]
            at, w = all_at[: len(some)], given[some]
            mean.intercept[:] += w @ one.intercept[at]
            mean.coef[one.columns] += np.tensordot(w, one.coef[at], 1)
            mean.keep_coef[:] += np.tensordot(w, one.keep_coef[at], 1)
            share[one.columns] += np.tensordot(w, one.coef[at] != 0, 1)
    return means


def models_at(problem: Problem, found: Searched, dial: Dial, rows: Ints) -> Iterator[tuple[Ints, Ints, Batch]]:
    """The models at some rows of ``dial.table``, those of one support together.

    Yields positions in `rows`, ascending, where their models stand in a batch, and the batch.
    """
    pieces = pieces_of(found, dial)
    ends, place = _places(pieces, rows)
    known = _read(problem, [pieces[i].supports for i in np.unique(place)])
    for i in np.unique(place):
        own = np.flatnonzero(place == i)
        piece, at = pieces[i].of(rows[own] - ends[i])
        yield own, at, _values(problem, known, piece)


def supports_at(found: Searched, dial: Dial, row: int) -> Supports:
    """The supports of the model at a row of ``dial.table``."""
    pieces = pieces_of(found, dial)
    return pieces[int(_places(pieces, np.array([row]))[1][0])].supports


def _places(pieces: list[Piece], rows: Ints) -> tuple[Ints, Ints]:
    """Where the models of each piece begin, and the piece of each row."""
    ends = _ends(pieces)
    return ends, np.searchsorted(ends, rows, side="right") - 1


def _ends(pieces: list[Piece]) -> Ints:
    return np.cumsum([0, *map(len, pieces)])


def _values(problem: Problem, known: Products | Columns | None, piece: Piece) -> Batch:
    own = read(problem, _union([piece.supports])) if known is None else known
    return refits(own, as_mask(problem, piece.supports), piece.ridges, piece.links)


def _read(problem: Problem, supports: list[Supports]) -> Products | Columns | None:
    """All columns of some supports, read once; None where there would be too many."""
    columns = _union(supports)
    return None if is_much(problem, columns) else read(problem, columns)


def _union(supports: list[Supports]) -> Ints:
    return np.unique(np.concatenate([np.empty(0, np.int64), *(S for one in supports for S in one)])).astype(np.int64)
