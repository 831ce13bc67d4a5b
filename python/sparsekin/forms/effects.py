"""Effects of tasks on Y: the random intercepts of a mixed model, around slopes of Y on the codes that X gives.

E[Y | X, task] = level + C slopes' + u_task, C being the codes expected given X. E[Y | X] of the fit cannot serve as the
part of X: it is over all tasks, and where X differs between tasks it holds part of what they differ in. Slopes at equal
tasks are those of a mixed model of Y on X, as far as d codes can say them: the regression on C of what it expects of X.
Estimating slopes on C instead goes wrong where one code mixes what varies within tasks and between them. Nor can H be
asked for u. Indicators of tasks have a flat spectrum: any d of their K - 1 directions reconstruct them alike, so that
those which say something of Y need not be among the d that H has; and a code that follows Y leaves nothing for Z to
explain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.forms.block import Block, dense, times, transposed_times, varies
from sparsekin.forms.decode import Blocks, expected_codes, unseen
from sparsekin.forms.intercepts import fit_intercepts
from sparsekin.forms.problem import Solution

_ROWS_PER_SLOPE = 3  # at least, in the mixed model of Y on X; a wider X enters with its leading principal components
_MOST_DIRECTIONS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Tasks:
    """Which task each row belongs to, (n,), -1 where none, and how many tasks there are."""

    of_row: Ints
    n_tasks: int


def with_effects(solution: Solution, blocks: Blocks, tasks: Tasks | None) -> Solution:
    """The solution with the effects of its tasks, and slopes at equal tasks; itself without tasks.

    Where slopes at equal tasks cannot be told they are alpha; where effects cannot be, they are 0 as well.
    """
    if tasks is None:
        return solution
    y, known = blocks[0], tasks.of_row >= 0
    C, directions = codes_given_x(solution, blocks), directions_of_x(solution, blocks)
    values, B = dense(y), np.hstack([C, directions])
    seen = np.ones(values.shape, bool) if y.seen is None else y.seen > 0
    level, slopes = np.zeros(len(solution.alpha)), solution.alpha.copy()
    effects, error = np.zeros((2, tasks.n_tasks, len(level)))
    for columns in _alike(seen):
        rows, alpha = known & seen[:, columns[0]], slopes[columns]
        which, at_most = (tasks.of_row[rows], tasks.n_tasks), C.shape[1] + int(rows.sum()) // _ROWS_PER_SLOPE
        full = fit_intercepts(values[np.ix_(rows, columns)], B[rows, :at_most], *which)
        if full is not None:
            alpha = regression(C, B[:, :at_most] @ full.slopes.T).T
        found = fit_intercepts(values[np.ix_(rows, columns)] - C[rows] @ alpha.T, C[rows, :0], *which)
        if found is not None:
            level[columns], slopes[columns] = found.level, alpha
            effects[:, columns], error[:, columns] = found.u, found.error
    return replace(solution, effects=effects, effect_error=error, slopes=slopes, level=level)


def directions_of_x(solution: Solution, blocks: Blocks) -> Floats:
    """(n, m) principal components of X, missing cells as expected given X, the largest first; all of them up to 200."""
    x = blocks[1]
    if x.seen is not None:
        K, _ = expected_codes(solution, (unseen(blocks[0], x.n_rows), x, unseen(blocks[2], x.n_rows)))
        x = replace(x, values=np.where(x.seen > 0, dense(x), K @ solution.beta.T), seen=None)
    table = dense(x) if x.width <= _MOST_DIRECTIONS else times(x, leading_columns(x, _MOST_DIRECTIONS))
    U, s, _ = np.linalg.svd(table, full_matrices=False)
    return np.asarray(U * s)


def leading_columns(block: Block, m: int) -> Floats:
    """(p, m) orthonormal: nearly the leading right singular vectors of a block, by subspace iterations."""
    V = np.random.default_rng(0).standard_normal((block.width, m))
    for _ in range(4):
        V = np.linalg.qr(transposed_times(block, times(block, np.linalg.qr(V)[0])))[0]
    return V


def regression(C: Floats, part: Floats) -> Floats:
    """(d, m) slopes of `part` (n, m) on C (n, d)."""
    return np.asarray(np.linalg.lstsq(C - C.mean(axis=0), part - part.mean(axis=0), rcond=1e-8)[0])


def _alike(seen: Bools) -> list[Ints]:
    """Columns with the same gaps, together."""
    _, kind = np.unique(seen, axis=1, return_inverse=True)
    return [np.flatnonzero(kind.ravel() == one) for one in range(kind.max(initial=-1) + 1)]


def codes_given_x(solution: Solution, blocks: Blocks) -> Floats:
    """(n, d) K + H expected given X."""
    y, x, z = blocks
    K, H = expected_codes(solution, (unseen(y, x.n_rows), x, unseen(z, x.n_rows)))
    return K + H


def given_task(solution: Solution, blocks: Blocks, of_row: Ints) -> Floats:
    """(n, q) E[Y | X, task], standardised; of an unknown task, of row -1, that of a task whose effect is 0."""
    if solution.effects is None or solution.slopes is None or solution.level is None:
        raise ValueError("the solution has no effects of tasks")
    effects = np.vstack([solution.effects, np.zeros(solution.effects.shape[1])])
    return np.asarray(solution.level + codes_given_x(solution, blocks) @ solution.slopes.T + effects[of_row])


def given_all(solution: Solution, blocks: Blocks, of_row: Ints | None) -> Floats:
    """(n, q) Y expected given all that is observed of each row, standardised.

    Of a row of which no response is observed, where there are effects of tasks: E[Y | X, task].
    """
    K, H = expected_codes(solution, blocks)
    out = np.asarray((K + H) @ solution.alpha.T)
    if solution.effects is None or of_row is None:
        return out
    rows = none_seen(blocks[0])
    out[rows] = given_task(solution, blocks, of_row)[rows]
    return out


def none_seen(block: Block) -> Ints:
    """The rows of which nothing is observed, constant columns aside."""
    return np.flatnonzero(np.zeros(block.n_rows) if block.seen is None else ~block.seen[:, varies(block)].any(axis=1))
