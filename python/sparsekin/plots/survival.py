"""Are risks far apart? Survival of low, middle and high predicted risk, a panel per task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.errors import OptionError
from sparsekin.plots.calibration import quantile_groups
from sparsekin.plots.canvas import tidy_frame
from sparsekin.plots.judged import add_key, label_outer, make_sheet, name_panels
from sparsekin.results.performance import Performing, performance_table
from sparsekin.results.survival_curves import kaplan_meier, steps
from sparsekin.tuning.judge import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = ("#2b6c99", "#d18f1b", "#b03030")
_NAMES = ("low", "middle", "high")
_POINTS = 120


def plot_survival(fit: Performing, *, rows: str | None = None, ax: Axes | Sequence[Axes] | None = None) -> list[Axes]:
    """Kaplan and Meier's curves of the thirds of predicted risk, a panel per cox task, held-out rows if there are any.

    Solid steps are what was observed, dashed lines the mean of the predicted curves of the same rows, by the baseline
    hazard of the fit (not of a task that was left out: its baseline hazard is not known). Curves far apart: the model
    tells risks apart; dashed lines on the steps: it is calibrated.

    Parameters
    ----------
    fit : SparseFit or HALFit
    rows : {"apparent", "out-of-fold", "task left out"}, optional
        Which rows; by default held-out ones where there are any.
    ax : matplotlib Axes or sequence of them, optional
        Where to draw, one per task; by default a new figure, shown by a notebook as the value of a cell (not a pyplot
        figure: ``axes[0].figure.savefig(...)``). Of more than 20 tasks, those with most rows are drawn.

    Returns
    -------
    list of matplotlib Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    OptionError
        No task is cox, `rows` are not there, or the axes are fewer or more than the panels.
    """
    among = [k for k, family in enumerate(fit.blocks.families_said) if family == "cox"]
    if not among:
        raise OptionError("plot_survival is of survival times, family='cox'; plot_calibration() is of all families.")
    sheet = make_sheet("plot_survival", fit, rows, among, ax, 5)
    table = performance_table(fit).xs(sheet.kind, level=1)
    handles: dict[str, Any] = {}
    for one, k in zip(sheet.axes, sheet.tasks, strict=True):
        handles |= _draw(one, sheet.rows[k], _predicted(fit, k, sheet.kind, sheet.rows[k]))
    label_outer(sheet, ["time"] * len(sheet.tasks), ["free of the event"] * len(sheet.tasks))
    names = [f"{name} risk" for name in _NAMES if name in handles]
    shown = [handles[name] for name in _NAMES if name in handles]
    if "predicted" in handles:
        names, shown = [*names, "predicted"], [*shown, handles["predicted"]]
    add_key(sheet, shown, names)
    found = [table["concordance"].iloc[k] for k in sheet.tasks]
    said = ["" if np.isnan(one) else f"C {one:.2f}" for one in found]
    name_panels(sheet, [fit.task_index[k] for k in sheet.tasks], said)
    return sheet.axes


def _predicted(fit: Performing, k: int, kind: str, rows: Rows) -> tuple[Floats, Floats] | None:
    """Times and predicted curves of the rows; None where the baseline hazard is not known."""
    if not fit.knows_baseline(kind) or not len(rows.at):
        return None
    at = np.linspace(0.0, float(rows.y[:, -2].max()), _POINTS)
    return at, fit.survival_of(k, kind, at)


def _draw(ax: Axes, rows: Rows, predicted: tuple[Floats, Floats] | None) -> dict[str, Any]:
    """The lines of a panel, and for the key one of each kind."""
    from matplotlib.lines import Line2D

    handles: dict[str, Any] = {}
    codes = quantile_groups(rows.eta, len(_NAMES))
    groups = np.unique(codes)
    names = {1: _NAMES[1:2], 2: _NAMES[::2]}.get(len(groups), _NAMES)
    for g, name in zip(groups, names, strict=False):
        at, color = np.flatnonzero(codes == g), _COLORS[_NAMES.index(name)]
        curve = kaplan_meier(rows, at)
        assert curve is not None
        times, values = steps(curve, float(rows.y[at, -2].max()))
        handles[name] = ax.plot(times, values, drawstyle="steps-post", color=color, linewidth=1.5)[0]
        if predicted is not None:
            means = np.average(predicted[1][at], axis=0, weights=rows.sizes[at])
            ax.plot(predicted[0], means, color=color, linewidth=1.0, linestyle=(0, (4, 2)))
            handles["predicted"] = Line2D([], [], color="0.4", linewidth=1.0, linestyle=(0, (4, 2)))
    ax.set_ylim(0.0, 1.02)
    ax.set_xlim(left=0.0)
    tidy_frame(ax)
    return handles
