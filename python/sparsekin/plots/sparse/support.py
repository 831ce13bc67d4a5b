"""Which feature is in which task, and with what sign and size: a heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparsekin.plots.canvas import axes_points, check_count, check_matplotlib
from sparsekin.plots.cells import fitted_labels, label_cells
from sparsekin.plots.heatmap import draw_heat, heat_axes, title_heat
from sparsekin.plots.names import fitting_names, name_style, short_names
from sparsekin.results.sparse.average import AverageFit
from sparsekin.results.sparse.linear import LinearFit
from sparsekin.results.sparse.ranking import rank_features

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PALEST = 0.15  # how opaque the cell of a feature is that hardly a setting selects


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
    own = ax is None
    if ax is None:
        features, tasks = short_names(names), short_names(fit.blocks.task_names)
        ax = heat_axes(features, tasks, "support")
    else:
        features, tasks = fitted_labels(ax, names, fit.blocks.task_names)
    if len(shown):
        limit = float(np.nanmax(np.abs(values))) or 1.0
        opaque = None if shares is None else _PALEST + (1 - _PALEST) * shares
        draw_heat(ax, values, (-limit, limit), "coolwarm", "standardised coefficient", opaque)
    label_cells(ax, features, tasks)
    label = fitting_names([task], axes_points(ax)[0], 10.0)[0]
    ax.set_xlabel(label, **name_style([label]))
    title = _title(len(shown), len(order))
    title_heat(ax, f"{title}, paler: in fewer settings" if shares is not None and len(shown) else title, own)
    return ax


def _title(shown: int, selected: int) -> str:
    if selected == 0:
        return "No feature is selected"
    return "Selected features" if shown == selected else f"The first {shown} of {selected} selected features"
