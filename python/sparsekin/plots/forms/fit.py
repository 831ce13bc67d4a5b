"""Plots of a mixed form: loadings, codes by task, the split of variance, and J over the sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sparsekin.errors import DataError
from sparsekin.options import check_option
from sparsekin.plots.canvas import check_count, new_axes, set_title, tidy_frame
from sparsekin.plots.cells import fitted_labels, label_cells
from sparsekin.plots.lines import OTHERS, lines_that_fit, mark_style, side_legend, told_apart
from sparsekin.plots.names import short_names
from sparsekin.results.forms.fit import BLOCKS, FormsFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = {"fixed": "#2c7fb8", "random": "#d95f0e", "residual": "0.85"}


def plot_loadings(fit: FormsFit, ax: Axes | None = None, *, block: str = "x", max_columns: int = 30) -> Axes:
    """Heatmap of the loadings of one block, largest columns first; red positive, blue negative.

    Parameters
    ----------
    fit : FormsFit
    ax : matplotlib Axes, optional
        By default a new figure, shown by a notebook as the value of a cell (not a pyplot figure:
        ``ax.figure.savefig(...)``).
    block : {"y", "x", "z"}
    max_columns : int
        Show at most so many columns of the block.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    OptionError
        No such block, or `max_columns` is not a whole number of at least 1.
    DataError
        The model has no such block.
    """
    check_option("block", block, BLOCKS)
    check_count("max_columns", max_columns, 1)
    frame = (fit.alpha, fit.beta, fit.u)[BLOCKS.index(block)]
    if not len(frame):
        raise DataError(f"The model has no {block.upper()} block to plot.")
    order = np.argsort(-(frame**2).sum(axis=1).to_numpy(), kind="stable")[:max_columns]
    values = frame.to_numpy()[order]
    if ax is None:
        ax = new_axes("plot_loadings", (min(4.2 + 0.6 * fit.d, 12.0), min(1.6 + 0.24 * len(order), 14.0)))
        rows, columns = short_names(frame.index[order]), list(fit.factors)
    else:
        rows, columns = fitted_labels(ax, list(frame.index[order]), list(fit.factors))
    limit = float(np.abs(values).max()) or 1.0
    cells = ax.imshow(values, cmap="coolwarm", vmin=-limit, vmax=limit, aspect="auto")
    ax.figure.colorbar(cells, ax=ax, label="loading")
    shown, of = len(order), len(frame)
    set_title(ax, f"Loadings of {block.upper()}" + ("" if shown == of else f", the {shown} largest of {of}"), 11.0)
    label_cells(ax, rows, columns)
    return ax


def plot_codes(fit: FormsFit, ax: Axes | None = None, *, x: int = 1, y: int = 2, part: str = "both") -> Axes:
    """Codes of the rows on two factors, coloured by task.

    Parameters
    ----------
    fit : FormsFit
    ax : matplotlib Axes, optional
    x, y : int
        Factors, from 1; with d = 1, y is the position of the row. Of many tasks, those with most rows have colours.
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
    handles, names = _draw_tasks(ax, fit, codes[:, x - 1], down)
    tidy_frame(ax)
    ax.set_xlabel(f"f{x}")
    ax.set_ylabel(f"f{y}" if y <= fit.d else "row")
    if fit.design.task is not None:
        side_legend(ax, handles, names, fit.design.task, more=len(fit.design.task_names) - len(names))
    return ax


def _draw_tasks(ax: Axes, fit: FormsFit, across: np.ndarray, down: np.ndarray) -> tuple[list[Any], list[str]]:
    """Points of the rows by task, the tasks with most rows in colours and shapes of their own."""
    tasks, sizes = np.unique(fit.task_codes, return_counts=True)
    most = lines_that_fit(ax, len(tasks), fit.design.task) if fit.design.task is not None else len(tasks)
    own = told_apart(sizes.astype(float), most).tolist()
    handles, names = [], []
    for i, code in enumerate(tasks.tolist()):
        at = fit.task_codes == code
        style = mark_style(own.index(i)) if i in own else {"color": OTHERS["color"], "marker": "o", "linestyle": "none"}
        (drawn,) = ax.plot(across[at], down[at], **style, markersize=3.5, alpha=0.7, zorder=2 + (i in own))
        if i in own and code >= 0:
            handles.append(drawn)
            names.append(str(fit.design.task_names[code]))
    return handles, names


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
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of variance")
    ax.spines[["top", "right"]].set_visible(False)
    side_legend(ax, *ax.get_legend_handles_labels())
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
