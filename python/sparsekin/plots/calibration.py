"""Are predictions right? Observed against predicted outcomes, a panel per task."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats
from statsmodels.nonparametric.smoothers_lowess import lowess
from statsmodels.stats.proportion import proportion_confint

from sparsekin.data.blocks import Floats, Ints
from sparsekin.errors import OptionError
from sparsekin.losses.families import inverse_link
from sparsekin.plots.canvas import tidy_frame
from sparsekin.plots.judged import Sheet, add_key, label_outer, make_sheet, name_panels
from sparsekin.results.performance import Performing, performance_table
from sparsekin.results.survival_curves import curve_at
from sparsekin.tuning.family_metrics import places
from sparsekin.tuning.judge import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_GROUPS = 10
_PER_GROUP = 20  # rows
_COLOR = "#2b6c99"
_WORDS = {"binomial": "probability", "poisson": "count", "gaussian": "outcome"}
_BINS = 30
_HEIGHT = 0.12  # of a panel for the histogram
_LEVEL = 0.95


def plot_calibration(
    fit: Performing,
    *,
    rows: str | None = None,
    time: float | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> list[Axes]:
    """Observed against predicted outcomes, a panel per task, of the held-out rows where the fit has them.

    Dots are groups of about equal size from the lowest to the highest predictions, with 95 % intervals of what was
    observed (Wilson's of shares, exact ones of counts, normal ones of means, and of survival times Kaplan and Meier's
    with Greenwood's variance on the scale of log(-log)); the line is a local regression of outcomes on predictions
    (not of survival times); bars below are the histogram of predictions. Right predictions lie on the dashed line.
    Above each panel stand intercept and slope, see `Performing.performance`.

    Parameters
    ----------
    fit : SparseFit, AverageFit or HALFit
    rows : {"apparent", "out-of-fold", "task left out"}, optional
        Which rows; by default held-out ones where there are any.
    time : float, optional
        Needed where tasks are cox: the risk of an event until then is drawn. Of held-out rows, the baseline hazard is
        still that of the fit.
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
        `rows` are not there; `time` is missing with a cox task, not a number above 0, or given without one; or the
        axes are fewer or more than the panels.
    """
    families = fit.blocks.families_said
    check_time(time, families)
    sheet = make_sheet("plot_calibration", fit, rows, range(fit.blocks.n_tasks), ax, 5)
    pairs = {k: _predicted(fit, sheet, k, time) for k in sheet.tasks}
    found = {k: _groups(sheet.rows[k], predicted, time) for k, predicted in pairs.items()}
    limits = {family: _limits(family, [(*found[k], pairs[k]) for k in sheet.tasks if families[k] == family])
              for family in {families[k] for k in sheet.tasks}}  # fmt: skip
    table = performance_table(fit).xs(sheet.kind, level=1)
    for one, k in zip(sheet.axes, sheet.tasks, strict=True):
        handles = _draw(one, sheet.rows[k], pairs[k], found[k], limits[families[k]])
    words = [
        f"predicted risk by {time:g}" if families[k] == "cox" else f"predicted {_WORDS[families[k]]}"
        for k in sheet.tasks
    ]
    label_outer(sheet, words, ["observed"] * len(words))
    names = ["groups, 95 % interval", "ideal", "histogram of predictions", "local regression"]
    add_key(sheet, handles, names[: len(handles)])
    name_panels(sheet, [fit.task_index[k] for k in sheet.tasks], [_said(table.iloc[k]) for k in sheet.tasks])
    return sheet.axes


def check_time(time: object, families: Sequence[str]) -> None:
    """Refuse a missing or a needless time.

    Raises
    ------
    OptionError
    """
    if ("cox" in families) != (time is not None):
        raise OptionError("time= goes with cox tasks: the risk of an event until then is drawn against what happened.")
    if time is not None and (isinstance(time, bool) or not isinstance(time, Real) or not 0 < float(time) < np.inf):
        raise OptionError(f"time = {time!r} must be a number above 0.")


def _predicted(fit: Performing, sheet: Sheet, k: int, time: float | None) -> Floats:
    """(m,) what is predicted of the rows: means, or the risk of an event until `time`."""
    rows = sheet.rows[k]
    if rows.family != "cox":
        return inverse_link(rows.family, rows.eta)
    assert time is not None
    return 1.0 - fit.survival_of(k, sheet.kind, np.array([time]))[:, 0]


def _groups(rows: Rows, predicted: Floats, time: float | None) -> tuple[Floats, Floats, Floats]:
    """(g,) mean predictions, (g,) what was observed, (2, g) its interval."""
    codes = quantile_groups(predicted, int(np.clip(len(predicted) // _PER_GROUP, 2, _MOST_GROUPS)))
    groups = [np.flatnonzero(codes == g) for g in np.unique(codes)]
    sizes = rows.sizes
    x = np.array([np.average(predicted[at], weights=sizes[at]) for at in groups])
    seen = np.array([_observed(rows, at, time) for at in groups]).reshape(-1, 3)
    return x, seen[:, 0], seen[:, 1:].T


def quantile_groups(values: Floats, n: int) -> Ints:
    """(m,) groups 0, 1, ... of about equal size; values that are equal, up to rounding, are in one group.

    Examples
    --------
    >>> quantile_groups(np.array([0.1, 0.4, 0.2, 0.4, 0.4, 0.9]), 3).tolist()
    [0, 1, 0, 1, 1, 2]
    """
    if not len(values):
        return np.empty(0, np.int64)
    place = places(values[None])[0]
    edges = np.unique(np.quantile(place, np.linspace(0, 1, n + 1)[1:-1], method="lower"))
    codes = np.searchsorted(edges, place, side="left")
    return np.unique(codes, return_inverse=True)[1].ravel()


def _observed(rows: Rows, at: Ints, time: float | None) -> tuple[float, float, float]:
    """Of some rows what was observed, and its interval."""
    if rows.family == "cox":
        assert time is not None
        kept, low, high = curve_at(rows, at, time, _LEVEL)
        return 1.0 - kept, 1.0 - high, 1.0 - low
    y, w = rows.shares[at], rows.sizes[at]
    total, n = float(w @ y), float(w.sum())
    mean = total / n
    if rows.family == "binomial":
        return mean, *proportion_confint(total, n, 1 - _LEVEL, method="wilson")
    if rows.family == "poisson":
        low = stats.chi2.ppf((1 - _LEVEL) / 2, 2 * total) / 2 if total > 0 else 0.0
        return mean, float(low) / n, float(stats.chi2.ppf((1 + _LEVEL) / 2, 2 * total + 2)) / 2 / n
    half = 1.96 * float(np.sqrt(w @ (y - mean) ** 2 / n / max(len(at) - 1, 1)))
    return mean, mean - half, mean + half


def _limits(family: str, drawn: list[tuple[Floats, Floats, Floats, Floats]]) -> tuple[float, float]:
    """Of both axes, the same for all tasks of a family."""
    parts = [np.concatenate([x, y, np.quantile(p, [0.01, 0.99])]) for x, y, _, p in drawn if len(p)]
    values = np.concatenate([*parts, [0.0]]) if family != "gaussian" or not parts else np.concatenate(parts)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.08 * (high - low or 1.0)
    if family == "gaussian":
        return low - room, high + room
    return 0.0, high + room if family == "poisson" else min(high + room, 1.0)


def _draw(
    ax: Axes, rows: Rows, predicted: Floats, found: tuple[Floats, Floats, Floats], limits: tuple[float, float]
) -> list[Any]:
    from matplotlib.patches import Patch

    x, y, ends = found
    ax.plot(limits, limits, color="0.6", linestyle=(0, (4, 3)), linewidth=1.0, zorder=1)
    counts, edges = np.histogram(np.clip(predicted, *limits), bins=_BINS, range=limits, weights=rows.sizes)
    ax.bar(
        edges[:-1], _HEIGHT * counts / max(float(counts.max(initial=0.0)), 1.0), np.diff(edges), align="edge",
        color="0.85", zorder=0.5, transform=ax.get_xaxis_transform(),
    )  # fmt: skip
    bars = np.abs(np.vstack([y - ends[0], ends[1] - y]))
    dots = ax.errorbar(x, y, yerr=bars, fmt="o", color=_COLOR, markersize=4.5, elinewidth=1.0, zorder=3, clip_on=True)
    from matplotlib.lines import Line2D

    handles: list[Any] = [
        dots, Line2D([], [], color="0.6", linestyle=(0, (4, 3)), linewidth=1.0), Patch(color="0.85"),
    ]  # fmt: skip
    if rows.family != "cox":
        if len(np.unique(predicted)) > 5:
            across = np.ptp(predicted)
            smooth = lowess(rows.shares, predicted, frac=2 / 3, it=0, delta=0.01 * across)
            ax.plot(smooth[:, 0], smooth[:, 1], color="#c0392b", linewidth=1.3, zorder=2)
        handles.append(Line2D([], [], color="#c0392b", linewidth=1.3))
    ax.set_xlim(*limits)
    ax.set_ylim(*limits)
    tidy_frame(ax)
    return handles


def _said(values: Any) -> str:
    """``intercept 0.02, slope 0.95``, as far as defined."""
    said = [f"{name} {values[column]:.2f}" for name, column in (("intercept", "cal_intercept"), ("slope", "cal_slope"))
            if column in values and np.isfinite(values[column])]  # fmt: skip
    return ", ".join(said).replace("-0.00", "0.00")
