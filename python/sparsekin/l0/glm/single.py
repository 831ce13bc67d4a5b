"""Some tasks, or some columns, of a problem as a problem of their own, and the way back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.l0.glm.descent import Descent, Reached
from sparsekin.l0.glm.fit import Fit, losses_of, supports_price
from sparsekin.l0.glm.frozen import Freezer
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import as_ids


def task_of(problem: Problem, k: int) -> Problem:
    """Task k alone, nothing shared."""
    blocks = problem.blocks
    own = replace(
        blocks, y=(blocks.y[k],), rows=(blocks.rows[k],), weights=(blocks.weights[k],),
        task_names=(blocks.task_names[k],), shared=False, responses=None,
    )  # fmt: skip
    return replace(
        problem, blocks=own, standard=problem.standard.of_tasks([k]), s=problem.s[[k]], lambda_2=0.0, lambda_z=0.0,
        task_weights=problem.task_weights[[k]], support="heterogeneous", basis=(problem.basis[k],),
        losses=(losses_of(problem)[k],),
    )  # fmt: skip


def one_task(descent: Descent, k: int) -> Descent:
    """The descent of task k alone, with what is known of it."""
    freezer = descent.freezer
    problem = task_of(descent.problem, k)
    known = {0: freezer.known[k]} if k in freezer.known else {}
    own = Freezer(problem, freezer.nulls[[k]], (freezer.least[k],), known)
    return replace(
        descent, problem=problem, freezer=own, null=part(descent.null, k), memory=descent.memory.of_task(k),
        reached=Reached(),
    )  # fmt: skip


def part(fit: Fit, k: int) -> Fit:
    """What a fit without lambda_2 says of task k."""
    return Fit([fit.supports[k]], [fit.b[k]], [fit.free[k]], fit.values[[k]], 0.0, float(fit.values[k]))


def together(problem: Problem, fits: list[Fit]) -> Fit:
    """One fit from those of every task alone."""
    supports = [fit.supports[0] for fit in fits]
    values = np.array([fit.values[0] for fit in fits])
    price = supports_price(problem, supports)
    return Fit(supports, [fit.b[0] for fit in fits], [fit.free[0] for fit in fits], values, 0.0, values.sum() + price)


def with_columns(problem: Problem, columns: Ints) -> Problem:
    """The problem with some of its candidate columns, which are copied."""
    blocks, standard = problem.blocks, problem.standard
    some = blocks_with(blocks, columns)
    scales = replace(
        standard, center=standard.center[columns], scale=standard.scale[columns], usable=standard.usable[columns]
    )
    return replace(problem, blocks=some, standard=scales, s=np.minimum(problem.s, len(columns)))


def blocks_with(blocks: TaskBlocks, columns: Ints) -> TaskBlocks:
    """Blocks with some of their columns."""
    X, names = blocks.X[:, columns], tuple(blocks.feature_names[j] for j in columns)
    return replace(blocks, X=np.asfortranarray(X) if isinstance(X, np.ndarray) else X, feature_names=names)


def renamed(fit: Fit, columns: Ints) -> Fit:
    """The fit with the column numbers that `columns` (ascending) stand for."""
    return replace(fit, supports=as_ids(fit.supports, columns))


def coefficients(problem: Problem, fit: Fit) -> Floats:
    """(p, K) slopes on the standardised scale."""
    B = np.zeros((problem.n_features, problem.n_tasks))
    for k, S in enumerate(fit.supports):
        B[S, k] = fit.b[k]
    return B
