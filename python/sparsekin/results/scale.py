"""On which scale a prediction is asked for, and whether the families have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.errors import OptionError
from sparsekin.options import Scale, check_option


def read_scale(type: Scale | None, times: object, families: Sequence[str]) -> str:
    """The scale asked for; by default means, of cox tasks the risk, of both the link.

    Raises
    ------
    OptionError
        Its name is unknown, the families do not have it, or times are given without need or needed and not given.
    """
    named = sorted(set(families))
    allowed: tuple[str, ...] = ("response", "link")
    if "cox" in named:
        allowed = ("risk", "link", "survival") if len(named) == 1 else ("link",)
    if type is not None:
        check_option("type", type, get_args(Scale))
        if type not in allowed:
            listed = " or ".join(map(repr, allowed))
            raise OptionError(f"type={type!r} is not for {', '.join(named)} outcomes; use {listed}.")
    if (type == "survival") != (times is not None):
        raise OptionError('times= goes with type="survival": the times at which survival is predicted.')
    return allowed[0] if type is None else type


def read_times(times: object) -> Floats:
    """(m,) times.

    Raises
    ------
    OptionError
        They are not numbers of at least 0.
    """
    try:
        at = np.atleast_1d(np.asarray(times, float))
    except (TypeError, ValueError):
        at = np.array([np.nan])
    if at.ndim != 1 or not np.isfinite(at).all() or (at < 0).any():
        raise OptionError(f"times = {times!r} must be numbers of at least 0.")
    return at
