"""Models of binomial, poisson and cox tasks against the rows a fold holds out.

The deviance of a cell is that of `sparsekin.losses.held_out`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.data.profile import unpenalised_coef
from sparsekin.losses.families import inverse_link
from sparsekin.losses.held_out import HeldOut
from sparsekin.losses.tasks import loss_of, weights_of
from sparsekin.tuning.family_metrics import aucs, concordances, null_predictor
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.errors import FoldErrors
from sparsekin.tuning.sparse.new_site import centre_of
from sparsekin.tuning.sparse.scoring import Models, Predictor, supports_of


def score_families(
    blocks: TaskBlocks, training: TaskBlocks, folds: Folds, fold: int, models: Sequence[Predictor | None]
) -> FoldErrors:
    """Deviances (`sse`), Brier scores times weights (`sae`) and AUC or concordance (`rank`) of every model."""
    m, K = len(models), blocks.n_tasks
    sse, sae, rank = (np.full((m, K), np.nan) for _ in range(3))
    null_sse, null_sae, null_rank, weight = np.zeros((4, K))
    within, finished = folds.scheme == "within-task", np.array([one is not None for one in models], bool)
    centre, null = None if within else centre_of(training), null_families(training)
    whole = [one if one is None or centre is None else one.ensemble(centre) for one in models]
    null_whole = null if centre is None else null.ensemble(centre)
    for k in range(K):
        out = np.flatnonzero(folds.held_out(blocks, fold, k))
        if len(out) == 0:
            sse[:, k] = sae[:, k] = rank[:, k] = 0.0
            continue
        cell = Cell(blocks, k, out, folds)
        weight[k] = cell.weight
        at = k if within else 0
        found = [null_whole.predict(at, cell.X, cell.keep)]
        found += [one.predict(at, cell.X, cell.keep) for one in whole if one is not None]
        judged = cell.judge(np.array(found))
        null_sse[k], null_sae[k], null_rank[k] = (one[0] for one in judged)
        sse[finished, k], sae[finished, k], rank[finished, k] = (one[1:] for one in judged)
    sizes, jaccard = supports_of(models, folds, fold, K)
    return FoldErrors(sse, sae, null_sse, null_sse, null_sae, weight, sizes, jaccard, finished, rank, null_rank)


def null_families(training: TaskBlocks) -> Models:
    """The models without features."""
    K, p = training.n_tasks, training.n_features
    intercept, keep_coef = np.zeros(K), np.zeros((training.keep.shape[1], K))
    for k in range(K):
        loss = loss_of(training, k)
        eta = null_predictor(training, k, loss) - loss.offset
        intercept[k], keep_coef[:, k] = unpenalised_coef(training, k, eta)
        intercept[k] *= loss.constants
    return Models(intercept, np.zeros((p, K)), keep_coef)


class Cell:
    """The held-out rows of a task, and how well predictions say what they are."""

    def __init__(self, blocks: TaskBlocks, k: int, out: Ints, folds: Folds) -> None:
        held = np.zeros(len(blocks.y[k]), bool)
        held[out] = True
        left_out = folds.scheme == "leave-one-task-out"
        self.k, self._held = k, HeldOut(blocks, k, held, level_free=left_out)
        self.weight, rows = self._held.weight, self._held.rows
        self.X, self.keep = blocks.X_of(k)[rows], blocks.keep_of(k)[rows]
        self.X = self.X if isinstance(self.X, np.ndarray) else sparse.csc_array(self.X)
        given, strata = blocks.weights[k], blocks.strata_of(k)
        self._at, self._mean_y = np.searchsorted(rows, out), blocks.y[k][out]
        self._y, self._w = blocks.outcome_of(k)[out], np.ones(len(out)) if given is None else given[out]
        self._size = weights_of(blocks, k)[out]
        self._strata = None if strata is None else strata[out]

    def judge(self, linear: Floats) -> tuple[Floats, Floats, Floats]:
        """(m,) deviances, Brier scores times weights, AUC or concordance, at predictors (m, r) without offset."""
        deviance, family = self._held.deviances(linear), self._held.family
        eta = (linear + self._held.offset)[:, self._at]
        nothing = np.full(len(linear), np.nan)
        if family == "binomial":
            squares = (self._mean_y - inverse_link(family, eta)) ** 2 @ self._size
            return deviance, squares, aucs(self._mean_y, eta, self._size)
        if family == "cox":
            return deviance, nothing, concordances(self._y, eta, self._strata, self._w)
        return deviance, nothing, nothing
