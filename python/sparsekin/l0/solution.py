"""What an L0 solver hands over."""

from __future__ import annotations

from dataclasses import dataclass

from sparsekin.data.blocks import Bools, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The answer to one `Problem`.

    =================  ==========  =================================================================
    field              shape       meaning
    =================  ==========  =================================================================
    coef               (p, K)      slopes on the user's scale, 0 where not selected
    coef_standardized  (p, K)      the same on the scale where the penalties act
    intercept          (K,)        intercepts
    keep_coef          (q, K)      coefficients of the always-in columns
    support            (p, K)      bool, True where selected
    objective          float       F
    bound              float|None  a proven lower bound of F, when a certificate was computed
    gap                float|None  (objective - bound) / objective
    status             str         "converged", "swap-optimal", "interrupted", "rounded" or of a certificate
    swap_gain          float|None  largest decrease of F that one add, drop or swap in one task can still
                                   bring, over all p columns (0: swap-optimal); None when not computed
    iterations         int         moves made by the search
    seconds            float       wall time of the search
    fractional         (p, K)|None the relaxation's z in [0, 1] that was rounded to `support`; None after a search
    =================  ==========  =================================================================
    """

    coef: Floats
    coef_standardized: Floats
    intercept: Floats
    keep_coef: Floats
    support: Bools
    objective: float
    bound: float | None
    gap: float | None
    status: str
    swap_gain: float | None
    iterations: int
    seconds: float
    fractional: Floats | None = None
