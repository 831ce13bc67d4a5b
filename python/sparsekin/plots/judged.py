"""A panel per task for pictures of how well it is predicted: which tasks, their names, labels at the outer edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill, wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsekin.plots.canvas import axes_points, page_of, panels
from sparsekin.plots.lines import MOST, side_legend, told_apart
from sparsekin.plots.names import fitting_names, name_style
from sparsekin.results.performance import Performing
from sparsekin.tuning.judge import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONT = 9.0
SMALL = 8.0
_LINE = 0.17  # inches of a line of the legend


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Panels of a picture.

    ===== ============== ===================================================
    field shape          meaning
    ===== ============== ===================================================
    axes  m Axes         a panel per task shown
    tasks m int          which of the K tasks
    rows  K Rows         rows judged, of all tasks
    kind  str            what they are called
    own   bool           whether the figure is ours
    ===== ============== ===================================================
    """

    axes: list[Any]
    tasks: list[int]
    rows: list[Rows]
    kind: str
    own: bool


def make_sheet(
    name: str, fit: Performing, rows: str | None, among: Sequence[int], ax: Axes | Sequence[Axes] | None, key: int
) -> Sheet:
    """Panels for the tasks `among` K, of more than 20 those with most rows; a legend has `key` lines."""
    kind, judged = fit.rows_of(rows)
    sizes = np.array([len(judged[k].at) for k in among], float)
    tasks = [among[i] for i in told_apart(sizes, MOST).tolist()]
    axes = panels(name, len(tasks), ax, _LINE * (key + 5))
    if ax is None and len(tasks) < len(among):
        axes[0].figure.suptitle(f"The {len(tasks)} of {len(among)} tasks with most rows", fontsize=FONT + 2)
    return Sheet(axes, tasks, judged, kind, ax is None)


def label_outer(sheet: Sheet, across: Sequence[str], up: Sequence[str]) -> None:
    """Labels of axes, where panels are ours only below and to the left of the others if these say the same."""
    for i, (ax, below, left) in enumerate(zip(sheet.axes, across, up, strict=True)):
        place = ax.get_subplotspec() if sheet.own else None
        columns = 1 if place is None else place.get_gridspec().ncols
        lowest = place is None or i + columns >= len(across) or across[i + columns] != below
        if lowest:
            ax.set_xlabel(below, fontsize=FONT)
        if place is None or i % columns == 0 or up[i - 1] != left:
            ax.set_ylabel(left, fontsize=FONT)
        ax.tick_params(labelsize=SMALL)


def add_key(sheet: Sheet, handles: Sequence[Any], names: Sequence[str]) -> None:
    """What the marks are, beside the panels, under the name of the rows."""
    side_legend(sheet.axes[-1], handles, names, sheet.kind, page=sheet.own)


def name_panels(sheet: Sheet, names: Sequence[object], below: Sequence[str]) -> None:
    """The name of each task above its panel, what is said of it in a line of its own; once all else has its room."""
    page_of(sheet.axes[0]).draw_without_rendering()
    for ax, name, said in zip(sheet.axes, names, below, strict=True):
        width = axes_points(ax)[0]
        lines = [fitting_names([name], width, SMALL)[0], *(wrap(said, _letters(width)) if said else [])]
        ax.set_title("\n".join(lines), loc="left", fontsize=SMALL, **name_style(lines))
        ax.set_xlabel(fill(ax.get_xlabel(), _letters(width)), fontsize=FONT)


def _letters(points: float) -> int:
    """How many letters of our own words are so wide."""
    return max(9, int(points / (0.55 * FONT)))
