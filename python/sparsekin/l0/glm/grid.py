"""Fits at many settings: walks along lambda_z from separate supports up and from common ones down, sizes upwards.

A model of a fit stays true when only lambda_z changes, so what one setting made serves the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.glm.descent import SHORTLIST, Descent
from sparsekin.l0.glm.fit import Fit
from sparsekin.l0.glm.single import renamed, with_columns
from sparsekin.l0.glm.starts import common, search, separate
from sparsekin.l0.glm.working_set import ALL_COLUMNS, first_columns
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports

HALVINGS = 10  # of the logarithm of lambda_z, towards the least at which supports are common
SPAN = 1e-6  # they are looked for down to this share of a bound

Step = Callable[[int], None]
Fits = dict[tuple[int, float], Fit]  # by s and lambda_z


def solve_settings(
    problem: Problem,
    rows: Sequence[tuple[float, float, int, float]],
    effort: int,
    step: Step,
    shortlist: int = SHORTLIST,
    ends: tuple[float, int] | None = None,
) -> tuple[list[Supports], Floats, bool]:
    """Supports and F at rows of (lambda_1, lambda_2, s, lambda_z); True at the end where Ctrl-C left some out.

    `ends`: the least lambda_1 and the largest s that candidates are for, by default those of the rows.
    """
    supports: list[Supports] = [[] for _ in rows]
    values = np.full(len(rows), np.nan)
    place = {row: i for i, row in enumerate(rows)}
    if not rows:
        return supports, values, False
    try:
        ends = (min(row[0] for row in rows), max(row[2] for row in rows)) if ends is None else ends
        columns = _columns(problem, *ends)
        inner = problem if columns is None else with_columns(problem, columns)
        for lambda_1 in sorted({row[0] for row in rows}):
            origins: dict[tuple[str, int], Fit] = {}
            for lambda_2 in sorted({row[1] for row in rows if row[0] == lambda_1}):
                wanted = [row for row in rows if row[:2] == (lambda_1, lambda_2)]
                asked = _with(inner, lambda_1, lambda_2, max(row[2] for row in wanted))
                at = Descent.open(asked, shortlist=shortlist)
                fits: Fits = {}
                try:
                    _solve_sheet(at, [row[2:] for row in wanted], effort, step, fits, origins)
                finally:
                    for (s, lambda_z), fit in fits.items():
                        i = place[lambda_1, lambda_2, s, lambda_z]
                        supports[i] = (fit if columns is None else renamed(fit, columns)).supports
                        values[i] = fit.F
    except KeyboardInterrupt:
        return supports, values, True
    return supports, values, False


def _with(problem: Problem, lambda_1: float, lambda_2: float, s: int) -> Problem:
    return replace(problem, lambda_1=lambda_1, lambda_2=lambda_2, lambda_z=0.0, s=np.full(problem.n_tasks, s, np.int64))


def _columns(problem: Problem, lambda_1: float, s: int) -> Ints | None:
    """Columns worth a walk, where there are many."""
    if problem.n_features <= ALL_COLUMNS:
        return None
    return first_columns(Descent.open(_with(problem, lambda_1, 0.0, s)))


def _solve_sheet(
    descent: Descent,
    settings: Sequence[tuple[int, float]],
    effort: int,
    step: Step,
    fits: Fits,
    origins: dict[tuple[str, int], Fit],
) -> None:
    """All s and lambda_z of one lambda_1 and lambda_2."""
    problem = descent.problem
    sizes, penalties = sorted({s for s, _ in settings}), sorted({z for _, z in settings})
    varies = problem.n_tasks > 1 and problem.support == "heterogeneous"
    before: dict[float, Fit] = {}
    for s in sizes:
        if s == 0:
            asked = [z for one, z in settings if one == 0]
            fits.update({(0, z): descent.null for z in asked})
            step(len(asked))
            continue
        at = descent.on(s=np.full(problem.n_tasks, s, np.int64))
        if not varies or (problem.lambda_2 == 0 and penalties == [0.0]):
            lead = search(at, effort, before.get(penalties[0]))
            if lead.interrupted:
                raise KeyboardInterrupt
            found = dict.fromkeys(penalties, lead.fit)
        else:
            found = _walked(at, penalties, effort, before, origins, s)
        for z in penalties:
            before[z] = found[z]
            if (s, z) in settings:
                fits[s, z] = found[z]
                step(1)


def _walked(
    at: Descent,
    penalties: Sequence[float],
    effort: int,
    before: dict[float, Fit],
    origins: dict[tuple[str, int], Fit],
    s: int,
) -> dict[float, Fit]:
    """Up in lambda_z from separate supports, down from common ones, on from the size before; the lower F is kept."""
    walks = [("apart", separate, list(penalties))]
    if effort > 0:
        walks.append(("together", common, list(penalties)[::-1]))
    found: dict[float, Fit] = {}
    for name, origin, along in walks:
        if (name, s) not in origins:
            origins[name, s] = origin(at)
        fit = origins[name, s]
        for z in along:
            here = at.on(lambda_z=z)
            fit = here.descend(here.again(fit))
            _keep(found, z, fit)
    for z in penalties:
        here = at.on(lambda_z=z)
        if z in before:
            _keep(found, z, here.descend(here.resized(here.again(before[z]))))
        if effort > 1:
            lead = search(here, 2, found[z])
            if lead.interrupted:
                raise KeyboardInterrupt
            _keep(found, z, lead.fit)
    if effort > 0:
        _exchanged(at, penalties, found)
    return found


def _exchanged(at: Descent, penalties: Sequence[float], found: dict[float, Fit]) -> None:
    """Neighbours in lambda_z try each other's supports."""
    for along in (penalties, penalties[::-1]):
        for z, other in zip(along[1:], along[:-1], strict=True):
            here = at.on(lambda_z=z)
            moved = here.again(found[other])
            if moved.F < found[z].F:
                _keep(found, z, here.descend(moved))


def _keep(found: dict[float, Fit], z: float, fit: Fit) -> None:
    if z not in found or fit.F < found[z].F:
        found[z] = fit


def lambda_z_max(problem: Problem, sizes: Sequence[int]) -> float:
    """The smallest lambda_z at which the search ends with common supports, the largest of these over all `sizes`."""
    if problem.n_tasks == 1 or problem.support != "heterogeneous":
        return 0.0
    columns = _columns(problem, problem.lambda_1, max(sizes))
    inner = problem if columns is None else with_columns(problem, columns)
    descent = Descent.open(_with(inner, problem.lambda_1, problem.lambda_2, max(sizes)))
    return max(_smallest_common(descent.on(s=np.full(problem.n_tasks, s, np.int64))) for s in set(sizes) if s > 0)


def _smallest_common(at: Descent) -> float:
    K = at.problem.n_tasks
    apart, together = at.again(separate(at)), at.again(common(at))
    bound = 2 * K / (K - 1) * (together.F - apart.F)
    if bound <= at.least:
        return 0.0
    low, high = np.log(SPAN * bound), np.log(bound)
    for _ in range(HALVINGS):
        here = at.on(lambda_z=float(np.exp((low + high) / 2)))
        ends = [here.descend(here.again(fit), 1) for fit in (apart, together)]
        best = min(ends, key=lambda fit: fit.F)
        if all(np.array_equal(best.supports[0], other) for other in best.supports[1:]):
            high = (low + high) / 2
        else:
            low, apart = (low + high) / 2, best
    return float(np.exp(high))
