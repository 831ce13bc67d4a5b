"""Models of binomial, poisson and cox tasks against the rows a fold holds out.

The deviance of a cell is that of the held-out rows; of cox tasks, whose likelihood is no sum over rows, that of all
rows less that of the training rows, at the same predictions (as glmnet's grouped likelihood).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.profile import unpenalised_coef
from sparsekin.losses.tasks import loss_of, weights_of
from sparsekin.tuning.family_metrics import auc, brier, concordance, null_predictor
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
    within = folds.scheme == "within-task"
    centre, null = None if within else centre_of(training), null_families(training)
    whole = [one if one is None or centre is None else one.ensemble(centre) for one in models]
    null_whole = null if centre is None else null.ensemble(centre)
    for k in range(K):
        out = np.flatnonzero(folds.held_out(blocks, fold, k))
        if len(out) == 0:
            sse[:, k] = sae[:, k] = rank[:, k] = 0.0
            continue
        cell = _Cell(blocks, k, out)
        weight[k] = cell.weight
        at = k if within else 0
        null_sse[k], null_sae[k], null_rank[k] = cell.judge(null_whole.predict(at, cell.X, cell.keep))
        for i, one in enumerate(whole):
            if one is not None:
                sse[i, k], sae[i, k], rank[i, k] = cell.judge(one.predict(at, cell.X, cell.keep))
    sizes, jaccard = supports_of(models, folds, fold, K)
    finished = np.array([one is not None for one in models], bool)
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


class _Cell:
    """The held-out rows of a task."""

    def __init__(self, blocks: TaskBlocks, k: int, out: np.ndarray) -> None:
        given, n = blocks.responses, len(blocks.y[k])
        assert given is not None
        w = np.ones(n) if blocks.weights[k] is None else np.asarray(blocks.weights[k])
        held = np.zeros(n, bool)
        held[out] = True
        self.family, self._given, self._k = given.families[k], given, k
        self.X, self.keep = blocks.X_of(k), blocks.keep_of(k)
        self._out, self._w, self._y = out, w[out], blocks.y[k][out]
        some = replace(blocks, weights=(*blocks.weights[:k], np.where(held, w, 0.0), *blocks.weights[k + 1 :]))
        rest = replace(blocks, weights=(*blocks.weights[:k], np.where(held, 0.0, w), *blocks.weights[k + 1 :]))
        self._cox = self.family == "cox" and bool((w[~held] > 0).any())
        if self._cox:
            self._parts = [(loss_of(one, k), weights_of(one, k).sum()) for one in (blocks, rest)]
        else:
            self._parts = [(loss_of(some, k), weights_of(some, k).sum())]
        died = given.y[k][out, -1] > 0 if self.family == "cox" else None
        self.weight = float(self._w[died].sum()) if died is not None else weights_of(some, k).sum()

    def judge(self, linear: Floats) -> tuple[float, float, float]:
        """Deviance, Brier score times weight, AUC or concordance, at predictors (n_k,) without offset."""
        offset = self._parts[0][0].offset
        values = [2 * total * loss.value(linear + offset) for loss, total in self._parts]
        deviance = values[0] - values[1] if self._cox else values[0]
        eta = (linear + offset)[self._out]
        if self.family == "binomial":
            mean = self._parts[0][0].inverse_link(eta)
            y = self._given.y[self._k][self._out]
            size = self._w * (y.sum(axis=1) if y.ndim == 2 else 1.0)
            return deviance, float(size.sum() * brier(self._y, mean, size)), auc(self._y, eta, size)
        if self.family == "cox":
            strata = self._given.strata[self._k]
            y, groups = self._given.y[self._k][self._out], None if strata is None else strata[self._out]
            return deviance, np.nan, concordance(y, eta, groups, self._w)
        return deviance, np.nan, np.nan
