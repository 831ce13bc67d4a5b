"""The order in which selected features are shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparsekin.data.blocks import Bools, Floats


def rank_features(support: Bools, coef: Floats) -> NDArray[np.int64]:
    """Indices of the features selected anywhere: in most tasks first, then by their largest mean square.

    Parameters
    ----------
    support : (p, K) bool
    coef : (p, K) slopes on the standardised scale, 0 where not selected

    Returns
    -------
    (m,) int
        The m selected features; ties in both keep the order of the data.
    """
    chosen = np.flatnonzero(support.any(axis=1))
    n_tasks, size = support[chosen].sum(axis=1), np.sum(coef[chosen] ** 2, axis=1)
    return np.asarray(chosen[np.lexsort((chosen, -size, -n_tasks))])
