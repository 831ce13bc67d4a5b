"""Effects of tasks on Y: what a task adds to E[Y | X], predicted as the random intercepts of a mixed model are.

H cannot be asked for them. Indicators of tasks have a flat spectrum: any d of their K - 1 directions reconstruct them
alike, so that those which say something of Y need not be among the d that H has; and a code that follows Y leaves
nothing for Z to explain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Floats, Ints
from sparsekin.forms.block import Block, dense, varies
from sparsekin.forms.decode import Blocks, expected_codes, unseen
from sparsekin.forms.problem import Solution


@dataclass(frozen=True, slots=True, eq=False)
class Tasks:
    """Which task each row belongs to, (n,), -1 where none, and how many tasks there are."""

    of_row: Ints
    n_tasks: int


def with_effects(solution: Solution, blocks: Blocks, tasks: Tasks | None) -> Solution:
    """The solution with the effects of its tasks, estimated from Y - E[Y | X]; itself without tasks."""
    if tasks is None:
        return solution
    y = blocks[0]
    left = dense(y) - given_x(solution, blocks)
    effects, variance = predict_effects(left, np.ones(left.shape) if y.seen is None else y.seen, tasks)
    return replace(solution, effects=effects, effect_variance=variance)


def predict_effects(left: Floats, seen: Floats, tasks: Tasks) -> tuple[Floats, Floats]:
    """Effects t / (t + s / n_k) * mean left of task k (K, q), and their variances t (q,), for residuals `left` (n, q).

    s: the variance within tasks; t: the one that makes the squares between tasks what they are expected to be, 0 where
    they are less. Without rows to tell the two apart, effects are 0.
    """
    rows = np.flatnonzero(tasks.of_row >= 0)
    of_row, left, seen = tasks.of_row[rows], left[rows] * seen[rows], seen[rows]
    hot = sparse.csr_array((np.ones(len(rows)), (of_row, np.arange(len(rows)))), shape=(tasks.n_tasks, len(rows)))
    count, total = hot @ seen, hot @ left
    mean = total / np.maximum(count, 1.0)
    n, n_tasks = count.sum(axis=0), (count > 0).sum(axis=0)
    within = np.sum((left - mean[of_row] * seen) ** 2, axis=0)
    s = within / np.maximum(n - n_tasks, 1)
    between = np.sum(count * (mean - total.sum(axis=0) / np.maximum(n, 1.0)) ** 2, axis=0)
    size = n - np.sum(count**2, axis=0) / np.maximum(n, 1.0)
    told = (n > n_tasks) & (n_tasks > 1)
    t = np.where(told, np.maximum(between - (n_tasks - 1) * s, 0.0) / np.where(told, size, 1.0), 0.0)
    pull = t * count
    return np.divide(pull * mean, pull + s, out=np.zeros_like(mean), where=pull > 0), t


def given_x(solution: Solution, blocks: Blocks) -> Floats:
    """(n, q) E[Y | X], standardised."""
    y, x, z = blocks
    K, H = expected_codes(solution, (unseen(y, x.n_rows), x, unseen(z, x.n_rows)))
    return np.asarray((K + H) @ solution.alpha.T)


def given_all(solution: Solution, blocks: Blocks, of_row: Ints | None) -> Floats:
    """(n, q) Y expected given all that is observed of each row, standardised.

    Of a row of which no response is observed: E[Y | X], and the effect of its task where there are effects.
    """
    K, H = expected_codes(solution, blocks)
    out = np.asarray((K + H) @ solution.alpha.T)
    if solution.effects is None or of_row is None:
        return out
    rows = none_seen(blocks[0])
    out[rows] = (given_x(solution, blocks) + effects_of(solution.effects, of_row))[rows]
    return out


def effects_of(effects: Floats, of_row: Ints) -> Floats:
    """(n, q) the effect of each row's task, 0 where none is known."""
    return np.vstack([effects, np.zeros(effects.shape[1])])[of_row]


def none_seen(block: Block) -> Ints:
    """The rows of which nothing is observed, constant columns aside."""
    return np.flatnonzero(np.zeros(block.n_rows) if block.seen is None else ~block.seen[:, varies(block)].any(axis=1))
