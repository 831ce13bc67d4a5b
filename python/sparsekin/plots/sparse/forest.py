"""One feature in all tasks: held-out slopes with intervals, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparsekin.errors import OptionError
from sparsekin.inference.heterogeneity import heterogeneity_of
from sparsekin.options import check_level
from sparsekin.plots.canvas import axes_points, check_matplotlib
from sparsekin.plots.forest import Forest, draw_forest, finish_forest, forest_axes
from sparsekin.plots.names import fitting_names, name_style
from sparsekin.results.naming import shorten
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.stability import FDR, statuses
from sparsekin.results.unavailable import Unavailable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    check_level("level", level)
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
    said = statuses(found, discovered, fit.solution.support)[j]
    labels = [
        f"{name} ({f:.2f}{', borrowed' if status == 'borrowed' else ''})"
        for name, f, status in zip(fit.blocks.task_names, found.frequency[j], said, strict=True)
    ]
    together = heterogeneity_of(found.slope[i], found.se[i], found.df[i])
    title = f"chosen by {100 * found.frequency_any[j]:.0f} % of half-samples"
    mean, predicted = None, None
    if together is not None:
        a, b = together.interval(level)
        mean = (a, together.mean, b)
        predicted = together.prediction(level) if together.df > 2 else None  # with three tasks or fewer it says nothing
        title += f"; I² = {100 * together.I2:.0f} %, p of equal slopes = {together.welch_p:.2g}"
    forest = Forest(
        tuple(labels), found.slope[i], low, high, fit.blocks.n_obs, fit.solution.support[j], mean, predicted,
        "mean of tasks",
    )  # fmt: skip
    ax = forest_axes("plot_forest", len(labels)) if ax is None else ax
    draw_forest(ax, forest, reference=0.0)
    name = fitting_names([feature], 0.5 * axes_points(ax)[0], 9.0)[0]
    ax.set_xlabel(f"slope of {name}, {100 * level:g} %", fontsize=9, **name_style([name]))
    finish_forest(ax, title)
    return ax
