"""Why the always-in columns of a task have no finite coefficients, in the user's names."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from sparsekin.data.blocks import Bools, Floats, TaskBlocks

_LEVEL = re.compile(r"(.+)\[(?:T\.)?(.+)\]")


def describe_separation(blocks: TaskBlocks, k: int) -> str:
    """Which rows have one outcome only: of a level, of a value, beyond a value, or of several columns together.

    Examples
    --------
    >>> ward = np.repeat([0.0, 0.0, 1.0], 2)[:, None]
    >>> y = (np.array([0.0, 1.0, 1.0, 0.0, 0.0, 0.0]),)
    >>> none = np.empty((6, 0))
    >>> describe_separation(TaskBlocks(none, y, (slice(0, 6),), (None,), ward, ("A",), (), ("ward[T.icu]",)), 0)
    "no row with ward = 'icu' (2 rows) has the outcome 1"
    """
    w, keep = blocks.weights[k], blocks.keep_of(k)
    counts = np.ones(len(keep), bool) if w is None else w > 0
    y, keep = blocks.outcome_of(k)[counts], keep[counts]
    if events := y.ndim == 2 or not np.isin(y, (0.0, 1.0)).all():
        y = (y[:, -1] > 0).astype(float) if y.ndim == 2 else (y > 0).astype(float)
    for what, rows in _cells(keep, blocks.keep_names):
        if rows.any() and np.all(y[rows] == y[rows][0]) and not (events and y[rows][0]):
            n = int(rows.sum())
            lacks = "an event" if events else f"the outcome {1 - y[rows][0]:g}"
            return f"no row with {what} ({n} row{'s' * (n != 1)}) has {lacks}"
    for name, column in zip(blocks.keep_names, keep.T, strict=True):
        for sign, side in ((1.0, "below"), (-1.0, "above")):
            ones, others = sign * column[y == 1], sign * column[y == 0]
            if events or not len(ones) or not len(others):
                continue
            if ones.min() >= others.max():
                return f"the outcome is 1 only where {name} is not {side} {sign * ones.min():g}"
    return f"the columns {', '.join(blocks.keep_names)} together tell some outcomes for certain"


def _cells(keep: Floats, names: tuple[str, ...]) -> Iterator[tuple[str, Bools]]:
    """Levels of factors, reference levels, and values of other columns that have two."""
    factors: dict[str, dict[int, str]] = {}
    for j, name in enumerate(names):
        if set(np.unique(keep[:, j]).tolist()) <= {0.0, 1.0} and (found := _LEVEL.fullmatch(name)):
            column, level = found.groups()
            factors.setdefault(column, {})[j] = level
            yield f"{column} = '{level}'", keep[:, j] == 1
    for column, levels in factors.items():
        listed = " nor ".join(f"'{level}'" for level in levels.values())
        which = "neither" if len(levels) > 1 else "not"
        yield f"{column} {which} {listed}", np.all(keep[:, list(levels)] == 0, axis=1)
    in_factors = {j for levels in factors.values() for j in levels}
    for j in sorted(set(range(len(names))) - in_factors):
        values = np.unique(keep[:, j])
        for value in values[::-1] if len(values) == 2 else ():
            yield f"{names[j]} = {value:g}", keep[:, j] == value
