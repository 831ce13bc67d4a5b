"""Axes for tuning parameters: 0 has a place beside a logarithmic scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = {"s": "s, features per task", "lambda_1": "λ₁ (ridge)", "lambda_2": "λ₂ (similar values)",
          "lambda_z": "λ_z (similar supports)"}  # fmt: skip


def label_of(name: str) -> str:
    """What a parameter is called on an axis."""
    return _NAMES[name]


def varying(table: pd.DataFrame) -> list[str]:
    """The parameters with more than one value."""
    return [name for name in ("s", "lambda_1", "lambda_2", "lambda_z") if table[name].nunique() > 1]


def axis_scale(ax: Axes, values: Floats, name: str) -> Callable[[Floats], Floats]:
    """Scale the x axis for the values of a parameter; the function that says where a value stands on it.

    Penalties stand on a logarithmic scale, 0 a step to the left of the least positive value; s on a plain one.
    """
    from matplotlib.ticker import MaxNLocator

    unique = np.unique(values)
    positive = unique[unique > 0]
    if name == "s" or len(positive) < 2 or len(positive) < len(unique) - 1:
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=name == "s"))
        return lambda x: np.asarray(x, float)
    ax.set_xscale("log")
    if len(positive) == len(unique):
        return lambda x: np.asarray(x, float)
    step = max(float(np.log10(positive[-1] / positive[0])) / 12, np.log10(positive[1] / positive[0]))
    zero = float(positive[0] / 10**step)
    low, high = int(np.ceil(np.log10(positive[0]))), int(np.floor(np.log10(positive[-1])))
    powers = np.arange(low, high + 1)
    powers = powers[:: max(1, len(powers) // 6)]
    ax.set_xticks([zero, *10.0**powers], ["0", *(f"$10^{{{power}}}$" for power in powers)])
    ax.minorticks_off()
    return lambda x: np.where(np.asarray(x) == 0, zero, x)
