"""How coefficients and supports change with a tuning parameter: a curve per feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.errors import OptionError
from sparsekin.options import check_option
from sparsekin.plots.canvas import check_count, new_axes, set_title, tidy_frame
from sparsekin.plots.lines import OTHERS, ends_that_fit, label_ends, line_style
from sparsekin.plots.scales import axis_scale, held_text, label_of, varying
from sparsekin.results.sparse.path import PathFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (7.0, 4.4)


def plot_path(
    path: PathFit,
    ax: Axes | None = None,
    *,
    x: Literal["s", "lambda_1", "lambda_2", "lambda_z"] | None = None,
    at: dict[str, float] | None = None,
    kind: Literal["norm", "tasks"] = "norm",
    max_labels: int = 10,
) -> Axes:
    """One curve per feature over a tuning parameter.

    Parameters
    ----------
    path : PathFit
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure, shown by a notebook as the value of a cell (not a pyplot figure:
        ``ax.figure.savefig(...)``).
    x : str, optional
        Parameter on the axis; by default lambda_z where it varies, else the one with most values.
    at : dict, optional
        Values of the other parameters, such as ``{"s": 5}``; by default the middle of the values of s and the least
        of each penalty.
    kind : {"norm", "tasks"}
        Height of a curve: the 2-norm over tasks of the standardised coefficients, or the number of tasks that select
        the feature.
    max_labels : int
        Name at most so many features, the largest at the right end, and no more than fit beside the axes.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    OptionError
        `x` is no parameter, `at` names a value the path does not have, or `max_labels` is not a whole number.
    """
    check_count("max_labels", max_labels, 0)
    check_option("kind", kind, ("norm", "tasks"))
    x = _default_axis(path) if x is None else x
    check_option("x", x, ("s", "lambda_1", "lambda_2", "lambda_z"))
    rows = _rows(path, x, at or {})
    ax = new_axes("plot_path", _SIZE) if ax is None else ax
    heights = _heights(path, rows, kind)
    values = path.table[x].to_numpy()[rows].astype(float)
    place = axis_scale(ax, values, x)
    if len(rows):
        _draw(ax, path, place(values), heights, kind, max_labels)
    ax.set_xlabel(label_of(x))
    K = path.grid.problem.n_tasks
    ax.set_ylabel("tasks that select the feature" if kind == "tasks" else _norm_label(K))
    set_title(ax, _held(path, x, rows, bool(heights.any())))
    if kind == "tasks":
        ax.set_yticks(np.unique(np.linspace(0, K, min(K, 8) + 1).round()))
    tidy_frame(ax)
    return ax


def _norm_label(n_tasks: int) -> str:
    return "|standardised coefficient|" if n_tasks == 1 else "2-norm of standardised coefficients"


def _default_axis(path: PathFit) -> Any:
    table = path.table
    many = varying(table)
    if "lambda_z" in many:
        return "lambda_z"
    return max(many, key=lambda name: table[name].nunique()) if many else "s"


def _rows(path: PathFit, x: str, at: dict[str, float]) -> Ints:
    """Finished rows at fixed values of all parameters but x, in the order of x."""
    table = path.table
    keep = path.grid.finished.copy()
    for name in ("s", "lambda_1", "lambda_2", "lambda_z"):
        if name == x:
            continue
        there = np.unique(table[name])
        value = at.get(name, there[len(there) // 2] if name == "s" else there[0])
        if not np.any(there == value):
            listed = ", ".join(f"{v:g}" for v in there[:8])
            raise OptionError(f"The path has no {name} = {value:g}; it has {listed}.")
        keep &= (table[name] == value).to_numpy()
    unknown = [name for name in at if name not in table.columns[:4] or name == x]
    if unknown:
        raise OptionError(f"at names {unknown[0]!r}; it may name the parameters that are not on the axis.")
    rows = np.flatnonzero(keep)
    return rows[np.argsort(table[x].to_numpy()[rows], kind="stable")]


def _heights(path: PathFit, rows: Ints, kind: str) -> Floats:
    """(m, p) height of every feature at every row."""
    out = np.zeros((len(rows), path.grid.problem.n_features))
    for i, row in enumerate(rows.tolist()):
        found = path.grid.solution(row)
        out[i] = found.support.sum(axis=1) if kind == "tasks" else np.linalg.norm(found.coef_standardized, axis=1)
    return out


def _draw(ax: Axes, path: PathFit, at: Floats, heights: Floats, kind: str, most: int) -> None:
    """Curves; those of the `most` highest at the right end (else anywhere) in colours of their own, with names."""
    last, highest = heights[-1], heights.max(axis=0)
    order = np.lexsort((-highest, -last))
    order = order[highest[order] > 0]
    named = order[last[order] > 0][: ends_that_fit(ax, most)]
    styles = {j: line_style(i) for i, j in enumerate(named.tolist())}
    marker: dict[str, Any] = {"marker": "o", "markersize": 4.0} if len(at) == 1 else {}
    style: dict[str, Any] = {"drawstyle": "steps-mid"} if kind == "tasks" else {}
    lifts = (
        np.linspace(0.12, -0.12, len(order)) if kind == "tasks" else np.zeros(len(order))
    )  # equal counts stay visible
    for j, lift in reversed(list(zip(order.tolist(), lifts, strict=True))):
        curve = np.where(heights[:, j] > 0, heights[:, j] + lift, 0.0)
        own = {**styles[j], "linewidth": 1.6, "zorder": 3} if j in styles else OTHERS
        ax.plot(at, curve, **own, **marker, **style)
    top = 1.05 * max(float((highest[order] + lifts).max(initial=0.0)), 1e-12)
    ax.set_ylim(0, top)
    names = [path.grid.problem.blocks.feature_names[j] for j in named]
    label_ends(ax, names, (last[named] + lifts[: len(named)]) / top, [styles[j]["color"] for j in named])


def _held(path: PathFit, x: str, rows: Ints, selected: bool) -> str:
    """The parameters held fixed that could have been others or count, and whether there is nothing to see."""
    if not len(rows):
        return "Ctrl-C came before the first setting was solved"
    return held_text(path.table, path.table.iloc[rows[0]], (x,)) + ("" if selected else "\nNo feature is selected")
