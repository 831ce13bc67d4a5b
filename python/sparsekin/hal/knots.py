"""Where the knots of a column stand, by the rules of hal9001 0.4.6 (estimators.md section 2)."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from sparsekin.data.blocks import Floats

Bins: TypeAlias = "int | Literal['full']"


def default_bins(order: int, degree: int) -> int:
    """Knots per column in sections of `degree` columns: 20 / 2^(degree - 1) for steps, 10 / 2^(degree - 1) else.

    Halves round to the even number, at least 1.

    Examples
    --------
    >>> [default_bins(1, degree) for degree in (1, 2, 3)]
    [10, 5, 2]
    """
    return max(round((20 if order == 0 else 10) / 2 ** (degree - 1)), 1)


def place_knots(x: Floats, bins: Bins) -> Floats:
    """(m,) knots of a column (n,), ascending, all of them observed values.

    Every value where there are at most `bins` of them, or ``bins="full"``; the minimum for one bin; else the quantiles
    (type 1, the inverse of the distribution function) at `bins` equally spaced probabilities from 0 to
    max(1 - 20 / n, 0.98).

    Examples
    --------
    >>> place_knots(np.arange(100.0), 3)
    array([ 0., 48., 97.])
    """
    values = np.unique(x)
    if bins == "full" or len(values) <= bins:
        return values
    if bins == 1:
        return values[:1]
    n = len(x)
    return np.unique(inverse_cdf(np.sort(x), np.linspace(0.0, max(1.0 - 20.0 / n, 0.98), bins)))


def inverse_cdf(ordered: Floats, probabilities: Floats) -> Floats:
    """Type 1 quantiles of ascending values: the ceil(n p)-th, where a whole n p may be off by rounding."""
    place = len(ordered) * probabilities
    below = np.floor(place + 4 * np.finfo(float).eps)
    nth = below + (place > below)
    return np.asarray(ordered[np.maximum(nth, 1).astype(np.int64) - 1])
