"""Statistics and LD as `from_summary` is given them, made fit to compute with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.data.summary import numbers
from sparsekin.data.summary.aligned import Aligned, align
from sparsekin.data.summary.panel import Panel, read_panel
from sparsekin.data.summary.statistics import Statistics, read_statistics
from sparsekin.errors import DataError, OptionError


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Aligned statistics, LD as given and shrunk, and what it says of all variants together."""

    aligned: Aligned
    R: list[Floats]
    joint: list[numbers.Joint]


def read_given(
    z: Any, ld: Any, n: Any, beta: Any, se: Any, maf: Any, alleles: Any, ld_alleles: Any, shrink: Any, ld_n: Any,
    y_sd: Any, one_sample: bool, variants: Sequence[object] | None,
) -> Given:  # fmt: skip
    """Read the arguments of `from_summary`."""
    if ld is None or n is None:
        raise OptionError(f"{'ld' if ld is None else 'n'}= is missing: give the LD of the variants, and n, the rows.")
    tasks = read_statistics(z, beta, se, maf, n, alleles, y_sd, variants)
    if one_sample and (isinstance(ld, Mapping) or len({one.n for one in tasks}) > 1):
        raise OptionError("one_sample=True means one LD and one n for all outcomes; leave it out for cohorts.")
    aligned = align(tasks, _panels(ld, ld_alleles, tasks))
    made: dict[tuple[int, float], Floats] = {}
    R = []
    for one, own in zip(aligned.statistics, aligned.R, strict=True):
        share = _share(shrink, ld_n, one, own)
        key = (id(own), share)
        made.setdefault(key, own if share == 0 else numbers.shrunk(own, share))
        R.append(made[key])
    joint = [numbers.joint(A, r_of(one)[:, None]) for one, A in zip(aligned.statistics, R, strict=True)]
    return Given(aligned, R, joint)


def _panels(ld: Any, alleles: Any, tasks: Sequence[Statistics]) -> list[Panel]:
    """The panel of each task: one object where tasks share it."""
    own = isinstance(alleles, Mapping) and "effect_allele" not in alleles
    if not isinstance(ld, Mapping):
        if own:
            raise OptionError("ld_alleles is a dict by task, but ld is one panel for all; give one table of alleles.")
        return [read_panel(ld, alleles, "The LD")] * len(tasks)
    lacking = [one.task for one in tasks if one.task not in ld]
    if lacking:
        raise DataError(f"ld has no LD of task {lacking[0]!r}; it has {', '.join(map(repr, ld))}.")
    return [
        read_panel(ld[one.task], alleles.get(one.task) if own else alleles, f"The LD of task {one.task!r}")
        for one in tasks
    ]


def _share(shrink: Any, ld_n: Any, one: Statistics, R: Floats) -> float:
    """Share of the identity for one task."""
    share = shrink.get(one.task, 0.0) if isinstance(shrink, Mapping) else shrink
    rows = ld_n.get(one.task) if isinstance(ld_n, Mapping) else ld_n
    if isinstance(share, str) and share == "auto":
        if not isinstance(rows, int | float | np.number) or not rows > 1:
            raise OptionError('shrink="auto" needs ld_n=, the number of people that the LD was computed from.')
        return numbers.shrinkage(R, float(rows))
    if isinstance(share, bool) or not isinstance(share, int | float | np.number) or not 0 <= share < 1:
        raise OptionError(f'shrink = {share!r} must be a number from 0 to below 1, or "auto".')
    return float(share)


def r_of(one: Statistics) -> Floats:
    """(p,) correlations with the outcome."""
    return numbers.correlations(one.z, one.n)


def units_of(one: Statistics) -> tuple[Floats, Floats, Floats]:
    """Standard deviations and means (p,) of the columns, and the standard deviation (1,) of the outcome."""
    dosage = None if one.maf is None else np.sqrt(2 * one.maf * (1 - one.maf))
    mean = np.zeros(len(one.ids)) if one.maf is None else 2 * one.maf
    if one.beta is None or one.se is None:
        return np.ones(len(one.ids)) if dosage is None else dosage, mean, np.array([one.y_sd or 1.0])
    relative = numbers.relative_sd(one.beta, one.se, one.n)
    y_sd = one.y_sd or (1.0 if dosage is None else float(np.median(dosage / relative)))
    return relative * y_sd, mean, np.array([y_sd])
