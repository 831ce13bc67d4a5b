"""Statistics of simple regressions as users have them: arrays, series, frames, or dicts by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.data.summary.alleles import Alleles, alleles_of, is_counted
from sparsekin.errors import DataError, OptionError


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Simple regressions of one task on p variants.

    ======= ============= =====================================================
    field   shape         meaning
    ======= ============= =====================================================
    task    label
    ids     p             variants
    z       (p,)          t statistics
    beta    (p,) or None  slopes, where they were given with standard errors
    se      (p,) or None
    maf     (p,) or None  frequency of the effect allele
    n       float         rows
    alleles Alleles/None
    y_sd    float or None standard deviation of the outcome
    ======= ============= =====================================================
    """

    task: object
    ids: tuple[str, ...]
    z: Floats
    beta: Floats | None
    se: Floats | None
    maf: Floats | None
    n: float
    alleles: Alleles | None
    y_sd: float | None


def read_statistics(
    z: Any, beta: Any, se: Any, maf: Any, n: Any, alleles: Any, y_sd: Any, variants: Sequence[object] | None
) -> list[Statistics]:
    """One `Statistics` per task."""
    if (z is None) == (beta is None or se is None):
        raise OptionError("Give z=, or beta= and se= together.")
    main = "z" if beta is None else "beta"
    first = z if beta is None else beta
    tasks = _tasks(first)
    found = []
    for k, task in enumerate(tasks):
        values, ids = _column(main, first, k, task, tasks, None)
        ids = _names(ids, variants, len(values), task)
        parts = {
            name: None if value is None else _column(name, value, k, task, tasks, ids)[0]
            for name, value in (("se", se), ("maf", maf))
        }
        rows = _number("n", n, k, task, tasks)
        if not rows > 3:
            raise DataError(f"n = {rows:g} of task {task!r}; a simple regression needs more than 3 rows.")
        _check_values(task, ids, main, values, parts)
        by_task = isinstance(alleles, Mapping) and "effect_allele" not in alleles
        own = alleles.get(task) if by_task else alleles
        t = values if parts["se"] is None else values / parts["se"]
        found.append(
            Statistics(
                task, ids, t, None if main == "z" else values, parts["se"], parts["maf"], rows,
                None if own is None else alleles_of(own, ids, f"the statistics of task {task!r}"),
                None if y_sd is None else _number("y_sd", y_sd, k, task, tasks),
            )
        )  # fmt: skip
    return found


def _tasks(value: Any) -> list[object]:
    """Labels of the tasks: keys, columns, or y1, y2, ...; 'y' where there is one."""
    if isinstance(value, Mapping):
        if not value:
            raise DataError("The statistics are an empty dict; give those of at least one task.")
        return list(value)
    if isinstance(value, pd.DataFrame):
        return list(value.columns)
    shape = np.shape(value)
    if len(shape) == 2:
        return [f"y{k + 1}" for k in range(shape[1])]
    if len(shape) != 1:
        raise DataError(f"The statistics have shape {shape}; give (p,), (p, K), a frame, or a dict by task.")
    return ["y"]


def _column(
    name: str, value: Any, k: int, task: object, tasks: Sequence[object], ids: Sequence[str] | None
) -> tuple[Floats, Any]:
    """(p,) what belongs to a task, in the order of `ids` where both have names; and the names it has."""
    if isinstance(value, Mapping):
        if task not in value:
            raise DataError(f"{name} has no values of task {task!r}; give them, or drop the task.")
        value = value[task]
    elif isinstance(value, pd.DataFrame):
        if task not in value.columns:
            raise DataError(f"{name} has no column {task!r}; give one per task.")
        value = value[task]
    elif np.ndim(value) == 2:
        if np.shape(value)[1] != len(tasks):
            raise DataError(f"{name} has {np.shape(value)[1]} columns for {len(tasks)} tasks.")
        value = np.asarray(value)[:, k]
    named = value.index if isinstance(value, pd.Series) and not is_counted(value.index) else None
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        raise DataError(f"{name} of task {task!r} is no array of numbers.") from None
    if array.ndim != 1:
        raise DataError(f"{name} of task {task!r} has shape {array.shape}; give one number per variant.")
    if ids is None:
        return array, named
    if named is not None:
        place = {str(one): i for i, one in enumerate(named)}
        lacking = [one for one in ids if one not in place]
        if lacking:
            raise DataError(f"{name} of task {task!r} has no value of variant '{lacking[0]}'.")
        return array[[place[one] for one in ids]], named
    if len(array) != len(ids):
        raise DataError(f"{name} of task {task!r} has {len(array)} values for {len(ids)} variants.")
    return array, None


def _names(named: Any, variants: Sequence[object] | None, p: int, task: object) -> tuple[str, ...]:
    if named is None:
        named = [f"x{j + 1}" for j in range(p)] if variants is None else list(variants)
    names = tuple(str(one) for one in named)
    if len(names) != p:
        raise DataError(f"variants has {len(names)} names for {p} statistics of task {task!r}.")
    seen: set[str] = set()
    for one in names:
        if one in seen:
            raise DataError(f"Variant '{one}' is there twice in the statistics of task {task!r}; keep one.")
        seen.add(one)
    return names


def _number(name: str, value: Any, k: int, task: object, tasks: Sequence[object]) -> float:
    """The number of a task: one for all, K, or by task."""
    if isinstance(value, Mapping):
        if task not in value:
            raise DataError(f"{name} has no value of task {task!r}.")
        value = value[task]
    elif np.ndim(value) == 1:
        if len(value) != len(tasks):
            raise DataError(f"{name} has {len(value)} values for {len(tasks)} tasks: one per task, not per variant.")
        value = np.asarray(value)[k]
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise DataError(f"{name} of task {task!r} is {value!r}; give a number.")
    if not value > 0:
        raise DataError(f"{name} of task {task!r} is {value:g}; give a number above 0.")
    return float(value)


def _check_values(task: object, ids: Sequence[str], main: str, values: Floats, parts: dict[str, Floats | None]) -> None:
    for name, array in {main: values, **parts}.items():
        if array is None:
            continue
        bad = np.flatnonzero(~np.isfinite(array))
        if len(bad):
            raise DataError(
                f"{name} of task {task!r} is missing or infinite for {len(bad)} variants, the first of them "
                f"'{ids[bad[0]]}'; leave these out."
            )
    for name, most, asked in (("se", np.inf, "above 0"), ("maf", 1.0, "between 0 and 1")):
        array = parts[name]
        if array is not None and (at := np.flatnonzero((array <= 0) | (array >= most))).size:
            first = f"{name} of task {task!r} is {array[at[0]]:g} for variant '{ids[at[0]]}'"
            raise DataError(f"{first}; it must be {asked}.")
