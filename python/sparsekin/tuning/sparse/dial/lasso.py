"""One lasso for all tasks beside the settings of the dial: many weak effects it shrinks, where L0 has to choose."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.l0.grid import Settings, cross
from sparsekin.l0.problem import Problem
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.sparse.baselines import families
from sparsekin.tuning.sparse.baselines.lasso import fit_pooled_lasso, fractions
from sparsekin.tuning.sparse.errors import collect
from sparsekin.tuning.sparse.fold_errors import fold_errors
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.table import Score, fold_metric, loss_sign

NAME = "lasso"
LEAST_SHARE = 0.05  # of alpha_max: below it a lasso of many columns takes longer than the dial, and has little weight


def shares_of(blocks: TaskBlocks) -> Floats:
    """Shares of alpha_max to try; none for outcomes of one X, of several families, or a sparse X: it fills it."""
    if blocks.shared or blocks.mixed or not isinstance(blocks.X, np.ndarray):
        return np.empty(0)
    found = fractions(blocks.n_obs.sum(), blocks.n_features)
    return found[found >= LEAST_SHARE]


@dataclass(frozen=True, slots=True, eq=False)
class LassoErrors:
    """The lassos of every fold.

    ====== ============== =======================================
    field  shape          meaning
    ====== ============== =======================================
    losses (m, F)         mean loss of each share of alpha_max
    models F of m Models  of the training rows of each fold
    ====== ============== =======================================
    """

    losses: Floats
    models: tuple[tuple[Models, ...], ...]


def cross_validate_lasso(problem: Problem, shares: Floats, folds: Folds, metric: Score) -> LassoErrors:
    """Lassos at all shares of alpha_max on the training rows of each fold, and their losses on the others."""
    models, errors = [], []
    for f in range(folds.n_folds):
        training = training_blocks(problem.blocks, folds, f)
        models.append(tuple(_fits(training, problem, shares)))
        errors.append(fold_errors(problem.blocks, training, folds, f, models[f]))
    found = collect(_settings(problem, shares), folds, problem.n_tasks, errors)
    return LassoErrors(loss_sign(metric) * fold_metric(found, metric), tuple(models))


def fit_lassos(problem: Problem, shares: Floats, weights: Floats) -> tuple[Models, Floats]:
    """The mean of the lassos of all rows at shares of alpha_max, and the share that select each feature (p, K).

    `weights` sum to 1.
    """
    found = _fits(problem.blocks, problem, shares)
    return weigh(found, weights), np.tensordot(weights, np.array([one.support for one in found], float), 1)


def weigh(models: Sequence[Models], weights: Floats) -> Models:
    """The weighted mean."""
    intercept, coef, keep_coef = (
        np.tensordot(weights, np.array([getattr(one, name) for one in models]), 1)
        for name in ("intercept", "coef", "keep_coef")
    )
    return Models(intercept, coef, keep_coef)


def _fits(training: TaskBlocks, problem: Problem, shares: Floats) -> list[Models]:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitter = fit_pooled_lasso if problem.losses is None else families.fit_pooled_lasso
        return [one for one in fitter(training, problem, _settings(problem, shares)) if one is not None]


def _settings(problem: Problem, shares: Floats) -> Settings:
    return cross([problem.n_features], shares, [0.0], [0.0])
