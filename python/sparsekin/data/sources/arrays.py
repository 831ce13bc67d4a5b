"""Columns of one two-dimensional array: in memory, memory-mapped, or of chunks in zarr or HDF5."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsekin.data.blocks import Ints
from sparsekin.data.sources.base import Columns
from sparsekin.errors import DataError

READ_BYTES = 1 << 26  # of one read that crosses whole rows


def forget(array: Any) -> None:
    """Let go of the pages of a memory map that were read: they would count as memory of the process."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and getattr(array, "mode", "c") != "c" and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


class ArrayColumns(Columns):
    """Columns of an array that NumPy can index: `array` (n, p), or (p, n) where `transposed`."""

    def __init__(
        self, array: Any, names: Sequence[str] | None = None, *, fill: bool = False, transposed: bool = False
    ) -> None:
        if len(array.shape) != 2:
            raise DataError(
                f"X on disk must have two dimensions (rows, columns), not shape {tuple(array.shape)}; of several "
                "layers take one first."
            )
        if np.dtype(array.dtype).kind not in "biuf":
            raise DataError(f"X on disk must hold real numbers, not {array.dtype}.")
        n, p = array.shape[::-1] if transposed else array.shape
        super().__init__(n, p, names, fill=fill)
        self._array, self._transposed = array, transposed

    @property
    def width(self) -> int:
        """Whole chunks of a store; of rows that lie side by side, as much as may be read at once."""
        if isinstance(self._array, np.ndarray):
            stride = abs(self._array.strides[0 if self._transposed else 1])
            if stride > self._array.itemsize or self._array.itemsize == 0:
                return self.chunk  # columns lie side by side
            return max(self.chunk, READ_BYTES // (self._array.itemsize * max(self.n_rows, 1)))
        step = self._step
        return max(1, round(self.chunk / step)) * step

    @property
    def _step(self) -> int:
        """Columns of one chunk of a store."""
        chunks = getattr(self._array, "chunks", None)
        return int(chunks[0 if self._transposed else 1]) if chunks else 1

    def _read(self, at: slice | Ints) -> NDArray[Any]:
        if isinstance(at, slice) or isinstance(self._array, np.ndarray):
            return self._take(at)
        if not len(at):
            return np.empty((self.n_rows, 0), self._array.dtype)
        step = self._step
        blocks, parts = at // step, []
        for block in np.unique(blocks):
            first = int(block) * step
            part = self._take(slice(first, min(first + step, self.n_columns)))
            parts.append(part[:, at[blocks == block] - first])
        return np.concatenate(parts, axis=1)

    def _take(self, at: slice | Ints) -> NDArray[Any]:
        found = np.asarray(self._array[at].T if self._transposed else self._array[:, at])
        if isinstance(self._array, np.memmap):
            found = found.copy(order="K")
            forget(self._array)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """A memory map travels by the name of its file."""
        state, array = self.__dict__.copy(), self._array
        if isinstance(array, np.memmap) and array.filename is not None and array.base is not None:
            if isinstance(array.base, np.memmap):
                raise DataError("A view of a memory map cannot be sent to another process; open the whole file.")
            order = "F" if array.flags.f_contiguous else "C"
            state["_array"] = None
            state["_map"] = (str(array.filename), array.dtype, array.offset, array.shape, order)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        where = state.pop("_map", None)
        self.__dict__.update(state)
        if where is not None:
            name, dtype, offset, shape, order = where
            self._array = np.memmap(name, dtype, "r", offset, shape, order)
