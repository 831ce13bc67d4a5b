"""Moments from what a user has: a frame, arrays, files on disk, a dask cluster, statistics, a file of moments."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
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
from sparsekin.data.design import Design
from sparsekin.data.frame import RowLedger
from sparsekin.data.jsonable import decode
from sparsekin.data.moments import Moments
from sparsekin.data.prepare import Prepared, prepare_arrays, prepare_frame
from sparsekin.data.pseudo_rows import blocks_from_moments
from sparsekin.data.reader import read_array
from sparsekin.data.recipe import Recipe
from sparsekin.data.summary.entry import check_summary as check_summary
from sparsekin.data.summary.entry import from_summary as from_summary
from sparsekin.data.text import warn_of_levels
from sparsekin.errors import needs
from sparsekin.options import Missing

Levels = Mapping[str, Sequence[Any]]
CHUNK_ROWS = 16_384


def from_frame(
    formula: str,
    data: Any,
    task: str | None = None,
    *,
    keep: Sequence[str] = (),
    weights: Any = None,
    missing: Missing = "raise",
    levels: Levels | None = None,
) -> Moments:
    """Moments of a data frame.

    Parameters
    ----------
    formula, data, task, keep, weights, missing
        As for `SparseMTL.from_formula`; ``missing="drop"`` also drops rows that lack one of several outcomes.
    levels : dict of column to levels, optional
        Levels of text columns, the first being the reference. By default those the data have, sorted; sites that add
        their moments must agree on them, even where one has not seen them all.

    Returns
    -------
    Moments

    Raises
    ------
    FormulaError, DataError, OptionError
        As for `SparseMTL.from_formula`; also when outcomes of one X are missing in different rows.

    Examples
    --------
    >>> site = {"y": [1.0, 2.0, 4.0], "age": [40.0, 52.0, 71.0], "sex": ["f", "f", "f"], "site": ["north"] * 3}
    >>> from_frame("y ~ age + sex", site, task="site", levels={"sex": ["f", "m"]}).feature_names
    ('age', 'sex[T.m]')
    """
    found = prepare_frame(formula, data, task=task, keep=keep, weights=weights, missing=missing, levels=levels)
    return moments_of(found, missing)


def from_arrays(
    y: Any,
    X: Any,
    task: Any = None,
    *,
    keep: Any = None,
    weights: Any = None,
    feature_names: Sequence[str] | None = None,
    missing: Missing = "raise",
) -> Moments:
    """Moments of arrays; parameters and errors as for `SparseMTL`.

    Examples
    --------
    >>> from_arrays([1.0, 2.0, 4.0], [[0.0], [1.0], [2.0]]).parts[0].mean
    array([1.        , 2.33333333])
    """
    X = X if hasattr(X, "shape") or hasattr(X, "columns") else read_array(X)
    found = prepare_arrays(
        y, X, task, keep=keep, weights=weights, feature_names=feature_names, missing=missing, own=False
    )
    return moments_of(found, missing)


def from_parquet(
    formula: str,
    path: str | os.PathLike[str],
    task: str | None = None,
    *,
    keep: Sequence[str] = (),
    weights: str | None = None,
    missing: Missing = "raise",
    levels: Levels | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> Moments:
    """Moments of a Parquet file, or a folder of them larger than memory, read some rows at a time.

    Parameters
    ----------
    formula, task, keep, missing
        As for `from_frame`. Terms that learn from all rows, such as ``center(x)``, are refused.
    path : file or folder
        Folders named like ``site=north`` add a column ``site``.
    weights : str, optional
        Column of observation weights.
    levels : dict of column to levels, optional
        Where not given, the levels are found in a first pass that reads the columns of factors only; those of a
        categorical column keep its order.
    chunk_rows : int
        Rows in memory at a time. Row groups of the files much larger than this cost memory of their own.

    Returns
    -------
    Moments

    Raises
    ------
    MissingExtraError
        pyarrow is not installed.
    FormulaError, DataError
        As for `from_frame`; also for factor levels that `levels` does not have.
    """
    with needs("from_parquet", "pyarrow", "parquet"):
        from sparsekin.data.parquet import ParquetRows
    rows = ParquetRows(Path(path), chunk_rows)
    plan = Plan(formula, task, tuple([keep] if isinstance(keep, str) else keep), weights, missing, rows.names)
    found = dict(levels or {})
    first = rows.first()
    wanted = [name for name in factor_columns(plan, first) if name not in found]
    if wanted:
        found |= in_category_order(levels_in(rows.chunks(wanted)), first)
    plan = learn_plan(plan, rows.chunks(rows.names), found)
    made = total((chunk_moments(plan, chunk) for chunk in rows.chunks(plan.columns)), first)
    if plan.recipe is not None:
        warn_of_levels(plan.recipe, made.nobs, levels or ())
    return made


def from_dask(
    formula: str,
    data: Any,
    task: str | None = None,
    *,
    keep: Sequence[str] = (),
    weights: str | None = None,
    missing: Missing = "raise",
    levels: Levels | None = None,
) -> Moments:
    """Moments of a dask data frame, computed on whatever cluster dask is connected to.

    Each partition becomes moments where it is; only these travel. A worker that dies costs its own partitions' time:
    dask computes them again, and the answer is the same to the last bit, because parts are added in a fixed order.

    Parameters
    ----------
    data : dask.dataframe.DataFrame
    formula, task, keep, weights, missing, levels
        As for `from_parquet`.

    Returns
    -------
    Moments

    Raises
    ------
    MissingExtraError
        dask is not installed.
    """
    with needs("from_dask", "dask", "dask"):
        from sparsekin.data import dask_moments
    names = tuple(str(name) for name in data.columns)
    plan = Plan(formula, task, tuple([keep] if isinstance(keep, str) else keep), weights, missing, names)
    return dask_moments.of_frame(plan, data, dict(levels or {}))


def from_dask_arrays(
    y: Any, X: Any, task: Any = None, *, weights: Any = None, feature_names: Sequence[str] | None = None
) -> Moments:
    """Moments of dask arrays, computed as by `from_dask`.

    Parameters
    ----------
    y : dask array of shape (n,) or (n, K)
    X : dask array of shape (n, p)
    task : dask array or array of n labels, optional
    weights : dask array or array of shape (n,), optional
    feature_names : p names, optional

    Returns
    -------
    Moments

    Raises
    ------
    MissingExtraError
        dask is not installed.
    DataError
        The lengths do not agree, or values are missing, infinite or not numbers.
    """
    with needs("from_dask_arrays", "dask", "dask"):
        from sparsekin.data import dask_moments
    return dask_moments.of_arrays(y, X, task, weights, feature_names)


def load(path: str | os.PathLike[str]) -> Moments:
    """Read the moments that `Moments.save` wrote; see `Moments.load`."""
    return Moments.load(path)


def prepare_moments(moments: Moments) -> Prepared:
    """Make of moments what a model starts from: pseudo-rows and the design; there are no rows of the user."""
    blocks = blocks_from_moments(moments)
    recipe = None if moments.recipe is None else Recipe(**decode(json.loads(moments.recipe)))
    design = Design(
        moments.formula, moments.outcomes, moments.task, blocks.task_names, moments.feature_names, moments.keep_names,
        None, moments.multi_label, moments.intercept, recipe, moments.keep_at,
    )  # fmt: skip
    tasks = tuple((name, int(n), int(n)) for name, n in zip(blocks.task_names, blocks.n_obs, strict=True))
    ledger = RowLedger(moments.nobs, moments.nobs, (), tasks)
    return Prepared(blocks, design, ledger, np.empty(0, np.intp), pd.RangeIndex(0))
