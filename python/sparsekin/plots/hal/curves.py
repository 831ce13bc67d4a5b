"""What a HAL fit has found: main effects as curves, pairs as maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.errors import OptionError
from sparsekin.options import check_level
from sparsekin.plots.canvas import axes_points, check_matplotlib, page_of, panels, set_title, tidy_frame
from sparsekin.plots.lines import (
    MOST,
    OTHERS,
    ends_that_fit,
    label_lines,
    line_style,
    lines_that_fit,
    side_legend,
    told_apart,
)
from sparsekin.plots.names import fitting_names, name_style
from sparsekin.results.hal.predicting import HALPredicting
from sparsekin.results.unavailable import Unavailable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_POINTS = 400
_PANELS = 6
_CELLS = 120
_FONT = 9.0
_SMALL = 90.0  # points of a panel with few and small numbers
_LINE = 0.17  # inches of a line of the legend


def plot_curves(
    fit: HALPredicting,
    variables: str | Sequence[str] | None = None,
    *,
    ax: Axes | Sequence[Axes] | None = None,
    level: float = 0.95,
) -> list[Axes]:
    """Main effect of each variable, a line per task, over the range of the data; ticks show where rows are.

    A main effect is the part of the fit that varies with that variable alone; it is drawn with mean 0 over the rows.
    After `stability` each line has a band of its colour, from rows that did not choose the functions (see `band`): it
    need not hold the line, which is shrunken. Up to 20 tasks are named at the right ends of their lines, where there is
    room. Of more, those whose curves move most have a colour and a name in a legend; the others are grey.

    Parameters
    ----------
    fit : HALPredicting
    variables : str or sequence of str, optional
        By default those with a main effect, the largest share of variation first, at most six.
    ax : matplotlib Axes or sequence of them, optional
        Where to draw, one per variable; by default a new figure, shown by a notebook as the value of a cell (not a
        pyplot figure: ``axes[0].figure.savefig(...)``).
    level : float
        Of the bands.

    Returns
    -------
    list of matplotlib Axes
        One per variable.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    DataError
        No such variable.
    OptionError
        `variables` is empty, there are not as many axes as variables, or `level` is out of range.
    """
    check_matplotlib("plot_curves")
    check_level("level", level)
    names = (
        _with_main_effects(fit) if variables is None else [variables] if isinstance(variables, str) else list(variables)
    )
    if variables is not None and not names:
        raise OptionError("variables is empty; name some, or leave it out for those with a main effect.")
    curves = {name: _curve(fit, name) for name in names}
    n_tasks, keyed = fit.blocks.n_tasks, bool(names) and fit.blocks.n_tasks > 1
    axes = panels("plot_curves", max(len(names), 1), ax, _LINE * (min(n_tasks, MOST) + 5) if keyed else 0.0)
    if not names:
        set_title(axes[0], "no main effect is selected")
    moved = np.max([np.ptp(values, axis=0) for _, values in curves.values()], axis=0) if names else np.zeros(n_tasks)
    ends = {
        name: one for one, name in zip(axes, names, strict=False) if one is axes[-1] or (ax is None and _is_last(one))
    }
    fits = [curves[name][1].any() and ends_that_fit(one, n_tasks) == n_tasks for name, one in ends.items()]
    direct = n_tasks <= MOST and all(fits)
    title = fit.design.task
    own = told_apart(moved, MOST if direct else lines_that_fit(axes[-1], n_tasks, title, page=ax is None))
    for one, name in zip(axes, names, strict=False):
        handles = _draw_curves(one, fit, name, *curves[name], own)
        _draw_bands(one, fit.band(name, level), own, [line.get_color() for line in handles])
    on = fit.design.outcome if not fit.blocks.shared else "the outcome"
    _name_axis(axes[0], f"effect on {on}" if fit.gaussian else f"effect on {on} ({_scales(fit)})", "y")
    tasks = [fit.task_index[k] for k in own]
    if keyed and direct:
        colors = [line.get_color() for line in handles]
        for name, one in ends.items():
            label_lines(one, tasks, float(curves[name][0][-1]), curves[name][1][-1], colors)
    elif keyed:
        side_legend(axes[-1], handles, tasks, title, more=n_tasks - len(own), page=ax is None)
    page_of(axes[0]).draw_without_rendering()  # makes room beside the axes
    for one, name in zip(axes, names, strict=False):
        _name_axis(one, name, "x")
    return axes


def _is_last(ax: Axes) -> bool:
    """Whether axes are in the last column of their figure."""
    place = ax.get_subplotspec()
    return place is not None and place.is_last_col()


def plot_pair(fit: HALPredicting, first: str, second: str, *, ax: Axes | Sequence[Axes] | None = None) -> list[Axes]:
    """Interaction of two variables as a map per task: the part of the fit that only both together move.

    Of more than 20 tasks, those with the largest effects are drawn.

    Parameters
    ----------
    fit : HALPredicting
    first, second : str
        Variables on the horizontal and the vertical axis.
    ax : matplotlib Axes or sequence of them, optional
        Where to draw, one per task; by default a new figure, shown by a notebook as the value of a cell (not a pyplot
        figure).

    Returns
    -------
    list of matplotlib Axes
        One per task, on one colour scale.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    DataError
        No such variable.
    OptionError
        There are not as many axes as tasks drawn.
    """
    check_matplotlib("plot_pair")
    across, up = (np.linspace(x.min(), x.max(), _CELLS) for x in (_column(fit, first), _column(fit, second)))
    values = fit.surface(first, second, across, up)
    own = told_apart(np.abs(values).max(axis=(1, 2)))
    axes = panels("plot_pair", len(own), ax)
    limit = float(np.abs(values).max())
    for one, k in zip(axes, own.tolist(), strict=True):
        drawn = one.pcolormesh(
            across, up, values[k].T, cmap="RdBu_r", vmin=-limit or -1.0, vmax=limit or 1.0, shading="nearest"
        )
        label = fitting_names([fit.task_index[k]], axes_points(one)[0], _FONT)[0]
        one.set_title(label, loc="left", fontsize=_FONT, **name_style([label]))
        _name_axis(one, first, "x")
        _name_axis(one, second, "y")
        if not values[k].any():
            _say_nothing(one)
        if axes_points(one)[0] < _SMALL:
            one.tick_params(labelsize=6.0)
            one.locator_params(nbins=2)
    if limit > 0:
        axes[0].figure.colorbar(drawn, ax=axes, label="effect of both together")
    if ax is None and len(own) < len(values):
        title = f"The {len(own)} of {len(values)} tasks with the largest effects of both together"
        axes[0].figure.suptitle(title, fontsize=_FONT + 2)
    return axes


def _with_main_effects(fit: HALPredicting) -> list[str]:
    return [str(name) for name in fit.sections.index if name in fit.blocks.feature_names][:_PANELS]


def _curve(fit: HALPredicting, name: str) -> tuple[Floats, Floats]:
    """Values of a variable, and the curve of each task there."""
    x = _column(fit, name)
    at = np.linspace(x.min(), x.max(), _POINTS)
    return at, (fit.curve(name, at) - fit.curve(name, x).mean(axis=0)).to_numpy()


def _scales(fit: HALPredicting) -> str:
    """``log odds where binomial``."""
    words = {"binomial": "log odds", "poisson": "log rate", "cox": "log hazard"}
    return ", ".join(f"{word} where {family}" for family, word in words.items() if family in fit.families)


def _draw_curves(ax: Axes, fit: HALPredicting, name: str, at: Floats, values: Floats, own: Ints) -> list[Any]:
    """Lines of the tasks; those of `own` in colours and types of their own."""
    for k in sorted(set(range(values.shape[1])) - set(own.tolist())):
        ax.plot(at, values[:, k], **OTHERS)
    handles = [ax.plot(at, values[:, k], **line_style(i), linewidth=1.6)[0] for i, k in enumerate(own.tolist())]
    ax.axhline(0.0, color="0.85", linewidth=0.8, zorder=0)
    x = _column(fit, name)
    ticks = np.unique(x) if len(x) < 200 else np.quantile(x, np.linspace(0, 1, 200))
    ax.plot(ticks, np.zeros(len(ticks)), "|", color="0.5", markersize=5, transform=ax.get_xaxis_transform())
    tidy_frame(ax)
    if not values.any():
        ax.set_ylim(-1, 1)
        _say_nothing(ax)
    return handles


def _draw_bands(ax: Axes, found: pd.DataFrame | Unavailable, own: Ints, colors: list[Any]) -> None:
    if isinstance(found, Unavailable):
        return
    ends = found.to_numpy().reshape(len(found), -1, 3)
    for k, color in zip(own.tolist(), colors, strict=True):
        ax.fill_between(found.index, ends[:, k, 1], ends[:, k, 2], color=color, alpha=0.15, linewidth=0, zorder=0.5)


def _say_nothing(ax: Axes) -> None:
    ax.text(0.5, 0.6, "nothing selected", transform=ax.transAxes, ha="center", va="center", fontsize=_FONT, color="0.3")


def _name_axis(ax: Axes, name: str, axis: str) -> None:
    """A name along an axis, no longer than it."""
    label = fitting_names([name], axes_points(ax)[axis == "y"], 10.0)[0]
    (ax.set_xlabel if axis == "x" else ax.set_ylabel)(label, **name_style([label]))


def _column(fit: HALPredicting, name: str) -> Floats:
    fit.curve(name, np.empty(0))  # says which variables there are
    return np.asarray(fit.blocks.X[:, fit.blocks.feature_names.index(name)])
