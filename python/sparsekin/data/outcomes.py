"""Outcomes as numbers, from the left side of a formula or from an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from formulaic import ModelSpec, SimpleFormula
from formulaic.parser.types import Factor, Term

from sparsekin.data.arrays import is_frame
from sparsekin.data.blocks import Floats
from sparsekin.data.columns import column_kind, missing_in
from sparsekin.data.formula import columns_of
from sparsekin.data.frame import list_names, to_pandas
from sparsekin.data.materialize import materialize
from sparsekin.data.reader import read_array
from sparsekin.data.recipe import read_columns
from sparsekin.errors import DataError


def outcomes_of(frame: pd.DataFrame, terms: Sequence[Term]) -> tuple[Floats, tuple[str, ...]]:
    """(n, K) outcomes, NaN where missing, and their names; true and false become 1 and 0.

    Raises
    ------
    DataError
        If an outcome is not numeric, or infinite.
    """
    columns = [_outcome_of(frame, term) for term in terms]
    return np.column_stack(columns), tuple(term.factors[0].expr for term in terms)


def outcome_array(y: Any, n: int) -> tuple[Floats, tuple[str, ...]]:
    """(n, K) outcomes from an array, series or frame, and their names."""
    if is_frame(y) or isinstance(y, Mapping):
        frame = to_pandas(y)
        columns = [_as_outcome(frame[name], name) for name in frame.columns]
        values, names = np.column_stack(columns), tuple(frame.columns)
    else:
        name = getattr(y, "name", None)
        given = read_array(y)
        if given.ndim not in (1, 2) or given.size == 0:
            raise DataError(f"y must have shape (n,) or (n, K), not {given.shape}.")
        table = given[:, None] if given.ndim == 1 else given
        if given.ndim == 1:
            names = ("y" if name is None else str(name),)
        else:
            names = tuple(f"y{k}" for k in range(1, table.shape[1] + 1))
        series = [y] if isinstance(y, pd.Series) else [pd.Series(column) for column in table.T]
        values = np.column_stack([_as_outcome(column, name) for column, name in zip(series, names, strict=True)])
    if len(values) != n:
        raise DataError(f"y has {len(values)} rows, X has {n}.")
    return values, names


def _outcome_of(frame: pd.DataFrame, term: Term) -> Floats:
    factor = term.factors[0]
    if factor.eval_method is Factor.EvalMethod.LOOKUP:
        return _as_outcome(frame[factor.expr], factor.expr)
    known = set(frame.columns)
    columns = sorted(columns_of([term], known))
    kinds = {name: column_kind(frame[name]) for name in columns}
    gone = np.zeros(len(frame), bool)
    for mask in missing_in(frame, columns).values():
        gone |= mask
    values = np.full(len(frame), np.nan)
    rows = np.flatnonzero(~gone)
    matrix, spec = materialize(
        ModelSpec(formula=SimpleFormula([term]), output="numpy"), read_columns(frame, rows, kinds, {})
    )
    if spec.encoder_state[factor.expr][0] is not Factor.Kind.NUMERICAL or matrix.shape[1] != 1:
        raise DataError(f"Outcome '{factor.expr}' is not one column of numbers.")
    values[rows] = matrix[:, 0]
    if not np.isfinite(values[rows]).all():
        raise DataError(f"Outcome '{factor.expr}' is not finite in {int((~np.isfinite(values[rows])).sum())} rows.")
    return values


def _as_outcome(column: pd.Series, name: str) -> Floats:
    if column_kind(column) not in ("number", "bool") and not column.isna().all():
        shown = list_names(pd.unique(column.dropna().astype(object)).tolist()[:3])
        raise DataError(
            f"Outcome '{name}' is not numeric (it holds {shown}); code it as numbers, "
            "for instance 1 for one group and 0 for the other; for two groups there is MTHAL(..., family='binomial')."
        )
    values = np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    if np.isinf(values).any():
        raise DataError(f"Outcome '{name}' is infinite in {int(np.isinf(values).sum())} rows.")
    return values
