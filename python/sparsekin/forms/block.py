"""One block of a mixed form: a table of standardised numbers, some of which may be missing; or a sparse one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Bools, Floats, Ints

Table: TypeAlias = "Floats | sparse.csr_array"
_CHUNK = 512


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A table B (n, p) whose columns have mean 0 and mean square 1 over their observed cells; constant columns are 0.

    ======= ================= ====================================================================
    field   shape             meaning
    ======= ================= ====================================================================
    values  (n, p)            dense: standardised, 0 where missing; sparse: as given, the centring is
                              done in the products, so that it stays sparse
    seen    (n, p) or None    1.0 where observed, 0.0 where missing; None when complete
    center  (p,)              means of the observed cells
    scale   (p,)              their population standard deviations, 1 for a constant column
    total   float             sum of squares of the standardised observed cells
    stands_for int or None    how many rows of data these rows stand for, when they only share their
                              products (`sparsekin.forms.compress`); None: they are the data
    ======= ================= ====================================================================
    """

    values: Table
    seen: Floats | None
    center: Floats
    scale: Floats
    total: float
    stands_for: int | None = None

    @property
    def n_rows(self) -> int:
        """n."""
        return int(self.values.shape[0])

    @property
    def width(self) -> int:
        """p."""
        return int(self.values.shape[1])

    @property
    def n_obs(self) -> int:
        """Rows of data."""
        return self.n_rows if self.stands_for is None else self.stands_for

    @property
    def n_cells(self) -> int:
        """Observed cells."""
        return self.n_obs * self.width if self.seen is None else int(self.seen.sum())


def make_block(table: Table) -> Block:
    """Standardise a table; NaN is a missing cell (dense tables only)."""
    if sparse.issparse(table):
        return _sparse_block(sparse.csr_array(table))
    mask = np.isnan(table)
    seen = None if not mask.any() else 1.0 - mask
    count = np.full(table.shape[1], table.shape[0], float) if seen is None else seen.sum(axis=0)
    filled = np.ascontiguousarray(table if seen is None else np.where(mask, 0.0, table), dtype=float)
    center = filled.sum(axis=0) / np.maximum(count, 1.0)
    spread = filled - center if seen is None else (filled - center) * seen
    variance = np.einsum("ij,ij->j", spread, spread) / np.maximum(count, 1.0)
    scale = _divisors(variance, center)
    return _finish(spread / scale * (variance > 0), seen, center, scale, variance, count)


def apply_scale(table: Table, center: Floats, scale: Floats) -> Block:
    """A block of new rows on the scale of another one."""
    if sparse.issparse(table):
        return Block(sparse.csr_array(table), None, center, scale, np.nan)
    mask = np.isnan(table)
    seen = None if not mask.any() else 1.0 - mask
    values = (np.where(mask, center, table) - center) / scale
    return Block(values, seen, center, scale, float(np.einsum("ij,ij", values, values)))


def recentre(block: Block, shift: Floats) -> Block:
    """The block around other means: `shift` (p,) is taken off each column's observed cells."""
    if not shift.any():
        return block
    center, values = block.center + shift * block.scale, block.values
    if isinstance(values, np.ndarray):
        values = values - shift if block.seen is None else (values - shift) * block.seen
    part = replace(block, values=values, center=center)
    return replace(part, total=float(column_squares(part).sum()))


def observed_means(block: Block) -> Floats:
    """(p,) means of the observed cells, 0 where there is none: 0 unless rows or cells were taken away."""
    return column_sums(block) / np.maximum(column_counts(block), 1.0)


def column_counts(block: Block) -> Floats:
    """(p,) observed cells of each column."""
    return np.full(block.width, float(block.n_obs)) if block.seen is None else np.asarray(block.seen.sum(axis=0))


def column_sums(block: Block) -> Floats:
    """(p,) sums of the observed cells."""
    if isinstance(block.values, np.ndarray):
        return np.asarray(block.values.sum(axis=0))
    return np.asarray((np.asarray(block.values.sum(axis=0)).ravel() - block.n_rows * block.center) / block.scale)


def varies(block: Block) -> Bools:
    """(p,) whether the observed cells of a column differ."""
    if not isinstance(block.values, np.ndarray):
        low, high = block.values.min(axis=0).toarray(), block.values.max(axis=0).toarray()
        return np.asarray(high > low).ravel()
    if block.seen is None:
        return np.asarray(np.ptp(block.values, axis=0) > 0)
    low, high = (np.where(block.seen > 0, block.values, end) for end in (np.inf, -np.inf))
    return np.asarray(high.max(axis=0) > low.min(axis=0))


def take_columns(block: Block, columns: Bools) -> Block:
    """Some columns."""
    seen = None if block.seen is None else block.seen[:, columns]
    if seen is not None and seen.all():
        seen = None
    values = block.values[:, columns]
    if isinstance(values, np.ndarray):
        values = np.ascontiguousarray(values)  # to the last bit as if the other columns had not been given
    part = replace(block, values=values, seen=seen, center=block.center[columns], scale=block.scale[columns])
    return replace(part, total=float(column_squares(part).sum()))


def reweigh(block: Block, sds: Floats) -> Block:
    """The block with each column divided by a number."""
    values = block.values / sds if isinstance(block.values, np.ndarray) else block.values
    part = replace(block, values=values, scale=block.scale * sds)
    return replace(part, total=float(np.sum(column_squares(part))))


def take_rows(block: Block, rows: Ints | Bools) -> Block:
    """Some rows, on the scale of all."""
    seen = None if block.seen is None else block.seen[rows]
    values = block.values[rows]
    part = replace(block, values=values, seen=seen)
    return replace(part, total=float(column_squares(part).sum()))


def dense(block: Block) -> Floats:
    """(n, p) standardised values."""
    if isinstance(block.values, np.ndarray):
        return block.values
    return np.asarray((block.values.toarray() - block.center) / block.scale)


def raw_rows(block: Block, rows: Ints | Bools) -> Table:
    """Some rows of the table that the block was made from, NaN where missing."""
    if not isinstance(block.values, np.ndarray):
        return block.values[rows]
    table = block.values[rows] * block.scale + block.center
    return table if block.seen is None else np.where(block.seen[rows] > 0, table, np.nan)


def hide(block: Block, cells: Bools) -> Block:
    """The block without the given cells (n, p): dense blocks only; the scale stays."""
    seen = (np.ones(block.values.shape) if block.seen is None else block.seen) * ~cells
    values = block.values * seen
    return Block(values, seen, block.center, block.scale, float(np.einsum("ij,ij", values, values)))


def times(block: Block, loadings: Floats) -> Floats:
    """B L, (n, m), missing cells as 0."""
    if isinstance(block.values, np.ndarray):
        return np.asarray(block.values @ loadings)
    scaled = loadings / block.scale[:, None]
    return np.asarray(block.values @ scaled - block.center @ scaled)


def transposed_times(block: Block, codes: Floats) -> Floats:
    """B' C, (p, m), missing cells as 0."""
    if isinstance(block.values, np.ndarray):
        return np.asarray(block.values.T @ codes)
    raw = np.asarray(block.values.T @ codes)
    return np.asarray((raw - np.outer(block.center, codes.sum(axis=0))) / block.scale[:, None])


def residual_squares(block: Block, codes: Floats, loadings: Floats, means: Floats | None = None) -> float:
    """||B - 1 m' - C L'||^2 over the observed cells."""
    if not isinstance(block.values, np.ndarray):
        block = block if means is None else recentre(block, means)
        cross = float(np.sum(transposed_times(block, codes) * loadings))
        fitted = float(np.sum((codes.T @ codes) * (loadings.T @ loadings)))
        return max(block.total - 2.0 * cross + fitted, 0.0)
    total = 0.0
    for first in range(0, block.n_rows, _CHUNK):
        part = slice(first, first + _CHUNK)
        left = codes[part] @ loadings.T
        if means is not None:
            left += means
        left -= block.values[part]
        if block.seen is not None:
            left *= block.seen[part]
        total += float(np.vdot(left, left))
    return total


def column_squares(block: Block) -> Floats:
    """(p,) sums of squares of the observed cells, standardised."""
    if isinstance(block.values, np.ndarray):
        return np.asarray(np.einsum("ij,ij->j", block.values, block.values))
    raw = np.asarray(block.values.multiply(block.values).sum(axis=0)).ravel()
    cross = np.asarray(block.values.sum(axis=0)).ravel()
    return np.asarray((raw - 2 * cross * block.center + block.n_rows * block.center**2) / block.scale**2)


def column_residuals(block: Block, codes: Floats, loadings: Floats) -> Floats:
    """(p,) mean squared residuals of the columns over their observed cells."""
    if block.seen is not None:
        left = (block.values - codes @ loadings.T) * block.seen
        return np.asarray(np.einsum("ij,ij->j", left, left) / np.maximum(block.seen.sum(axis=0), 1.0))
    cross = np.einsum("jk,jk->j", transposed_times(block, codes), loadings)
    fitted = np.einsum("jk,kl,jl->j", loadings, codes.T @ codes, loadings)
    return np.asarray(np.maximum(column_squares(block) - 2 * cross + fitted, 0.0) / block.n_rows)


def _sparse_block(table: Any) -> Block:
    n = table.shape[0]
    center = np.asarray(table.mean(axis=0)).ravel()
    squares = np.asarray(table.multiply(table).mean(axis=0)).ravel()
    variance = np.maximum(squares - center**2, 0.0)
    variance[variance < 1e-12 * squares] = 0.0
    scale = _divisors(variance, center)
    return _finish(table, None, center, scale, variance, np.full(table.shape[1], float(n)))


def _divisors(variance: Floats, center: Floats) -> Floats:
    variance[variance <= (1e-12 * center) ** 2] = 0.0
    return np.sqrt(np.where(variance > 0, variance, 1.0))


def _finish(
    values: Table, seen: Floats | None, center: Floats, scale: Floats, variance: Floats, count: Floats
) -> Block:
    return Block(values, seen, center, scale, float(count[variance > 0].sum()))
