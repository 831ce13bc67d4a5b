"""Supports with their exact refit: what every comparison of two answers is made on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.glm.linked import Part, minimise
from sparsekin.l0.glm.memory import Memory, Seen, TaskMemory
from sparsekin.l0.problem import Problem
from sparsekin.l0.state import Ids
from sparsekin.losses.base import Loss
from sparsekin.losses.refit import Refit, cold_start
from sparsekin.losses.refit import refit as refit_loss

Supports = list[Ids]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Supports, and the coefficients that are best on them.

    ======== ============= ==============================================================
    field    shape         meaning
    ======== ============= ==============================================================
    supports K of (s_k,)   ascending
    b        K of (s_k,)   slopes, standardised scale
    free     K of (r_k,)   coefficients of the unpenalised columns, in their basis
    values   (K,)          loss and ridge of each task
    bbar     float         the lambda_2 term
    F        float         all of it, the Zbar term as well
    ======== ============= ==============================================================
    """

    supports: Supports
    b: list[Floats]
    free: list[Floats]
    values: Floats
    bbar: float
    F: float


def losses_of(problem: Problem) -> tuple[Loss, ...]:
    """The K losses of a problem that has them."""
    assert problem.losses is not None
    return problem.losses


def free_columns(problem: Problem, k: int) -> Floats:
    """(n_k, r_k) basis of the unpenalised columns of task k; no constant where a constant changes nothing."""
    basis = problem.basis[k]
    return basis[:, 1:] if problem.blocks.intercept and not losses_of(problem)[k].constants else basis


def columns(problem: Problem, k: int, S: Ints | Ids) -> Floats:
    """(n_k, s) columns of task k on the standardised scale, without an origin that changes nothing."""
    return losses_of(problem)[k].centred(problem.blocks.columns_of(k, S) / problem.standard.divisors[S, k])


def supports_price(problem: Problem, supports: Sequence[Ids]) -> float:
    """The Zbar term."""
    K = problem.n_tasks
    if problem.lambda_z == 0 or K == 1 or problem.support != "heterogeneous":
        return 0.0
    m = np.bincount(np.concatenate(supports), minlength=problem.n_features)
    return float(problem.lambda_z / 2 * np.sum(m * (K - m)) / K)


def carried(before: Fit | None, k: int, S: Ids) -> Floats:
    """(s,) slopes to start from: those of the same columns before, else 0."""
    b = np.zeros(len(S))
    if before is not None and len(before.supports[k]):
        old = before.supports[k]
        at = np.minimum(np.searchsorted(old, S), len(old) - 1)
        there = old[at] == S
        b[there] = before.b[k][at[there]]
    return b


def refit_task(problem: Problem, k: int, S: Ids, before: Fit | None = None, allowed: float = np.inf) -> Refit:
    """Best coefficients of task k alone on the columns S."""
    free = None if before is None else before.free[k]
    loss, X, U = losses_of(problem)[k], columns(problem, k, S), free_columns(problem, k)
    return refit_loss(loss, X, U, problem.lambda_1, carried(before, k, S), free, allowed)


def refit(
    problem: Problem,
    supports: Sequence[Ids],
    before: Fit | None = None,
    allowed: float = np.inf,
    fresh: bool = False,
    memory: Memory | None = None,
) -> Fit | None:
    """The exact refit of `supports`, from `before`; tasks with the same support there are not refitted unless `fresh`.

    None where F will stay above `allowed`.
    """
    known = [None] * len(supports) if before is None else before.supports
    sets = [S if S is old else np.sort(np.asarray(S, np.int32)) for S, old in zip(supports, known, strict=True)]
    if problem.lambda_2 > 0 and problem.n_tasks > 1:
        return _refit_linked(problem, sets, before, allowed)
    price = supports_price(problem, sets)
    b: list[Floats] = [np.empty(0)] * len(sets)
    free: list[Floats] = [np.empty(0)] * len(sets)
    values = np.zeros(len(sets))
    changed = []
    for k, S in enumerate(sets):
        if before is not None and not fresh and (S is known[k] or np.array_equal(S, before.supports[k])):
            b[k], free[k], values[k] = before.b[k], before.free[k], before.values[k]
        else:
            changed.append(k)
    for k in changed:
        left = allowed - price - values.sum() if k == changed[-1] else np.inf
        found = _seen(problem, k, sets[k], before, left, None if memory is None else memory.tasks[k])
        if found.b is None or found.free is None:
            return None
        b[k], free[k], values[k] = found.b, found.free, found.value
    return Fit(sets, b, free, values, 0.0, float(values.sum()) + price)


def _seen(problem: Problem, k: int, S: Ids, before: Fit | None, allowed: float, memory: TaskMemory | None) -> Seen:
    """The refit of task k, remembered or made; without coefficients where its value stays above `allowed`."""
    known = None if memory is None else memory.of(S)
    if known is not None and (known.b is not None or known.value >= allowed):
        return known
    found = refit_task(problem, k, S, before, allowed)
    given_up = found.value > allowed and not found.converged
    seen = Seen(allowed) if given_up else Seen(found.value, found.coef, found.keep)
    if memory is not None:
        memory.keep(S, seen)
    return seen


def _refit_linked(problem: Problem, sets: Supports, before: Fit | None, allowed: float) -> Fit | None:
    """All tasks at once: they answer to each other through lambda_2."""
    K, l1, l2 = problem.n_tasks, problem.lambda_1, problem.lambda_2
    U = [free_columns(problem, k) for k in range(K)]
    losses = losses_of(problem)
    parts = [Part(loss, np.column_stack([columns(problem, k, sets[k]), U[k]])) for k, loss in enumerate(losses)]
    ids = np.concatenate([np.concatenate([S, np.full(u.shape[1], -1)]) for S, u in zip(sets, U, strict=True)])
    slope = ids >= 0
    P = np.where((ids[:, None] == ids[None, :]) & slope[:, None], -l2 / K, 0.0) + np.diag((l1 + l2) * slope)
    start = [
        np.concatenate([carried(before, k, S), cold_start(losses[k], u) if before is None else before.free[k]])
        for k, (S, u) in enumerate(zip(sets, U, strict=True))
    ]
    price = supports_price(problem, sets)
    found = minimise(parts, P, np.concatenate(start), allowed - price)
    if found.given_up:
        return None
    cuts = np.cumsum([part.Z.shape[1] for part in parts])[:-1]
    theta = np.split(found.theta, cuts)
    b = [one[: len(S)] for one, S in zip(theta, sets, strict=True)]
    free = [one[len(S) :] for one, S in zip(theta, sets, strict=True)]
    ridge = np.array([l1 / 2 * one @ one for one in b])
    values = found.losses + ridge
    return Fit(sets, b, free, values, found.penalty - float(ridge.sum()), found.value + price)
