"""A proven lower bound of F for every convex loss, from gradients alone.

At any slopes B with the unpenalised coefficients at their best, u_k = df_k/db_k, a = lambda_1, and any tau >= 0,

    F >= sum_k [f_k - u_k'b_k - tau_k s_k] + sum_j min_S {sum_{k in S} tau_k - gain_j(S) + (lambda_z / 2) phi(|S|)}
    gain_j(S) = ||u_Sj||^2 / (2 a), and with l = lambda_2
                ||u_Sj||^2 / (2 (a + l)) + (l / K) (sum_S u_j)^2 / (2 (a + l)(a + l - l |S| / K))

because f_k lies above its tangent and a ridge with it has its least value at -u / a. Inexact B costs tightness, never
validity; with l = 0 the best B is where the perspective relaxation has its optimum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.glm.fit import free_columns, losses_of
from sparsekin.l0.problem import Problem
from sparsekin.losses.refit import refit

SWEEPS = 20
SAFE = 1e-11  # of F without columns: what rounding, and gradients by unpenalised columns that are not quite 0, may hide
MOST_TASKS = 10  # with lambda_2 all sets of tasks are looked at


@dataclass(frozen=True, slots=True, eq=False)
class Tangent:
    """What a bound is made of: sum_k (f_k - u_k'b_k), and u (p, K), 0 where a column may not enter; f and free too."""

    constant: float
    u: Floats
    losses: Floats
    free: tuple[Floats, ...]


def tangent_at(problem: Problem, B: Floats, may: Bools, before: Tangent | None = None) -> Tangent:
    """At slopes (p, K), standardised scale, 0 where `may` (p, K) is False."""
    K = problem.n_tasks
    u, losses, free, constant = np.zeros_like(B), np.zeros(K), [], 0.0
    for k, loss in enumerate(losses_of(problem)):
        scaled, U = B[:, k] / problem.standard.scale[:, k], free_columns(problem, k)
        S = np.flatnonzero(scaled)
        known = loss.offset + (problem.blocks.columns_of(k, S) @ scaled[S] if len(S) else 0.0)
        moved = replace(loss, offset=known)  # type: ignore[type-var]
        found = refit(moved, np.empty((len(known), 0)), U, keep=None if before is None else before.free[k])
        slope = -(problem.blocks.X_of(k).T @ found.at.residual) / problem.standard.scale[:, k]
        u[:, k] = np.where(may[:, k], slope, 0.0)
        losses[k] = found.value
        free.append(found.keep)
        constant += found.value - float(u[:, k] @ B[:, k])
    return Tangent(constant, u, losses, tuple(free))


def bound_of(
    problem: Problem, tangent: Tangent, null: float, tau: Floats | None = None, held: Ints | None = None
) -> tuple[float, Floats]:
    """The bound at the best tau that coordinate ascent finds, and that tau (K,); of one task, columns may be `held`."""
    if problem.lambda_1 <= 0:
        return 0.0, np.zeros(problem.n_tasks)
    if problem.n_tasks == 1:
        value, tau = _bound_one(problem, tangent, np.empty(0, int) if held is None else held), np.zeros(1)
    elif problem.support == "common":
        value, tau = _bound_common(problem, tangent), np.zeros(problem.n_tasks)
    else:
        value, tau = _bound_apart(problem, tangent, tau)
    return max(value - SAFE * null, 0.0), tau


def _linked(problem: Problem) -> float:
    """l, where tasks answer to each other."""
    return problem.lambda_2 if problem.n_tasks > 1 else 0.0


def _gain(problem: Problem, u: Floats) -> Floats:
    """(p,) what a column takes off in the tasks of u (p, m), all of them together."""
    a, link, K, m = problem.lambda_1, _linked(problem), problem.n_tasks, u.shape[1]
    own = np.sum(u**2, axis=1) / (2 * (a + link))
    if link == 0 or m == 0:
        return own
    return np.asarray(own + link / K * u.sum(axis=1) ** 2 / (2 * (a + link) * (a + link - link * m / K)))


def _bound_one(problem: Problem, tangent: Tangent, held: Ints) -> float:
    gains = _gain(problem, tangent.u)
    inside = float(gains[held].sum())
    gains[held] = 0.0
    left = max(int(problem.s[0]) - len(held), 0)
    return tangent.constant - inside - float(np.sort(gains)[::-1][:left].sum())


def _bound_common(problem: Problem, tangent: Tangent) -> float:
    gains = _gain(problem, tangent.u)
    return tangent.constant - float(np.sort(gains)[::-1][: int(problem.s.min())].sum())


def _bound_apart(problem: Problem, tangent: Tangent, tau: Floats | None) -> tuple[float, Floats]:
    """tau_k, the others fixed, is best at the s_k-th largest of what column j gains by entering task k."""
    K, s = problem.n_tasks, problem.s
    tau = np.zeros(K) if tau is None else tau.copy()
    best, best_tau = -np.inf, tau.copy()
    for _ in range(SWEEPS):
        for k in range(K):
            without, within = _cheapest(problem, tangent.u, tau, k)
            worth = np.sort(without - within)[::-1]
            tau[k] = max(float(worth[s[k] - 1]), 0.0) if 0 < s[k] <= len(worth) else 0.0 if s[k] else max(worth[0], 0.0)
        without, within = _cheapest(problem, tangent.u, tau, 0)
        value = tangent.constant - float(tau @ s) + float(np.minimum(without, within + tau[0]).sum())
        if value <= best + 1e-12 * abs(best):
            break
        best, best_tau = value, tau.copy()
    return best, best_tau


def _cheapest(problem: Problem, u: Floats, tau: Floats, k: int) -> tuple[Floats, Floats]:
    """(p,) least cost of a column over sets of the other tasks, without task k and with it (its own tau left out)."""
    others = [i for i in range(problem.n_tasks) if i != k]
    if _linked(problem) > 0:
        return _cheapest_linked(problem, u, tau, k, others)
    a, K = problem.lambda_1, problem.n_tasks
    costs = np.sort(tau[others] - u[:, others] ** 2 / (2 * a), axis=1)
    sums = np.concatenate([np.zeros((len(u), 1)), np.cumsum(costs, axis=1)], axis=1)
    sizes = np.arange(K)
    without = (sums + _zbar(problem, sizes)).min(axis=1)
    within = (sums + _zbar(problem, sizes + 1)).min(axis=1) - u[:, k] ** 2 / (2 * a)
    return without, within


def _cheapest_linked(problem: Problem, u: Floats, tau: Floats, k: int, others: list[int]) -> tuple[Floats, Floats]:
    without, within = np.full(len(u), np.inf), np.full(len(u), np.inf)
    for code in range(2 ** len(others)):
        some = [i for bit, i in enumerate(others) if code >> bit & 1]
        price = float(tau[some].sum())
        without = np.minimum(without, price - _gain(problem, u[:, some]) + _zbar(problem, len(some)))
        within = np.minimum(within, price - _gain(problem, u[:, [*some, k]]) + _zbar(problem, len(some) + 1))
    return without, within


def _zbar(problem: Problem, m: np.ndarray | int) -> Floats:
    """What the Zbar term takes for a column that m tasks hold."""
    K = problem.n_tasks
    if problem.support != "heterogeneous" or K == 1:
        return np.zeros(np.shape(m))
    return np.asarray(problem.lambda_z / 2 * np.asarray(m) * (K - np.asarray(m)) / K)
