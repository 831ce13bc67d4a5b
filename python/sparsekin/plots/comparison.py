"""Methods as dots: how much worse than the best, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from sparsekin.plots.canvas import new_axes, set_title, tidy_frame
from sparsekin.tuning.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LABELS = {
    "rmse": "RMSE", "r2": "R²", "mae": "mean absolute error", "relative rmse": "RMSE, null model = 1",
    "relative mae": "mean absolute error, null model = 1", "relative deviance": "deviance, null model = 1",
}  # fmt: skip


class Compared(Protocol):
    """What is drawn: a comparison of any estimator."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per method."""

    @property
    def methods(self) -> Verdict:
        """The best of them."""

    @property
    def metric(self) -> str:
        """What is compared."""


def plot_comparison(comparison: Compared, ax: Axes | None = None) -> Axes:
    """Difference of each method to the best one, with bars of one corrected standard error, the simplest on top.

    The best is a red dot; methods whose bar reaches it are dark, the others grey.

    Parameters
    ----------
    comparison : ComparisonFit or HALComparisonFit
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure, shown by a notebook as the value of a cell (not a pyplot figure:
        ``ax.figure.savefig(...)``).

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    found, judged = comparison.table, comparison.methods
    ax = new_axes("plot_comparison", (6.4, 1.2 + 0.3 * len(found))) if ax is None else ax
    at = np.arange(len(found))[::-1]
    names = list(found.index)
    pairs = zip(found["difference"], np.nan_to_num(found["difference_se"]), strict=True)
    for place, name, (difference, bar) in zip(at, names, pairs, strict=True):
        color = "#c0392b" if name == judged.best else "0.2" if name in judged.indistinct else "0.65"
        ax.errorbar([difference], [place], xerr=[bar], fmt="o", color=color, elinewidth=1.2, capsize=2.5)
    ax.axvline(0.0, color="0.8", linewidth=1.0, zorder=0)
    ax.set_yticks(at, names)
    ax.set_ylim(-0.6, len(found) - 0.4)
    ax.set_xlabel(f"{_LABELS.get(comparison.metric, comparison.metric)}: difference to the best")
    set_title(ax, f"Best: {judged.best} ({found['mean'][judged.best]:.3g})")
    tidy_frame(ax)
    ax.grid(visible=False, axis="y")
    ax.grid(axis="x", color="0.92", linewidth=0.8)
    return ax
