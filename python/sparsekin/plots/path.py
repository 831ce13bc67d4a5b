"""How coefficients and supports change with a tuning parameter: a curve per feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.errors import OptionError
from sparsekin.options import check_option
from sparsekin.plots.canvas import new_axes, tidy_frame
from sparsekin.plots.scales import axis_scale, label_of, varying
from sparsekin.results.path import PathFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (7.0, 4.4)
_LETTERS = 20  # of a label
_LINE = 0.055  # of the height of the axes: the least distance of two labels


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
        Where to draw; by default a new figure (not a pyplot figure: ``ax.figure.savefig(...)``).
    x : str, optional
        Parameter on the axis; by default lambda_z where it varies, else the one with most values.
    at : dict, optional
        Values of the other parameters, such as ``{"s": 5}``; by default the middle of the values of s and the least
        of each penalty.
    kind : {"norm", "tasks"}
        Height of a curve: the 2-norm over tasks of the standardised coefficients, or the number of tasks that select
        the feature.
    max_labels : int
        Name at most so many features, the largest at the right end.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    OptionError
        `x` is no parameter, or `at` names a value the path does not have.
    """
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
    ax.set_title(_held(path, x, rows), loc="left", fontsize=9)
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
    import matplotlib as mpl

    last, highest = heights[-1], heights.max(axis=0)
    order = np.lexsort((-highest, -last))
    order = order[highest[order] > 0]
    named = order[last[order] > 0][:most]
    colors = dict(zip(named.tolist(), mpl.colormaps["tab10"](np.arange(len(named)) % 10), strict=True))
    marker: dict[str, Any] = {"marker": "o", "markersize": 4.0} if len(at) == 1 else {}
    style: dict[str, Any] = {"drawstyle": "steps-mid"} if kind == "tasks" else {}
    lifts = (
        np.linspace(0.12, -0.12, len(order)) if kind == "tasks" else np.zeros(len(order))
    )  # equal counts stay visible
    for j, lift in reversed(list(zip(order.tolist(), lifts, strict=True))):
        curve = np.where(heights[:, j] > 0, heights[:, j] + lift, 0.0)
        color, width = (colors[j], 1.6) if j in colors else ("0.7", 0.9)
        ax.plot(at, curve, color=color, linewidth=width, zorder=3 if j in colors else 2, **marker, **style)
    ax.set_ylim(0, 1.05 * max(float(highest.max(initial=0.0)), 1e-12))
    _name(ax, path, named, last[named] + lifts[: len(named)], colors)


def _name(ax: Axes, path: PathFit, named: Ints, heights: Floats, colors: dict[int, Any]) -> None:
    """Names at the right end of curves, moved apart so that they do not overlap."""
    for j, place in zip(named.tolist(), _apart(heights / ax.get_ylim()[1]), strict=True):
        name = path.grid.problem.blocks.feature_names[j]
        name = name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"
        ax.annotate(
            name, (1.01, place), xycoords="axes fraction", va="center", fontsize=8, parse_math=False, color=colors[j]
        )


def _apart(wanted: Floats) -> Floats:
    """Heights in descending order, at least one line apart and inside the axes."""
    places = wanted.copy()
    for i in range(1, len(places)):
        places[i] = min(places[i], places[i - 1] - _LINE)
    places = places + max(0.0, -places[-1]) if len(places) else places
    for i in range(len(places) - 2, -1, -1):
        places[i] = max(min(places[i], wanted[i]), places[i + 1] + _LINE)
    return places


def _held(path: PathFit, x: str, rows: Ints) -> str:
    """The parameters held fixed that could have been others."""
    if not len(rows):
        return "Ctrl-C came before the first setting was solved"
    table = path.table
    fixed = [name for name in varying(table) if name != x]
    return ", ".join(f"{name} = {table[name].iloc[rows[0]]:g}" for name in fixed)
