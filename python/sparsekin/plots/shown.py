"""Figures and axes that a notebook shows as the value of a cell; imported only where matplotlib is."""

from __future__ import annotations

from io import BytesIO
from typing import cast

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sparsekin.plots.canvas import page_of


class ShownFigure(Figure):
    """A figure that pyplot does not know of, so that nobody has to close it; a notebook asks it for its picture."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        FigureCanvasAgg(self)

    def _repr_png_(self) -> bytes:
        page = BytesIO()
        self.savefig(page, format="png")
        return page.getvalue()


class ShownAxes(Axes):
    """Axes of a `ShownFigure`, shown as all of it."""

    def _repr_png_(self) -> bytes:
        return _png(self)


class Panels(list[Axes]):
    """The axes of one figure, shown as all of it."""

    def _repr_png_(self) -> bytes | None:
        return _png(self[0]) if isinstance(self[0], ShownAxes) else None


def _png(ax: Axes) -> bytes:
    return cast(ShownFigure, page_of(ax))._repr_png_()
