"""Whether what is best stands at the edge of what was tried."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.tuning.sparse.dial.settings import DialSettings

FURTHER = (4.0, 16.0)  # multiples of the largest ridge that are tried next
ROUNDING = 1e-9  # of the loss: smaller differences are none


def at_edge(settings: DialSettings, losses: Floats, best: int, name: str) -> bool:
    """Whether the largest value of a parameter is better than all others, among settings of the best one's family.

    Parameters
    ----------
    settings : DialSettings
    losses : (m,) mean losses
    best : int
    name : "s", "lambda_1" or "lambda_z"
    """
    own = settings.family == settings.family[best]
    values = getattr(settings, name)
    last = own & (values == values[own].max())
    before = own & ~last
    return bool(last[best] and before.any() and losses[best] < np.nanmin(losses[before]) - ROUNDING * abs(losses[best]))


def extended(ridges: Floats) -> Floats:
    """The ridges, and larger ones."""
    return np.concatenate([ridges, ridges.max() * np.array(FURTHER)])
