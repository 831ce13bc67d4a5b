"""Training problems of cross-validation: all rows but one fold, what was read of X shared by all folds.

A training problem is the same blocks with weight zero on the held-out rows, standardised anew. Its Gram rows are the
sums over all folds less one (native/l0/fold_gram.hpp), exactly re-centred; sparse X and very many columns are read
anew for each fold instead. So are the rows of a task of which a fold holds nearly all the variation of a column, an
outcome or an always-in column (all but `LEAST_LEFT`), as a wild cell does: the difference would have lost its digits.
What is left has a relative error of about 1e-16 / LEAST_LEFT.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import linalg

from sparsekin import _native
from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.data.profile import unpenalised_basis
from sparsekin.l0.problem import Problem, factor, make_problem
from sparsekin.l0.solve import ALL_COLUMNS
from sparsekin.l0.state import (
    Workspace,
    make_workspace,
    open_source,
    open_workspace,
    residual_outcomes,
    shares_design,
)

LEAST_LEFT = 1e-6  # share of a sum of squares that a difference of sums may leave


@dataclass(frozen=True, slots=True, eq=False)
class TaskFolds:
    """Sums over each fold of the rows of one design, unpenalised columns of all rows taken out (x~ = M x).

    ====== ============ ==========================================
    field  shape        meaning
    ====== ============ ==========================================
    gram   FoldGram     Gram rows per fold, read when first asked
    square (F, p)       sum of w x~_l^2
    c      (F, K', p)   sum of w x~_l y~_k of the K' outcomes
    A      (F, p, r)    sum of w x~_l Q
    QQ     (F, r, r)    sum of w Q Q'
    Qy     (F, K', r)   sum of w Q y~_k
    yy     (F, K')      sum of w y~_k^2
    ====== ============ ==========================================
    """

    gram: Any
    square: Floats
    c: Floats
    A: Floats
    QQ: Floats
    Qy: Floats
    yy: Floats


@dataclass(frozen=True, slots=True, eq=False)
class SharedFolds:
    """A problem whose rows are sorted by fold within each task.

    ======== ======== =========================================================================
    field    shape    meaning
    ======== ======== =========================================================================
    problem  Problem  sorted; its own s and penalties are not used
    order    (N,)     row of the original blocks that stands in each place
    of_row   (N,)     fold of each sorted row; -1: never held out
    tasks    K or 1   TaskFolds; one where all tasks have the same design; empty where not shared
    ======== ======== =========================================================================
    """

    problem: Problem
    order: Ints
    of_row: Ints
    tasks: tuple[TaskFolds, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        """Sums are made anew where a pickle arrives: native memory does not travel."""
        return _share, (self.problem, self.order, self.of_row)

    def training(self, fold: int) -> tuple[Problem, Workspace]:
        """The problem without one fold, and its native state."""
        problem = without(self.problem, self.of_row == fold)
        if not self.tasks:
            return problem, open_workspace(problem)
        return problem, _workspace(problem, self.tasks, fold)


def without(problem: Problem, held_out: np.ndarray) -> Problem:
    """The problem with weight zero on some rows (N,) bool, standardised on the others."""
    return reweighted(problem, np.where(held_out, 0.0, 1.0))


def reweighted(problem: Problem, times: Floats) -> Problem:
    """The problem with its rows counted so many times (N,), standardised anew."""
    blocks = problem.blocks
    weights = tuple(
        times[rows] if w is None else times[rows] * w for rows, w in zip(blocks.rows, blocks.weights, strict=True)
    )
    if blocks.shared and all(w is None for w in blocks.weights):
        weights = weights[:1] * blocks.n_tasks
    training = replace(blocks, weights=weights)
    return make_problem(
        training,
        problem.standard.anew(training),
        problem.s,
        lambda_1=problem.lambda_1,
        lambda_2=problem.lambda_2,
        lambda_z=problem.lambda_z,
        task_weights=problem.task_weights,
        support=problem.support,
    )


def share_folds(problem: Problem, of_row: Ints) -> SharedFolds:
    """Sort the rows by fold (one copy of X) and sum what does not depend on the fold left out.

    Parameters
    ----------
    problem : Problem
    of_row : (N,) fold of each row of the blocks, -1 where never held out
    """
    order = _order(problem.blocks, of_row)
    blocks = _sorted(problem.blocks, order)
    problem = make_problem(
        blocks, problem.standard, problem.s, task_weights=problem.task_weights, support=problem.support
    )
    return _share(problem, order, of_row[order])


def _share(problem: Problem, order: Ints, of_row: Ints) -> SharedFolds:
    blocks = problem.blocks
    tasks: tuple[TaskFolds, ...] = ()
    if isinstance(blocks.X, np.ndarray) and blocks.n_features <= ALL_COLUMNS:
        y = residual_outcomes(replace(problem, standard=replace(problem.standard, y_scale=np.ones(blocks.n_tasks))))
        if shares_design(problem):
            tasks = (_task_folds(blocks, 0, of_row, np.asfortranarray(np.column_stack(y))),)
        else:
            tasks = tuple(_task_folds(blocks, k, of_row, r[:, None]) for k, r in enumerate(y))
    return SharedFolds(problem, order, of_row, tasks)


def _order(blocks: TaskBlocks, of_row: Ints) -> Ints:
    """Rows of each task by fold, those never held out last; tasks stay where they are."""
    order = np.arange(len(of_row))
    key = np.where(of_row < 0, np.iinfo(np.int64).max, of_row)
    for rows in {(r.start, r.stop) for r in blocks.rows}:
        part = slice(*rows)
        order[part] = part.start + np.argsort(key[part], kind="stable")
    return order


def _sorted(blocks: TaskBlocks, order: Ints) -> TaskBlocks:
    X = blocks.X[order]
    within = [order[rows] - rows.start for rows in blocks.rows]
    return replace(
        blocks,
        X=np.asfortranarray(X) if isinstance(X, np.ndarray) else X.tocsc(),
        y=tuple(y[at] for y, at in zip(blocks.y, within, strict=True)),
        weights=tuple(None if w is None else w[at] for w, at in zip(blocks.weights, within, strict=True)),
        keep=blocks.keep[order],
    )


def _task_folds(blocks: TaskBlocks, k: int, of_row: Ints, y: Floats) -> TaskFolds:
    """Sums of task k; y (n_k, K') residual outcomes."""
    w, fold = blocks.weights[k], of_row[blocks.rows[k]]
    F = int(of_row.max()) + 1
    sizes = np.bincount(np.where(fold < 0, F, fold), minlength=F + 1)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    Q = np.asfortranarray(unpenalised_basis(blocks, k))
    gram = _native.fold_gram(blocks.X_of(k), w, Q, starts)
    square, c, A = gram.profile(y)
    QW = Q if w is None else Q * w[:, None]
    parts = [slice(a, b) for a, b in itertools.pairwise(starts)]
    QQ = np.array([QW[part].T @ Q[part] for part in parts])
    Qy = np.array([(QW[part].T @ y[part]).T for part in parts])
    wy = y if w is None else y * w[:, None]
    yy = np.array([np.einsum("nk,nk->k", wy[part], y[part]) for part in parts])
    return TaskFolds(gram, square, c, A, QQ, Qy, yy)


def _workspace(problem: Problem, tasks: tuple[TaskFolds, ...], fold: int) -> Workspace:
    sources, diag, c = [], [], []
    outcomes = residual_outcomes(problem)
    for k, sums in enumerate(tasks):
        whose = list(range(problem.n_tasks)) if len(tasks) == 1 else [k]
        rest = _without_fold(problem, k, whose, sums, fold)
        source, own, gradient = open_source(problem, k, [outcomes[t] for t in whose]) if rest is None else rest
        sources.append(source)
        diag.append(own)
        c += list(gradient)
    return make_workspace(problem, sources, diag, c, outcomes)


def _without_fold(
    problem: Problem, k: int, whose: list[int], sums: TaskFolds, fold: int
) -> tuple[Any, Floats, Floats] | None:
    """As `open_source`, by taking a fold away from the sums; None where too few digits would be left."""
    usable, scale = problem.standard.usable[:, k], problem.standard.scale[:, k]
    inverse_scale = np.where(usable, 1.0 / scale, 0.0)
    left = np.eye(sums.QQ.shape[1]) - sums.QQ[fold]
    S = linalg.pinvh(left) if len(left) else left
    f = factor(problem, k)
    AS, QyS = sums.A[fold] @ S, sums.Qy[fold] @ S
    square, yy = sums.square.sum(axis=0), sums.yy.sum(axis=0)
    kept = square - sums.square[fold] - np.einsum("lr,lr->l", AS, sums.A[fold])
    kept_y = yy - sums.yy[fold] - np.einsum("kr,kr->k", QyS, sums.Qy[fold])
    if usable.any() and (
        np.any(kept[usable] < LEAST_LEFT * square[usable])
        or np.any(kept_y < LEAST_LEFT * yy)
        or (len(left) and linalg.eigvalsh(left)[0] < LEAST_LEFT)
    ):
        return None
    source = _native.fold_source(sums.gram, fold, inverse_scale, f, np.ascontiguousarray(S.ravel()))
    cross = sums.c.sum(axis=0) - sums.c[fold] - QyS @ sums.A[fold].T
    y_scale = problem.standard.y_scale[whose, None]
    return source, f * inverse_scale**2 * kept, f * inverse_scale * cross / y_scale
