"""Strata: rows with a baseline hazard of their own, by the labels that they have in one column or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsekin.data.blocks import Bools, Ints, StrataLabels
from sparsekin.data.frame import list_names, to_pandas
from sparsekin.data.labels import find_labels
from sparsekin.data.reader import common_index, read_labels
from sparsekin.errors import DataError, OptionError

GIVEN = ""  # stands for the name of a column that was given as an array


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """Which rows have a baseline hazard of their own.

    ======= ==================== ==============================================
    field   shape                meaning
    ======= ==================== ==============================================
    names   c                    names of the columns, "" of an array
    columns c of n labels        their values, None where missing
    ======= ==================== ==============================================
    """

    names: tuple[str, ...]
    columns: tuple[list[Any], ...]

    @property
    def labels(self) -> list[tuple[Any, ...] | None]:
        """Of each row, None where one is missing."""
        rows = zip(*self.columns, strict=True)
        return [None if any(one is None for one in row) else row for row in rows]

    @property
    def codes(self) -> Ints:
        """(n,) from 0 on in the order in which labels come, -1 where one is missing."""
        place: dict[tuple[Any, ...] | None, int] = {None: -1}
        return np.array([place.setdefault(row, len(place) - 1) for row in self.labels], np.int64)

    def beside(self, other: Strata | None) -> Strata:
        """Rows that agree in both."""
        return self if other is None else Strata(self.names + other.names, self.columns + other.columns)


def strata_from(name: str, values: Any) -> Strata:
    """Strata of one column."""
    column = read_labels(values)
    return Strata((name,), ([None if gap else one for one, gap in zip(column, column.isna(), strict=True)],))


def labels_known(strata: Strata, codes: Sequence[Ints | None], rows: Sequence[Ints]) -> StrataLabels:
    """What the strata of a fit are called: K arrays of codes from 0 on, of rows (n_k,) of the strata."""
    labels, out = strata.labels, []
    for own, at in zip(codes, rows, strict=True):
        first = [] if own is None else np.unique(own, return_index=True)[1].tolist()
        out.append(tuple(labels[int(at[i])] or () for i in first))
    return StrataLabels(strata.names, tuple(out))


def strata_of_new(known: StrataLabels, new: Any, given: Any, n: int) -> Strata:
    """The strata of n new rows: the columns of the fit, and `given` where it was given an array.

    Raises
    ------
    DataError
        A column is not there, or there are not n values.
    OptionError
        Values are missing, or not asked for.
    """
    asked = GIVEN in known.names
    if asked and given is None:
        raise OptionError("The fit has strata= of an array: give strata=, one value per new row.")
    if given is not None and not asked:
        shown = list_names(known.names)
        raise OptionError(f"strata= is for fits that were given an array; here the new rows have the column {shown}.")
    frame = to_pandas(new) if set(known.names) != {GIVEN} else None
    found: Strata | None = None
    for name in known.names:
        if name != GIVEN and frame is not None and name not in frame.columns:
            raise DataError(f"The fit has strata({name}), which new rows need too: they lack the column '{name}'.")
        if name == GIVEN:
            common_index({"the new rows": new, "strata": given})
        own = strata_from(name, given if name == GIVEN or frame is None else frame[name])
        if len(own.columns[0]) != n:
            raise DataError(f"strata has {len(own.columns[0])} values for {n} new rows; give one per row.")
        found = own if found is None else found.beside(own)
    assert found is not None
    return found


def codes_known(known: StrataLabels, strata: Strata, tasks: Ints, task_names: Sequence[object], there: Bools) -> Ints:
    """(n,) codes that the strata of new rows have in their tasks (n,); -1 where a row is not `there` or has none.

    Raises
    ------
    DataError
        A stratum is not of the task in the fit.
    """
    labels, out = strata.labels, np.full(len(tasks), -1, np.int64)
    for k in np.unique(tasks[there & (tasks >= 0)]).tolist():
        at = np.array([i for i in np.flatnonzero(there & (tasks == k)).tolist() if labels[i] is not None], np.int64)
        own = [labels[i] for i in at.tolist()]
        out[at] = codes_of_task(known, k, own)
        if strange := list(dict.fromkeys(own[i] for i in np.flatnonzero(out[at] < 0).tolist())):
            new, has = (list_names(sorted(_shown(known.names, which))) for which in (strange, known.labels[k]))
            raise DataError(
                f"Task '{task_names[k]}' has no baseline hazard in stratum {new} (it has them in {has}); leave these "
                'rows out, or take type="risk".'
            )
    return out


def codes_of_task(strata: StrataLabels, k: int, labels: Sequence[Any]) -> Ints:
    """(m,) codes in task k of the fit of m labels, -1 where the task has no such stratum.

    Raises
    ------
    DataError
        A value reads like one of the fit but is of another type.
    """
    known = strata.labels[k]
    if not labels or not known:
        return np.full(len(labels), -1, np.int64)
    each = []
    for values, has in zip(zip(*labels, strict=True), zip(*known, strict=True), strict=True):
        levels = list(dict.fromkeys(has))
        each.append([levels[i] if i >= 0 else None for i in find_labels(values, levels, "Stratum").tolist()])
    place = {label: g for g, label in enumerate(known)}
    return np.array([place.get(label, -1) for label in zip(*each, strict=True)], np.int64)


def _shown(names: Sequence[str], labels: Sequence[Any]) -> list[str]:
    """``ward=1, sex=f``; of one column the value alone."""
    if len(names) == 1:
        return [str(one[0]) for one in labels]
    return [", ".join(f"{name or 'strata'}={value}" for name, value in zip(names, one, strict=True)) for one in labels]
