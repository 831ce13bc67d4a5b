"""Outcomes as numbers, from the left side of a formula or from an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from formulaic import ModelSpec, SimpleFormula
from formulaic.parser.types import Factor, Term

from sparsekin.data.arrays import is_frame
from sparsekin.data.blocks import Floats
from sparsekin.data.calls import call_of
from sparsekin.data.columns import column_kind, missing_in
from sparsekin.data.expressions import unquote
from sparsekin.data.formula import FormulaParts, columns_of
from sparsekin.data.frame import list_names, to_pandas
from sparsekin.data.materialize import materialize
from sparsekin.data.reader import read_array
from sparsekin.data.recipe import read_columns
from sparsekin.data.strata import Strata, strata_from
from sparsekin.errors import DataError, FormulaError


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a formula says of outcomes beside one number a row.

    ====== ================== ==============================================================================
    field  shape              meaning
    ====== ================== ==============================================================================
    calls  of str             "Surv", "cbind" or "", for each outcome
    parts  of (n_given, m)    its columns, NaN where missing, or None: time and status; start, stop and status;
                              successes and failures
    offset (n_given,) or None the sum of offset() terms
    strata Strata or None     the columns of strata() terms
    ====== ================== ==============================================================================
    """

    calls: tuple[str, ...] = ()
    parts: tuple[Floats | None, ...] = ()
    offset: Floats | None = None
    strata: Strata | None = None


NOTHING_SAID = Said()


def said_of(frame: pd.DataFrame, parts: FormulaParts) -> Said:
    """What a formula says of outcomes, for the rows of a frame."""
    called = [call_of(term.factors[0], frame.columns) for term in parts.outcomes]
    return Said(
        tuple("" if one is None else one[0] for one in called),
        tuple(parts_of(frame, term) for term in parts.outcomes),
        offset_of(frame, parts.offsets),
        strata_of(frame, parts.strata),
    )


def outcomes_of(frame: pd.DataFrame, terms: Sequence[Term]) -> tuple[Floats, tuple[str, ...]]:
    """(n, K) outcomes, NaN where missing, and their names; true and false become 1 and 0.

    Raises
    ------
    DataError
        If an outcome is not numeric, or infinite.
    """
    columns = [_outcome_of(frame, term) for term in terms]
    return np.column_stack(columns), tuple(term.factors[0].expr for term in terms)


def parts_of(frame: pd.DataFrame, term: Term) -> Floats | None:
    """(n, m) the columns of an outcome that has several, NaN where missing: Surv() and cbind(); None of others.

    Raises
    ------
    DataError
        One is not numeric, or infinite.
    """
    called = call_of(term.factors[0], frame.columns)
    if called is None:
        return None
    terms = [_term_of(text, frame) for text in called[1]]
    if called[0] == "Surv":
        _check_status(frame, terms[-1], called[1])
    return np.column_stack([_outcome_of(frame, one) for one in terms])


def _check_status(frame: pd.DataFrame, term: Term, arguments: Sequence[str]) -> None:
    """Refuse a status that is text: nobody knows which of its values is the event."""
    factor = term.factors[0]
    if factor.eval_method is not Factor.EvalMethod.LOOKUP:
        return
    column = frame[factor.expr]
    if column_kind(column) in ("number", "bool") or column.isna().all():
        return
    seen = pd.unique(column.dropna().astype(object)).tolist()
    others = ", ".join(arguments[:-1])
    raise DataError(
        f"The status '{factor.expr}' is text (it holds {list_names(seen[:3])}): say which is the event, for instance "
        f"Surv({others}, {arguments[-1]} == {seen[-1]!r})."
    )


def offset_of(frame: pd.DataFrame, terms: Sequence[Term]) -> Floats | None:
    """(n,) the sum of offset() terms, NaN where missing; None where there are none.

    Raises
    ------
    DataError
        One is not numeric, or infinite.
    """
    found = [parts_of(frame, term) for term in terms]
    return np.sum([one[:, 0] for one in found if one is not None], axis=0) if found else None


def strata_of(frame: pd.DataFrame, terms: Sequence[Term]) -> Strata | None:
    """The columns of strata() terms; None where there are none.

    Raises
    ------
    FormulaError
        One is no column.
    """
    found: Strata | None = None
    for term in terms:
        for text in (call_of(term.factors[0], frame.columns) or ("", ()))[1]:
            factor = _term_of(text, frame).factors[0]
            if factor.eval_method is not Factor.EvalMethod.LOOKUP:
                raise FormulaError(f"'{term}' holds the expression {text}; strata() takes names of columns.")
            own = strata_from(factor.expr, frame[factor.expr])
            found = own if found is None else found.beside(own)
    return found


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
    parts = parts_of(frame, term)
    if parts is not None:
        return _one_column(parts, (call_of(factor, frame.columns) or ("",))[0])
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


def _term_of(text: str, frame: pd.DataFrame) -> Term:
    """The term of an argument: a column, or an expression."""
    name = unquote(text[1:-1]) if text[:1] == text[-1:] == "`" else text
    return Term([Factor(name, eval_method="lookup") if name in frame.columns else Factor(text, eval_method="python")])


def _one_column(parts: Floats, call: str) -> Floats:
    """(n,) what stands for an outcome of several columns, its time or share of successes; NaN if any is missing."""
    total = parts.sum(axis=1)
    share = np.divide(parts[:, 0], total, out=np.zeros(len(total)), where=total > 0)
    values = parts[:, -2] if call == "Surv" else share
    return np.where(np.isnan(parts).any(axis=1), np.nan, values)


def _as_outcome(column: pd.Series, name: str) -> Floats:
    if column_kind(column) not in ("number", "bool") and not column.isna().all():
        shown = list_names(pd.unique(column.dropna().astype(object)).tolist()[:3])
        raise DataError(
            f"Outcome '{name}' is not numeric (it holds {shown}); code it as numbers, "
            "for instance 1 for one group and 0 for the other; for two groups there is family='binomial'."
        )
    values = np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    if np.isinf(values).any():
        raise DataError(f"Outcome '{name}' is infinite in {int(np.isinf(values).sum())} rows.")
    return values
