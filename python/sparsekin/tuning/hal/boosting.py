"""Gradient boosting by scikit-learn on the folds of a HAL: what neither lines nor sums of curves say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import logit

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.hal.predict import held_out_deviance
from sparsekin.hal.problem import Problem
from sparsekin.losses.tasks import weights_of
from sparsekin.options import LossFamily
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.trees import MOST_TASKS, make_trees, staged_links

ROUNDS = (12, 25, 50, 100, 200)
LEAVES = (3, 8)
RATE = 0.1
SETTINGS = len(ROUNDS) * len(LEAVES)


def can_boost(problem: Problem) -> bool:
    """Whether scikit-learn's trees have the losses: none for survival times, and no offsets or numbers of trials."""
    blocks = problem.blocks
    return all(blocks.offset_of(k) is None and blocks.outcome_of(k).ndim == 1 for k in range(blocks.n_tasks))


def boosted_deviance(problem: Problem, folds: Folds, fold: int) -> Floats:
    """(SETTINGS, K) deviance of the held-out rows of a fold.

    Tasks with rows of their own are one model with the task as a category; outcomes of one X, families that differ and
    more tasks than scikit-learn takes categories are a model each.
    """
    blocks, K = problem.blocks, problem.n_tasks
    training = training_blocks(blocks, folds, fold)
    together = not blocks.shared and len(set(problem.families)) == 1 and K <= MOST_TASKS
    out = np.full((SETTINGS, K), np.nan)
    for tasks in [list(range(K))] if together else [[k] for k in range(K)]:
        family = problem.families[tasks[0]]
        rows = [(_columns(blocks, k, tasks), training.y[k] / problem.units[k], _weights(training, k)) for k in tasks]
        X, y, w = (np.concatenate(part) for part in zip(*rows, strict=True))
        stages = list(_stages(X, y, w, X, family, categorical=len(tasks) > 1))
        first = 0
        for k, (own, _, _) in zip(tasks, rows, strict=True):
            held = np.where(folds.held_out(blocks, fold, k), weights_of(blocks, k), 0.0)
            at = slice(first, first + len(own))
            for i, linear in enumerate(stages):
                out[i, k] = held_out_deviance(blocks, k, family, linear[at] * problem.units[k], held)
            first += len(own)
    return out


def _stages(X: Floats, y: Floats, w: Floats, new: Floats, family: LossFamily, categorical: bool) -> Iterator[Floats]:
    """(n,) predictions on the scale of the link, of each setting."""
    there = w > 0
    if family == "binomial" and len(np.unique(y[there])) < 2:
        n, ones = there.sum(), y[there].sum()
        yield from [np.full(len(new), logit((ones + 0.5) / (n + 1)))] * SETTINGS
        return
    for leaves in LEAVES:
        made = make_trees(family, max(ROUNDS), leaves, RATE, X.shape[1] - 1 if categorical else None)
        made.fit(X[there], y[there], sample_weight=w[there])
        for rounds, found in enumerate(staged_links(made, new), start=1):
            if rounds in ROUNDS:
                yield found


def _columns(blocks: TaskBlocks, k: int, tasks: list[int]) -> Floats:
    """(n_k, d + q) columns of a task, and its number where several are one model."""
    parts = [np.asarray(blocks.X[blocks.rows[k]]), blocks.keep[blocks.rows[k]]]
    if len(tasks) > 1:
        parts.append(np.full((len(blocks.y[k]), 1), float(k)))
    return np.hstack(parts)


def _weights(training: TaskBlocks, k: int) -> Floats:
    return weights_of(training, k)
