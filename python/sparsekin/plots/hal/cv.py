"""Path and cross-validation of a HAL over lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sparsekin.plots.canvas import new_axes, set_title, tidy_frame
from sparsekin.plots.lines import OTHERS, line_style, side_legend
from sparsekin.plots.scales import log_scale
from sparsekin.results.hal.path import HALCVFit, HALPathFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (7.0, 4.4)
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
    ax = new_axes("plot_path", _SIZE) if ax is None else ax
    found = path.variation_by_variable
    last = found.iloc[-1].sort_values(ascending=False, kind="stable")
    top = max(float(np.nanmax(found.to_numpy(), initial=0.0)), 1e-12) * 1.05
    named, handles = list(last.index[:_NAMED]), []
    for i, name in enumerate(last.index):
        style: dict[str, Any] = {**line_style(i), "linewidth": 1.6} if name in named else OTHERS
        handles += ax.plot(found.index, found[name], **style, marker="o" if len(found) == 1 else None, markersize=4.0)
    _lambda_axis(ax)
    ax.set_ylim(0, top)
    ax.set_ylabel("variation, mean over tasks")
    if named:
        side_legend(ax, handles[:_NAMED], named, more=len(last) - len(named))
    else:
        set_title(ax, "No function is selected")
    tidy_frame(ax)
    return ax


def plot_hal_cv(cv: HALCVFit, ax: Axes | None = None) -> Axes:
    """Cross-validated error over lambda with one-standard-error bars, the two choices marked.

    Of several l1_ratio, the others are drawn as thin labelled lines.

    Parameters
    ----------
    cv : HALCVFit
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
    ax = new_axes("plot_cv", _SIZE) if ax is None else ax
    found = cv.table
    own = found[found["l1_ratio"] == cv.best_l1_ratio]
    ax.errorbar(
        own["lambda"], own["mean"], own["std_error"], color="0.3", ecolor="0.75", elinewidth=1.0, capsize=2.0,
        linewidth=1.6, label=f"l1_ratio {cv.best_l1_ratio:g}" if len(cv.judged) > 1 else None,
    )  # fmt: skip
    rest = found[found["l1_ratio"] != cv.best_l1_ratio]
    for i, (ratio, other) in enumerate(rest.groupby("l1_ratio")):
        ax.plot(other["lambda"], other["mean"], **line_style(i), linewidth=1.0, label=f"l1_ratio {ratio:g}")
    for row, label, face in zip(cv.rows, ("best", "one s.e."), ("#c0392b", "none"), strict=True):
        ax.plot(
            [found["lambda"][row]], [found["mean"][row]], "o", markersize=8, markerfacecolor=face,
            markeredgecolor="#c0392b", markeredgewidth=1.4, label=f"{label}: {found['selected'][row]:.3g} functions",
            linestyle="none", zorder=5,
        )  # fmt: skip
    _lambda_axis(ax)
    ax.set_ylabel(f"{'RMSE' if cv.metric == 'rmse' else cv.metric} on held-out rows")
    side_legend(ax, *ax.get_legend_handles_labels())
    tidy_frame(ax)
    return ax


def _lambda_axis(ax: Axes) -> None:
    log_scale(ax)
    ax.set_xlabel("λ (few functions on the right)")
