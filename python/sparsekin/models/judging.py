"""Pictures of how well a fit predicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sparsekin.plots.calibration import plot_calibration
from sparsekin.plots.survival import plot_survival
from sparsekin.results.performance import Performing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Judging(Performing):
    """The verbs of a fit about its predictions."""

    __slots__ = ()

    def plot_calibration(
        self, *, rows: str | None = None, time: float | None = None, ax: Axes | Sequence[Axes] | None = None
    ) -> list[Axes]:
        """Observed against predicted outcomes; see `sparsekin.plots.calibration.plot_calibration`."""
        return plot_calibration(self, rows=rows, time=time, ax=ax)

    def plot_survival(self, *, rows: str | None = None, ax: Axes | Sequence[Axes] | None = None) -> list[Axes]:
        """Survival by thirds of predicted risk; see `sparsekin.plots.survival.plot_survival`."""
        return plot_survival(self, rows=rows, ax=ax)
