"""From new rows with outcomes to a validation of a fit on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from formulaic.parser.types import Factor

from sparsekin.data.blocks import Floats, Ints, Responses, TaskBlocks
from sparsekin.data.columns import column_kind
from sparsekin.data.design import NewRows
from sparsekin.data.families import Levels
from sparsekin.data.frame import RowLedger, list_names, to_pandas
from sparsekin.data.new_outcomes import parts_of_new
from sparsekin.data.outcomes import outcome_array, outcomes_of, parts_of
from sparsekin.data.reader import read_labels
from sparsekin.data.strata import Strata, codes_of_task, strata_of_new
from sparsekin.errors import DataError, OptionError
from sparsekin.losses.binomial import shares_of
from sparsekin.losses.cox import Cox
from sparsekin.losses.families import check_outcome
from sparsekin.losses.tasks import loss_of
from sparsekin.models.outcomes import read_outcome
from sparsekin.results.base import encode_labels, offset_of_new, task_codes
from sparsekin.results.performance import Performing
from sparsekin.results.validation import NEW, Baseline


@dataclass(frozen=True, slots=True, eq=False)
class _Outcomes:
    """Of n new rows: the outcomes a loss takes (n, ...), NaN where missing, and strata."""

    y: Floats
    strata: Strata | None


def validation_fields(
    fit: Performing, new: Any, y: Any, how: str, task: Any, keep: Any, offset: Any, strata: Any
) -> dict[str, Any]:
    """The fields of a `ValidationFit` of `fit` on new rows.

    Raises
    ------
    DataError
        Outcomes are missing from the new rows, are none of the family, or no row is complete.
    OptionError
        The fit has several outcomes of one X.
    """
    blocks, design = fit.blocks, fit.design
    if blocks.shared:
        raise OptionError("validate() is for tasks with rows of their own; here the tasks are outcomes of one X.")
    rows = design.apply(new, keep=keep)
    found = _outcomes(fit, new, y, len(rows.index), strata)
    groups = None if found.strata is None else found.strata.codes
    known = offset_of_new(design, new, offset, rows.index)
    own = how == "task"
    codes, labels = _groups(fit, rows, task, own)
    eta = np.asarray(_linear(fit, new, how, task, keep, offset), float)
    there = rows.complete & np.isfinite(found.y.reshape(len(eta), -1)).all(axis=1) & np.isfinite(eta) & (codes >= 0)
    if groups is not None:
        there &= groups >= 0
    if not there.any():
        raise DataError(f"None of the {len(eta)} new rows has the outcome and all columns of the fit.")
    used = [k for k in range(len(labels)) if (there & (codes == k)).any()]
    parts = [np.flatnonzero(there & (codes == k)) for k in used]
    order = np.concatenate(parts)
    ends = np.cumsum([0, *map(len, parts)])
    families = [blocks.families_said[k if own else 0] for k in used]
    for family in dict.fromkeys(families):
        whose = np.concatenate([at for at, one in zip(parts, families, strict=True) if one == family])
        check_outcome(family, found.y[whose], None, NEW, alone=True)
    given = None if blocks.responses is None else Responses(
        tuple(families), tuple(found.y[at] for at in parts), tuple(known[at] for at in parts),
        tuple(None if groups is None or one != "cox" else _recoded(groups[at])
              for at, one in zip(parts, families, strict=True)),
        (None,) * len(used), blocks.ties,
    )  # fmt: skip
    made = TaskBlocks(
        X=rows.X[order], y=tuple(_numbers(found.y[at], one) for at, one in zip(parts, families, strict=True)),
        rows=tuple(slice(a, b) for a, b in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)),
        weights=(None,) * len(used), keep=rows.keep[order], task_names=tuple(labels[k] for k in used),
        feature_names=blocks.feature_names, keep_names=blocks.keep_names, intercept=blocks.intercept, responses=given,
    )  # fmt: skip
    return {
        "blocks": made, "design": design, "row_positions": order.astype(np.int64), "index": rows.index,
        "ledger": RowLedger(len(eta), len(order)), "eta": tuple(eta[at] for at in parts),
        "baselines": tuple(
            _baseline(fit, k, found.strata, at) if own else None for k, at in zip(used, parts, strict=True)
        ),
        "n_given": len(eta), "how": how,
    }  # fmt: skip


def _linear(fit: Any, new: Any, how: str, task: Any, keep: Any, offset: Any) -> pd.Series:
    """(n,) linear predictors, offsets included."""
    scale = {} if fit.blocks.responses is None else {"type": "link", "offset": offset}
    found: pd.Series = fit.predict(new, how, task, keep=keep, **scale)
    return found


def _groups(fit: Performing, rows: NewRows, task: Any, own: bool) -> tuple[Ints, list[object]]:
    """(n,) tasks of the rows, -1 for none, and their labels; studies as they are named where one model predicts all."""
    if own:
        return task_codes(fit.design, rows, task, 'use how="mean"').astype(np.int64), list(fit.blocks.task_names)
    n = len(rows.index)
    labels = list(rows.task_labels) if task is None else list(encode_labels(task, (), n)[1])
    known = [one for one in dict.fromkeys(labels) if one is not None]
    if not known:
        return np.zeros(n, np.int64), [NEW]
    place: dict[object, int] = {label: g for g, label in enumerate(known)}
    return np.array([-1 if one is None else place[one] for one in labels], np.int64), known


def _outcomes(fit: Performing, new: Any, y: Any, n: int, strata: Any) -> _Outcomes:
    called = None if fit.blocks.responses is None else fit.blocks.responses.called
    if called is None and strata is not None:
        raise OptionError("strata= is of fits that were given strata= as an array; the fit has none.")
    groups = None if called is None else strata_of_new(called, new, strata, n)
    levels = fit.blocks.responses.levels[0] if fit.blocks.responses is not None else None
    if fit.design.recipe is None:
        return _Outcomes(_of_array(fit, y, n, levels), groups)
    if y is not None:
        raise OptionError("y is for fits of arrays; a frame has the outcome in the columns of the formula.")
    frame = to_pandas(new)
    parts = parts_of_new(fit.design, frame)
    term = parts.outcomes[0]
    if levels is not None and term.factors[0].eval_method is Factor.EvalMethod.LOOKUP:
        name = term.factors[0].expr
        frame = frame.assign(**{name: _coded(frame[name], levels)})
    values = parts_of(frame, term)
    return _Outcomes(outcomes_of(frame, [term])[0][:, 0] if values is None else values, groups)


def _of_array(fit: Performing, y: Any, n: int, levels: Levels | None) -> Floats:
    families: Any = list(fit.blocks.families_said)
    if y is None:
        raise OptionError("The model was fitted to arrays: give y, the outcomes of the new rows.")
    column = read_labels(y) if levels is not None and np.ndim(y) == 1 else None
    given = read_outcome(y if column is None else _coded(column, levels), families, NEW)
    values = outcome_array(given.y, n)[0][:, 0] if given.parts is None else given.parts
    if len(values) != n:
        raise DataError(f"y has {len(values)} rows, the new rows are {n}.")
    return values


def _coded(column: pd.Series, levels: Levels | None) -> pd.Series:
    """Text of the levels of the fit as 0 and 1, as they were there; numbers are left as they are.

    Raises
    ------
    DataError
        It holds something else.
    """
    if levels is None or column_kind(column) != "text":
        return column
    place: dict[str | None, float] = {None: np.nan, levels[0]: 0.0, levels[1]: 1.0}
    text = [None if gap else str(one) for one, gap in zip(column.tolist(), column.isna(), strict=True)]
    if strange := sorted({one for one in text if one is not None} - set(levels)):
        raise DataError(f"The outcome of the new rows holds {list_names(strange)}; the fit knows {list_names(levels)}.")
    return pd.Series([place[one] for one in text], index=column.index, name=column.name, dtype=float)


def _numbers(y: Floats, family: str) -> Floats:
    """(m,) what stands for outcomes of several columns: shares of successes, times."""
    return y[:, -2] if family == "cox" else shares_of(y)


def _recoded(strata: Ints) -> Ints:
    return np.unique(strata, return_inverse=True)[1].ravel().astype(np.int64)


def _baseline(fit: Performing, k: int, strata: Strata | None, at: Ints) -> Baseline | None:
    """What the survival of new rows `at` of task k is predicted by; None where it is not cox, or a stratum is new."""
    loss, given = loss_of(fit.blocks, k), fit.blocks.responses
    if not isinstance(loss, Cox) or given is None:
        return None
    if given.called is None or strata is None:
        return Baseline(loss, fit.predictors[k], None)
    labels = strata.labels
    codes = codes_of_task(given.called, k, [labels[i] or () for i in at.tolist()])
    return None if (codes < 0).any() else Baseline(loss, fit.predictors[k], codes)
