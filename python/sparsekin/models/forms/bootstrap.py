"""The bootstrap of the loadings of a mixed form, as the user sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormsBootstrap:
    """Loadings of resampled rows, turned towards those of the fit.

    ========== ============== ==================================================================
    field      shape          meaning
    ========== ============== ==================================================================
    estimates  frame          block, term, factor, estimate: the loadings of the fit
    loadings   (B, m)         loadings of each replicate, in the order of `estimates`
    level      float          coverage of the intervals
    ========== ============== ==================================================================
    """

    estimates: pd.DataFrame
    loadings: np.ndarray
    level: float

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.loadings)} replicates, {100 * self.level:g} % intervals>"

    @property
    def intervals(self) -> pd.DataFrame:
        """block, term, factor, estimate, conf_low, conf_high: percentiles of the turned replicates."""
        tail = (1 - self.level) / 2
        low, high = np.quantile(self.loadings, [tail, 1 - tail], axis=0)
        return self.estimates.assign(conf_low=low, conf_high=high)
