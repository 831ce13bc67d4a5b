"""Cells of a heatmap, and tick labels beside and below them that cannot overlap."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import ceil
from typing import TYPE_CHECKING

from sparsekin.plots.canvas import axes_points, page_of
from sparsekin.plots.names import fitting_names, name_style, widest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONT = 9.0  # points, tick labels
_LINE = 1.25 * FONT  # points one line of labels needs
GAP = 5.0  # points between two labels on a line
_SHARE = 0.45  # of the width of given axes for names beside them


def fitted_labels(ax: Axes, rows: Sequence[Hashable], columns: Sequence[Hashable]) -> tuple[list[str], list[str]]:
    """Names of rows and columns that leave most of given axes to the cells."""
    width, height = axes_points(ax)
    return fitting_names(rows, _SHARE * width, FONT), fitting_names(columns, _SHARE * height, FONT)


def label_cells(ax: Axes, features: Sequence[str], tasks: Sequence[str]) -> None:
    """Tick labels that cannot overlap: turned when wider than a cell, and thinned when cells are too narrow.

    Where the figure is laid out to make room for the labels, they are set twice, because cells become smaller.
    """
    _set_labels(ax, features, tasks)
    if page_of(ax).get_layout_engine() is not None:
        page_of(ax).draw_without_rendering()
        _set_labels(ax, features, tasks)


def _set_labels(ax: Axes, features: Sequence[str], tasks: Sequence[str]) -> None:
    across, down = cell_points(ax, len(tasks), len(features))
    flat = widest(tasks, FONT) + GAP <= across
    columns, rows = _ticks(len(tasks), _LINE if not flat else across, across), _ticks(len(features), _LINE, down)
    rotation = 0 if flat else 90
    ax.set_xticks(columns, [tasks[i] for i in columns], rotation=rotation, fontsize=FONT, **name_style(tasks))
    ax.set_yticks(rows, [features[i] for i in rows], fontsize=FONT, **name_style(features))
    ax.set_xlim(-0.5, len(tasks) - 0.5)
    ax.set_ylim(max(len(features), 1) - 0.5, -0.5)
    ax.tick_params(length=0)
    ax.spines[:].set_color("0.6")


def _ticks(n: int, needed: float, cell: float) -> range:
    """Every so many of n ticks that `needed` points are free for each."""
    return range(0, n, max(1, ceil(needed / cell - 1e-9)))


def cell_points(ax: Axes, n_tasks: int, n_features: int) -> tuple[float, float]:
    """Width and height of one cell."""
    width, height = axes_points(ax)
    return width / n_tasks, height / max(n_features, 1)
