"""Path of a HAL over lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sparsekin.plots.canvas import new_axes, set_title, tidy_frame
from sparsekin.plots.lines import OTHERS, line_style, side_legend
from sparsekin.plots.scales import log_scale
from sparsekin.results.hal.path import HALPathFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (7.0, 4.4)
_NAMED = 10  # variables


def plot_hal_path(path: HALPathFit, ax: Axes | None = None) -> Axes:
    """The variation of the functions with each variable over lambda, mean over tasks; the ten largest are named.

    Parameters
    ----------
    path : HALPathFit
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure, shown by a notebook as the value of a cell (not a pyplot figure).

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    ax = new_axes("plot_path", SIZE) if ax is None else ax
    found = path.variation_by_variable
    last = found.iloc[-1].sort_values(ascending=False, kind="stable")
    top = max(float(np.nanmax(found.to_numpy(), initial=0.0)), 1e-12) * 1.05
    named, handles = list(last.index[:_NAMED]), []
    for i, name in enumerate(last.index):
        style: dict[str, Any] = {**line_style(i), "linewidth": 1.6} if name in named else OTHERS
        handles += ax.plot(found.index, found[name], **style, marker="o" if len(found) == 1 else None, markersize=4.0)
    lambda_axis(ax)
    ax.set_ylim(0, top)
    ax.set_ylabel("variation, mean over tasks")
    if named:
        side_legend(ax, handles[:_NAMED], named, more=len(last) - len(named))
    else:
        set_title(ax, "No function is selected")
    tidy_frame(ax)
    return ax


def lambda_axis(ax: Axes) -> None:
    """A logarithmic axis of lambda, which says where fits are sparse."""
    log_scale(ax)
    ax.set_xlabel("λ (few functions on the right)")
