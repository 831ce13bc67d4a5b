"""Cross-validation of a HAL over lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparsekin.plots.canvas import new_axes, tidy_frame
from sparsekin.plots.hal.path import SIZE, lambda_axis
from sparsekin.plots.lines import line_style, side_legend
from sparsekin.results.hal.cv import HALCVFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_hal_cv(cv: HALCVFit, ax: Axes | None = None) -> Axes:
    """Cross-validated error over lambda with one-standard-error bars, the two choices marked.

    Of several l1_ratio or linear, the others are drawn as thin labelled lines.

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
    several = [name for name in ("l1_ratio", "linear") if found[name].nunique(dropna=False) > 1]
    at = found.iloc[cv.rows[0]]
    chosen = (found["l1_ratio"] == at["l1_ratio"]) & (found["linear"].fillna(0) == np.nan_to_num(at["linear"]))
    own = found[chosen]
    ax.errorbar(
        own["lambda"], own["mean"], own["std_error"], color="0.3", ecolor="0.75", elinewidth=1.0, capsize=2.0,
        linewidth=1.6, label=_named(own.iloc[0], several) or None,
    )  # fmt: skip
    for i, (_, other) in enumerate(found[~chosen].groupby(["l1_ratio", "linear"], sort=False, dropna=False)):
        label = _named(other.iloc[0], several)
        ax.plot(other["lambda"], other["mean"], **line_style(i), linewidth=1.0, label=label)
    for row, label, face in zip(cv.rows, ("best", "one s.e."), ("#c0392b", "none"), strict=True):
        ax.plot(
            [found["lambda"][row]], [found["mean"][row]], "o", markersize=8, markerfacecolor=face,
            markeredgecolor="#c0392b", markeredgewidth=1.4, label=f"{label}: {found['selected'][row]:.3g} functions",
            linestyle="none", zorder=5,
        )  # fmt: skip
    lambda_axis(ax)
    named = {"rmse": "RMSE", "auc": "AUC", "brier": "Brier score", "c_index": "concordance"}
    ax.set_ylabel(f"{named.get(cv.metric, cv.metric)} on held-out rows")
    side_legend(ax, *ax.get_legend_handles_labels(), title=", ".join(several) if len(several) > 1 else None)
    tidy_frame(ax)
    return ax


def _named(row: pd.Series, several: list[str]) -> str:
    """What sets a sequence of lambda apart: ``linear 0.1``; values alone where the legend has a title."""
    values = {name: "others" if np.isnan(row[name]) else f"{row[name]:g}" for name in several}
    return ", ".join(values.values()) if len(several) > 1 else "".join(f"{name} {one}" for name, one in values.items())
