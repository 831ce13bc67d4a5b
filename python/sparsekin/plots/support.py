"""Which feature is in which task, and with what sign and size: a heatmap."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.errors import MissingExtraError
from sparsekin.results.ranking import rank_features
from sparsekin.results.sparse import SparseFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 72.0  # per inch
_FONT = 9.0  # points, tick labels
_LINE = 1.25 * _FONT  # points one line of labels needs
_GAP = 5.0  # points between two labels on a line
_ROW, _COLUMN = 0.25, 0.55  # inches of a cell while there is room
_LEAST, _MOST = (2.2, 2.2), (11.0, 13.0)  # inches of all cells: width, height
_LONGEST = 34  # letters of a label
_GRID = 5.0  # points of a cell from which lines between cells are drawn


def plot_support(fit: SparseFit, ax: Axes | None = None, *, max_features: int = 60) -> Axes:
    """Heatmap of the standardised coefficients: selected features down, tasks across, blank where not selected.

    Features in most tasks come first, larger ones first among them. Red is positive, blue negative, grey near 0.

    Parameters
    ----------
    fit : SparseFit
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure of a fitting size (not a pyplot figure: ``ax.figure.savefig(...)``).
    max_features : int
        Show at most so many features.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    order = rank_features(fit.solution.support, fit.solution.coef_standardized)
    shown = order[:max_features]
    values = np.where(fit.solution.support[shown], fit.solution.coef_standardized[shown], np.nan)
    features = [_cut(fit.blocks.feature_names[j]) for j in shown]
    tasks = [_cut(str(task)) for task in fit.blocks.task_names]
    if ax is None:
        ax = _new_axes(features, tasks)
    if len(shown):
        _draw_cells(ax, values)
    _label_axes(ax, features, tasks)
    ax.set_xlabel("outcome" if fit.blocks.shared else "" if fit.design.task is None else str(fit.design.task))
    ax.set_title(_title(len(shown), len(order)), loc="left", fontsize=_FONT + 2)
    return ax


def _title(shown: int, selected: int) -> str:
    if selected == 0:
        return "No feature is selected"
    return "Selected features" if shown == selected else f"The first {shown} of {selected} selected features"


def _cut(label: str) -> str:
    """A long label without its middle: the end often tells factor levels apart."""
    half = _LONGEST // 2
    return label if len(label) <= _LONGEST else f"{label[: half - 1]}…{label[-half:]}"


def _cells_inches(n_features: int, n_tasks: int) -> tuple[float, float]:
    """Width and height of all cells."""
    width, height = _COLUMN * n_tasks, _ROW * n_features
    return float(np.clip(width, _LEAST[0], _MOST[0])), float(np.clip(height, _LEAST[1], _MOST[1]))


def _new_axes(features: Sequence[str], tasks: Sequence[str]) -> Axes:
    """Axes in a new figure that leaves room for the labels and the colour bar around the cells."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError('plot_support needs matplotlib: pip install "sparsekin[plots]"') from error
    width, height = _cells_inches(len(features), len(tasks))
    turned = 0.2 if _widest(tasks) + _GAP <= width * _POINTS / len(tasks) else _widest(tasks) / _POINTS
    left, right, top, below = _widest(features) / _POINTS + 0.2, 1.2, 0.45, turned + 0.5
    full_width, full_height = left + width + right, below + height + top
    figure = Figure(figsize=(full_width, full_height))
    FigureCanvasAgg(figure)
    return figure.add_axes(
        (left / full_width, below / full_height, width / full_width, height / full_height), label="support"
    )


def _draw_cells(ax: Axes, values: Floats) -> None:
    limit = float(np.nanmax(np.abs(values))) or 1.0
    m, n_tasks = values.shape
    edges = np.arange(n_tasks + 1) - 0.5, np.arange(m + 1) - 0.5
    cells = ax.pcolormesh(*edges, np.ma.masked_invalid(values), cmap="coolwarm", vmin=-limit, vmax=limit)
    across, down = _cell_points(ax, n_tasks, m)
    if across > _GRID:
        ax.vlines(edges[0][1:-1], edges[1][0], edges[1][-1], colors="0.85", linewidth=0.5)
    if down > _GRID:
        ax.hlines(edges[1][1:-1], edges[0][0], edges[0][-1], colors="0.85", linewidth=0.5)
    width, height = _axes_points(ax)
    bar = ax.inset_axes((1 + 12 / width, max(0.0, 1 - 216 / height), 11 / width, min(1.0, 216 / height)))
    ax.figure.colorbar(cells, cax=bar, label="standardised coefficient")
    bar.tick_params(labelsize=_FONT - 1)


def _label_axes(ax: Axes, features: Sequence[str], tasks: Sequence[str]) -> None:
    """Tick labels that cannot overlap: turned when wider than a cell, and thinned when cells are too narrow."""
    across, down = _cell_points(ax, len(tasks), len(features))
    flat = _widest(tasks) + _GAP <= across
    columns, rows = _ticks(len(tasks), _LINE if not flat else across, across), _ticks(len(features), _LINE, down)
    ax.set_xticks(columns, [tasks[i] for i in columns], rotation=0 if flat else 90, fontsize=_FONT, parse_math=False)
    ax.set_yticks(rows, [features[i] for i in rows], fontsize=_FONT, parse_math=False)
    ax.set_xlim(-0.5, len(tasks) - 0.5)
    ax.set_ylim(max(len(features), 1) - 0.5, -0.5)
    ax.tick_params(length=0)
    ax.spines[:].set_color("0.6")


def _widest(labels: Sequence[str]) -> float:
    """Points the widest label needs, and a tenth more, because letters are fitted to the pixels when drawn."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=_FONT)
    measure = text_to_path.get_text_width_height_descent
    return 1.1 * max((measure(label, font, ismath=False)[0] for label in labels), default=0.0)


def _ticks(n: int, needed: float, cell: float) -> range:
    """Every so many of n ticks that `needed` points are free for each."""
    return range(0, n, max(1, ceil(needed / cell - 1e-9)))


def _axes_points(ax: Axes) -> tuple[float, float]:
    box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
    return box.width * _POINTS, box.height * _POINTS


def _cell_points(ax: Axes, n_tasks: int, n_features: int) -> tuple[float, float]:
    """Width and height of one cell."""
    width, height = _axes_points(ax)
    return width / n_tasks, height / max(n_features, 1)
