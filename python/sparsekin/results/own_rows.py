"""Whether a frame holds the rows a model was fitted to, in their order: by its row labels, and by its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from formulaic.parser.types import Factor, Term

from sparsekin.data.blocks import Floats, Matrix
from sparsekin.data.columns import column_kind
from sparsekin.data.families import code_levels
from sparsekin.data.forms import forms_again
from sparsekin.data.frame import list_names, to_pandas
from sparsekin.data.outcomes import outcomes_of
from sparsekin.data.reader import check_same_rows
from sparsekin.errors import DataError
from sparsekin.results.base import TaskFit
from sparsekin.results.forms.fit import BLOCKS, FormsFit

_CHUNK = 1024
_SAME = 1e-8  # of the largest value of a column
Column = tuple[str, Floats, Floats]  # name, values in the frame, values in the fit


def own_rows(fit: TaskFit | FormsFit, data: object) -> pd.DataFrame:
    """`data` as a pandas frame, if it holds the rows of the fit in their order.

    Raises
    ------
    DataError
        Another number of rows, other row labels or the same in another order, or values the fit has not seen.
    """
    frame = to_pandas(data)
    if len(frame) != len(fit.index):
        raise DataError(
            f"data has {len(frame)} rows, but the model was fitted to rows of a frame of {len(fit.index)}; give the "
            "frame it was fitted to."
        )
    if isinstance(data, pd.DataFrame):
        _check_labels(fit.index, frame.index)
    if isinstance(fit, FormsFit):
        rows, columns = np.arange(fit.nobs), _forms_columns(fit, frame)
    else:
        rows, columns = fit.row_positions, _task_columns(fit, frame)
    compared = 0
    for name, given, known in columns:
        compared += 1
        _check_values(name, given, known, frame.index[rows])
    if not compared:
        raise DataError(
            "data has none of the columns the model was fitted to, so its rows cannot be told; give a frame with some "
            "of them, or put augment() beside it yourself."
        )
    return frame


def _check_labels(fitted: pd.Index, index: pd.Index) -> None:
    plain = fitted.equals(pd.RangeIndex(len(fitted)))  # of arrays too: then other labels say nothing
    if not plain or (index.is_unique and index.isin(fitted).all()):
        check_same_rows("the fit", fitted, "data", index)


def _check_values(name: str, given: Floats, known: Floats, labels: pd.Index) -> None:
    gap, both = np.isnan(given) != np.isnan(known), ~(np.isnan(given) | np.isnan(known))
    far = both & (np.abs(given - known) > _SAME * np.max(np.abs(known[both]), initial=0.0))
    if (gap | far).any():
        at = int(np.flatnonzero(gap | far)[0])
        raise DataError(
            f"data does not hold the rows of the fit: '{name}' is {given[at]:g} in row {labels[at]!r} and was "
            f"{known[at]:g} when fitting. Give the frame the model was fitted to, in its order."
        )


def _task_columns(fit: TaskFit, frame: pd.DataFrame) -> Iterator[Column]:
    design, blocks, at = fit.design, fit.blocks, fit.row_positions
    if design.recipe is not None:
        rows = design.apply(frame)
        yield from _matrix_columns(design.feature_names, rows.X[at], blocks.X)
        yield from _matrix_columns(design.keep_names, rows.keep[at], blocks.keep)
        if design.task in frame.columns and not blocks.shared:
            codes = np.empty(len(at))
            for k, part in enumerate(blocks.rows):
                codes[part] = k
            yield str(design.task), rows.task_codes[at].astype(float), codes
    else:
        for names, matrix in ((design.feature_names, blocks.X), (design.keep_names, blocks.keep)):
            there = [j for j, name in enumerate(names) if name in frame.columns]
            chosen = [names[j] for j in there]
            yield from _matrix_columns(chosen, _numbers(frame, chosen)[at], matrix[:, there])
    yield from _outcome_columns(fit, frame)


def _outcome_columns(fit: TaskFit, frame: pd.DataFrame) -> Iterator[Column]:
    """The outcomes that `frame` can make, where the fit has seen them."""
    names = fit.design.outcomes
    plain = [name for name in names if name in frame.columns]
    frame = code_levels(frame, plain)[0]
    for k, name in enumerate(names):
        if name not in plain and fit.design.recipe is None:
            continue
        method = Factor.EvalMethod.LOOKUP if name in plain else Factor.EvalMethod.PYTHON
        given = outcomes_of(frame, [Term([Factor(name, eval_method=method)])])[0][fit.row_positions, 0]
        if fit.blocks.shared:
            w = fit.blocks.weights[k]
            yield name, given, fit.blocks.y[k] if w is None else np.where(w > 0, fit.blocks.y[k], given)
        else:
            yield name, given, fit.by_row([np.asarray(part) for part in fit.blocks.y])


def _matrix_columns(names: Sequence[str], given: Matrix, known: Matrix) -> Iterator[Column]:
    for first in range(0, len(names), _CHUNK):
        part = slice(first, first + _CHUNK)
        a, b = _dense(given[:, part]), _dense(known[:, part])
        yield from zip(names[part], a.T, b.T, strict=True)


def _forms_columns(fit: FormsFit, frame: pd.DataFrame) -> Iterator[Column]:
    design = fit.design
    if design.formula is not None:
        tables = forms_again(design, frame, BLOCKS)
        if design.task is not None:
            yield design.task, tables.task_codes.astype(float), fit.task_codes.astype(float)
        for place, names in enumerate(design.names):
            yield from _matrix_columns(names, tables.tables[place], fit.observed(place))
        return
    for place, names in enumerate(design.names):
        there = [j for j, name in enumerate(names) if name in frame.columns]
        chosen = [names[j] for j in there]
        yield from _matrix_columns(chosen, _numbers(frame, chosen), fit.observed(place)[:, there])


def _numbers(frame: pd.DataFrame, names: Sequence[str]) -> Floats:
    """(n, m) columns; what is no number is one the fit has not seen."""
    if bad := [name for name in names if column_kind(frame[name]) not in ("number", "bool")]:
        raise DataError(f"data does not hold the rows of the fit: {list_names(bad)} held numbers when fitting.")
    return np.asarray(frame[list(names)].to_numpy(np.float64, na_value=np.nan))


def _dense(matrix: Matrix) -> Floats:
    return matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix.toarray())
