"""One feature in all tasks: held-out slopes with intervals, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparsekin.errors import OptionError
from sparsekin.inference.heterogeneity import heterogeneity_of
from sparsekin.plots.canvas import axes_points, check_matplotlib, new_axes, page_of, set_title
from sparsekin.plots.names import fitting_names, name_style
from sparsekin.results.naming import shorten
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.stability import FDR, check_share, statuses
from sparsekin.results.unavailable import Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 0.3  # inches of a task
_COLOUR, _QUIET = "tab:blue", "0.45"


def plot_forest(fit: SparseFit, feature: str, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
    """Forest plot of the held-out slopes of one feature in all tasks; after `stability`.

    Filled squares are tasks in which the fit selects the feature, hollow ones others; their area grows with the rows
    of the task. Below them the random-effects mean as a diamond, and the interval in which the slope of another task is
    expected, from four tasks on. The names say how often half-samples chose the feature in the task, and where it is
    borrowed: selected, and not shown by the task's own rows.

    Parameters
    ----------
    fit : SparseFit
        After `stability`.
    feature : str
    ax : matplotlib Axes, optional
    level : float
        Of the intervals.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    OptionError
        There are no halves, the feature is none of the candidates or was hardly chosen, or `level` is out of range.
    MissingExtraError
        matplotlib is not installed.
    """
    check_matplotlib("plot_forest")
    check_share("level", level)
    made = fit.discoveries(FDR)
    if isinstance(made, Unavailable):
        raise OptionError(f"plot_forest draws half-samples: {made.reason}.")
    found, discovered = made
    names = list(fit.blocks.feature_names)
    if feature not in names:
        raise OptionError(f"There is no candidate {feature!r}; there are {shorten(names)}.")
    at = np.flatnonzero(found.features == names.index(feature))
    if len(at) == 0:
        share = found.frequency_any[names.index(feature)]
        raise OptionError(
            f"{feature!r} was chosen by {100 * share:.0f} % of the half-samples, too few to estimate its slopes."
        )
    i, j = int(at[0]), names.index(feature)
    low, high = (end[i] for end in found.interval(level))
    K = fit.blocks.n_tasks
    ax = new_axes("plot_forest", (6.0, 1.6 + _ROW * (K + 2))) if ax is None else ax
    rows = np.arange(K, 0, -1.0) + 1
    size = 20 + 100 * fit.blocks.n_obs / fit.blocks.n_obs.max()
    chosen = fit.solution.support[j]
    ax.hlines(rows, low, high, colors=_COLOUR, linewidth=1.4)
    ax.scatter(found.slope[i], rows, s=size, marker="s", facecolors=np.where(chosen, _COLOUR, "white"),
               edgecolors=_COLOUR, zorder=3)  # fmt: skip
    ax.axvline(0, color="0.7", linewidth=0.8, zorder=0)
    said = statuses(found, discovered, fit.solution.support)[j]
    labels = [
        f"{name} ({f:.2f}{', borrowed' if status == 'borrowed' else ''})"
        for name, f, status in zip(fit.blocks.task_names, found.frequency[j], said, strict=True)
    ]
    together = heterogeneity_of(found.slope[i], found.se[i], found.df[i])
    title = f"chosen by {100 * found.frequency_any[j]:.0f} % of half-samples"
    ticks = rows.tolist()
    if together is not None:
        a, b = together.interval(level)
        ax.fill([a, together.mean, b, together.mean], [0.5, 0.75, 0.5, 0.25], color=_QUIET, zorder=3)
        ends = together.prediction(level)
        if together.df > 2:  # with three tasks or fewer it says nothing
            ax.hlines(0.5, *ends, colors=_QUIET, linewidth=1.0)
        ticks, labels = [*ticks, 0.5], [*labels, "mean of tasks"]
        title += f"; I² = {100 * together.I2:.0f} %, p of equal slopes = {together.welch_p:.2g}"
    width = 0.4 * axes_points(ax)[0]
    shown = fitting_names(labels, width, 9.0)
    ax.set_yticks(ticks, shown, fontsize=9, **name_style(shown))
    ax.set_ylim(0, K + 1.7)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    name = fitting_names([feature], 0.5 * axes_points(ax)[0], 9.0)[0]
    ax.set_xlabel(f"slope of {name}, {100 * level:g} %", fontsize=9, **name_style([name]))
    if page_of(ax).get_layout_engine() is not None:
        page_of(ax).draw_without_rendering()
    set_title(ax, title)
    return ax
