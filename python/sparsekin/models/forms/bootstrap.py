"""The bootstrap of a mixed form, its loadings and shifts of tasks, as the user sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, Ints
from sparsekin.forms.bootstrap import replicate
from sparsekin.forms.effects import Tasks, with_effects
from sparsekin.results.forms.fit import FormsFit
from sparsekin.results.forms.split import shifts


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormsBootstrap:
    """Loadings of resampled rows, turned towards those of the fit, and the shifts of its tasks.

    =========== ============== =================================================================
    field       shape          meaning
    =========== ============== =================================================================
    estimates   frame          block, term, factor, estimate: the loadings of the fit
    loadings    (B, m)         loadings of each replicate, in the order of `estimates`
    task_shifts (K, q), None   those of the fit; None without tasks
    shifts      (B, K, q)      shifts of each replicate
    level       float          coverage of the intervals
    =========== ============== =================================================================
    """

    estimates: pd.DataFrame
    loadings: np.ndarray
    task_shifts: pd.DataFrame | None
    shifts: np.ndarray
    level: float

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.loadings)} replicates, {100 * self.level:g} % intervals>"

    @property
    def intervals(self) -> pd.DataFrame:
        """block, term, factor, estimate, conf_low, conf_high: percentiles of the turned replicates."""
        low, high = self._ends(self.loadings)
        return self.estimates.assign(conf_low=low, conf_high=high)

    @property
    def shift_intervals(self) -> pd.DataFrame | None:
        """task, outcome, estimate, conf_low, conf_high of `FormsFit.task_shifts`; None without tasks.

        Percentiles. Shifts are predictions of random intercepts, drawn a little towards 0, and so are their intervals.
        """
        if self.task_shifts is None:
            return None
        found, (low, high) = self.task_shifts, self._ends(self.shifts)
        return pd.DataFrame({
            "task": np.repeat(found.index.to_numpy(dtype=object), found.shape[1]),
            "outcome": list(found.columns) * len(found),
            "estimate": found.to_numpy().ravel(),
            "conf_low": low.ravel(),
            "conf_high": high.ravel(),
        })  # fmt: skip

    def _ends(self, values: np.ndarray) -> np.ndarray:
        tail = (1 - self.level) / 2
        return np.asarray(np.quantile(values, [tail, 1 - tail], axis=0))


def replicate_fit(fit: FormsFit, rows: Ints) -> tuple[Floats, Floats]:
    """(m,) loadings, block by block and factor by factor, and (K, q) shifts of a fit to rows drawn again."""
    part, found, loadings = replicate(fit.problem, fit.solution, rows)
    ordered = np.concatenate([one.ravel(order="F") for one in loadings])
    if fit.design.task is None:
        return ordered, np.empty((0, 0))
    codes = fit.task_codes[rows]
    if fit.solution.effects is not None:
        found = with_effects(found, part.blocks, Tasks(codes, len(fit.design.task_names)))
    return ordered, shifts(replace(fit, problem=part, solution=found, task_codes=codes))
