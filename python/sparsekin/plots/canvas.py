"""A new figure that pyplot does not know of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsekin.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def new_axes(name: str, size: tuple[float, float]) -> Axes:
    """Axes of a new figure of `size` inches, laid out so that labels fit.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed; `name` says which plot needs it.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(f'{name} needs matplotlib: pip install "sparsekin[plots]"') from error
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def tidy_frame(ax: Axes) -> None:
    """Only the left and lower lines, and a light grid."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="0.92", linewidth=0.8)
    ax.set_axisbelow(True)
