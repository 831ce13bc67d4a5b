"""Stacking where outcomes are yes and no, counts or survival times: weights of linear predictors, by deviance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from sparsekin.data.blocks import Bools, Floats, TaskBlocks
from sparsekin.losses.base import Loss
from sparsekin.losses.tasks import loss_of, weights_of
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.scoring import Models, predict_by_all
from sparsekin.tuning.sparse.stacking import Stacking

MOST = 10.0  # a weight only grows to it where predictions tell outcomes for certain


def held_out_predictors(blocks: TaskBlocks, folds: Folds, fold: int, models: Models) -> list[Floats]:
    """K of (r_k, K): predictors of the rows that a fold holds out, by the models of all tasks, without offsets.

    Those of cox tasks are less their means over the other rows of the task: they have no origin.
    """
    out = []
    for k in range(blocks.n_tasks):
        held, w = folds.held_out(blocks, fold, k), blocks.weights[k]
        eta = predict_by_all(models, blocks.X_of(k), blocks.keep_of(k))
        seen = ~held if w is None else ~held & (w > 0)
        if blocks.families_said[k] == "cox" and seen.any():
            eta = eta - np.average(eta[seen], axis=0, weights=None if w is None else w[seen])
        out.append(eta[held])
    return out


def stack_losses(blocks: TaskBlocks, folds: Folds, parts: Sequence[Sequence[Floats]]) -> Stacking:
    """Non-negative weights, and an intercept, with the least deviance of held-out rows.

    Minimises sum_k sum_i w_i dev(y_i, offset_i + a + sum_l v_l f_il) over a and 0 <= v <= `MOST`; of cox tasks the
    partial likelihoods, without a.

    Parameters
    ----------
    blocks : TaskBlocks
    folds : Folds
    parts : F of `held_out_predictors`
    """
    K = blocks.n_tasks
    predictions = [np.full((len(y), K), np.nan) for y in blocks.y]
    for fold, part in enumerate(parts):
        for k, values in enumerate(part):
            predictions[k][folds.held_out(blocks, fold, k)] = values
    pairs = [_judged(blocks, k, one) for k, one in enumerate(predictions) if np.isfinite(one).any()]
    free = bool(blocks.intercept and all(loss.constants for loss, _ in pairs))

    def value(theta: Floats) -> tuple[float, Floats]:
        total, slope = 0.0, np.zeros(K + 1)
        for loss, F in pairs:
            at = loss.quadratic_at(loss.offset + theta[0] + F @ theta[1:])
            total += at.value
            slope -= np.concatenate([[at.residual.sum()], F.T @ at.residual])
        slope[0] *= free
        return total, slope

    found = minimize(
        value, np.concatenate([[0.0], np.full(K, 1 / K)]), jac=True, method="L-BFGS-B",
        bounds=[(None, None) if free else (0.0, 0.0), *[(0.0, MOST)] * K],
        options={"ftol": 1e-14, "gtol": 1e-10, "maxiter": 2000},
    )  # fmt: skip
    return Stacking(np.asarray(found.x[1:]), float(found.x[0]))


def _judged(blocks: TaskBlocks, k: int, predictions: Floats) -> tuple[Loss, Floats]:
    """The loss of the rows of task k that have predictions, as a share of all tasks, and these, 0 elsewhere."""
    there: Bools = np.asarray(np.isfinite(predictions).all(axis=1))
    given = blocks.weights[k]
    w = np.where(there, 1.0 if given is None else given, 0.0)
    whole = sum(weights_of(blocks, i).sum() for i in range(blocks.n_tasks))
    share = float(weights_of(blocks, k, w).sum() / whole)
    return loss_of(blocks, k, weights=w, factor=share), np.where(there[:, None], predictions, 0.0)
