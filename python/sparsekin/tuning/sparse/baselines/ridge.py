"""Ridge regressions, all tasks together and each by itself, at every lambda_1 from one singular value decomposition."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem
from sparsekin.tuning.sparse.baselines.lasso import per_task
from sparsekin.tuning.sparse.baselines.rows import pool
from sparsekin.tuning.sparse.scoring import Models

RIDGES = tuple(np.geomspace(1e-3, 1e3, 25))


def ridge(A: Floats, y: Floats, total: float, lambda_1: Floats) -> Floats:
    """(m, p) minimisers of ||y - A b||^2 / (2 total) + (lambda_1 / 2) ||b||^2.

    b = V diag(d / (d^2 / total + lambda_1)) U'y / total for A = U diag(d) V'.
    """
    used = np.flatnonzero(A.any(axis=0))
    U, d, Vt = np.linalg.svd(A[:, used], full_matrices=False)
    coef = np.zeros((len(lambda_1), A.shape[1]))
    coef[:, used] = ((d / (d**2 / total + lambda_1[:, None])) * (U.T @ y / total)) @ Vt
    return coef


def fit_pooled_ridge(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """One ridge regression for the rows of all tasks, with an intercept per task and common always-in coefficients."""
    together = pool(training, problem)
    return [*together.models(ridge(*together.whitened(), together.total, settings.lambda_1))]


def fit_ridge_per_task(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """A ridge regression for each task."""
    return per_task(training, problem, lambda A, y, total: ridge(A, y, total, settings.lambda_1))
