"""Which feature is in which task, and with what sign and size: a heatmap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.plots.canvas import POINTS, axes_points, check_count, check_matplotlib, set_title
from sparsekin.plots.cells import FONT, GAP, cell_points, fitted_labels, label_cells
from sparsekin.plots.names import fitting_names, name_style, short_names, widest
from sparsekin.results.sparse.average import AverageFit
from sparsekin.results.sparse.linear import LinearFit
from sparsekin.results.sparse.ranking import rank_features

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW, _COLUMN = 0.25, 0.55  # inches of a cell while there is room
_LEAST, _MOST = (2.2, 2.2), (11.0, 13.0)  # inches of all cells: width, height
_PALEST = 0.15  # how opaque the cell of a feature is that hardly a setting selects
_GRID = 5.0  # points of a cell from which lines between cells are drawn


def plot_support(fit: LinearFit, ax: Axes | None = None, *, max_features: int = 60) -> Axes:
    """Heatmap of the standardised coefficients: selected features down, tasks across, blank where not selected.

    Features in most tasks come first, larger ones first among them. Red is positive, blue negative, grey near 0. Of an
    average, a cell is the paler the fewer settings select the feature in the task.

    Parameters
    ----------
    fit : LinearFit
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure of a fitting size, shown by a notebook as the value of a cell (not a
        pyplot figure: ``ax.figure.savefig(...)``).
    max_features : int
        Show at most so many features.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    OptionError
        `max_features` is not a whole number of at least 1.
    """
    check_matplotlib("plot_support")
    check_count("max_features", max_features, 1)
    found = fit.estimates
    order = rank_features(found.support, found.coef_standardized)
    shown = order[:max_features]
    values = np.where(found.support[shown], found.coef_standardized[shown], np.nan)
    shares = fit.inclusion[shown] if isinstance(fit, AverageFit) else None
    names = [fit.blocks.feature_names[j] for j in shown]
    task = "outcome" if fit.blocks.shared else "" if fit.design.task is None else str(fit.design.task)
    if ax is None:
        features, tasks = short_names(names), short_names(fit.blocks.task_names)
        ax = _new_axes(features, tasks)
    else:
        features, tasks = fitted_labels(ax, names, fit.blocks.task_names)
    if len(shown):
        _draw_cells(ax, values, shares)
    label_cells(ax, features, tasks)
    label = fitting_names([task], axes_points(ax)[0], 10.0)[0]
    ax.set_xlabel(label, **name_style([label]))
    title = _title(len(shown), len(order))
    set_title(ax, f"{title}, paler: in fewer settings" if shares is not None and len(shown) else title, FONT + 2)
    return ax


def _title(shown: int, selected: int) -> str:
    if selected == 0:
        return "No feature is selected"
    return "Selected features" if shown == selected else f"The first {shown} of {selected} selected features"


def _cells_inches(n_features: int, n_tasks: int) -> tuple[float, float]:
    """Width and height of all cells."""
    width, height = _COLUMN * n_tasks, _ROW * n_features
    return float(np.clip(width, _LEAST[0], _MOST[0])), float(np.clip(height, _LEAST[1], _MOST[1]))


def _new_axes(features: Sequence[str], tasks: Sequence[str]) -> Axes:
    """Axes in a new figure that leaves room for the labels and the colour bar around the cells."""
    from sparsekin.plots.shown import ShownAxes, ShownFigure

    width, height = _cells_inches(len(features), len(tasks))
    turned = 0.2 if widest(tasks, FONT) + GAP <= width * POINTS / len(tasks) else widest(tasks, FONT) / POINTS
    left, right, top, below = widest(features, FONT) / POINTS + 0.2, 1.2, 0.45, turned + 0.5
    full_width, full_height = left + width + right, below + height + top
    place = (left / full_width, below / full_height, width / full_width, height / full_height)
    figure = ShownFigure(figsize=(full_width, full_height))
    return figure.add_axes(place, label="support", axes_class=ShownAxes)


def _draw_cells(ax: Axes, values: Floats, shares: Floats | None) -> None:
    limit = float(np.nanmax(np.abs(values))) or 1.0
    m, n_tasks = values.shape
    edges = np.arange(n_tasks + 1) - 0.5, np.arange(m + 1) - 0.5
    cells = ax.pcolormesh(*edges, np.ma.masked_invalid(values), cmap="coolwarm", vmin=-limit, vmax=limit)
    if shares is not None:
        cells.set(alpha=_PALEST + (1 - _PALEST) * shares)
    across, down = cell_points(ax, n_tasks, m)
    if across > _GRID:
        ax.vlines(edges[0][1:-1], edges[1][0], edges[1][-1], colors="0.85", linewidth=0.5)
    if down > _GRID:
        ax.hlines(edges[1][1:-1], edges[0][0], edges[0][-1], colors="0.85", linewidth=0.5)
    width, height = axes_points(ax)
    bar = ax.inset_axes((1 + 12 / width, max(0.0, 1 - 216 / height), 11 / width, min(1.0, 216 / height)))
    ax.figure.colorbar(cells, cax=bar, label="standardised coefficient")
    bar.tick_params(labelsize=FONT - 1)
