"""Cross-validated error of a mixed form over its dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsekin.plots.canvas import new_axes, tidy_frame
from sparsekin.results.forms.cv import FormsCVFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LABELS = {"cells": "mean squared error of held-out cells", "y": "mean squared error of Y of held-out rows"}


def plot_forms_cv(cv: FormsCVFit, ax: Axes | None = None) -> Axes:
    """Error over d with bars of one standard error; a dot is the best, a ring the choice within one standard error.

    Parameters
    ----------
    cv : FormsCVFit
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure (not a pyplot figure).

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    ax = new_axes("plot_cv", (6.0, 4.2)) if ax is None else ax
    found = cv.table.sort_values("d")
    ax.errorbar(found["d"], found["mean"], found["std_error"], color="0.3", ecolor="0.7", elinewidth=1.0, capsize=2.5)
    means = found.set_index("d")["mean"]
    for d, label, face in ((cv.errors.best, "best", "#c0392b"), (cv.errors.best_1se, "one s.e.", "none")):
        size = 7 if label == "best" else 10
        ax.plot(
            [d], [means[d]], "o", markersize=size, markerfacecolor=face, markeredgecolor="#c0392b", markeredgewidth=1.4,
            label=label, linestyle="none", zorder=5,
        )  # fmt: skip
    ax.set_xticks(found["d"].tolist())
    ax.set_xlabel("d, latent dimensions")
    ax.set_ylabel(f"{_LABELS[cv.target]} (standardised)")
    ax.legend(frameon=False, fontsize=8)
    tidy_frame(ax)
    return ax
