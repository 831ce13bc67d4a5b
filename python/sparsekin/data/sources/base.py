"""Columns that stay where they are: the protocol of every source, and the one loop over all of its columns."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeVar

import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray

from sparsekin.blas import one_blas_thread
from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.sources.ledger import ColumnLedger
from sparsekin.data.sources.moments import ColumnMoments, collect, moments_of_chunk
from sparsekin.errors import DataError

Found = TypeVar("Found")
Work = Callable[
    [slice, Floats], Found
]  # columns of a chunk by number, and the chunk (n, c); of a module, so that it travels

CHUNK_BYTES = 1 << 25  # of a chunk as float64
LEAST_CHUNK = 16  # columns
THREADS = 4  # at most


class Columns:
    """Candidate columns on disk: give one to `SparseMTL` as X.

    Sources are made by `sparsekin.columns`. They read some columns at a time; X as a whole is never in memory. Masked,
    dropped and reordered rows are the model's business: a source has the rows of its file.

    Parameters
    ----------
    n_rows, n_columns : int
    names : sequence of str, optional
        Of the columns; by default x1, x2, ...
    fill : bool
        Missing values (NaN) become the mean of their column; else a model refuses or drops the rows that have any.
    ledger : ColumnLedger, optional
        What filters dropped.

    Attributes
    ----------
    passes : int
        How often all columns were read.
    fetched : int
        Columns that were read by number besides.
    """

    def __init__(
        self, n_rows: int, n_columns: int, names: Sequence[str] | None = None, *, fill: bool = False,
        ledger: ColumnLedger | None = None,
    ) -> None:  # fmt: skip
        if names is not None and len(names) != n_columns:
            raise DataError(f"There are {len(names)} names for {n_columns} columns on disk; give one for each.")
        self.n_rows, self.n_columns, self.fill, self.ledger = int(n_rows), int(n_columns), fill, ledger
        self._names = None if names is None else tuple(map(str, names))
        self.passes = self.fetched = 0

    def __repr__(self) -> str:
        read = f"read {self.passes} times" if self.passes != 1 else "read once"
        return f"<{type(self).__name__}: {self.n_rows} rows, {self.n_columns} columns on disk, {read}>"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.n_rows, self.n_columns

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are called."""
        if self._names is None:
            self._names = tuple(f"x{j}" for j in range(1, self.n_columns + 1))
        return self._names

    def columns(self, ids: Sequence[int] | Sequence[str] | NDArray[Any]) -> Floats:
        """(n, len(ids)) some columns in memory, by number from 0 or by name.

        Raises
        ------
        DataError
            There is no such column.
        """
        at = self._numbers(ids)
        order = np.unique(at)
        out = np.empty((self.n_rows, len(order)), order="F")
        step = max(self.chunk, LEAST_CHUNK)
        for first in range(0, len(order), step):
            out[:, first : first + step] = self._floats(self._read(order[first : first + step]))
        self.fetched += len(order)
        return out if np.array_equal(order, at) else np.asfortranarray(out[:, np.searchsorted(order, at)])

    def products(self, R: Floats) -> Floats:
        """(p, m) X'R in one pass, for R (n, m)."""
        R = np.asarray(R, float)
        if R.ndim != 2 or len(R) != self.n_rows:
            raise DataError(f"R has shape {R.shape}; it needs one row for each of the {self.n_rows} rows on disk.")
        out = np.empty((self.n_columns, R.shape[1]))
        for part, found in self.over_chunks(partial(_products, R=R)):
            out[part] = found
        return out

    def moments(self) -> ColumnMoments:
        """Means, standard deviations, ranges and missing values of all columns over all rows, in one pass."""
        work = partial(moments_of_chunk, rows=(slice(0, self.n_rows),), weights=(None,))
        return collect(self.n_columns, self.over_chunks(work))

    @property
    def chunk(self) -> int:
        """Columns that are read at a time."""
        return int(np.clip(CHUNK_BYTES // (8 * max(self.n_rows, 1)), LEAST_CHUNK, max(self.n_columns, 1)))

    def over_chunks(self, work: Work[Found], deadline: float = np.inf) -> Iterator[tuple[slice, Found]]:
        """One pass: what `work` makes of every chunk of columns, in order; several chunks at a time, in threads.

        Ctrl-C and the deadline (of `time.perf_counter`; `TimeoutError`) are heard between chunks.
        """
        threads = min(THREADS, cpu_count())
        waiting: deque[Future[list[tuple[slice, Found]]]] = deque()
        pool = ThreadPoolExecutor(threads, thread_name_prefix="columns")
        try:
            with one_blas_thread() if threads > 1 else nullcontext():
                for part in self._parts():
                    if time.perf_counter() > deadline:
                        raise TimeoutError
                    waiting.append(pool.submit(self._one, part, work))
                    if len(waiting) > threads:
                        yield from waiting.popleft().result()
                while waiting:
                    yield from waiting.popleft().result()
            self.passes += 1
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    @property
    def width(self) -> int:
        """Columns that are read at once where they lie so that fewer would cost as much; cut into chunks in memory."""
        return self.chunk

    def _parts(self) -> Iterator[slice]:
        for first in range(0, self.n_columns, self.width):
            yield slice(first, min(first + self.width, self.n_columns))

    def _one(self, part: slice, work: Work[Found]) -> list[tuple[slice, Found]]:
        raw, found = self._read(part), []
        for first in range(part.start, part.stop, self.chunk):
            at = slice(first, min(first + self.chunk, part.stop))
            found.append((at, work(at, self._floats(raw[:, first - part.start : at.stop - part.start]))))
        return found

    def __deepcopy__(self, memo: object) -> Columns:
        """Itself: a copy of a model reads the same columns."""
        return self

    def _read(self, at: slice | Ints) -> NDArray[Any]:
        """(n, c) some columns as they are stored, `at` ascending."""
        raise NotImplementedError

    def _floats(self, raw: NDArray[Any]) -> Floats:
        """(n, c) float64, Fortran-ordered where that costs nothing; gaps filled where they are to be."""
        return as_floats(raw, self.fill)

    def _numbers(self, ids: Any) -> Ints:
        given = np.atleast_1d(np.asarray(ids))
        if given.dtype.kind in "UO" and len(given):
            places = {name: j for j, name in enumerate(self.names)}
            for name in given.tolist():
                if name not in places:
                    raise DataError(f"There is no column '{name}' among the {self.n_columns} on disk.")
            return np.array([places[name] for name in given.tolist()], np.int64)
        at = given.astype(np.int64)
        if len(at) and (at.min() < 0 or at.max() >= self.n_columns):
            bad = int(at[(at < 0) | (at >= self.n_columns)][0])
            raise DataError(f"There is no column {bad}: those on disk are numbered 0 to {self.n_columns - 1}.")
        return at


def as_floats(raw: Any, fill: bool) -> Floats:
    """(n, c) columns as they are stored as float64, Fortran-ordered; gaps are filled in a copy where they are to be."""
    if not fill:
        return np.asarray(raw, np.float64, order="F")
    X = np.array(raw, np.float64, order="F")
    fill_gaps(X)
    return X


def fill_gaps(X: Floats) -> None:
    """Put the mean of each column where it has NaN, in place; 0 where it has nothing else."""
    for j in np.flatnonzero(np.isnan(X.sum(axis=0))):
        gaps = np.isnan(X[:, j])
        X[gaps, j] = X[~gaps, j].mean() if not gaps.all() else 0.0


def _products(part: slice, X: Floats, R: Floats) -> Floats:
    return np.asarray(X.T @ R)
