"""The X of blocks whose columns stay on disk: rows in the order of the tasks, columns read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sparsekin.data.blocks import Floats, Ints, OnDisk, TaskBlocks
from sparsekin.data.sources.base import Columns, Work
from sparsekin.data.sources.moments import ColumnMoments, collect, moments_of_chunk
from sparsekin.errors import DataError, OptionError

Found = TypeVar("Found")
Rows = slice | NDArray[np.intp]


@dataclass(slots=True, eq=False)
class Held:
    """Columns in memory, and moments that are known, of all rows of a model.

    ======= ============ ==================================================================
    field   shape        meaning
    ======= ============ ==================================================================
    source  Columns      where the columns are
    places  (N,) or None rows of the source, in the order of the model; None: all as they are
    ids     (m,)         columns held, ascending
    X       (N, m)       those, Fortran-ordered
    known   list         moments, each with the rows and weights it is of
    ======= ============ ==================================================================
    """

    source: Columns
    places: NDArray[np.intp] | None
    ids: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    X: Floats = field(default_factory=lambda: np.empty((0, 0)))
    known: list[tuple[tuple[Any, ...], ColumnMoments]] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = self.source.n_rows
        if self.places is not None and np.array_equal(self.places, np.arange(n)):
            self.places = None
        self.X = np.empty((n if self.places is None else len(self.places), 0))

    def hold(self, ids: Ints) -> Floats:
        """(N, m) exactly these columns (ascending), held from now on."""
        if not np.array_equal(ids, self.ids):
            self.ids, self.X = ids, self.fetch(ids)
        return self.X

    def fetch(self, ids: Ints) -> Floats:
        """(N, m) some columns (ascending): those that are held, the others read."""
        known = np.isin(ids, self.ids)
        out = np.empty((len(self.X), len(ids)), order="F")
        out[:, known] = self.X[:, np.searchsorted(self.ids, ids[known])]
        if not known.all():
            read = self.source.columns(ids[~known])
            out[:, ~known] = read if self.places is None else read[self.places]
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Stored(OnDisk):
    """Some rows of columns on disk: what `TaskBlocks.X` is where X is not in memory.

    Indexed as an array by rows, which reads nothing, and by rows and columns, which reads these columns.
    """

    held: Held
    at: Rows

    @classmethod
    def of(cls, source: Columns, places: NDArray[np.intp] | None = None) -> Stored:
        """All columns of the rows `places` of a source."""
        held = Held(source, places)
        return cls(held, slice(0, len(held.X)))

    @property
    def source(self) -> Columns:
        """Where the columns are."""
        return self.held.source

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), self.source.n_columns

    @property
    def size(self) -> int:
        """Cells."""
        return len(self) * self.source.n_columns

    def __len__(self) -> int:
        return self.at.stop - self.at.start if isinstance(self.at, slice) else len(self.at)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, tuple):
            return Stored(self.held, self._rows(key))
        rows, columns = key
        if isinstance(columns, slice):
            columns = np.arange(self.shape[1])[columns]
        ids = np.asarray(columns, np.int64)
        at = self._rows(rows)
        if np.array_equal(ids, self.held.ids):
            found = self.held.X
        else:
            order = np.unique(ids)
            found = self.held.fetch(order)
            found = found if np.array_equal(order, ids) else found[:, np.searchsorted(order, ids)]
        return found if isinstance(at, slice) and at == slice(0, len(found)) else found[at]

    def _rows(self, key: Any) -> Rows:
        if isinstance(key, slice) and key.step in (None, 1) and isinstance(self.at, slice):
            start, stop, _ = key.indices(len(self))
            return slice(self.at.start + start, self.at.start + max(stop, start))
        every = np.arange(self.at.start, self.at.stop) if isinstance(self.at, slice) else self.at
        return np.asarray(every[key])

    def over_chunks(self, work: Work[Found], deadline: float = np.inf) -> Iterator[tuple[slice, Found]]:
        """One pass over the columns with the rows of the model (all of them); see `Columns.over_chunks`."""
        if self.held.places is not None:
            work = partial(_of_places, work=work, places=self.held.places)
        return self.source.over_chunks(work, deadline)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise DataError(
            "This needs all of X in memory, and its columns are on disk. Take the columns you need into memory, "
            "X.columns(names), and give those to a model."
        )

    __matmul__ = __rmatmul__ = __add__ = __sub__ = __mul__ = __truediv__ = __array__
    T = property(__array__)


def _of_places(part: slice, X: Floats, work: Work[Found], places: NDArray[np.intp]) -> Found:
    return work(part, X[places])


def moments_of(X: Stored, rows: Sequence[slice], weights: Sequence[Floats | None]) -> ColumnMoments:
    """Moments over groups of rows, each group with its weights; read once."""
    keys = [(at.start, at.stop, id(w)) for at, w in zip(rows, weights, strict=True)]
    own = list(dict.fromkeys(keys))
    first, place = [keys.index(key) for key in own], [own.index(key) for key in keys]
    asked = tuple(rows[i] for i in first), tuple(weights[i] for i in first)
    for (known_rows, known_weights), found in X.held.known:
        same = len(first) == len(known_rows) and all(a is b for a, b in zip(asked[1], known_weights, strict=True))
        if same and known_rows == asked[0]:
            return found.of(place)
    found = collect(X.shape[1], X.over_chunks(partial(moments_of_chunk, rows=asked[0], weights=asked[1])))
    X.held.known.append((asked, found))
    return found.of(place)


def moments_of_tasks(blocks: TaskBlocks) -> ColumnMoments:
    """Moments over the rows of each task by its weights: (p, K)."""
    return moments_of(stored_of(blocks), blocks.rows, blocks.weights)


def stored_of(blocks: TaskBlocks) -> Stored:
    """X of blocks whose columns are on disk."""
    X: Any = blocks.X
    assert isinstance(X, Stored)
    return X


def passes_from_now(blocks: TaskBlocks) -> Callable[[], int]:
    """A function that says how often all columns were read since, and once before, for their moments."""
    source = stored_of(blocks).source
    before = source.passes - 1
    return lambda: source.passes - before


def refuse_on_disk(blocks: TaskBlocks, what: str, instead: str = "") -> None:
    """Refuse what needs all columns in memory where they are on disk.

    Raises
    ------
    OptionError
    """
    if blocks.on_disk:
        raise OptionError(
            f"{what} needs all columns of X in memory, and they are on disk. "
            + (instead or "Take candidates into memory, X.columns(names), and fit those.")
        )
