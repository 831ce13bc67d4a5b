"""What one pass over the columns gathers: means, standard deviations, constant columns, ranges, missing values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.data.spread import column_spread

Group = tuple[Floats, Floats, Bools]  # mean, standard deviation, whether it varies, each (c,)


@dataclass(frozen=True, slots=True, eq=False)
class ChunkMoments:
    """The same of one chunk of c columns and g groups of rows; `rows_missing` (n,) rows with any gap in it."""

    groups: tuple[Group, ...]
    low: Floats
    high: Floats
    missing: Ints
    infinite: Bools
    rows_missing: Bools | None


@dataclass(frozen=True, slots=True, eq=False)
class ColumnMoments:
    """Moments of p columns over g groups of rows, divisor the sum of the weights.

    ============ ======== =====================================================
    field        shape    meaning
    ============ ======== =====================================================
    mean         (p, g)   NaN where the column has missing values
    sd           (p, g)
    varies       (p, g)   False where the column is constant in the group
    low, high    (p,)     range over all rows that are there
    missing      (p,)     missing values
    infinite     (p,)     True where the column has an infinite value
    rows_missing (n,)     True where the row has a gap in any column
    ============ ======== =====================================================
    """

    mean: Floats
    sd: Floats
    varies: Bools
    low: Floats
    high: Floats
    missing: Ints
    infinite: Bools
    rows_missing: Bools

    def of(self, groups: Sequence[int]) -> ColumnMoments:
        """With some of the groups, which may come twice."""
        return replace(self, mean=self.mean[:, groups], sd=self.sd[:, groups], varies=self.varies[:, groups])

    @property
    def constant(self) -> Bools:
        """(p,) True where the column varies in no group."""
        return np.asarray(~self.varies.any(axis=1))


def moments_of_chunk(
    part: slice, X: Floats, rows: Sequence[slice], weights: Sequence[Floats | None]
) -> ChunkMoments:  # fmt: skip
    """Moments of a chunk X (n, c) over groups of its rows."""
    finite, c = np.isfinite(X.sum(axis=0)), X.shape[1]
    missing, infinite = np.zeros(c, np.int64), np.zeros(c, bool)
    rows_missing: Bools | None = None
    if not finite.all():
        gaps = np.isnan(X)
        missing, infinite = gaps.sum(axis=0), np.asarray(np.isinf(X).any(axis=0))
        rows_missing = np.asarray(gaps.any(axis=1))
        X = np.where(gaps | infinite, 0.0, X)
    with np.errstate(all="ignore"):
        groups = tuple(column_spread(X[at], w) for at, w in zip(rows, weights, strict=True))
        gone = (missing > 0) | infinite
        for mean, sd, _ in groups:
            mean[gone] = sd[gone] = np.nan
    return ChunkMoments(groups, X.min(axis=0), X.max(axis=0), missing, infinite, rows_missing)


def collect(p: int, found: Iterable[tuple[slice, ChunkMoments]]) -> ColumnMoments:
    """The moments of all p columns from those of their chunks."""
    parts = list(found)
    g = len(parts[0][1].groups)
    mean, sd, varies = np.empty((p, g)), np.empty((p, g)), np.empty((p, g), bool)
    low, high, missing, infinite = np.empty(p), np.empty(p), np.empty(p, np.int64), np.empty(p, bool)
    gaps = [one.rows_missing for _, one in parts if one.rows_missing is not None]
    for at, one in parts:
        for i, (a, b, c) in enumerate(one.groups):
            mean[at, i], sd[at, i], varies[at, i] = a, b, c
        low[at], high[at], missing[at], infinite[at] = one.low, one.high, one.missing, one.infinite
    rows: Bools = np.any(gaps, axis=0) if gaps else np.zeros(0, bool)
    return ColumnMoments(mean, sd, varies, low, high, missing, infinite, rows)
