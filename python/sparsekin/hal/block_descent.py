"""The problem on a working set: Newton steps on the rows that are in, and sweeps that let rows in and out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats
from sparsekin.hal.finite import check_finite
from sparsekin.hal.newton import newton_step
from sparsekin.hal.penalty import RowPenalty

SWEEPS = 8  # between Newton steps, and one more for every _PER rows that are in, as those steps get dearer faster
_PER = 40
STEPS = 60


def descend(
    gram: Sequence[Floats],
    c: Floats,
    yy: Floats,
    penalty: RowPenalty,
    lambda_: float,
    W: Floats,
    tolerance: float,
) -> Floats:
    """W (K, m) with a duality gap of at most `tolerance` on these m functions, from a start W.

    Minimises sum_k (yy_k - 2 c_k'W_k + W_k'A_k W_k) / 2 + lambda sum_j v_j Omega(W_j); `gram` holds the A_k (m, m), or
    one for all tasks. Stops short of the tolerance after `STEPS` Newton steps.
    """
    W = W.copy()
    for _ in range(STEPS):
        on = np.flatnonzero(np.any(W != 0, axis=0))
        if len(on):
            part = [A[np.ix_(on, on)] for A in gram]
            W[:, on] = newton_step(part, c[:, on], W[:, on], lambda_ * penalty.v[on], penalty.at(on))
        start = np.ascontiguousarray(W)
        W, gap, _ = _native.hal_descend(
            gram, c, penalty.v, penalty.sign, yy, lambda_, penalty.ratio, start, tolerance, SWEEPS + len(on) // _PER
        )
        check_finite(gap, f"The duality gap at lambda = {lambda_:.3g}")
        if gap <= tolerance:
            break
    return np.asarray(W)
