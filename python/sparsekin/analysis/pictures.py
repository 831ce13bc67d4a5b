"""Axes as pictures for a page."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from sparsekin.errors import MissingExtraError, OptionError
from sparsekin.plots.canvas import page_of
from sparsekin.report.page.parts import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)
_DPI = 200
_REFERENCE = re.compile(r'(\bid="|xlink:href="#|url\(#)')


def pictures(name: str, caption: str, draw: Callable[[], Axes | Sequence[Axes]]) -> list[Picture]:
    """The picture that `draw` makes; none where matplotlib is not installed or there is nothing to draw."""
    try:
        drawn: Any = draw()
        return [picture_of(name, caption, drawn if hasattr(drawn, "figure") else drawn[0])]
    except (MissingExtraError, OptionError):
        return []
    except Exception:  # a page without one picture can be read, no page cannot
        logger.warning("The picture %s could not be drawn.", name, exc_info=True)
        return []


def picture_of(name: str, caption: str, ax: Axes) -> Picture:
    """The whole figure of axes, the same bytes each time."""
    import matplotlib

    figure = page_of(ax)
    text = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    drawing = text.getvalue()
    svg = _REFERENCE.sub(rf"\1{name}-", drawing[drawing.index("<svg") :])
    width = re.search(r'width="([\d.]+)pt"', svg)
    assert width is not None
    return Picture(name, caption, svg, partial(_png, figure), float(width[1]) / 72)


def _png(figure: Figure) -> bytes:
    dots = BytesIO()
    figure.savefig(dots, format="png", dpi=_DPI, metadata={"Software": None}, bbox_inches="tight")
    return dots.getvalue()
