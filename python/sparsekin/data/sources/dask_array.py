"""Columns of a dask array: the work goes to the chunks. Needs dask."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import dask
import dask.array as da
import numpy as np
from numpy.typing import NDArray

from sparsekin.data.blocks import Ints
from sparsekin.data.sources.base import Columns, Found, Work, as_floats
from sparsekin.errors import DataError

AT_ONCE = 16  # chunks asked for together: Ctrl-C and the deadline are heard in between


class DaskColumns(Columns):
    """Columns of a dask array (n, p), whole columns in each chunk."""

    def __init__(self, array: Any, names: Sequence[str] | None = None, *, fill: bool = False) -> None:
        array = da.asarray(array)
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise DataError(f"X must be a dask array of numbers, (rows, columns), not {array.dtype} of {array.shape}.")
        super().__init__(array.shape[0], array.shape[1], names, fill=fill)
        self._array = array.rechunk({0: -1})

    def over_chunks(self, work: Work[Found], deadline: float = np.inf) -> Iterator[tuple[slice, Found]]:
        """One pass, each chunk worked on by the worker that has it."""
        ends = np.cumsum(self._array.chunks[1]).tolist()
        parts = [slice(b - c, b) for b, c in zip(ends, self._array.chunks[1], strict=True)]
        blocks = self._array.to_delayed().ravel()
        shared = dask.delayed(work)
        for first in range(0, len(parts), AT_ONCE):
            if time.perf_counter() > deadline:
                raise TimeoutError
            some = range(first, min(first + AT_ONCE, len(parts)))
            asked = [dask.delayed(_worked)(shared, parts[i], blocks[i], self.fill) for i in some]
            yield from zip([parts[i] for i in some], dask.compute(*asked), strict=True)
        self.passes += 1

    def _read(self, at: slice | Ints) -> NDArray[Any]:
        return np.asarray(self._array[:, at].compute())


def _worked(work: Work[Found], part: slice, block: Any, fill: bool) -> Found:
    return work(part, as_floats(block, fill))
