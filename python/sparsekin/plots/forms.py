"""Plots of a mixed form: loadings, codes by task, the split of variance, and J over the sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparsekin.errors import DataError
from sparsekin.options import check_option
from sparsekin.plots.canvas import new_axes, tidy_frame
from sparsekin.results.forms import BLOCKS, FormsFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST = 30
_COLORS = {"fixed": "#2c7fb8", "random": "#d95f0e", "residual": "0.85"}


def plot_loadings(fit: FormsFit, ax: Axes | None = None, *, block: str = "x", max_columns: int = 30) -> Axes:
    """Heatmap of the loadings of one block, largest columns first; red positive, blue negative.

    Parameters
    ----------
    fit : FormsFit
    ax : matplotlib Axes, optional
        By default a new figure (not a pyplot figure: ``ax.figure.savefig(...)``).
    block : {"y", "x", "z"}
    max_columns : int
        Show at most so many columns of the block.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    check_option("block", block, BLOCKS)
    frame = (fit.alpha, fit.beta, fit.u)[BLOCKS.index(block)]
    if not len(frame):
        raise DataError(f"The model has no {block.upper()} block to plot.")
    order = np.argsort(-(frame**2).sum(axis=1).to_numpy(), kind="stable")[:max_columns]
    values = frame.to_numpy()[order]
    ax = new_axes("plot_loadings", (2.6 + 0.6 * fit.d, 1.2 + 0.24 * len(order))) if ax is None else ax
    limit = float(np.abs(values).max()) or 1.0
    cells = ax.imshow(values, cmap="coolwarm", vmin=-limit, vmax=limit, aspect="auto")
    ax.set_yticks(range(len(order)), [_cut(str(frame.index[j])) for j in order], fontsize=8, parse_math=False)
    ax.set_xticks(range(fit.d), list(fit.factors), fontsize=8)
    ax.tick_params(length=0)
    ax.figure.colorbar(cells, ax=ax, label="loading")
    ax.set_title(f"Loadings of {block.upper()}", loc="left", fontsize=11)
    return ax


def plot_codes(fit: FormsFit, ax: Axes | None = None, *, x: int = 1, y: int = 2, part: str = "both") -> Axes:
    """Codes of the rows on two factors, coloured by task.

    Parameters
    ----------
    fit : FormsFit
    ax : matplotlib Axes, optional
    x, y : int
        Factors, from 1; with d = 1, y is the position of the row.
    part : {"both", "fixed", "random"}
        K + H of the fit; what of it is expected given X; or what Z adds to that.
    """
    check_option("part", part, ("both", "fixed", "random"))
    for name, value in (("x", x), ("y", y)):
        if not 1 <= value <= max(fit.d, 2 if name == "y" else 1):
            raise DataError(f"{name} = {value} is not a factor; the model has {fit.d}.")
    codes = fit.solution.codes[0]
    if part != "both":
        codes = fit.codes_split[part == "random"].to_numpy()
    down = codes[:, y - 1] if y <= fit.d else np.arange(fit.nobs)
    ax = new_axes("plot_codes", (6.4, 4.6)) if ax is None else ax
    for code in np.unique(fit.task_codes):
        at = fit.task_codes == code
        label = str(fit.design.task_names[code]) if code >= 0 else None
        ax.plot(codes[at, x - 1], down[at], "o", markersize=3.5, alpha=0.7, label=label)
    tidy_frame(ax)
    ax.set_xlabel(f"f{x}")
    ax.set_ylabel(f"f{y}" if y <= fit.d else "row")
    if fit.design.task is not None and len(fit.design.task_names) <= 15:
        ax.legend(frameon=False, fontsize=8, title=fit.design.task, loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def plot_variance(fit: FormsFit, ax: Axes | None = None) -> Axes:
    """Share of each block's variance that is fixed, random and left over."""
    shares = fit.variance_explained
    ax = new_axes("plot_variance", (5.6, 1.2 + 0.5 * len(shares))) if ax is None else ax
    start = np.zeros(len(shares))
    for kind, color in _COLORS.items():
        ax.barh(range(len(shares)), shares[kind], left=start, color=color, label=kind, height=0.6)
        start += shares[kind].to_numpy()
    ax.set_yticks(range(len(shares)), [name.upper() for name in shares.index])
    ax.invert_yaxis()
    ax.set_xlabel("share of variance")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def plot_trace(fit: FormsFit, ax: Axes | None = None) -> Axes:
    """J over the sweeps; a new line where the block weights changed, and with them J."""
    ax = new_axes("plot_trace", (6.0, 3.8)) if ax is None else ax
    for _, run in fit.trace.groupby("run"):
        ax.plot(run["sweep"], run["objective"], "-o", markersize=2.5, color="#2c7fb8")
    tidy_frame(ax)
    ax.set_xlabel("sweep")
    ax.set_ylabel("objective J")
    return ax


def _cut(label: str) -> str:
    half = _LONGEST // 2
    return label if len(label) <= _LONGEST else f"{label[: half - 1]}…{label[-half:]}"
