"""Which tasks are binomial, and two-level outcomes as 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
import pandas as pd

from sparsekin.data.arrays import is_frame
from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.columns import column_kind
from sparsekin.data.frame import list_names, to_pandas
from sparsekin.data.reader import by_label, index_of, read_array
from sparsekin.errors import DataError, OptionError
from sparsekin.options import Family, check_option

Families = Family | Mapping[Any, Family] | Sequence[Family]
Levels = tuple[str, str]


def read_families(family: Any, tasks: Sequence[object], allowed: Sequence[str] = get_args(Family)) -> tuple[Any, ...]:
    """K families among those `allowed`: one for all tasks, a dict by task, or one per task in their order.

    Raises
    ------
    OptionError
        A value is neither, or tasks and families do not match.
    """
    family = by_label(family)
    if isinstance(family, str):
        check_option("family", family, allowed)
        return (family,) * len(tasks)
    if isinstance(family, Mapping):
        unknown = [name for name in family if name not in tasks]
        if unknown:
            raise OptionError(f"family names {list_names(unknown)}; the tasks are {list_names(tasks)}.")
        missing = [name for name in tasks if name not in family]
        if missing:
            raise OptionError(f"family does not say what task {list_names(missing)} is; give every task one.")
        values = [family[name] for name in tasks]
    else:
        values = list(family)
        if len(values) != len(tasks):
            raise OptionError(f"family has {len(values)} values for {len(tasks)} tasks: {list_names(tasks)}.")
    for value in values:
        check_option("family", value, allowed)
    return tuple(values)


def code_levels(
    frame: pd.DataFrame, names: Sequence[str], binomial: bool = True
) -> tuple[pd.DataFrame, dict[str, Levels]]:
    """A frame whose text outcomes of two levels are 0 and 1, and those levels; numbers are left as they are.

    1 is the second level: of a categorical column in its order, of text in sorted order.

    Raises
    ------
    DataError
        A text outcome has more or fewer levels than two; unless `binomial`, it is left as it is.
    """
    found: dict[str, Levels] = {}
    columns: dict[str, pd.Series] = {}
    for name in names:
        column = frame[name]
        if column.isna().all() or column_kind(column) != "text":
            continue
        given = pd.Categorical(column)
        levels = [level for level in given.categories if (given == level).any()]
        if len(levels) != 2 and not binomial:
            continue
        if len(levels) != 2:
            raise DataError(
                f"Outcome '{name}' of a binomial task must have two levels; it has {len(levels)}: {list_names(levels)}."
            )
        found[name] = (str(levels[0]), str(levels[1]))
        coded = np.where(given == levels[1], 1.0, 0.0)
        columns[name] = pd.Series(np.where(column.isna(), np.nan, coded), index=frame.index, name=name)
    return (frame.assign(**columns) if columns else frame), found


def code_array(y: Any, binomial: bool = True) -> tuple[Any, dict[str, Levels]]:
    """The same for outcomes given as array, series or frame."""
    if is_frame(y):
        frame = to_pandas(y)
        coded, levels = code_levels(frame, list(frame.columns), binomial)
        return (coded if levels else y), levels
    given = read_array(y)
    if given.ndim not in (1, 2) or given.dtype.kind in "biuf":
        return y, {}
    column = y if isinstance(y, pd.Series) else pd.Series(given) if given.ndim == 1 else None
    table = pd.DataFrame(given if column is None else {getattr(y, "name", None) or "y": column})
    table.columns = [str(name) if given.ndim == 1 else f"y{k}" for k, name in enumerate(table.columns, 1)]
    coded, levels = code_levels(table.infer_objects(), list(table.columns), binomial)
    if not levels:
        return y, {}
    if index_of(y) is None:  # rows pair by position, which a dict of arrays says
        return {name: coded[name].to_numpy() for name in coded}, levels
    return coded.iloc[:, 0], levels


def outcome_scales(blocks: TaskBlocks, families: Sequence[str]) -> Floats:
    """(K,) standard deviations of gaussian outcomes in the rows that count; 1 where that is 0 and for others."""
    out = np.ones(blocks.n_tasks)
    for k, y in enumerate(blocks.y):
        if families[k] == "gaussian":
            given = blocks.weights[k]
            w = np.ones(len(y)) if given is None else given
            sd = float(np.sqrt(w @ (y - w @ y / w.sum()) ** 2 / w.sum()))
            out[k] = sd if sd > 0 else 1.0
    return out
