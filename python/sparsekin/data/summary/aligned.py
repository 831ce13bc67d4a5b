"""Statistics of all tasks and their LD on the same variants, with the same effect alleles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.summary.alleles import SAID, Alleles, compare, dropped, signs
from sparsekin.data.summary.panel import Panel
from sparsekin.data.summary.statistics import Statistics
from sparsekin.errors import DataError

Line: TypeAlias = tuple[str, object, str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """What is left once variants and alleles agree.

    ========== =============== ======================================================
    field      shape           meaning
    ========== =============== ======================================================
    statistics K of Statistics the same variants in each
    R          K of (p, p)     LD; the same array where tasks share a panel
    ledger     frame           variant, task, where, what: everything but "kept"
    ========== =============== ======================================================
    """

    statistics: list[Statistics]
    R: list[Floats]
    ledger: pd.DataFrame


def align(tasks: Sequence[Statistics], panels: Sequence[Panel]) -> Aligned:
    """Bring all to the variants that every task and panel has, and to the effect alleles of the first task.

    Raises
    ------
    DataError
        No variant is left, alleles are known on one side only, or LD without names has another size.
    """
    ledger: list[Line] = []
    places = [_places(one, panel) for one, panel in zip(tasks, panels, strict=True)]
    common = [name for name in tasks[0].ids if all(name in found for found in places)]
    _note_absent(tasks, places, set(common), ledger)
    reference = _reference(tasks[0], common)
    codes = [_codes(one, panel, common, at, reference) for one, panel, at in zip(tasks, panels, places, strict=True)]
    lost = {int(j) for pair in codes for code in pair for j in dropped(code)}
    for one, pair in zip(tasks, codes, strict=True):
        for where, code in zip(("statistics", "LD"), pair, strict=True):
            ledger += [(common[j], one.task, where, SAID[code[j]]) for j in np.flatnonzero(code)]
    keep = np.array([j for j in range(len(common)) if j not in lost], np.int64)
    if not len(keep):
        raise DataError("No variant is left that all statistics and LD have, with alleles that agree.")
    ids = [common[j] for j in keep]
    seen: dict[tuple[int, bytes, bytes], Floats] = {}
    statistics, R = [], []
    for one, panel, at, (mine, its) in zip(tasks, panels, places, codes, strict=True):
        own = {name: i for i, name in enumerate(one.ids)}
        statistics.append(_taken(one, ids, np.array([own[name] for name in ids]), signs(mine)[keep]))
        there, sign = np.array([at[name] for name in ids], np.int64), signs(its)[keep]
        key = (id(panel), there.tobytes(), sign.tobytes())
        if key not in seen:
            seen[key] = panel.among(there, sign)
        R.append(seen[key])
    return Aligned(statistics, R, pd.DataFrame(ledger, columns=["variant", "task", "where", "what"]))


def _places(one: Statistics, panel: Panel) -> dict[str, int]:
    """Where each variant of the statistics is in the panel."""
    counted = panel.ids == tuple(str(i) for i in range(panel.size))  # by pandas
    found = {name: i for i, name in enumerate(panel.ids or ())}
    known = {name: found[name] for name in one.ids if name in found}
    if known:
        return known
    if panel.ids is not None and not counted:
        raise DataError(
            f"{panel.said} has none of the variants of task {one.task!r}: it has variants such as '{panel.ids[0]}', "
            f"the statistics such as '{one.ids[0]}'; name both alike."
        )
    if panel.size != len(one.ids):
        raise DataError(
            f"{panel.said} has {panel.size} variants and no names, but task {one.task!r} has {len(one.ids)} "
            "statistics; name the variants of both."
        )
    return {name: i for i, name in enumerate(one.ids)}


def _note_absent(
    tasks: Sequence[Statistics], places: Sequence[dict[str, int]], common: set[str], ledger: list[Line]
) -> None:
    for one, at in zip(tasks, places, strict=True):
        ledger += [(name, one.task, "LD", "dropped: not in the LD") for name in one.ids if name not in at]
        ledger += [
            (name, one.task, "statistics", "dropped: not in every task")
            for name in one.ids if name in at and name not in common
        ]  # fmt: skip


def _reference(one: Statistics, common: Sequence[str]) -> Alleles | None:
    if one.alleles is None:
        return None
    own = {name: i for i, name in enumerate(one.ids)}
    return one.alleles.take([own[name] for name in common])


def _codes(
    one: Statistics, panel: Panel, common: Sequence[str], at: dict[str, int], reference: Alleles | None
) -> tuple[Ints, Ints]:
    """(p,) what the statistics and the panel are beside the reference."""
    if (one.alleles is None) != (reference is None) or (panel.alleles is None) != (reference is None):
        has, lacks = ("statistics", "LD") if reference is not None and panel.alleles is None else ("LD", "statistics")
        raise DataError(
            f"Task {one.task!r}: alleles of some {has} are known, but not those of its {lacks}; give both (alleles=, "
            "ld_alleles=), or none where they are certain to agree."
        )
    if one.alleles is None or panel.alleles is None or reference is None:
        return np.zeros(len(common), np.int64), np.zeros(len(common), np.int64)
    own = {name: i for i, name in enumerate(one.ids)}
    mine = one.alleles.take([own[name] for name in common])
    return compare(mine, reference), compare(panel.alleles.take([at[name] for name in common]), reference)


def _taken(one: Statistics, ids: Sequence[str], at: Ints, sign: Ints) -> Statistics:
    return replace(
        one,
        ids=tuple(ids),
        z=one.z[at] * sign,
        beta=None if one.beta is None else one.beta[at] * sign,
        se=None if one.se is None else one.se[at],
        maf=None if one.maf is None else np.where(sign < 0, 1 - one.maf[at], one.maf[at]),
        alleles=None if one.alleles is None else one.alleles.take(at),
    )
