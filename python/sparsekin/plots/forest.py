"""A forest: an estimate with its interval in each row, and below them what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.plots.canvas import axes_points, new_axes, page_of, set_title
from sparsekin.plots.names import fitting_names, name_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 0.3  # inches
_COLOUR, _QUIET = "tab:blue", "0.45"
_FONT = 9.0


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """K rows of a forest and their mean.

    ========= ================ ============================================================
    field     shape            meaning
    ========= ================ ============================================================
    names     K of str         before the rows
    estimate  (K,)             NaN: an empty row
    low, high (K,)             ends of intervals
    n         (K,)             rows of data, by which squares grow
    filled    (K,) bool        squares that are filled
    mean      (3,) or None     low end, estimate and high end of the mean
    predicted (2,) or None     ends of what is expected elsewhere
    mean_name str              before the mean
    ========= ================ ============================================================
    """

    names: tuple[str, ...]
    estimate: Floats
    low: Floats
    high: Floats
    n: Floats | Ints
    filled: Bools
    mean: tuple[float, float, float] | None
    predicted: tuple[float, float] | None
    mean_name: str


def forest_axes(name: str, n: int, width: float = 6.0) -> Axes:
    """New axes for n rows and their mean; `name` is the picture."""
    return new_axes(name, (width, 1.6 + _ROW * (n + 2)))


def draw_forest(ax: Axes, forest: Forest, reference: float | None = None) -> None:
    """Rows from the top, the mean as a diamond at 0.5, a thin line through it to what is expected elsewhere."""
    K = len(forest.names)
    rows = np.arange(K, 0, -1.0) + 1
    size = 20 + 100 * forest.n / max(float(forest.n.max()), 1.0)
    ax.hlines(rows, forest.low, forest.high, colors=_COLOUR, linewidth=1.4)
    ax.scatter(forest.estimate, rows, s=size, marker="s", facecolors=np.where(forest.filled, _COLOUR, "white"),
               edgecolors=_COLOUR, zorder=3)  # fmt: skip
    if reference is not None:
        ax.axvline(reference, color="0.7", linewidth=0.8, zorder=0)
    labels, ticks = list(forest.names), rows.tolist()
    if forest.mean is not None:
        a, middle, b = forest.mean
        ax.fill([a, middle, b, middle], [0.5, 0.75, 0.5, 0.25], color=_QUIET, zorder=3)
        if forest.predicted is not None:
            ax.hlines(0.5, *forest.predicted, colors=_QUIET, linewidth=1.0)
        ticks, labels = [*ticks, 0.5], [*labels, forest.mean_name]
    shown = fitting_names(labels, 0.4 * axes_points(ax)[0], _FONT)
    ax.set_yticks(ticks, shown, fontsize=_FONT, **name_style(shown))
    ax.set_ylim(0, K + 1.7)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)


def finish_forest(ax: Axes, title: str) -> None:
    """The title, once all else has its room."""
    if page_of(ax).get_layout_engine() is not None:
        page_of(ax).draw_without_rendering()
    set_title(ax, title)
