"""A new figure that pyplot does not know of, or the axes given; how much room there is in them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from textwrap import fill
from typing import TYPE_CHECKING, Any, cast

from sparsekin.errors import OptionError, needs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 72.0  # per inch


def check_matplotlib(name: str) -> None:
    """Raise `MissingExtraError`, which says that the plot `name` needs matplotlib, where it is not installed."""
    with needs(name, "matplotlib", "plots"):
        import matplotlib.figure  # noqa: F401


def new_axes(name: str, size: tuple[float, float]) -> Axes:
    """Axes of a new figure of `size` inches, laid out so that labels fit.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed; `name` says which plot needs it.
    """
    check_matplotlib(name)
    from sparsekin.plots.shown import ShownAxes, ShownFigure

    return ShownFigure(figsize=size, layout="constrained").add_subplot(axes_class=ShownAxes)


def panels(name: str, n: int, given: Axes | Sequence[Axes] | None, least_height: float = 0.0) -> list[Axes]:
    """`n` axes of one new figure at least so many inches high, or those given.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    OptionError
        The axes given are fewer or more than the panels.
    """
    check_matplotlib(name)
    from sparsekin.plots.shown import Panels, ShownAxes, ShownFigure

    if given is not None:
        axes = list(getattr(given, "flat", given if isinstance(given, Sequence) else [given]))
        if len(axes) != n:
            raise OptionError(f"{name} draws {n} panels, but ax has {len(axes)} axes; give {n}, or leave ax out.")
        return Panels(axes)
    columns = 2 if n == 4 else min(n, 3) if n < 10 else 4 if n < 17 else 5
    rows, width = -(-n // columns), 3.4 if columns < 4 else 2.6
    size = (width * columns + 0.6, max(0.85 * width * rows, least_height))
    figure = ShownFigure(figsize=size, layout="constrained")
    return Panels(figure.add_subplot(rows, columns, i + 1, axes_class=ShownAxes) for i in range(n))


def check_count(name: str, value: Any, least: int) -> int:
    """Return a whole number of things to show, or raise `OptionError` unless it is at least `least`."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or index(value) < least:
        raise OptionError(f"{name} = {value!r} must be a whole number, at least {least}.")
    return index(value)


def axes_points(ax: Axes) -> tuple[float, float]:
    """Width and height of axes in points."""
    box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
    return box.width * POINTS, box.height * POINTS


def page_of(ax: Axes) -> Figure:
    """The whole figure that axes are in."""
    figure: Any = ax.figure
    while figure.figure is not figure:
        figure = figure.figure
    return cast("Figure", figure)


def set_title(ax: Axes, text: str, size: float = 9.0, beside: float = 0.0) -> None:
    """A title of our own words above the left end, broken where it would be wider than the axes and points `beside`."""
    room = axes_points(ax)[0] + beside
    ax.set_title(fill(text, max(16, int(room / (0.55 * size)))), loc="left", fontsize=size)


def tidy_frame(ax: Axes) -> None:
    """Only the left and lower lines, and a light grid."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="0.92", linewidth=0.8)
    ax.set_axisbelow(True)
