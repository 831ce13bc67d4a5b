"""What a HAL fit has found: main effects as curves, pairs as maps; its path and cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.errors import MissingExtraError
from sparsekin.plots.canvas import new_axes, tidy_frame
from sparsekin.results.hal import HALFit
from sparsekin.results.hal_path import HALCVFit, HALPathFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (7.0, 4.4)
_POINTS = 400
_PANELS = 6
_CELLS = 120


def plot_curves(fit: HALFit, variables: Sequence[str] | None = None) -> list[Axes]:
    """Main effect of each variable, a line per task, over the range of the data; ticks show where rows are.

    A main effect is the part of the fit that varies with that variable alone; it is drawn with mean 0 over the rows.

    Parameters
    ----------
    fit : HALFit
    variables : sequence of str, optional
        By default those with a main effect, the largest share of variation first, at most six.

    Returns
    -------
    list of matplotlib Axes
        One per variable, in one figure (not a pyplot figure: ``axes[0].figure.savefig(...)``).

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    DataError
        No such variable.
    """
    names = _with_main_effects(fit) if variables is None else list(variables)
    axes = _panels(max(len(names), 1))
    if not names:
        axes[0].set_title("no main effect is selected", loc="left", fontsize=9)
    for ax, name in zip(axes, names, strict=False):
        _curve(ax, fit, name)
    on = fit.design.outcome if not fit.blocks.shared else "the outcome"
    axes[0].set_ylabel(f"effect on {on}" if fit.gaussian else f"effect on {on} (log odds where binomial)")
    if names and fit.blocks.n_tasks > 1:
        axes[0].legend(frameon=False, fontsize=8, title=fit.design.task, title_fontsize=8)
    return axes


def plot_pair(fit: HALFit, first: str, second: str) -> list[Axes]:
    """Interaction of two variables as a map per task: the part of the fit that only both together move.

    Parameters
    ----------
    fit : HALFit
    first, second : str
        Variables on the horizontal and the vertical axis.

    Returns
    -------
    list of matplotlib Axes
        One per task, on one colour scale, in one figure (not a pyplot figure).

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    DataError
        No such variable.
    """
    across, up = (np.linspace(x.min(), x.max(), _CELLS) for x in (_column(fit, first), _column(fit, second)))
    values = fit.surface(first, second, across, up)
    axes = _panels(len(values))
    limit = max(float(np.abs(values).max()), 1e-12)
    for ax, task, one in zip(axes, fit.task_index, values, strict=True):
        drawn = ax.pcolormesh(across, up, one.T, cmap="RdBu_r", vmin=-limit, vmax=limit, shading="nearest")
        ax.set_title(str(task), loc="left", fontsize=9, parse_math=False)
        ax.set_xlabel(first, parse_math=False)
        ax.set_ylabel(second, parse_math=False)
    axes[0].figure.colorbar(drawn, ax=axes, label="effect of both together")
    return axes


def plot_hal_path(path: HALPathFit, ax: Axes | None = None) -> Axes:
    """The variation of the functions with each variable over lambda, mean over tasks.

    Parameters
    ----------
    path : HALPathFit
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
    ax = new_axes("plot_path", _SIZE) if ax is None else ax
    import matplotlib as mpl

    found = path.variation_by_variable
    top = found.iloc[-1].sort_values(ascending=False).index
    colors = mpl.colormaps["tab10"](np.arange(10))
    for i, name in enumerate(top):
        named = i < len(colors)
        ax.plot(
            found.index, found[name], color=colors[i] if named else "0.7", linewidth=1.6 if named else 0.9,
            label=str(name) if named else None,
        )  # fmt: skip
    _lambda_axis(ax)
    ax.set_ylabel("variation, mean over tasks")
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    tidy_frame(ax)
    return ax


def plot_hal_cv(cv: HALCVFit, ax: Axes | None = None) -> Axes:
    """Cross-validated error over lambda with one-standard-error bars, the two choices marked.

    Of several l1_ratio, the others are drawn as thin labelled lines.

    Parameters
    ----------
    cv : HALCVFit
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
    ax = new_axes("plot_cv", _SIZE) if ax is None else ax
    found = cv.table
    own = found[found["l1_ratio"] == cv.best_l1_ratio]
    ax.errorbar(
        own["lambda"], own["mean"], own["std_error"], color="0.3", ecolor="0.75", elinewidth=1.0, capsize=2.0,
        linewidth=1.6, label=f"l1_ratio {cv.best_l1_ratio:g}" if len(cv.judged) > 1 else None,
    )  # fmt: skip
    rest = found[found["l1_ratio"] != cv.best_l1_ratio]
    for i, (ratio, other) in enumerate(rest.groupby("l1_ratio")):
        style = ("--", ":", "-.")[i % 3]
        ax.plot(other["lambda"], other["mean"], style, color="0.55", linewidth=1.2, label=f"l1_ratio {ratio:g}")
    for row, label, face in zip(cv.rows, ("best", "one s.e."), ("#c0392b", "none"), strict=True):
        ax.plot(
            [found["lambda"][row]], [found["mean"][row]], "o", markersize=8, markerfacecolor=face,
            markeredgecolor="#c0392b", markeredgewidth=1.4, label=f"{label}: {found['selected'][row]:.3g} functions",
            linestyle="none", zorder=5,
        )  # fmt: skip
    _lambda_axis(ax)
    ax.set_ylabel(f"{'RMSE' if cv.metric == 'rmse' else cv.metric} on held-out rows")
    ax.legend(frameon=False, fontsize=8)
    tidy_frame(ax)
    return ax


def _lambda_axis(ax: Axes) -> None:
    ax.set_xscale("log")
    ax.set_xlabel("λ (few functions on the right)")


def _with_main_effects(fit: HALFit) -> list[str]:
    return [str(name) for name in fit.sections.index if name in fit.blocks.feature_names][:_PANELS]


def _panels(n: int) -> list[Any]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError('plot_curves needs matplotlib: pip install "sparsekin[plots]"') from error
    columns = 2 if n == 4 else min(n, 3)
    rows = -(-n // columns)
    figure = Figure(figsize=(3.4 * columns + 0.6, 2.9 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    return [figure.add_subplot(rows, columns, i + 1) for i in range(n)]


def _curve(ax: Axes, fit: HALFit, name: str) -> None:
    import matplotlib as mpl

    x = _column(fit, name)
    at = np.linspace(x.min(), x.max(), _POINTS)
    values, level = fit.curve(name, at), fit.curve(name, x).mean(axis=0)
    colors = mpl.colormaps["tab10"](np.arange(values.shape[1]) % 10)
    for k, task in enumerate(fit.task_index):
        ax.plot(at, values.iloc[:, k] - level.iloc[k], color=colors[k], linewidth=1.6, label=str(task))
    ax.axhline(0.0, color="0.85", linewidth=0.8, zorder=0)
    ticks = np.unique(x) if len(x) < 200 else np.quantile(x, np.linspace(0, 1, 200))
    ax.plot(ticks, np.zeros(len(ticks)), "|", color="0.5", markersize=5, transform=ax.get_xaxis_transform())
    ax.set_xlabel(name, parse_math=False)
    tidy_frame(ax)


def _column(fit: HALFit, name: str) -> Floats:
    fit.curve(name, np.empty(0))  # says which variables there are
    return np.asarray(fit.blocks.X[:, fit.blocks.feature_names.index(name)])
