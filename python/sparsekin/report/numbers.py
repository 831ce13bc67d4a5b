"""Numbers and lists as they stand in a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

SHOWN = 20  # settings, evenly chosen


def number(value: float | None, digits: int = 4) -> str:
    """`value` to `digits` significant digits; blank when there is none or it is NaN.

    Examples
    --------
    >>> number(0.123456), number(1234567.0), number(None)
    ('0.1235', '1234567', '')
    """
    if value is None or math.isnan(value):
        return ""
    if 10**digits <= abs(value) < 1e8:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def fixed(value: float, digits: int = 3) -> str:
    """`value` to `digits` decimals; blank when NaN."""
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def mean_min_max(values: ArrayLike) -> list[str]:
    """Mean, least and largest of the values that are there (not NaN); blanks when none is."""
    there = np.asarray(values, float)
    there = there[~np.isnan(there)]
    return [number(float(f(there))) for f in (np.mean, np.min, np.max)] if len(there) else ["", "", ""]


def column_groups(widths: Sequence[int], room: int) -> list[range]:
    """Consecutive columns cut into groups whose widths, 2 spaces included, fit into `room`; at least one each.

    Examples
    --------
    >>> column_groups([4, 4, 4], room=12)
    [range(0, 2), range(2, 3)]
    """
    groups, start, used = [], 0, 0
    for i, width in enumerate(widths):
        if i > start and used + width + 2 > room:
            groups.append(range(start, i))
            start, used = i, 0
        used += width + 2
    return [*groups, range(start, len(widths))]


def evenly(m: int) -> list[int]:
    """At most `SHOWN` of m rows, the first and the last among them."""
    return sorted(set(np.linspace(0, m - 1, min(m, SHOWN)).round().astype(int).tolist()))


def left_out(m: int) -> list[str]:
    """Where to find the rows between those of `evenly`; nothing where all are shown."""
    return [f"{m - len(evenly(m))} settings between these: .table"] if m > SHOWN else []
