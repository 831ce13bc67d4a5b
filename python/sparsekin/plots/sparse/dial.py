"""Cross-validated error over the number of features, one curve for pooling, sharing and separate models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparsekin.plots.canvas import new_axes, set_title, tidy_frame
from sparsekin.plots.lines import name_outside, side_legend
from sparsekin.plots.sparse.cv import LABELS
from sparsekin.results.sparse.dial import DialFit
from sparsekin.tuning.sparse.dial.settings import FAMILIES
from sparsekin.tuning.sparse.table import loss_sign

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (7.0, 4.4)
COLORS = {"pool": "#1b6ca8", "share": "#c0392b", "separate": "#4d4d4d"}
STYLES = {"pool": "-", "share": "-", "separate": "--"}


def plot_dial(cv: DialFit, ax: Axes | None = None) -> Axes:
    """For each family the least mean error at each size, and the mean of its best settings as a dot with its error.

    A dot stands at the mean number of features per task of the settings it is the mean of; bars are one standard error
    over the folds. The family that the verdict speaks for is drawn thick; the null model is a dotted line where it is
    near.

    Parameters
    ----------
    cv : DialFit
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure, shown by a notebook as the value of a cell.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    ax = new_axes("plot_cv", _SIZE) if ax is None else ax
    found, chosen = cv.table.iloc[:-1], cv.judged.chosen
    better = loss_sign(cv.score)
    tidy_frame(ax)
    ax.set_ylabel(LABELS[cv.score])
    ax.set_xlabel("s, features per task")
    ax.set_xscale("log")
    lowest, heights = [], []
    for name in FAMILIES:
        own = found[found["family"] == name].dropna(subset="mean")
        if own.empty:
            continue
        curve = (better * own["mean"]).groupby(own["s"]).min() * better
        width = 2.2 if name == chosen else 1.2
        ax.plot(curve.index, curve, STYLES[name], color=COLORS[name], linewidth=width, label=name, zorder=3)
        at, mean, error = cv.families.loc[name, ["selected", "mean", "std_error"]].to_numpy(float)
        ax.errorbar(
            [max(float(at), 0.8)], [float(mean)], [float(error)], fmt="o", color=COLORS[name], capsize=2.5,
            markersize=8 if name == chosen else 5, zorder=4,
        )  # fmt: skip
        lowest.append(float((better * curve).min()))
        heights += [mean - error, mean + error, *curve.quantile([0.0, 0.5, 1.0])]
    _limits(ax, np.array(heights), better, min(lowest))
    ax.axhline(float(cv.table["mean"].iloc[-1]), color="0.4", linestyle=":", linewidth=1.1, label="null", zorder=1)
    ticks = sorted(set(found["s"]))
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    set_title(ax, f"Chosen: {chosen}; dots: means of the best settings")
    name_outside(ax)
    side_legend(ax, *ax.get_legend_handles_labels(), None)
    return ax


def _limits(ax: Axes, heights: np.ndarray, better: float, best: float) -> None:
    """Limits that show the better half of the curves: a family far behind would press the others flat."""
    losses = np.sort(better * heights[~np.isnan(heights)])
    low, high = losses[0], min(losses[-1], best + 4 * max(float(np.median(losses)) - best, 0.05 * abs(best)))
    pad = 0.05 * (high - low)
    if high > low:
        ends = sorted((better * (low - pad), better * (high + pad)))
        ax.set_ylim(*ends)
