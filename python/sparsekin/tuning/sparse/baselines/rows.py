"""What convex baselines need of training rows: columns on the penalty's scale, unpenalised ones taken out, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.profile import residualize, unpenalised_basis, unpenalised_coef
from sparsekin.data.spread import column_spread
from sparsekin.data.standardize import Standardization, standardize
from sparsekin.l0.pooled import pooled_problem
from sparsekin.l0.problem import Problem, make_problem
from sparsekin.losses.tasks import weights_of
from sparsekin.options import Standardize
from sparsekin.tuning.sparse.scoring import Models

EXPLAINED = 3e-8  # a column that keeps a smaller share of its standard deviation is one of the unpenalised columns


def standard_of(training: TaskBlocks, problem: Problem) -> Standardization:
    """Divisors of the training rows, made as those of all rows were."""
    return standardize(training, problem.standard.mode, problem.standard.scale_outcome)


def whitened(blocks: TaskBlocks, standard: Standardization, k: int) -> tuple[Floats, Floats]:
    """(n, p) and (n,) rows of positive weight, standardised, unpenalised columns taken out, times sqrt(weight).

    Columns that the unpenalised ones explain are 0: what is left of them is rounding.
    """
    w, basis = blocks.weights[k], unpenalised_basis(blocks, k)
    factor = standard.usable[:, k] / standard.scale[:, k]
    X = blocks.columns_of(k, np.arange(blocks.n_features)) * factor
    spread = column_spread(X, w)[1]
    X, y = residualize(X, basis, w), residualize(blocks.y[k] / standard.y_scale[k], basis, w)
    if w is not None:
        there, root = w > 0, np.sqrt(w[w > 0])
        X, y = X[there] * root[:, None], y[there] * root
    left = np.linalg.norm(X, axis=0) / np.sqrt(blocks.weight_sums[k])
    X[:, left <= EXPLAINED * spread] = 0.0
    return X, y


def with_intercepts(blocks: TaskBlocks, coef: Floats) -> list[Models]:
    """m models of slopes (m, p, K), user's scale: intercepts and always-in coefficients fitted to what they leave."""
    m, K = len(coef), blocks.n_tasks
    intercept, keep = np.empty((m, K)), np.empty((m, blocks.keep.shape[1], K))
    for k in range(K):
        left = blocks.y[k][:, None] - blocks.X_of(k) @ coef[:, :, k].T
        constant, gamma = unpenalised_coef(blocks, k, left)
        intercept[:, k], keep[:, :, k] = constant, gamma.T
    return [Models(*one) for one in zip(intercept, coef, keep, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """K tasks as one that has an intercept per task; slopes and always-in coefficients are common.

    ======= ======= ====================================================================
    field   shape   meaning
    ======= ======= ====================================================================
    tasks   Problem of K tasks, rows weighted as the data, columns by the standard
                    deviation of all rows (or not scaled)
    one     Problem of one task, the indicators of the tasks always in (`pooled_problem`)
    ======= ======= ====================================================================
    """

    tasks: Problem
    one: Problem

    def whitened(self) -> tuple[Floats, Floats]:
        """As `whitened`, for all rows together."""
        return whitened(self.one.blocks, self.one.standard, 0)

    @property
    def total(self) -> float:
        """Sum of the weights of all rows."""
        return float(self.one.blocks.weight_sums[0])

    def models(self, coef: Floats) -> list[Models]:
        """m models of common slopes (m, p), standardised scale."""
        blocks = self.one.blocks
        coef = coef / self.one.standard.scale[:, 0]
        left = blocks.y[0][:, None] - blocks.X @ coef.T
        constant, gamma = unpenalised_coef(blocks, 0, left)
        return [self.to_tasks(*one) for one in zip(constant, coef, gamma.T, strict=True)]

    def to_tasks(self, intercept: float, coef: Floats, keep: Floats) -> Models:
        """One intercept, slopes (p,) and always-in coefficients, indicators first, as K models in the units of each."""
        blocks, units = self.tasks.blocks, self.tasks.standard.y_scale
        sites = blocks.n_tasks - 1 if blocks.intercept else 0
        own = intercept + np.append(0.0, keep[:sites]) if blocks.intercept else np.zeros(blocks.n_tasks)
        return Models(own * units, np.multiply.outer(coef, units), np.multiply.outer(keep[sites:], units))


def pool(training: TaskBlocks, problem: Problem) -> Pooled:
    """The training rows of all tasks together."""
    mode: Standardize = "pooled" if problem.standard.mode else False
    standard = standardize(training, mode, problem.standard.scale_outcome)
    n = np.array([weights_of(training, k).sum() for k in range(training.n_tasks)])
    weights = n * (training.n_tasks / n.sum())
    tasks = make_problem(training, standard, np.ones(training.n_tasks, np.int64), task_weights=weights)
    return Pooled(tasks, pooled_problem(tasks))
