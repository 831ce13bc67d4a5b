"""A heatmap of features down and tasks across, with its colour bar, in a figure of a fitting size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.plots.canvas import POINTS, axes_points, set_title
from sparsekin.plots.cells import FONT, GAP, cell_points
from sparsekin.plots.names import widest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW, _COLUMN = 0.25, 0.55  # inches of a cell while there is room
_LEAST, _MOST = (2.2, 2.2), (11.0, 13.0)  # inches of all cells: width, height
_RIGHT = 1.2  # inches beside the cells, for the colour bar
_GRID = 5.0  # points of a cell from which lines between cells are drawn


def _cells_inches(n_features: int, n_tasks: int) -> tuple[float, float]:
    """Width and height of all cells."""
    width, height = _COLUMN * n_tasks, _ROW * n_features
    return float(np.clip(width, _LEAST[0], _MOST[0])), float(np.clip(height, _LEAST[1], _MOST[1]))


def heat_axes(features: Sequence[str], tasks: Sequence[str], label: str) -> Axes:
    """Axes in a new figure that leaves room for the labels and the colour bar around the cells."""
    from sparsekin.plots.shown import ShownAxes, ShownFigure

    width, height = _cells_inches(len(features), len(tasks))
    turned = 0.2 if widest(tasks, FONT) + GAP <= width * POINTS / len(tasks) else widest(tasks, FONT) / POINTS
    left, right, top, below = widest(features, FONT) / POINTS + 0.2, _RIGHT, 0.45, turned + 0.5
    full_width, full_height = left + width + right, below + height + top
    place = (left / full_width, below / full_height, width / full_width, height / full_height)
    figure = ShownFigure(figsize=(full_width, full_height))
    return figure.add_axes(place, label=label, axes_class=ShownAxes)


def title_heat(ax: Axes, text: str, own: bool) -> None:
    """A title above the cells, in a figure of `heat_axes` (`own`) above the colour bar as well."""
    set_title(ax, text, FONT + 2, 0.9 * POINTS * _RIGHT if own else 0.0)


def draw_heat(
    ax: Axes, values: Floats, limits: tuple[float, float], cmap: str, label: str, opaque: Floats | None = None
) -> None:
    """Cells (m, K) between two limits of the colours, NaN blank, and their colour bar."""
    m, n_tasks = values.shape
    edges = np.arange(n_tasks + 1) - 0.5, np.arange(m + 1) - 0.5
    cells = ax.pcolormesh(*edges, np.ma.masked_invalid(values), cmap=cmap, vmin=limits[0], vmax=limits[1])
    if opaque is not None:
        cells.set(alpha=opaque)
    across, down = cell_points(ax, n_tasks, m)
    if across > _GRID:
        ax.vlines(edges[0][1:-1], edges[1][0], edges[1][-1], colors="0.85", linewidth=0.5)
    if down > _GRID:
        ax.hlines(edges[1][1:-1], edges[0][0], edges[0][-1], colors="0.85", linewidth=0.5)
    width, height = axes_points(ax)
    bar = ax.inset_axes((1 + 12 / width, max(0.0, 1 - 216 / height), 11 / width, min(1.0, 216 / height)))
    ax.figure.colorbar(cells, cax=bar, label=label)
    bar.tick_params(labelsize=FONT - 1)
