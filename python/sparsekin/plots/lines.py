"""Many lines told apart: colour and line type, names at their ends or in a legend beside the axes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.plots.canvas import POINTS, axes_points, page_of
from sparsekin.plots.names import fitting_names, name_style, set_text, short_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 20  # lines with a colour and type of their own
_FONT = 8.0
_SHARE = 0.4  # of the width of the axes for names beside them
_LEAST = 108.0  # points for names in a legend, where our own words must fit
_DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
_MARKS = "osD^vP"
OTHERS: dict[str, Any] = {"color": "0.8", "linewidth": 0.8, "zorder": 1.5}


def line_style(i: int) -> dict[str, Any]:
    """Colour and type of the i-th of at most 40 lines."""
    return {"color": _color(i), "linestyle": _DASHES[i // 10 % len(_DASHES)]}


def mark_style(i: int) -> dict[str, Any]:
    """Colour and shape of the i-th of at most 60 kinds of points."""
    return {"color": _color(i), "marker": _MARKS[i // 10 % len(_MARKS)], "linestyle": "none"}


def _color(i: int) -> Any:
    import matplotlib as mpl

    return mpl.colormaps["tab10"](i % 10)


def name_outside(ax: Axes) -> None:
    """Say in the names of lines that are wholly outside the limits that they are, so that the legend names no ghost."""
    low, high = sorted(ax.get_ylim())
    for line in ax.get_lines():
        values, label = np.asarray(line.get_ydata(), float), str(line.get_label())
        if label.startswith("_") or not np.isfinite(values).any():
            continue
        if np.nanmin(values) > high:
            line.set_label(f"{label} (above)")
        elif np.nanmax(values) < low:
            line.set_label(f"{label} (below)")


def told_apart(sizes: Floats, most: int = MOST) -> Ints:
    """Positions of the `most` largest, in their own order."""
    return np.sort(np.argsort(-sizes, kind="stable")[:most])


def label_ends(ax: Axes, names: Sequence[Hashable], heights: Floats, colors: Sequence[Any]) -> None:
    """Names at the right end of lines, in descending order of heights on [0, 1], moved apart."""
    width, height = axes_points(ax)
    labels = fitting_names(names, _SHARE * width, _FONT)
    for label, place, color in zip(labels, _apart(heights, 1.35 * _FONT / height), colors, strict=True):
        ax.annotate(
            label,
            (1.01, place),
            xycoords="axes fraction",
            va="center",
            fontsize=_FONT,
            color=color,
            **name_style([label]),
        )


def label_lines(ax: Axes, names: Sequence[Hashable], x: float, values: Floats, colors: Sequence[Any]) -> None:
    """Names beside the right ends (x, value) of lines, moved apart, each joined to its line."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high)
    width, height = axes_points(ax)
    order = np.argsort(-values, kind="stable")
    places = _apart((values[order] - low) / (high - low), 1.35 * _FONT / height)
    labels = fitting_names(names, _SHARE * width, _FONT)
    for i, place in zip(order.tolist(), places.tolist(), strict=True):
        joint = {
            "arrowstyle": "-",
            "color": colors[i],
            "linewidth": 0.6,
            "shrinkA": 0,
            "shrinkB": 0,
            "relpos": (0, 0.5),
        }
        ax.annotate(
            labels[i], (x, values[i]), xytext=(1.05, place), textcoords="axes fraction", va="center", fontsize=_FONT,
            color=colors[i], arrowprops=joint, annotation_clip=False, **name_style([labels[i]]),
        )  # fmt: skip


def ends_that_fit(ax: Axes, most: int) -> int:
    """How many names fit one above the other."""
    return min(most, max(1, int(axes_points(ax)[1] / (1.35 * _FONT))))


def _apart(wanted: Floats, line: float) -> Floats:
    """Heights in descending order, at least one line apart and inside the axes."""
    places = wanted.copy()
    for i in range(1, len(places)):
        places[i] = min(places[i], places[i - 1] - line)
    places = places + max(0.0, -places[-1]) if len(places) else places
    for i in range(len(places) - 2, -1, -1):
        places[i] = max(min(places[i], wanted[i]), places[i + 1] + line)
    return places


def _room(ax: Axes, title: object, page: bool) -> tuple[float, int]:
    """Points across, and lines, that there are for a legend beside axes or at the right edge of the page."""
    width, height = axes_points(ax)
    if page:
        width, height = (POINTS * inches for inches in page_of(ax).get_size_inches() * (0.7, 1.0))
    return width, max(2, int(height / (1.5 * _FONT)) - (title is not None) - 1)


def lines_that_fit(ax: Axes, n: int, title: object, *, page: bool = False) -> int:
    """How many of n lines a legend can name, so that no others have a colour of their own."""
    room, shown = _room(ax, title, page)[1], min(n, MOST)
    return shown if shown + (n > shown) <= room else room - 1


def side_legend(
    ax: Axes,
    handles: Sequence[Any],
    names: Sequence[Hashable],
    title: object = None,
    *,
    more: int = 0,
    page: bool = False,
) -> None:
    """A legend beside the axes (or at the right edge of the page), as long as it fits; `more` lines have no name."""
    if not handles:
        return
    from matplotlib.lines import Line2D

    width, room = _room(ax, title, page)
    if len(handles) + (more > 0) > room:
        more += len(handles) - (room - 1)
        handles, names = handles[: room - 1], names[: room - 1]
    labels = [*fitting_names(names, max(_SHARE * width, _LEAST), _FONT), *([f"and {more} more"] if more else [])]
    shown = [*handles, *([Line2D([], [], **OTHERS)] if more else [])]
    options: dict[str, Any] = {"frameon": False, "fontsize": _FONT, "title_fontsize": _FONT, "borderaxespad": 0.2}
    blank = [""] * len(shown)  # labels that begin with an underscore would be left out
    legend = (
        ax.figure.legend(shown, blank, title=" ", loc="outside right upper", **options)
        if page
        else ax.legend(shown, blank, title=" ", loc="upper left", bbox_to_anchor=(1.01, 1), **options)
    )
    for text, label in zip(legend.get_texts(), labels, strict=True):
        set_text(text, label)
    set_text(legend.get_title(), "" if title is None else short_names([str(title)], 20)[0])
