"""The linear functions of a basis, and a penalty of their own for them.

The hinge at the smallest value of a column is a straight line on all rows. Where it is penalised as any function is, a
curve that follows noise comes in before the lines are there in full; where lines cost less, a curve has to be worth
being one. Slopes of pure noise are proportional to sd(phi_j) / v_j, so lines get

    v_j = linear sd(phi_j) / R,    R the largest sd(phi) / v among the lowest functions of all sections:

at linear = 1 noise lets in a line as early as the first of the other functions, at .1 at ten times that lambda. Units
of columns and degrees of products cancel.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats
from sparsekin.hal.basis import Basis, Section
from sparsekin.hal.problem import Problem

FACTORS = (None, 0.3, 0.1)  # tried by cross-validation, in this order


def linear_functions(basis: Basis) -> Bools:
    """(p,) whether a function is linear: the hinge at the smallest value of one column."""
    flags = [(one.cells == 0) & (one.orders == (1,)) for one in basis.sections]
    return np.concatenate(flags) if flags else np.zeros(0, bool)


def with_linear(problem: Problem, linear: float | None) -> Problem:
    """The same problem with a penalty of its own for lines; None: as for any other function."""
    basis = problem.design.basis
    v = basis.factors
    if linear is not None:
        spread = np.array([_spread(problem, one) for one in basis.sections])
        largest = float((spread / [one.factor for one in basis.sections]).max(initial=0.0))
        own = np.repeat(spread / (largest or 1.0), np.diff(basis.first))
        v = np.where(linear_functions(basis) & (own > 0), v * linear * own, v)
    return replace(problem, penalty=replace(problem.penalty, v=v), linear=linear)


def lowest_values(basis: Basis, section: Section, X: Floats) -> Floats:
    """(n,) the function of a section with the lowest knots, at rows X; steps count as 1."""
    out = np.ones(len(X))
    for a, order in zip(section.axes, section.orders, strict=True):
        axis = basis.axes[a]
        out = out * np.maximum(X[:, axis.column] - axis.knots[0], 0.0) ** order if order else out
    return out


def _spread(problem: Problem, section: Section) -> float:
    """Standard deviation of the lowest function, root mean square over tasks; 0 for steps and constants."""
    values, found = lowest_values(problem.design.basis, section, problem.blocks.X), []
    for k in [0] if problem.common else range(problem.n_tasks):
        own, w = values[problem.blocks.rows[k]], problem.omega[k] / problem.omega[k].sum()
        found.append(float(w @ (own - w @ own) ** 2) if np.ptp(own) > 0 else 0.0)
    return float(np.sqrt(np.mean(found)))
