"""Whether columns separate the outcome of a task, so that without a ridge no coefficients are best (Konis, 2007).

There is then a direction in which no row's loss rises and some row's falls for ever: a linear program finds it.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.glm.fit import columns, free_columns, losses_of
from sparsekin.l0.problem import Problem
from sparsekin.losses.base import RowLoss
from sparsekin.losses.cox import Cox

CLEAR = 1e-6  # what the rows must be told apart by, in units of columns of size 1


def separates(problem: Problem, k: int, S: Ints) -> bool:
    """Whether columns S and the unpenalised ones separate the outcome of task k."""
    loss = losses_of(problem)[k]
    Z = np.column_stack([columns(problem, k, S), free_columns(problem, k)])
    Z = Z / np.maximum(np.sqrt(np.mean(Z**2, axis=0)), 1e-300)
    if Z.shape[1] == 0:
        return False
    if isinstance(loss, Cox):
        return _falls(*_cox_directions(loss, Z), Z.shape[1])
    if isinstance(loss, RowLoss) and loss.family in ("binomial", "poisson"):
        return _falls(*_row_directions(loss, Z), Z.shape[1])
    return False


def _row_directions(loss: RowLoss, Z: Floats) -> tuple[Floats, Floats]:
    """Rows that may not fall, and those that may not move: y = 1 up and y = 0 down, what lies between fixed."""
    there = loss.omega > 0
    top = np.inf if loss.family == "poisson" else 1.0
    up, down = there & (loss.y >= top), there & (loss.y <= 0)
    return np.vstack([Z[up], -Z[down]]), Z[there & ~up & ~down]


def _cox_directions(loss: Cox, Z: Floats) -> tuple[sparse.csr_array, Floats]:
    """Each death above each row at risk with it, by way of a ceiling per event time."""
    events, T, m = loss.events, len(loss.events.times), Z.shape[1]
    first, last = events.risk_sets.first, events.risk_sets.last
    pairs = [(t, i) for i in np.flatnonzero(last > first) for t in range(first[i], last[i])]
    t, i = np.array(pairs).T if pairs else np.empty((2, 0), int)
    ceiling = sparse.csr_array((np.ones(len(t)), (np.arange(len(t)), t)), shape=(len(t), T))
    of_death = sparse.csr_array(
        (np.ones(len(events.deaths)), (np.arange(len(events.deaths)), events.event_of_death)),
        shape=(len(events.deaths), T),
    )
    below = sparse.hstack([sparse.csr_array(-Z[i]), ceiling])
    above = sparse.hstack([sparse.csr_array(Z[events.deaths]), -of_death])
    return sparse.csr_array(sparse.vstack([below, above])), np.empty((0, m + T))


def _falls(up: Floats | sparse.csr_array, fixed: Floats, m: int) -> bool:
    """Whether some direction of the first m coordinates moves rows `up` and none down."""
    if up.shape[0] == 0:
        return False
    free = up.shape[1] - m
    gain = -np.asarray(up.sum(axis=0)).ravel()
    found = linprog(
        gain / up.shape[0], A_ub=-up, b_ub=np.zeros(up.shape[0]), A_eq=fixed if len(fixed) else None,
        b_eq=np.zeros(len(fixed)) if len(fixed) else None, bounds=[(-1, 1)] * m + [(None, None)] * free, method="highs",
    )  # fmt: skip
    return bool(found.status == 0 and -found.fun > CLEAR)
