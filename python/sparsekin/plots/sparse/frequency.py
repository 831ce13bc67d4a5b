"""How often half-samples chose each feature, in any task and in each: a heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparsekin.errors import OptionError
from sparsekin.plots.canvas import check_count, check_matplotlib
from sparsekin.plots.cells import cell_points, fitted_labels, label_cells
from sparsekin.plots.heatmap import draw_heat, heat_axes, title_heat
from sparsekin.plots.names import short_names
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.stability import FDR
from sparsekin.results.unavailable import Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ANY = "any task"


def plot_frequency(fit: SparseFit, ax: Axes | None = None, *, max_features: int = 40) -> Axes:
    """Heatmap of the share of half-samples that chose each feature, in any task and in each; after `stability`.

    The most frequent features come first; a line is drawn below the last of them that is stable (see `select`, at a
    rate of .1). A dot is in the tasks whose own rows, in the halves that had no part in the choice, show the feature: a
    dark cell without one is borrowed from the other tasks.

    Parameters
    ----------
    fit : SparseFit
        After `stability`.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure of a fitting size, shown by a notebook as the value of a cell.
    max_features : int
        Show at most so many features, of those that were chosen at all.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    OptionError
        There are no halves, or `max_features` is not a whole number of at least 1.
    MissingExtraError
        matplotlib is not installed.
    """
    check_matplotlib("plot_frequency")
    check_count("max_features", max_features, 1)
    made = fit.discoveries(FDR)
    if isinstance(made, Unavailable):
        raise OptionError(f"plot_frequency draws half-samples: {made.reason}.")
    found, chosen = made
    order = np.argsort(-found.frequency_any, kind="stable")
    order = order[found.frequency_any[order] > 0]
    shown = order[:max_features]
    values = np.column_stack([found.frequency_any[shown], found.frequency[shown]])
    names, columns = [fit.blocks.feature_names[j] for j in shown], [_ANY, *fit.blocks.task_names]
    own = ax is None
    if ax is None:
        features, tasks = short_names(names), short_names(columns)
        ax = heat_axes(features, tasks, "frequency")
    else:
        features, tasks = fitted_labels(ax, names, columns)
    if len(shown):
        draw_heat(ax, values, (0.0, 1.0), "Blues", "share of half-samples")
    label_cells(ax, features, tasks)
    size = min(5.0, 0.5 * min(cell_points(ax, len(columns), len(shown))))
    places = {int(j): row for row, j in enumerate(shown)}
    for i, j in enumerate(found.features):
        at = np.flatnonzero(chosen.cells[i])
        if int(j) in places and len(at):
            ax.plot(
                at + 1, np.full(len(at), places[int(j)]), "o", color="white", markeredgecolor="0.2", markersize=size
            )
    stable = int(np.isin(shown, found.features[chosen.stable]).sum())
    if stable > 0:
        ax.axhline(stable - 0.5, color="#c0392b", linewidth=1.4)
    few = f"The first {len(shown)} of {len(order)} features" if len(shown) < len(order) else f"{len(shown)} features"
    title_heat(ax, f"{few}, {stable} stable; dot: shown by own rows", own)
    return ax
