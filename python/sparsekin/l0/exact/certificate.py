"""What a proof is handed over as."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Certificate:
    """How far the objective can be from the optimum, proven.

    ========== ============== =======================================================================
    field      type           meaning
    ========== ============== =======================================================================
    objective  float          F of the best solution
    bound      float          no solution has a smaller F
    gap        float          (objective - bound) / objective
    share      float          (objective - bound) / (F without columns - objective): the gap beside what columns
                              explain; infinite where they explain nothing
    status     str            "optimal" (gap within what was asked), "time limit", "node limit",
                              "memory limit", "interrupted", "root" (no tree was searched) or "rounding" (all
                              trees were searched; what is left is what nearly collinear columns hide)
    asked      float          the gap that was asked for
    nodes      int            nodes of all trees
    seconds    float          wall time
    candidates int            columns times tasks to decide on
    undecided  int            of these, still open after the bounds of the root
    route      str            "joint tree", "one tree per task", "outer approximation" or "root"
    scip       str            version of SCIP, empty when it was not needed
    ========== ============== =======================================================================

    No bound on the size of coefficients (big-M) is assumed anywhere.
    """

    objective: float
    bound: float
    gap: float
    share: float
    status: str
    asked: float
    nodes: int
    seconds: float
    candidates: int
    undecided: int
    route: str
    scip: str


def relative_gap(objective: float, bound: float, rounding: float = 0.0) -> float:
    """(objective - bound) / objective, 0 where they differ by no more than `rounding`."""
    return (objective - bound) / objective if objective - bound > rounding else 0.0


def share_of_range(objective: float, bound: float, null: float) -> float:
    """(objective - bound) / (null - objective); infinite where nothing lies between F without columns and F."""
    if objective <= bound:
        return 0.0
    return (objective - bound) / (null - objective) if null > objective else math.inf
