"""A proven lower bound of F for every convex loss, from gradients alone.

At any slopes B with the unpenalised coefficients at their best, u_k = df_k/db_k, a = lambda_1, and any tau >= 0,

    F >= sum_k [f_k - u_k'b_k - tau_k s_k] + sum_j min_S {sum_{k in S} tau_k - gain_j(S) + (lambda_z / 2) phi(|S|)}
    gain_j(S) = ||u_Sj||^2 / (2 a), and with l = lambda_2
                ||u_Sj||^2 / (2 (a + l)) + (l / K) (sum_S u_j)^2 / (2 (a + l)(a + l - l |S| / K))

because f_k lies above its tangent and a ridge with it has its least value at -u / a. Inexact B costs tightness, never
validity; with l = 0 the best B is where the perspective relaxation has its optimum. Where there are too many tasks to
look at all their sets S, the l term is replaced by its own tangent. At a node of a tree, S are the sets that what was
decided leaves; prices omega_kj are added for every column that is in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.relaxation import Marks
from sparsekin.l0.glm.sets import OneSet, SeveralSets
from sparsekin.l0.glm.tangent import Tangent, by_sets
from sparsekin.l0.problem import Problem

SAFE = 1e-11  # of F without columns and of the largest term: what rounding may hide


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A bound; `plain` before it is raised to what F is at least; with tau (K,), the price of a place in each task."""

    value: float
    plain: float
    tau: Floats
    sets: OneSet | SeveralSets

    def fix(self, cutoff: float) -> Marks:
        """The marks, and what they imply for anything below `cutoff`."""
        return self.sets.fix(self.tau, cutoff - self.plain)


def bound_of(
    problem: Problem,
    tangent: Tangent,
    null: float,
    tau: Floats | None = None,
    marks: Marks | None = None,
    prices: Floats | None = None,
    deadline: float = np.inf,
) -> Bound:
    """The bound at the best tau that coordinate ascent from `tau` finds.

    marks (K, p), or (1, p) where supports are common, are -1 free, 0 out, 1 in; prices (p,) are of one task.
    """
    p, K = tangent.u.shape
    one = K == 1 or problem.support == "common"
    given = np.full((1 if one else K, p), -1, np.int8) if marks is None else marks
    sets: OneSet | SeveralSets
    if one:
        gains = gain(problem, tangent.u)
        sets = OneSet(gains if prices is None else gains - prices, given, int(problem.s.min()))
    else:
        sets = SeveralSets.of(problem, tangent.u, given, gain if by_sets(problem) else None)
    added, tau = sets.least(np.zeros(K) if tau is None else tau, deadline)
    value = tangent.constant + added
    value -= SAFE * (null + abs(tangent.constant) + (abs(added) if np.isfinite(added) else 0.0))
    return Bound(value if prices is not None else max(value, 0.0), value, tau, sets)  # F is 0 at least


def gain(problem: Problem, u: Floats) -> Floats:
    """(p,) what a column takes off in the tasks of u (p, m), all of them together."""
    link = problem.lambda_2 if by_sets(problem) else 0.0
    a, K, m = problem.lambda_1, problem.n_tasks, u.shape[1]
    own = np.sum(u**2, axis=1) / (2 * (a + link))
    if link == 0 or m == 0:
        return own
    return np.asarray(own + link / K * u.sum(axis=1) ** 2 / (2 * (a + link) * (a + link - link * m / K)))
