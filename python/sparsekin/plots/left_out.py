"""One measure of prediction in all studies left out, and what to expect of another study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.errors import OptionError
from sparsekin.plots.canvas import check_matplotlib
from sparsekin.plots.forest import Forest, draw_forest, finish_forest, forest_axes
from sparsekin.results.left_out import LEVEL, LeftOutFit, back_from

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WORDS = {
    "explained": "deviance explained", "rmse": "RMSE", "auc": "AUC", "brier": "Brier score",
    "brier_scaled": "scaled Brier score", "dispersion": "dispersion", "concordance": "concordance",
    "cal_intercept": "calibration intercept", "cal_slope": "calibration slope",
}  # fmt: skip
_FIRST = ("auc", "concordance", "explained")
_IDEAL = {"cal_intercept": 0.0, "cal_slope": 1.0, "explained": 0.0, "brier_scaled": 0.0, "auc": 0.5, "concordance": 0.5,
          "dispersion": 1.0}  # fmt: skip


def plot_forest(fit: LeftOutFit, measure: str | None = None, ax: Axes | None = None) -> Axes:
    """Forest plot of one measure in the studies that were left out.

    Squares with 95 % intervals, larger for studies with more rows; the numbers stand beside them. Below, the
    random-effects mean as a diamond; from three studies on the thin line through it is the 95 % prediction interval,
    where another study is expected. An upright line stands where calibration is ideal (0 or 1), and where a prediction
    is no better than none.

    Parameters
    ----------
    fit : InternalExternal
    measure : str, optional
        A measure of `pooled`: "auc", "cal_slope", ...; by default the AUC, the concordance or the share explained.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    OptionError
        There is no such measure.
    MissingExtraError
        matplotlib is not installed.
    """
    check_matplotlib("plot_forest")
    found = fit.measures
    name = next(one for one in _FIRST if one in found.names) if measure is None else measure
    if name not in found.names:
        raise OptionError(f"measure={measure!r} is not there; there are {', '.join(map(repr, found.names))}.")
    low, high = found.interval(name)
    value = found.values[:, found.names.index(name)]
    together, n = found.together(name)
    mean, predicted, title, digits = None, None, "", _decimals(name, value)
    if together is not None:
        a, middle, b, c, d = (
            back_from(name, one)
            for one in (together.lower, together.estimate, together.upper, together.pred_lower, together.pred_upper)
        )
        mean, title = (a, middle, b), f"I² = {100 * together.I2:.0f} %"
        if not np.isnan(c):
            predicted, title = (c, d), f"in another study {c:.{digits}f} to {d:.{digits}f}; {title}"
    forest = Forest(
        tuple(map(str, fit.study_index)), value, low, high, found.n, np.ones(len(value), bool), mean, predicted,
        f"mean of {n} studies",
    )  # fmt: skip
    ax = forest_axes("plot_forest", len(value), 7.0) if ax is None else ax
    draw_forest(ax, forest, _IDEAL.get(name))
    ax.set_xlabel(f"{_WORDS[name]}, {100 * LEVEL:g} %", fontsize=9)
    _write(ax, forest, digits)
    finish_forest(ax, title)
    return ax


def _write(ax: Axes, forest: Forest, digits: int) -> None:
    """Numbers to the right of the rows."""
    lines = [*zip(forest.estimate, forest.low, forest.high, strict=True)]
    at = np.arange(len(lines) + 1.0, 1.0, -1.0).tolist()
    if forest.mean is not None:
        low, middle, high = forest.mean
        lines, at = [*lines, (middle, low, high)], [*at, 0.5]
    for line, y in zip(lines, at, strict=True):
        one, *ends = (f"{value:.{digits}f}" for value in line)
        text = "not defined" if one == "nan" else one if "nan" in ends else f"{one} ({', '.join(ends)})"
        ax.text(1.02, y, text, transform=ax.get_yaxis_transform(), fontsize=8.5, va="center", ha="left")


def _decimals(name: str, value: Floats) -> int:
    """Two; of an RMSE, which has a unit, as many as three digits need."""
    typical = float(np.nanmedian(value)) if np.isfinite(value).any() else 1.0
    if name != "rmse" or typical <= 0:
        return 2
    return int(np.clip(2 - np.floor(np.log10(typical)), 0, 12))
