"""Slopes of all functions along a path, computed again only in sections where they can matter.

From residuals r to r' the gradient of a function moves by no more than ||phi_j|| ||r' - r||, norms in the weights
omega and phi_j without the unpenalised columns. So a section whose steepest slope was m when last priced, and whose
functions have norms of at most `reach`, has slopes of at most m + reach times the way the residuals have gone since:
while that is below lambda none of its functions can be in, and the certificate needs no more than this.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.hal.linear import lowest_values
from sparsekin.hal.penalty import steepest
from sparsekin.hal.problem import Problem


class SlopeTable:
    """Slopes, and per section a bound on them.

    ======= ==== ====================================================
    name    shape meaning
    ======= ==== ====================================================
    slopes  (p,)  as last priced
    ceiling (S,)  what the slopes of a section are at most, by now
    reach   (S,)  norms of its functions over their factor, at most
    priced  int   functions priced so far
    ======= ==== ====================================================
    """

    def __init__(self, problem: Problem, gradient: Floats) -> None:
        self._problem, self._residual = problem, problem.null_residual
        self._first = problem.design.basis.first
        self.slopes = problem.slopes(gradient)
        self.ceiling = np.maximum.reduceat(self.slopes, self._first[:-1]) if len(self.slopes) else np.empty(0)
        self.reach = _reaches(problem)
        self.priced = len(self.slopes)

    def update(self, residual: Sequence[Floats], threshold: float) -> Floats:
        """Price the sections that may hold a slope of `threshold`; see `steepest` for what comes back.

        Where sections were left out and nothing priced is steeper, that is the threshold.
        """
        problem = self._problem
        moved = [
            float(w @ (new - old) ** 2) for w, new, old in zip(problem.omega, residual, self._residual, strict=True)
        ]
        self._residual = tuple(residual)
        self.ceiling = self.ceiling + self.reach * np.sqrt(sum(moved))
        sections = np.flatnonzero(self.ceiling >= threshold)
        functions = self._functions(sections)
        gradient = problem.gradient(residual, sections)
        penalty = problem.penalty if len(functions) == len(self.slopes) else problem.penalty.at(functions)
        fresh = penalty.slopes(gradient)
        self.slopes[functions] = fresh
        self.priced += len(functions)
        if len(sections):
            sizes = np.diff(self._first)[sections]
            self.ceiling[sections] = np.maximum.reduceat(fresh, np.concatenate([[0], np.cumsum(sizes)[:-1]]))
        most = steepest(penalty, gradient) if penalty.ratio == 1 else fresh.max(initial=0.0, keepdims=True)
        return most if len(sections) == len(self.ceiling) else np.maximum(most, threshold)

    def _functions(self, sections: Ints) -> Ints:
        if len(sections) == len(self.ceiling):
            return np.arange(len(self.slopes))
        return np.concatenate([np.arange(self._first[s], self._first[s + 1]) for s in sections] or [np.empty(0, int)])


def _reaches(problem: Problem) -> Floats:
    """(S,) a bound on ||phi_j|| / v_j over the functions of a section and the tasks.

    Functions lie between 0 and the largest value of the one with the lowest knots: about their mean their standard
    deviation is at most half of it, and no norm exceeds the norm of that one.
    """
    basis, X = problem.design.basis, problem.blocks.X
    totals = [float(w.sum()) for w in problem.omega]
    tasks = [0] if problem.common else range(problem.n_tasks)
    out = np.empty(len(basis.sections))
    for s, section in enumerate(basis.sections):
        lowest = lowest_values(basis, section, X)
        norms = []
        for k in tasks:
            own = lowest[problem.blocks.rows[k]]
            spread = np.sqrt(totals[k]) * own.max() * (0.5 if problem.blocks.intercept else 1.0)
            norms.append(min(spread, float(np.sqrt(problem.omega[k] @ own**2))))
        out[s] = max(norms)
    return out / np.minimum.reduceat(problem.penalty.v, basis.first[:-1]) if len(out) else out
