"""Axes for tuning parameters: 0 has a place beside a logarithmic scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, Ints
from sparsekin.plots.canvas import axes_points

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


def held_text(table: pd.DataFrame, row: pd.Series, drawn: tuple[str | None, ...]) -> str:
    """The settings a picture holds fixed: those that vary in the table, and penalties that are not 0."""
    many = varying(table)
    held = [name for name in _NAMES if name not in drawn and (name in many or (name != "s" and row[name] > 0))]
    return ", ".join(f"{name} = {row[name]:g}" for name in held)


def spaced(ax: Axes, at: Floats, points: float) -> Ints:
    """Positions of the values so many points apart on the x axis, from the left."""
    where = ax.transData.transform(np.column_stack([at, np.full(len(at), ax.get_ylim()[0])]))[:, 0]
    where = where * 72.0 / ax.figure.dpi
    keep: list[int] = []
    for i in np.argsort(where, kind="stable").tolist():
        if not keep or where[i] - where[keep[-1]] >= points:
            keep.append(i)
    return np.array(keep, int)


def log_scale(ax: Axes) -> None:
    """A logarithmic x axis with few labels: between powers of ten only where these are too few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.set_xscale("log")
    low, high = np.log10(ax.get_xlim())
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high - low < 2 else (1.0,), numticks=_most_ticks(ax)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _scale_to_infinity(ax: Axes, unique: Floats) -> Callable[[Floats], Floats]:
    """A logarithmic axis whose ends may be 0 and infinity, each a step beyond the values between them."""
    inner = unique[(unique > 0) & np.isfinite(unique)]
    low, high = (float(inner[0]), float(inner[-1])) if len(inner) else (1.0, 1.0)
    step = max(np.log10(high / low) / 8, 0.5)
    zero, infinity = low / 10**step, high * 10**step
    ax.set_xscale("log")
    spots = inner[np.unique(np.linspace(0, len(inner) - 1, 6).round().astype(int))] if len(inner) else inner
    ticks = [*([(zero, "0")] if unique[0] == 0 else []), *((value, f"{value:.3g}") for value in spots), (infinity, "∞")]
    ax.set_xticks([at for at, _ in ticks], [text for _, text in ticks])
    ax.minorticks_off()
    return lambda x: np.clip(np.asarray(x, float), zero, infinity)


def _most_ticks(ax: Axes) -> int:
    """How many numbers stand side by side below axes, beside which a legend may come."""
    return min(8, max(2, int(axes_points(ax)[0] / 55)))


def axis_scale(ax: Axes, values: Floats, name: str) -> Callable[[Floats], Floats]:
    """Scale the x axis for the values of a parameter; the function that says where a value stands on it.

    Penalties stand on a logarithmic scale, 0 a step to the left of the least positive value, infinity a step to the
    right of the largest finite one; s on a plain one.
    """
    from matplotlib.ticker import MaxNLocator

    unique = np.unique(values)
    if np.isinf(unique).any():
        return _scale_to_infinity(ax, unique)
    positive = unique[unique > 0]
    if name == "s" or len(positive) < 2 or len(positive) < len(unique) - 1:
        if name != "s" and len(unique) < 3:
            ax.set_xticks(unique, [f"{value:g}" for value in unique])
        else:
            ax.xaxis.set_major_locator(MaxNLocator(_most_ticks(ax), integer=name == "s"))
        return lambda x: np.asarray(x, float)
    log_scale(ax)
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
