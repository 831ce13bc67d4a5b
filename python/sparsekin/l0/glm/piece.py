"""What a tree searches where not all losses are squares: all tasks together, or one with prices on its columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.relaxation import Marks
from sparsekin.l0.glm.bound import bound_of
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.fit import Supports, refit
from sparsekin.l0.glm.relaxation import Relaxation
from sparsekin.l0.glm.single import coefficients, with_columns
from sparsekin.l0.glm.tangent import tangent_at
from sparsekin.l0.search import as_mask
from sparsekin.l0.state import Ids


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The problem of the descent: that of `tasks`. omega (p,): prices, of one task."""

    descent: Descent
    tasks: tuple[int, ...]
    omega: Floats | None = None

    @property
    def n_features(self) -> int:
        """p."""
        return self.descent.problem.n_features

    def relax(self, candidates: Ids, marks: Marks | None, deadline: float) -> tuple[Relaxation, Marks]:
        """The relaxation on some columns, and the marks with what may never be selected out."""
        whole = len(candidates) == self.n_features
        descent = (
            self.descent if whole else Descent.open(with_columns(self.descent.problem, candidates.astype(np.int64)))
        )
        relaxation = Relaxation(descent, candidates, None if self.omega is None else self.omega[candidates])
        closed = relaxation.free_marks()
        return relaxation, closed if marks is None else np.where(closed == 0, closed, marks).astype(np.int8)

    def evaluate(self, supports: Supports) -> tuple[float, float]:
        """Value of supports, one per task, and its floor: the bound with everything decided."""
        problem, null = self.descent.problem, self.descent.null.F
        fit = refit(problem, supports, memory=self.descent.memory)
        assert fit is not None
        mask = as_mask(problem, fit.supports)
        marks = (mask[:, :1] if problem.support == "common" else mask).T.astype(np.int8)
        prices = 0.0 if self.omega is None else float(self.omega[mask[:, 0]].sum())
        tangent = tangent_at(problem, coefficients(problem, fit), mask)
        floor = bound_of(problem, tangent, null, None, np.ascontiguousarray(marks), self.omega).value
        return fit.F + prices, min(fit.F + prices, floor)
