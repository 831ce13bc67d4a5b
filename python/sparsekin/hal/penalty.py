"""The penalty on the rows of W: lambda sum_j v_j Omega(W_j), and its dual norm.

Omega(w) = (1 - a) ||w||_2 + a ||w||_1 over tasks: "l21" is a = 0, "lasso" a = 1 (one lasso per task at a common
lambda), "sparse-group" between them. Rows may be held to a sign, the same in all tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats, Ints

PenaltyName = Literal["l21", "lasso", "sparse-group"]


@dataclass(frozen=True, slots=True, eq=False)
class RowPenalty:
    """What acts on m rows.

    ===== ===== ====================================================
    field shape meaning
    ===== ===== ====================================================
    ratio float a, share of the 1-norm
    v     (m,)  factors > 0
    sign  (m,)  1: coefficients >= 0, -1: <= 0, 0: any
    ===== ===== ====================================================
    """

    ratio: float
    v: Floats
    sign: Floats

    @property
    def name(self) -> PenaltyName:
        """As users call it."""
        return "l21" if self.ratio == 0 else "lasso" if self.ratio == 1 else "sparse-group"

    def at(self, rows: Ints) -> RowPenalty:
        """The penalty on some of the rows."""
        return RowPenalty(self.ratio, self.v[rows], self.sign[rows])

    def value(self, W: Floats) -> float:
        """sum_j v_j Omega(W_j) for W (m, K)."""
        ones, twos = np.abs(W).sum(axis=1), np.sqrt((W**2).sum(axis=1))
        return float(self.v @ (self.ratio * ones + (1.0 - self.ratio) * twos))

    def slopes(self, gradient: Floats) -> Floats:
        """(m,) dual norms of rows of minus the gradient (m, K), over v: W_j = 0 while its slope is below lambda."""
        return np.asarray(_native.hal_slopes(np.ascontiguousarray(gradient), self.v, self.sign, self.ratio))

    def pulls(self, gradient: Floats) -> Floats:
        """(m, K) size of the gradient's entries over v; 0 where an entry pulls against the sign."""
        held = np.where(self.sign[:, None] == 0, np.abs(gradient), np.maximum(self.sign[:, None] * gradient, 0.0))
        return np.asarray(held / self.v[:, None])


def steepest(penalty: RowPenalty, gradient: Floats) -> Floats:
    """(1,) the largest slope of a gradient (m, K), or (K,) of each task where the penalty is the lasso."""
    if penalty.ratio == 1:
        return np.asarray(penalty.pulls(gradient).max(axis=0, initial=0.0))
    return np.asarray(penalty.slopes(gradient).max(initial=0.0, keepdims=True))


def ratio_of(name: PenaltyName, l1_ratio: float) -> float:
    """Share a of the 1-norm in a penalty: 0, 1, or `l1_ratio` for "sparse-group"."""
    return {"l21": 0.0, "lasso": 1.0, "sparse-group": l1_ratio}[name]
