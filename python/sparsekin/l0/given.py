"""Grids over lambda_2 without a search for it: supports first, values second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Bools
from sparsekin.l0.grid import GridFit, Settings, solve_grid
from sparsekin.l0.polish import refit_value
from sparsekin.l0.problem import Problem, zbar_penalty
from sparsekin.l0.search import Supports, as_mask


def solve_given(
    problem: Problem, settings: Settings, *, effort: int = 1, step: Callable[[int], None] = lambda n: None
) -> GridFit:
    """Search at lambda_2 = 0 and infinity; between them the best of the supports found there, by F at their refits.

    Parameters
    ----------
    problem : Problem
    settings : Settings
        With lambda_2 = 0 at every s, lambda_1 and lambda_z.
    effort, step
        As for `solve_grid`.

    Returns
    -------
    GridFit
        With Ctrl-C the settings that were met.
    """
    started, ends = time.perf_counter(), (settings.lambda_2 == 0) | settings.tied
    found = solve_grid(problem, settings.take(ends), effort=effort, step=step)
    supports: list[Supports] = [[] for _ in range(len(settings))]
    values, stopped = np.full(len(settings), np.nan), found.stopped
    for i, j in enumerate(np.flatnonzero(ends)):
        supports[j], values[j] = found.supports[i], found.objective[i]
    try:
        for row in np.empty(0, int) if stopped else np.flatnonzero(~ends):
            if np.isnan(values[row]):
                same = (settings.s == settings.s[row]) & (settings.lambda_1 == settings.lambda_1[row])
                alike = np.flatnonzero(same)
                _choose(problem, settings, supports, values, alike[ends[alike]], alike[~ends[alike]])
                step(int(np.sum(~ends[alike])))
    except KeyboardInterrupt:
        stopped = True
    seconds = time.perf_counter() - started
    return replace(
        found, settings=settings, supports=tuple(supports), objective=values, finished=~np.isnan(values),
        seconds=seconds, stopped=stopped,
    )  # fmt: skip


def _choose(
    problem: Problem, settings: Settings, supports: list[Supports], values: np.ndarray, known: np.ndarray,
    asked: np.ndarray,
) -> None:  # fmt: skip
    """Fill in the rows `asked`, which differ in lambda_2 and lambda_z, from the supports of the rows `known`."""
    masks: dict[bytes, tuple[Supports, Bools]] = {}
    for i in known:
        mask = as_mask(problem, supports[i])
        masks.setdefault(mask.tobytes(), (supports[i], mask))
    for link in np.unique(settings.lambda_2[asked]):
        rows = asked[settings.lambda_2[asked] == link]
        free = replace(settings.at(problem, int(rows[0])), lambda_z=0.0)
        smooth = [refit_value(free, mask) for _, mask in masks.values()]
        for row in rows:
            at = settings.at(problem, int(row))
            F = [value + zbar_penalty(at, mask) for value, (_, mask) in zip(smooth, masks.values(), strict=True)]
            best = int(np.argmin(F))
            supports[row], values[row] = list(masks.values())[best][0], F[best]
