"""Cross-validated error over a tuning parameter, with bars of one standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sparsekin.plots.canvas import new_axes, set_title, tidy_frame
from sparsekin.plots.lines import name_outside, side_legend
from sparsekin.plots.scales import axis_scale, held_text, label_of, spaced, varying
from sparsekin.results.sparse.cv import CVFit
from sparsekin.tuning.sparse.table import HIGH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (7.0, 4.4)
_MOST = 8  # lines
LABELS = {
    "rmse": "RMSE on held-out rows", "r2": "R² on held-out rows", "mae": "mean absolute error on held-out rows",
    "relative rmse": "RMSE on held-out rows, null model = 1",
    "deviance": "mean deviance on held-out rows", "relative deviance": "deviance on held-out rows, null model = 1",
    "auc": "AUC on held-out rows", "brier": "Brier score on held-out rows", "c_index": "concordance on held-out rows",
    "relative mae": "mean absolute error on held-out rows, null model = 1",
}  # fmt: skip


def plot_cv(cv: CVFit, ax: Axes | None = None) -> Axes:
    """The metric over lambda_z (or whichever parameter has most values), a line per s, one-standard-error bars.

    Other parameters are at their best values, which the title names. The winner is marked by a dot, the choice by the
    one-standard-error rule by a ring; the null model, means and always-in columns alone, is a dotted line. With one
    line, the number of features it selects stands on top.

    Parameters
    ----------
    cv : CVFit
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
    ax = new_axes("plot_cv", _SIZE) if ax is None else ax
    found = cv.table.iloc[:-1]
    ax.set_ylabel(LABELS[cv.score])
    tidy_frame(ax)
    _draw_null(ax, cv)
    if found.empty:
        set_title(ax, "There is only the null model")
        return ax
    best = _central(cv, found)
    x, lines = _axes_of(found)
    others = [name for name in ("s", "lambda_1", "lambda_2", "lambda_z") if name not in (x, lines)]
    shown = found
    for name in others:
        shown = shown[shown[name] == best[name]]
    place = axis_scale(ax, found[x].to_numpy(), x)
    groups = [(None, shown)] if lines is None else list(shown.groupby(lines))
    groups = _some(groups, best if lines is None else best[lines])
    _draw(ax, groups, x, lines, place, best)
    _mark(ax, cv, place, x, shown.index)
    ax.set_xlabel(label_of(x))
    if lines is None:
        _sizes_on_top(ax, shown, place(shown[x].to_numpy()))
    else:
        _look_at_best(ax, cv, shown)
        name_outside(ax)
    set_title(ax, held_text(found, shown.iloc[0], (x, lines)))
    side_legend(ax, *ax.get_legend_handles_labels(), None if lines is None else label_of(lines))
    return ax


def _central(cv: CVFit, found: pd.DataFrame) -> dict[str, float]:
    """The setting whose neighbours are drawn: the best one that has features."""
    at = cv.best_index
    if at == len(found):
        values = found["mean"].to_numpy()
        at = int(np.nanargmax(values) if cv.metric in HIGH else np.nanargmin(values))
    return {name: found[name].iloc[at] for name in ("s", "lambda_1", "lambda_2", "lambda_z")}


def _look_at_best(ax: Axes, cv: CVFit, shown: pd.DataFrame) -> None:
    """Limits that show a half of the settings: bad ones would press the others flat."""
    low, high = (shown["mean"] - shown["std_error"]).min(), (shown["mean"] + shown["std_error"]).max()
    middle, pad = shown["mean"].median(), 0.04
    if cv.metric in HIGH:
        low = max(low, high - 3 * (high - middle))
    else:
        high = min(high, low + 3 * (middle - low))
    if high > low:
        ax.set_ylim(low - pad * (high - low), high + pad * (high - low))


def _axes_of(found: pd.DataFrame) -> tuple[str, str | None]:
    """The parameter on the axis and the one that makes the lines: lambda_z and s when both vary."""
    many = varying(found)
    if not many:
        return "s", None
    x = "lambda_z" if "lambda_z" in many else max(many, key=lambda name: found[name].nunique())
    rest = [name for name in many if name != x]
    return x, None if not rest else "s" if "s" in rest else rest[0]


def _some(groups: list, at: object) -> list:
    """At most `_MOST` lines, evenly chosen, the best among them."""
    if len(groups) <= _MOST:
        return groups
    keep = set(np.linspace(0, len(groups) - 1, _MOST).round().astype(int).tolist())
    return [group for i, group in enumerate(groups) if i in keep or group[0] == at]


def _draw(ax: Axes, groups: list, x: str, lines: str | None, place: object, best: dict[str, float]) -> None:
    import matplotlib as mpl

    colors = mpl.colormaps["viridis"](np.linspace(0.0, 0.88, len(groups)))
    for color, (value, group) in zip(colors, groups, strict=True):
        chosen = lines is None or value == best[lines]
        style = {"color": color, "linewidth": 2.0 if chosen else 1.1, "alpha": 1.0 if chosen else 0.8}
        at = place(group[x].to_numpy())  # type: ignore[operator]
        ax.plot(at, group["mean"], label=None if lines is None else f"{value:g}", zorder=3 if chosen else 2, **style)
        if chosen:
            ax.errorbar(at, group["mean"], group["std_error"], fmt="none", ecolor=color, elinewidth=1.0, capsize=2.5)


def _draw_null(ax: Axes, cv: CVFit) -> None:
    at = float(cv.table["mean"].iloc[-1])
    ax.axhline(at, color="0.4", linestyle=":", linewidth=1.1, zorder=1)
    label = ax.annotate(
        "null", (1, at), xycoords=("axes fraction", "data"), xytext=(-3, 2), textcoords="offset points", ha="right",
        va="bottom", fontsize=8, color="0.4", annotation_clip=True,
    )  # fmt: skip
    label.set_in_layout(False)


def _mark(ax: Axes, cv: CVFit, place: object, x: str, shown: pd.Index) -> None:
    found = cv.table
    for index, label, face in ((cv.best_index, "best", "#c0392b"), (cv.best_1se_index, "one s.e.", "white")):
        if index in shown:
            row = found.loc[index]
            at = place(np.array([row[x]]))  # type: ignore[operator]
            size = 7 if label == "best" else 10
            ax.plot(
                at, [row["mean"]], "o", markersize=size, markerfacecolor=face if label == "best" else "none",
                markeredgecolor="#c0392b", markeredgewidth=1.4, label=label, zorder=5,
            )  # fmt: skip


def _sizes_on_top(ax: Axes, shown: pd.DataFrame, at: np.ndarray) -> None:
    """Features selected per task, on an axis above, as many as fit."""
    top = ax.secondary_xaxis("top")
    keep = spaced(ax, at, 26.0)
    top.set_xticks(at[keep], [f"{value:.3g}" for value in shown["selected"].to_numpy()[keep]], fontsize=8)
    top.tick_params(length=0)
    top.minorticks_off()
    top.spines["top"].set_visible(False)
    top.set_xlabel("features selected per task", fontsize=8)
