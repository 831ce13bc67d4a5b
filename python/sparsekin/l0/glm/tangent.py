"""Where a bound touches the losses: their values and slopes at some coefficients, unpenalised ones at their best."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats
from sparsekin.l0.glm.fit import free_columns, losses_of
from sparsekin.l0.problem import Problem
from sparsekin.losses.refit import refit

EVERY_SET = 6  # tasks up to which all sets of them are looked at where lambda_2 links what they hold
LEAK = 10.0  # how far unpenalised coefficients may be from the optimum's, in units of 1 and of their size


@dataclass(frozen=True, slots=True, eq=False)
class Tangent:
    """What a bound is made of: F lies above constant + sum u_kj b_kj + ridge (+ Bbar, where it is looked at by sets).

    ======== ======== ===================================================================
    field    shape    meaning
    ======== ======== ===================================================================
    constant float    sum_k (f_k - u_k'b_k), less what unpenalised slopes next to 0 leave
    u        (p, K)   slopes; 0 where a column may not enter
    losses   (K,)     f_k
    free     K of ... unpenalised coefficients
    ======== ======== ===================================================================
    """

    constant: float
    u: Floats
    losses: Floats
    free: tuple[Floats, ...]


def by_sets(problem: Problem) -> bool:
    """Whether the least of Bbar is taken over sets of tasks; else its tangent is taken, as the losses' is."""
    return problem.lambda_2 > 0 and problem.n_tasks > 1 and (
        problem.support == "common" or problem.n_tasks <= EVERY_SET
    )  # fmt: skip


def tangent_at(
    problem: Problem, B: Floats, may: Bools, before: Tangent | None = None, deadline: float = np.inf
) -> Tangent:
    """At slopes (p, K), standardised scale, 0 where `may` (p, K) is False. `TimeoutError` at the deadline."""
    K = problem.n_tasks
    u, losses, free, constant = np.zeros_like(B), np.zeros(K), [], 0.0
    for k, loss in enumerate(losses_of(problem)):
        if time.perf_counter() > deadline:
            raise TimeoutError
        scaled, U = B[:, k] / problem.standard.divisors[:, k], free_columns(problem, k)
        S = np.flatnonzero(scaled)
        known = loss.offset + (problem.blocks.columns_of(k, S) @ scaled[S] if len(S) else 0.0)
        moved = replace(loss, offset=known)  # type: ignore[type-var]
        found = refit(moved, np.empty((len(known), 0)), U, keep=None if before is None else before.free[k])
        slope = -(problem.blocks.X_of(k).T @ found.at.residual) / problem.standard.divisors[:, k]
        u[:, k] = np.where(may[:, k], slope, 0.0)
        losses[k] = found.value
        free.append(found.keep)
        leak = float(np.abs(U.T @ found.at.residual) @ (1 + np.abs(found.keep)))
        constant += found.value - LEAK * leak
    if problem.lambda_2 > 0 and K > 1 and not by_sets(problem):
        spread = problem.lambda_2 * (B - B.mean(axis=1, keepdims=True))
        constant += float(np.sum(spread * B)) / 2
        u += np.where(may, spread, 0.0)
    constant -= float(np.sum(u * B))
    return Tangent(constant, u, losses, tuple(free))
