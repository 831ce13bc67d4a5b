"""What the outcomes of a model are: numbers, yes and no, counts, survival times; from what the user gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from sparsekin.data.arrays import is_frame
from sparsekin.data.blocks import Floats, Ints, Responses, TaskBlocks
from sparsekin.data.families import Families, Levels, code_array, code_levels, read_families
from sparsekin.data.frame import list_names, to_pandas
from sparsekin.data.prepare import Prepared
from sparsekin.data.reader import by_label, read_array, read_labels
from sparsekin.data.strata import GIVEN, Strata, labels_known, strata_from
from sparsekin.errors import DataError, FormulaError, OptionError
from sparsekin.losses.families import check_outcome
from sparsekin.options import LossFamily, Ties, check_option


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """An outcome as the user gave it, taken apart.

    ====== ============ ====================================================================
    field  shape        meaning
    ====== ============ ====================================================================
    y      (n,) ...     what the rows are judged complete by: numbers, shares, or times
    parts  (n, m), None all columns of an outcome that has several; NaN in any: the row is missing
    levels dict         of text outcomes, what 0 and 1 stand for, by name
    ====== ============ ====================================================================
    """

    y: Any
    parts: Floats | None
    levels: dict[str, Levels]


def names_of(family: Families) -> set[str]:
    """The families named."""
    given = by_label(family)
    if isinstance(given, str):
        return {given}
    return set(given.values() if isinstance(given, Mapping) else given)


def read_outcome(y: Any, family: Families, task: Any) -> Given:
    """Take apart arrays of times and status, and of successes and failures beside a task column.

    Raises
    ------
    DataError
        There is a cox task, and y has neither two nor three columns.
    """
    named = names_of(family)
    if "cox" in named:
        parts = _survival(y)
        return Given(_shown(parts[:, -2], parts), parts, {})
    shape = np.shape(y)
    if named == {"binomial"} and task is not None and len(shape) == 2 and shape[1] == 2:
        parts = np.asarray(to_pandas(y) if is_frame(y) else read_array(y), float)
        total = parts.sum(axis=1)
        share = np.divide(parts[:, 0], total, out=np.zeros(len(total)), where=total > 0)
        return Given(_shown(share, parts), parts, {})
    coded, levels = code_array(y, "binomial" in named)
    return Given(coded, None, levels)


def code_outcomes(formula: str, data: Any, family: Families) -> tuple[Any, dict[str, Levels]]:
    """The data with outcomes that are text of two levels as 0 and 1; and those levels."""
    if "~" not in str(formula):
        return data, {}
    frame = to_pandas(data)
    outcomes = [name.strip().strip("`") for name in str(formula).split("~")[0].split("+")]
    coded, levels = code_levels(
        frame, [name for name in outcomes if name in frame.columns], "binomial" in names_of(family)
    )
    return (coded if levels else data), levels


def _shown(values: Floats, parts: Floats) -> Floats:
    return np.where(np.isnan(parts).any(axis=1), np.nan, values)


def _survival(y: Any) -> Floats:
    """(n, 2) time and status or (n, 3) start, stop and status; a structured array is status and time."""
    given = None if is_frame(y) else read_array(y)
    if given is not None and given.dtype.names is not None and len(given.dtype.names) == 2:
        return np.column_stack([given[name].astype(float) for name in given.dtype.names[::-1]])
    table = np.asarray(to_pandas(y).to_numpy() if is_frame(y) else given)
    try:
        table = table.astype(float)
    except (TypeError, ValueError):
        raise DataError(
            "The outcome of a cox task must be numbers, time and status (1 event, 0 censored), and holds text; of a "
            "status that is text say which is the event, as in status == 'dead'."
        ) from None
    if table.ndim != 2 or table.shape[1] not in (2, 3):
        raise DataError(
            f"There is a cox task, but y has shape {table.shape}; give time and status, shape (n, 2), or start, stop "
            "and status, shape (n, 3)."
        )
    return table


def with_responses(
    prepared: Prepared,
    given: Given,
    family: Families,
    *,
    offset: Any = None,
    exposure: Any = None,
    strata: Any = None,
    ties: Ties = "efron",
    checked: bool = True,
) -> Prepared:
    """The data with what their outcomes are; as they were where all are numbers with squared errors and no offset.

    `checked` refuses tasks whose outcomes a model could not be fitted to.

    Raises
    ------
    OptionError
        Families, offsets or strata do not fit.
    DataError
        An outcome is not what its family needs.
    """
    check_option("ties", ties, get_args(Ties))
    blocks = prepared.blocks
    families = _as_said(prepared, read_families(family, blocks.task_names, get_args(LossFamily)))
    known = _offset(prepared, families, offset, exposure)
    apart = _strata(prepared, families, strata)
    groups = None if apart is None else apart.codes
    levels = _levels(prepared, families, given.levels)
    if set(families) == {"gaussian"} and known is None:
        return prepared
    if blocks.shared and "cox" in families:
        raise OptionError("Several outcomes of one X cannot be cox; fit each, or stack rows with a task column.")
    y = tuple(_response(prepared, given, k, one) for k, one in enumerate(families))
    for k, one in enumerate(families if checked else ()):
        check_outcome(one, y[k], blocks.weights[k], blocks.task_names[k])
    per_task = [prepared.row_positions[rows] for rows in blocks.rows]
    codes = [_codes(groups, rows) if one == "cox" else None for rows, one in zip(per_task, families, strict=True)]
    responses = Responses(
        families, y, tuple(None if known is None else known[rows] for rows in per_task), tuple(codes), levels, ties,
        None if apart is None else labels_known(apart, codes, per_task),
    )  # fmt: skip
    intercept = blocks.intercept and set(families) != {"cox"}
    return replace(prepared, blocks=replace(blocks, responses=responses, intercept=intercept))


def _response(prepared: Prepared, given: Given, k: int, family: str) -> Floats:
    """The outcome of task k as its loss takes it."""
    blocks, said = prepared.blocks, prepared.said.parts
    parts = said[k if blocks.shared else 0] if said else given.parts
    if parts is None:
        return blocks.y[k]
    whole = np.nan_to_num(parts[prepared.row_positions[blocks.rows[k]]])
    whole_needed = family == "cox" or (family == "binomial" and parts.shape[1] == 2)
    return whole if whole_needed else blocks.y[k]


def _as_said(prepared: Prepared, families: tuple[LossFamily, ...]) -> tuple[LossFamily, ...]:
    """Families where the formula has survival times, which are cox unless something else is said, or trials."""
    calls, names = prepared.said.calls, prepared.design.outcomes
    at = [k if prepared.blocks.shared else 0 for k in range(len(families))]
    out = list(families)
    for k, family in enumerate(families):
        call = calls[at[k]] if calls else ""
        if call == "cbind" and family != "binomial":
            raise FormulaError(
                f"'{names[at[k]]}' is successes and failures, which need family='binomial', not {family!r}; write "
                "several outcomes as 'y1 + y2 ~ x'."
            )
        if call == "Surv" and family not in ("gaussian", "cox"):
            raise OptionError(f"'{names[at[k]]}' is survival times, which need family='cox', not {family!r}.")
        if call == "Surv":
            out[k] = "cox"
    return tuple(out)


def _codes(groups: np.ndarray | None, rows: Ints) -> Ints | None:
    return None if groups is None else np.unique(groups[rows], return_inverse=True)[1].ravel().astype(np.int64)


def _levels(prepared: Prepared, families: Sequence[str], levels: dict[str, Levels]) -> tuple[Levels | None, ...]:
    outcomes = prepared.design.outcomes
    names = outcomes if prepared.blocks.shared else [outcomes[0]] * len(families)
    for name, family in zip(names, families, strict=True):
        if name in levels and family != "binomial":
            raise OptionError(
                f"Outcome '{name}' is text ({list_names(levels[name])}): give family='binomial', which models the log "
                f"odds of {levels[name][1]!r}, not {family!r}."
            )
    return tuple(levels.get(name) for name in names)


def _vector(prepared: Prepared, what: str, values: Any) -> Any:
    """One value per row of the user's data, from values or the name of a column."""
    given = prepared.spare.values(what, values)
    column = read_labels(given)
    if len(column) != len(prepared.index):
        raise DataError(f"{what} has {len(column)} values for {len(prepared.index)} rows; give one per row.")
    gone = column.isna().to_numpy()[prepared.row_positions]
    if gone.any():
        row = int(prepared.row_positions[np.flatnonzero(gone)[0]])
        raise DataError(f"{what} is missing in row {row}; give every row one, or drop the row.")
    return column


def _offset(prepared: Prepared, families: Sequence[str], offset: Any, exposure: Any) -> Floats | None:
    """(n_given,) offset, the formula's too, and logged exposure together."""
    total = prepared.said.offset
    if offset is not None:
        given = _numbers("offset", _vector(prepared, "offset", offset))
        _check_finite(prepared, "offset", given)
        total = given if total is None else total + given
    if exposure is not None:
        if set(families) != {"poisson"}:
            raise OptionError("exposure= is for family='poisson', where rates are modelled; give offset= instead.")
        time = _numbers("exposure", _vector(prepared, "exposure", exposure))
        low = time[prepared.row_positions].min(initial=np.inf)
        if low <= 0:
            raise DataError(f"exposure holds {low:g}; the time at risk, or the size of a group, must be above 0.")
        _check_finite(prepared, "exposure", time)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = np.log(time) if total is None else total + np.log(time)
    return total


def _check_finite(prepared: Prepared, what: str, values: Floats) -> None:
    if not np.isfinite(values[prepared.row_positions]).all():
        raise DataError(f"{what} is infinite in some rows; drop them.")


def _numbers(what: str, column: Any) -> Floats:
    try:
        return np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        raise DataError(f"{what} must be numbers.") from None


def _strata(prepared: Prepared, families: Sequence[str], strata: Any) -> Strata | None:
    said = prepared.said.strata
    if strata is None and said is None:
        return None
    if "cox" not in families:
        what = "strata()" if strata is None else "strata="
        raise OptionError(f"{what} is for cox tasks: rows with a baseline hazard of their own; here there are none.")
    if strata is None:
        return said
    return strata_from(strata if isinstance(strata, str) else GIVEN, _vector(prepared, "strata", strata)).beside(said)


def families_of(blocks: TaskBlocks) -> tuple[str, ...]:
    """K families."""
    return ("gaussian",) * blocks.n_tasks if blocks.responses is None else blocks.responses.families
