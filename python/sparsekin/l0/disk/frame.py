"""The rows of a task seen from few directions: all that single moves with one column from disk need.

For supports within columns H, an add or a swap of column j asks for products of x_j with X_H, with the outcome and with
itself, what is unpenalised taken out (M). With U an orthonormal basis of M X_H and M y, the rows U'x_j and one more of
the length that is left have all of these products: r + 1 rows stand for n. Two columns from disk never meet in a move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints, TaskBlocks
from sparsekin.data.profile import outcome_left, residualize
from sparsekin.data.standardize import Standardization
from sparsekin.l0.problem import Problem, outcomes
from sparsekin.l0.state import COLLINEAR, shares_design

RANK = 1e-12  # a direction keeping less of a column's length is one of those before


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Few directions of the rows of one design, of q tasks.

    ========= ============ =====================================================================
    field     shape        meaning
    ========= ============ =====================================================================
    rows      slice        rows of the design among those of X
    vectors   (n, r + f)   what columns are crossed with: r directions, f unpenalised ones
    r         int
    weight    float        sum of the weights
    held      (r, h)       coordinates of the columns H, standardised scale
    y         (r, q)       of the outcomes
    tasks     q            which tasks these are
    ========= ============ =====================================================================
    """

    rows: slice
    vectors: Floats
    r: int
    weight: float
    held: Floats
    y: Floats
    tasks: tuple[int, ...]


def frames_of(problem: Problem, H: Ints) -> list[Frame]:
    """One of each design: K, or one where all tasks have the same."""
    K = problem.n_tasks
    groups = [tuple(range(K))] if shares_design(problem) else [(k,) for k in range(K)]
    return [_frame(problem, tasks, H) for tasks in groups]


def _frame(problem: Problem, tasks: tuple[int, ...], H: Ints) -> Frame:
    k, blocks = tasks[0], problem.blocks
    w, Q = blocks.weights[k], problem.basis[k]
    root = np.sqrt(np.ones(len(blocks.y[k])) if w is None else w)[:, None]
    usable = problem.standard.usable[H, k]
    X = residualize(blocks.columns_of(k, H) / problem.standard.scale[H, k] * usable, Q, w) * root
    Y = outcome_left(outcomes(problem, np.array(tasks)), Q, w) * root
    A = np.column_stack([X, Y])
    norms = np.linalg.norm(A, axis=0)
    U, d, _ = np.linalg.svd(A / np.where(norms > 0, norms, 1.0), full_matrices=False)
    U = U[:, d > RANK * d.max(initial=0.0)]
    free = Q[:, 1:] if blocks.intercept else Q
    C, weighted = U.T @ A, free if w is None else free * w[:, None]
    return Frame(
        blocks.rows[k], np.column_stack([U * root, weighted]), U.shape[1], float(blocks.weight_sums[k]),
        C[:, : len(H)], C[:, len(H) :], tasks,
    )  # fmt: skip


def tile(
    problem: Problem, frames: Sequence[Frame], H: Ints, part: slice, found: Sequence[Floats], sd: Floats
) -> tuple[Problem, Ints]:  # fmt: skip
    """The problem of the columns H and those of a chunk, on r + 1 rows for each design; and their numbers (h + c,).

    Parameters
    ----------
    problem : Problem
        Its penalties and s are those of the tile.
    frames : d frames
    H : (h,) columns held
    part : slice
        The columns of the chunk.
    found : d of (c, r + f)
        Their products with `Frame.vectors`.
    sd : (c, K) their standard deviations
    """
    own = ~np.isin(np.arange(part.start, part.stop), H)
    ids = np.concatenate([H, np.arange(part.start, part.stop)[own]])
    scale, usable = problem.standard.scale[ids], problem.standard.usable[ids].copy()
    tables, ys, ends = [], [], [0]
    for frame, products in zip(frames, found, strict=True):
        k = frame.tasks[0]
        there = products[own] / scale[len(H) :, [k]]
        whole = frame.weight * (sd[own, k] / scale[len(H) :, k]) ** 2
        left = whole - np.sum(there[:, frame.r :] ** 2, axis=1)
        open_ = left > COLLINEAR * whole
        usable[len(H) :, list(frame.tasks)] &= open_[:, None]
        along = there[:, : frame.r]
        rest = left - np.sum(along**2, axis=1)
        rest = np.sqrt(np.where(rest > COLLINEAR * left, rest, 0.0))
        table = np.zeros((frame.r + 1, len(ids)), order="F")
        table[: frame.r, : len(H)], table[: frame.r, len(H) :] = frame.held, along.T
        table[frame.r, len(H) :] = rest
        per_row = np.sqrt(frame.weight / (frame.r + 1))
        tables.append(table / per_row)
        ys.append(np.vstack([frame.y, np.zeros((1, frame.y.shape[1]))]) / per_row)
        ends.append(ends[-1] + frame.r + 1)
    return _problem(problem, frames, np.asfortranarray(np.vstack(tables)), ys, ends, usable), ids


def _problem(
    problem: Problem, frames: Sequence[Frame], X: Floats, ys: list[Floats], ends: list[int], usable: Bools
) -> Problem:  # fmt: skip
    K, m = problem.n_tasks, X.shape[1]
    rows: list[slice] = [slice(0, 0)] * K
    y: list[Floats] = [np.empty(0)] * K
    weights: list[Floats] = [np.empty(0)] * K
    for i, frame in enumerate(frames):
        n = ends[i + 1] - ends[i]
        w = np.full(n, frame.weight / n)
        for q, k in enumerate(frame.tasks):
            rows[k], y[k], weights[k] = slice(ends[i], ends[i + 1]), np.ascontiguousarray(ys[i][:, q]), w
    blocks = TaskBlocks(
        X, tuple(y), tuple(rows), tuple(weights), np.empty((len(X), 0)), problem.blocks.task_names, ("",) * m, (),
        shared=len(frames) == 1 and K > 1, intercept=False,
    )  # fmt: skip
    standard = Standardization(np.zeros((m, K)), np.ones((m, K)), usable, np.ones(K))
    basis = tuple(np.empty((len(one), 0), order="F") for one in y)
    return replace(problem, blocks=blocks, standard=standard, basis=basis, s=np.minimum(problem.s, m))
