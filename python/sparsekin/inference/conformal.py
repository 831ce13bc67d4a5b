"""Prediction intervals from cross-validation: CV+ (Barber, Candes, Ramdas and Tibshirani 2021), within each task.

With residuals R_i = |y_i - mu_-f(i)(x_i)| of held-out rows, the interval of a new row runs from the
floor(alpha (n + 1))-th smallest of mu_-f(i)(x) - R_i to the ceil((1 - alpha) (n + 1))-th smallest of mu_-f(i)(x) + R_i:
at least 1 - 2 alpha of new rows of the task are covered whatever the distribution, about 1 - alpha in practice, on
average over data sets. Infinite with fewer than 1 / alpha - 1 rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sparsekin.data.blocks import Floats, Ints, Matrix, TaskBlocks
from sparsekin.l0.problem import Problem
from sparsekin.l0.solution import Solution
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.held_out import models_without


class Predicts(Protocol):
    """The models of all tasks."""

    def predict(self, k: int, X: Matrix, keep: Floats) -> Floats:
        """(n,) outcomes of rows (n, p) and (n, q) of task k."""


@dataclass(frozen=True, slots=True, eq=False)
class FoldModels:
    """Models without each fold, and how they miss its rows.

    ======== ========== ==========================================
    field    shape      meaning
    ======== ========== ==========================================
    models   F Predicts of all tasks, each without one fold
    fold     K of (m_k,) fold of each row of task k that counts
    residual K of (m_k,) |outcome - prediction| without its fold
    ======== ========== ==========================================
    """

    models: tuple[Predicts, ...]
    fold: tuple[Ints, ...]
    residual: tuple[Floats, ...]


def fold_models(
    problem: Problem, folds: Folds, effort: int, n_jobs: int | None = None,
    search: Callable[[Problem], Solution] | None = None,
) -> FoldModels:  # fmt: skip
    """Fit `problem`, at its settings or by `search`, without each fold within tasks. Ctrl-C goes through."""
    return missed(models_without(problem, folds, effort, n_jobs, search), problem.blocks, folds)


def missed(models: Sequence[Predicts], blocks: TaskBlocks, folds: Folds) -> FoldModels:
    """Models without each fold, beside what they miss of its rows."""
    fold_of, residual = [], []
    for k in range(blocks.n_tasks):
        own, w = folds.of_row[blocks.rows[k]], blocks.weights[k]
        used = np.flatnonzero(own >= 0 if w is None else (own >= 0) & (w > 0))
        miss = np.empty(len(used))
        for fold in np.unique(own[used]):
            at = own[used] == fold
            rows = blocks.rows[k].start + used[at]
            miss[at] = blocks.y[k][used[at]] - models[fold].predict(k, blocks.X[rows], blocks.keep[rows])
        fold_of.append(own[used])
        residual.append(np.abs(miss))
    return FoldModels(tuple(models), tuple(fold_of), tuple(residual))


def cv_plus(made: FoldModels, k: int, X: Matrix, keep: Floats, level: float) -> tuple[Floats, Floats]:
    """(m,) lower and upper ends for new rows of task k."""
    means = np.array([model.predict(k, X, keep) for model in made.models])
    ends = means[made.fold[k]], made.residual[k][:, None]
    n, alpha = len(made.residual[k]), 1.0 - level
    low = int(np.floor(alpha * (n + 1) + 1e-9))
    high = int(np.ceil(level * (n + 1) - 1e-9))
    m = means.shape[1]
    lower = np.partition(ends[0] - ends[1], low - 1, axis=0)[low - 1] if low >= 1 else np.full(m, -np.inf)
    upper = np.partition(ends[0] + ends[1], high - 1, axis=0)[high - 1] if high <= n else np.full(m, np.inf)
    return lower, upper
