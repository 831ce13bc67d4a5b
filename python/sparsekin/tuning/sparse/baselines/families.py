"""Baselines of tasks with losses: lassos, ridges and pretraining, all tasks together or each by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.profile import unpenalised_coef
from sparsekin.l0.glm.fit import columns, free_columns, losses_of
from sparsekin.l0.glm.single import task_of
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem
from sparsekin.losses.base import Loss
from sparsekin.tuning.sparse.baselines.curved import lasso_of_loss, moved, ridge_of_loss
from sparsekin.tuning.sparse.baselines.rows import pool
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.training import like

Path = Callable[[Loss, Floats, Floats], tuple[Floats, Floats]]


def fit_pooled_lasso(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """One lasso for the rows of all tasks, with an intercept or stratum per task."""
    return _pooled(training, problem, lambda loss, X, U: lasso_of_loss(loss, X, U, settings.lambda_1))


def fit_pooled_ridge(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """One ridge regression for the rows of all tasks, with an intercept or stratum per task."""
    return _pooled(training, problem, lambda loss, X, U: ridge_of_loss(loss, X, U, settings.lambda_1))


def fit_lasso_per_task(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """A lasso for each task, alpha_max its own."""
    return _apart(training, problem, lambda loss, X, U: lasso_of_loss(loss, X, U, settings.lambda_1))


def fit_ridge_per_task(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """A ridge regression for each task."""
    return _apart(training, problem, lambda loss, X, U: ridge_of_loss(loss, X, U, settings.lambda_1))


def fit_pretrained(training: TaskBlocks, problem: Problem, settings: Settings, start: Settings) -> list[Models | None]:
    """As `sparsekin.tuning.sparse.baselines.pretrain.fit_pretrained`: the pooled linear predictor is an offset."""
    (pooled,) = fit_pooled_lasso(training, problem, start)
    assert pooled is not None
    tasks, m = like(problem, training), len(settings)
    first = tasks.standard.to_standardized(pooled.coef)
    coef, keep = (
        np.zeros((m, training.n_features, training.n_tasks)),
        np.zeros((m, len(pooled.keep_coef), len(first.T))),
    )
    intercept = np.zeros((m, training.n_tasks))
    for k in range(training.n_tasks):
        one, b = task_of(tasks, k), first[:, k]
        loss, X, U = _read(one)
        for alpha in np.unique(settings.lambda_2):
            at = settings.lambda_2 == alpha
            factors = np.where(b != 0, 1.0, 1.0 / alpha if alpha > 0 else np.inf)
            known = (1.0 - alpha) * (X @ b)
            slopes, free = lasso_of_loss(moved(loss, known), X, U, settings.lambda_1[at], factors)
            coef[at, :, k] = (slopes + (1.0 - alpha) * b) / tasks.standard.scale[:, k]
            intercept[at, k], keep[at, :, k] = _unpenalised(one, free @ U.T)
    return [Models(*one) for one in zip(intercept, coef, keep, strict=True)]


def _pooled(training: TaskBlocks, problem: Problem, path: Path) -> list[Models | None]:
    together = pool(training, problem)
    loss, X, U = _read(together.one)
    slopes, free = path(loss, X, U)
    intercept, keep = _unpenalised(together.one, free @ U.T)
    coef = slopes / together.one.standard.scale[:, 0]
    return [together.to_tasks(*one) for one in zip(intercept, coef, keep, strict=True)]


def _apart(training: TaskBlocks, problem: Problem, path: Path) -> list[Models | None]:
    tasks = like(problem, training)
    parts = []
    for k in range(training.n_tasks):
        one = task_of(tasks, k)
        loss, X, U = _read(one)
        slopes, free = path(loss, X, U)
        parts.append((slopes / tasks.standard.scale[:, k], *_unpenalised(one, free @ U.T)))
    coef, intercept, keep = (np.stack(part, axis=-1) for part in zip(*parts, strict=True))
    return [Models(*one) for one in zip(intercept, coef, keep, strict=True)]


def _read(one: Problem) -> tuple[Loss, Floats, Floats]:
    """The loss of the one task of a problem, its candidates (n, p), standardised, 0 where constant, and U (n, q)."""
    X = columns(one, 0, np.arange(one.n_features)) * one.standard.usable[:, 0]
    return losses_of(one)[0], X, free_columns(one, 0)


def _unpenalised(one: Problem, known: Floats) -> tuple[Floats, Floats]:
    """(m,) intercepts, 0 where the loss has none, and (m, q) coefficients that give free parts (m, n)."""
    pairs = [unpenalised_coef(one.blocks, 0, part) for part in known]
    intercept = np.array([float(constant) for constant, _ in pairs]) * losses_of(one)[0].constants
    return intercept, np.array([gamma for _, gamma in pairs]).reshape(len(pairs), -1)
