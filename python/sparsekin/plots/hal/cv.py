"""Cross-validation of a HAL over lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsekin.plots.canvas import new_axes, tidy_frame
from sparsekin.plots.hal.path import SIZE, lambda_axis
from sparsekin.plots.lines import line_style, side_legend
from sparsekin.results.hal.cv import HALCVFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    ax = new_axes("plot_cv", SIZE) if ax is None else ax
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
    lambda_axis(ax)
    ax.set_ylabel(f"{'RMSE' if cv.metric == 'rmse' else cv.metric} on held-out rows")
    side_legend(ax, *ax.get_legend_handles_labels())
    tidy_frame(ax)
    return ax
