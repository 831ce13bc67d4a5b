"""Moments on a dask cluster: every partition becomes moments where it is. Needs dask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import pandas as pd

from sparsekin.data.chunks import (
    Plan,
    chunk_moments,
    factor_columns,
    in_category_order,
    learn_plan,
    levels_in,
    moments_of,
    total,
)
from sparsekin.data.moments import Moments
from sparsekin.data.prepare import prepare_arrays
from sparsekin.data.reader import read_array
from sparsekin.data.text import warn_of_levels
from sparsekin.errors import DataError

_FAN_IN = 8


def of_frame(plan: Plan, data: dd.DataFrame, levels: dict[str, Any]) -> Moments:
    """Moments of a dask data frame: levels of factors first, then partition by partition."""
    first = next((rows for rows in _partitions(data) if len(rows)), None)
    if first is None:
        raise DataError("The data have no rows.")
    given = set(levels)
    wanted = [name for name in factor_columns(plan, first) if name not in levels]
    if wanted:
        found = dask.compute(*(dask.delayed(_levels)(part) for part in data[wanted].to_delayed()))
        seen = levels_in(pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in one.items()}) for one in found)
        levels |= in_category_order(seen, first)
    plan = learn_plan(plan, _partitions(data), levels)
    task = dask.delayed(plan)
    parts = [dask.delayed(chunk_moments)(task, part) for part in data[list(plan.columns)].to_delayed()]
    made = _add_up(parts, first)
    if plan.recipe is not None:
        warn_of_levels(plan.recipe, made.nobs, given)
    return made


def of_arrays(y: Any, X: Any, task: Any, weights: Any, feature_names: Sequence[str] | None) -> Moments:
    """Moments of dask arrays, block of rows by block of rows."""
    X = da.asarray(X)
    X = X.rechunk({1: -1})
    names = [f"x{j}" for j in range(1, X.shape[1] + 1)] if feature_names is None else list(feature_names)
    columns = {"y": y, "task": task, "weights": weights}
    for name, column in columns.items():
        if column is not None and len(column) != X.shape[0]:
            raise DataError(f"{name} has {len(column)} rows, X has {X.shape[0]}.")
    pieces = [_row_blocks(X, X.chunks[0])] + [_row_blocks(column, X.chunks[0]) for column in columns.values()]
    return _add_up([dask.delayed(_array_moments)(*piece, names) for piece in zip(*pieces, strict=True)])


def _partitions(data: dd.DataFrame) -> Iterator[pd.DataFrame]:
    for i in range(data.npartitions):
        yield data.get_partition(i).compute()


def _levels(part: pd.DataFrame) -> dict[str, list[Any]]:
    return levels_in([part])


def _row_blocks(column: Any, rows: tuple[int, ...]) -> list[Any]:
    """One delayed block for each block of rows; None for each when there is no column."""
    if column is None:
        return [None] * len(rows)
    column = da.asarray(column)
    chunked = column.rechunk((rows, *((-1,) * (column.ndim - 1))))
    return list(chunked.to_delayed().reshape(-1))


def _array_moments(X: Any, y: Any, task: Any, weights: Any, names: list[str]) -> Moments | None:
    if weights is not None:
        counted = read_array(weights) != 0
        X, y, weights = X[counted], y[counted], weights[counted]
        task = None if task is None else task[counted]
    if not len(X):
        return None
    found = prepare_arrays(y, X, task, weights=weights, feature_names=names, own=False)
    return moments_of(found)


def _add_up(parts: list[Any], sample: pd.DataFrame | None = None) -> Moments:
    """Add delayed moments in a tree, always in the same order."""
    while len(parts) > 1:
        parts = [dask.delayed(_sum)(parts[i : i + _FAN_IN]) for i in range(0, len(parts), _FAN_IN)]
    (added,) = dask.compute(*parts)
    return total([added], sample)


def _sum(parts: list[Moments | None]) -> Moments | None:
    added: Moments | None = None
    for part in parts:
        if part is not None:
            added = part if added is None else added + part
    return added
