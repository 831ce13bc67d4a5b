"""Linear models against the rows a fold holds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Matrix, TaskBlocks
from sparsekin.tuning.errors import FoldErrors
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.stacking import Stacking, equal_weights


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """The models of K tasks at one setting, user's scale.

    ========= ======== =====================================================================
    field     shape    meaning
    ========= ======== =====================================================================
    intercept (K,)
    coef      (p, K)   slopes
    keep_coef (q, K)   coefficients of the always-in columns
    stacking  Stacking weights of the task models in the prediction of a task they have not seen;
                       None: their mean
    ========= ======== =====================================================================
    """

    intercept: Floats
    coef: Floats
    keep_coef: Floats
    stacking: Stacking | None = None

    def ensemble(self) -> Models:
        """One model, for a task that the models have not seen."""
        weights = equal_weights(len(self.intercept)) if self.stacking is None else self.stacking
        return Models(*weights.combine(self.intercept, self.coef, self.keep_coef))


def predict(models: Models, k: int, X: Matrix, keep: Floats) -> Floats:
    """(n,) predictions of the k-th model, reading only the columns it selects."""
    chosen = np.flatnonzero(models.coef[:, k])
    slopes = X[:, chosen] @ models.coef[chosen, k] if len(chosen) else 0.0
    return np.asarray(slopes + keep @ models.keep_coef[:, k] + models.intercept[k])


def score(
    blocks: TaskBlocks, training: TaskBlocks, folds: Folds, fold: int, models: Sequence[Models | None]
) -> FoldErrors:
    """Errors of m models (None: not finished) on the rows `fold` holds out of `blocks`."""
    m, K = len(models), blocks.n_tasks
    sse, sae, sst, weight = np.full((m, K), np.nan), np.full((m, K), np.nan), np.zeros(K), np.zeros(K)
    whole = [None if one is None or folds.scheme == "within-task" else one.ensemble() for one in models]
    for k in range(K):
        out = np.flatnonzero(folds.held_out(blocks, fold, k))
        if len(out) == 0:
            sse[:, k] = sae[:, k] = 0.0
            continue
        rows = blocks.rows[k].start + out
        y, X, keep = blocks.y[k][out], blocks.X[rows], blocks.keep[rows]
        given = blocks.weights[k]
        w = np.ones(len(out)) if given is None else given[out]
        weight[k], sst[k] = w.sum(), w @ (y - null_prediction(training, folds, k)) ** 2
        for i, (one, ensemble) in enumerate(zip(models, whole, strict=True)):
            if one is not None:
                left = y - (predict(one, k, X, keep) if ensemble is None else predict(ensemble, 0, X, keep))
                sse[i, k], sae[i, k] = w @ left**2, w @ np.abs(left)
    sizes, jaccard = _supports(models, folds, fold, K)
    return FoldErrors(sse, sae, sst, weight, sizes, jaccard, np.array([one is not None for one in models]))


def null_prediction(training: TaskBlocks, folds: Folds, k: int) -> float:
    """What a model without features predicts: the training mean of the task, or of the tasks trained on."""
    if not training.intercept:
        return 0.0
    means = [np.average(y, weights=w) for y, w in zip(training.y, training.weights, strict=True)]
    return float(np.mean(means) if folds.scheme == "leave-one-task-out" else means[k])


def _supports(models: Sequence[Models | None], folds: Folds, fold: int, K: int) -> tuple[Floats, Floats]:
    left_out = folds.scheme == "leave-one-task-out"
    trained = np.array([k for k in range(K) if not (left_out and k == fold)])
    sizes, jaccard = np.full((len(models), K), np.nan), np.full(len(models), np.nan)
    for i, one in enumerate(models):
        if one is not None:
            support = one.coef != 0
            sizes[i, trained], jaccard[i] = support.sum(axis=0), mean_jaccard(support)
    return sizes, jaccard


def mean_jaccard(support: Bools) -> float:
    """Mean over pairs of columns of abs(S_k & S_l) / abs(S_k | S_l), pairs of empty supports left out."""
    Z = support[support.any(axis=1)].astype(float)
    shared, sizes = Z.T @ Z, Z.sum(axis=0)
    either = sizes[:, None] + sizes - shared
    pairs = np.triu(either > 0, 1)
    return float(np.mean(shared[pairs] / either[pairs])) if pairs.any() else float("nan")


def predict_by_all(models: Models, X: Matrix, keep: Floats) -> Floats:
    """(n, K) predictions by the model of every task."""
    chosen = np.flatnonzero(models.coef.any(axis=1))
    return np.asarray(X[:, chosen] @ models.coef[chosen] + keep @ models.keep_coef + models.intercept)
