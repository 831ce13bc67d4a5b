"""The native working state of a problem: sources of Gram rows, first gradients, views on candidates."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sparsekin import _native
from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.profile import outcome_left
from sparsekin.data.spread import column_spread
from sparsekin.l0.problem import Problem, factor

Ids = NDArray[np.int32]
COLLINEAR = 1e-12  # a column keeping less than this share of its variance beside the always-in columns is closed


@dataclass(frozen=True, slots=True, eq=False)
class Workspace:
    """What the native searches read; nothing in it changes.

    ========= ================ ====================================================================
    field     shape            meaning
    ========= ================ ====================================================================
    problem   Problem
    sources   K or 1 Source    Gram rows of each task; one for all tasks when their designs are equal
    diag      K or 1 of (p,)   G_jj on the standardised scale; 0 where the column may not be selected: constant,
                               explained by the always-in columns, or so in any task when supports are common
    c         K of (p,)        X_k' y_k w_k / n_k on the standardised scale, unpenalised columns out
    nulls     (K,)             what each task adds to F without any column
    floor     (K,)             rounding of each task's part of F: no move gains less
    ========= ================ ====================================================================
    """

    problem: Problem
    sources: tuple[Any, ...]
    diag: tuple[Floats, ...]
    c: tuple[Floats, ...]
    nulls: Floats
    floor: Floats

    @property
    def tau(self) -> float:
        """What is added to the diagonal of G when tasks do not share values."""
        return self.problem.lambda_1

    def views(self, common: Ids, private: tuple[Ids, ...] | None = None) -> list[Any]:
        """One native view per source on the candidates `common`, then those of its task alone."""
        out = []
        for r, (source, diag) in enumerate(zip(self.sources, self.diag, strict=True)):
            own = common if private is None else np.concatenate([common, np.setdiff1d(private[r], common)])
            out.append(_native.View(source, np.ascontiguousarray(own, np.int32), len(common), diag))
        return out

    def diag_of(self, k: int) -> Floats:
        """(p,) the diagonal of G_k; 0 where a column may not be selected."""
        return self.diag[k if len(self.diag) > 1 else 0]

    @property
    def null(self) -> float:
        """F without any column."""
        return float(self.nulls.sum())

    @property
    def may(self) -> Bools:
        """(p, K) where a column may be selected."""
        return np.column_stack([self.diag_of(k) > 0 for k in range(self.problem.n_tasks)])

    def per_task(self, views: list[Any]) -> list[Any]:
        """The view of each task: the same one K times when designs are shared."""
        return views * self.problem.n_tasks if len(views) == 1 else views


def open_workspace(problem: Problem, deadline: float = np.inf) -> Workspace:
    """Read X once: the diagonal of every G_k and the gradient at B = 0. `TimeoutError` at the deadline."""
    y = residual_outcomes(problem)
    if shares_design(problem):
        source, diag, c = open_source(problem, 0, y, deadline)
        return make_workspace(problem, [source], [diag], list(c), y)
    opened = [open_source(problem, k, [r], deadline) for k, r in enumerate(y)]
    sources, diags, gradients = (list(part) for part in zip(*opened, strict=True))
    return make_workspace(problem, sources, diags, [c[0] for c in gradients], y)


def open_source(problem: Problem, k: int, y: list[Floats], deadline: float = np.inf) -> tuple[Any, Floats, Floats]:
    """Read the rows of task k: the source of its Gram rows, its diagonal, and c of the outcomes y (one row each).

    `TimeoutError` at the deadline.
    """
    source = _source(problem, k)
    found = source.profile(np.asfortranarray(np.column_stack(y)), max(deadline - time.perf_counter(), 0.0))
    if found is None:
        raise TimeoutError
    return source, found[0], found[1]


def make_workspace(
    problem: Problem, sources: list[Any], diag: list[Floats], c: list[Floats], y: list[Floats]
) -> Workspace:
    """Put together what was read; y K arrays (n_k,) residual outcomes."""
    null = null_values(problem, y)
    return Workspace(problem, tuple(sources), open_diags(problem, diag), tuple(c), null, _rounding(problem, null))


def _rounding(problem: Problem, null: Floats) -> Floats:
    raw = null_values(problem, [y / scale for y, scale in zip(problem.blocks.y, problem.standard.y_scale, strict=True)])
    return np.asarray(np.maximum(1e-20 * null, 1e-30 * raw) + 1e-300)


def shares_design(problem: Problem) -> bool:
    """Whether all tasks have the same G: one X, the same weights and divisors."""
    blocks, w = problem.blocks, problem.blocks.weights[0]
    return problem.n_tasks == 1 or (
        blocks.shared
        and all(
            other is w or (other is not None and w is not None and np.array_equal(other, w)) for other in blocks.weights
        )
        and bool(np.all(problem.task_weights == problem.task_weights[0]))
        and bool(np.all(problem.standard.scale == problem.standard.scale[:, :1]))
    )


def residual_outcomes(problem: Problem) -> list[Floats]:
    """K arrays (n_k,): outcomes on the standardised scale, unpenalised columns taken out."""
    blocks, scale = problem.blocks, problem.standard.y_scale
    return [outcome_left(blocks.y[k] / scale[k], problem.basis[k], blocks.weights[k]) for k in range(problem.n_tasks)]


def null_values(problem: Problem, residuals: list[Floats]) -> Floats:
    """(K,) what each task adds to F without any column."""
    squares = [r @ r if w is None else r @ (w * r) for r, w in zip(residuals, problem.blocks.weights, strict=True)]
    return np.array([factor(problem, k) / 2 * square for k, square in enumerate(squares)])


def _source(problem: Problem, k: int) -> Any:
    standard, X, w = problem.standard, problem.blocks.X_of(k), problem.blocks.weights[k]
    inverse_scale = np.where(standard.usable[:, k], 1.0 / standard.scale[:, k], 0.0)
    basis = np.asfortranarray(problem.basis[k])
    if sparse.issparse(X):
        X = sparse.csc_array(X)
        return _native.sparse_source(
            X.data,
            X.indices.astype(np.int32),
            X.indptr.astype(np.int64),
            X.shape[0],
            w,
            basis,
            inverse_scale,
            factor(problem, k),
        )
    return _native.dense_source(X, w, basis, inverse_scale, factor(problem, k))


def open_diags(problem: Problem, diags: list[Floats]) -> tuple[Floats, ...]:
    """Close columns that may not be selected: the one place where that is decided, task by task."""
    opened = [_open_diag(problem, k, diag) for k, diag in enumerate(diags)]
    if problem.support == "common":
        everywhere = np.all([diag > 0 for diag in opened], axis=0)
        opened = [np.where(everywhere, diag, 0.0) for diag in opened]
    return tuple(opened)


def _open_diag(problem: Problem, k: int, diag: Floats) -> Floats:
    if problem.blocks.keep.shape[1] == 0:
        return diag
    _, sd, _ = column_spread(problem.blocks.X_of(k), problem.blocks.weights[k])
    full = problem.task_weights[k] * (sd / problem.standard.scale[:, k]) ** 2
    return np.where(diag > COLLINEAR * full, diag, 0.0)
