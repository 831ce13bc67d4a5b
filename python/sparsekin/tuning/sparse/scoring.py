"""Models against the rows a fold holds out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Matrix, TaskBlocks
from sparsekin.data.profile import unpenalised_coef
from sparsekin.data.task_moments import CONSTANT
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.errors import FoldErrors
from sparsekin.tuning.sparse.new_site import Centre, centre_of
from sparsekin.tuning.sparse.stacking import Stacking

EXPLAINED = 1e-10  # always-in columns that leave less than this share of a standard deviation leave rounding


class Predictor(Protocol):
    """What can be judged: `Models`, or anything that predicts each of K tasks."""

    @property
    def support(self) -> Bools | None:
        """(p, K) columns used; None where that is not known."""

    def predict(self, k: int, X: Matrix, keep: Floats) -> Floats:
        """(n,) predictions for the k-th task."""

    def ensemble(self, centre: Centre) -> Predictor:
        """One model, asked for as k = 0, for a task that was not seen; `centre` is that of the training rows."""


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
                       None: as `Centre.combine`
    ========= ======== =====================================================================
    """

    intercept: Floats
    coef: Floats
    keep_coef: Floats
    stacking: Stacking | None = None

    @property
    def support(self) -> Bools:
        """(p, K) columns with a slope."""
        return np.asarray(self.coef != 0)

    def predict(self, k: int, X: Matrix, keep: Floats) -> Floats:
        """(n,) predictions of the k-th model, reading only the columns it selects."""
        chosen = np.flatnonzero(self.coef[:, k])
        slopes = X[:, chosen] @ self.coef[chosen, k] if len(chosen) else 0.0
        return np.asarray(slopes + keep @ self.keep_coef[:, k] + self.intercept[k])

    def ensemble(self, centre: Centre) -> Models:
        """One model, for a task that the models have not seen."""
        own = (self.intercept, self.coef, self.keep_coef)
        if self.stacking is not None:
            return Models(*self.stacking.combine(*own))
        intercept, coef, keep_coef = centre.combine(*own)
        return Models(np.atleast_1d(intercept), coef[:, None], keep_coef[:, None])


def score(
    blocks: TaskBlocks, training: TaskBlocks, folds: Folds, fold: int, models: Sequence[Predictor | None]
) -> FoldErrors:
    """Errors of m models (None: not finished) and of the null model on the rows `fold` holds out of `blocks`."""
    m, K = len(models), blocks.n_tasks
    sse, sae = np.full((m, K), np.nan), np.full((m, K), np.nan)
    sst, null_sse, null_sae, weight = np.zeros((4, K))
    within = folds.scheme == "within-task"
    centre = None if within else centre_of(training)
    whole = [None if one is None or centre is None else one.ensemble(centre) for one in models]
    null, means = null_models(training), task_means(training)
    null_whole = None if centre is None else null.ensemble(centre)
    mean = 0.0 if centre is None else means @ centre.shares
    for k in range(K):
        out = np.flatnonzero(folds.held_out(blocks, fold, k))
        if len(out) == 0:
            sse[:, k] = sae[:, k] = 0.0
            continue
        rows = blocks.rows[k].start + out
        y, X, keep = blocks.y[k][out], blocks.X[rows], blocks.keep[rows]
        given = blocks.weights[k]
        w = np.ones(len(out)) if given is None else given[out]
        weight[k], sst[k] = w.sum(), w @ (y - (means[k] if within else mean)) ** 2
        left = y - (null.predict(k, X, keep) if null_whole is None else null_whole.predict(0, X, keep))
        null_sse[k], null_sae[k] = w @ left**2 if keep.shape[1] else sst[k], w @ np.abs(left)
        for i, (one, ensemble) in enumerate(zip(models, whole, strict=True)):
            if one is not None:
                left = y - (one.predict(k, X, keep) if ensemble is None else ensemble.predict(0, X, keep))
                sse[i, k], sae[i, k] = w @ left**2, w @ np.abs(left)
        rounding = CONSTANT**2 * (w @ y**2)
        if sst[k] <= rounding:
            sst[k] = 0.0
        if null_sse[k] <= max(rounding, EXPLAINED**2 * sst[k]):
            null_sse[k] = null_sae[k] = 0.0
    sizes, jaccard = supports_of(models, folds, fold, K)
    finished = np.array([one is not None for one in models], bool)
    return FoldErrors(sse, sae, sst, null_sse, null_sae, weight, sizes, jaccard, finished)


def null_models(training: TaskBlocks) -> Models:
    """The models without features: intercepts and always-in columns, fitted to the training rows of each task."""
    K = training.n_tasks
    pairs = [unpenalised_coef(training, k, training.y[k]) for k in range(K)]
    intercept, keep_coef = np.array([constant for constant, _ in pairs], float), np.column_stack([g for _, g in pairs])
    return Models(intercept, np.zeros((training.n_features, K)), keep_coef)


def task_means(training: TaskBlocks) -> Floats:
    """(K,) training means of the outcomes, 0 without an intercept."""
    if not training.intercept:
        return np.zeros(training.n_tasks)
    return np.array([np.average(y, weights=w) for y, w in zip(training.y, training.weights, strict=True)])


def supports_of(models: Sequence[Predictor | None], folds: Folds, fold: int, K: int) -> tuple[Floats, Floats]:
    """(m, K) features selected, and (m,) mean pairwise Jaccard index of the supports."""
    left_out = folds.scheme == "leave-one-task-out"
    trained = np.array([k for k in range(K) if not (left_out and k == fold)])
    sizes, jaccard = np.full((len(models), K), np.nan), np.full(len(models), np.nan)
    for i, one in enumerate(models):
        support = None if one is None else one.support
        if support is not None:
            sizes[i, trained], jaccard[i] = support.sum(axis=0), mean_jaccard(support)
    return sizes, jaccard


def mean_jaccard(support: Bools) -> float:
    """Mean over pairs of columns of abs(S_k & S_l) / abs(S_k | S_l), pairs of empty supports left out.

    Columns that are equal are counted, not compared: many tasks have few different supports.
    """
    Z = support[support.any(axis=1)]
    keys = [column.tobytes() for column in Z.T]
    last, counted = {key: k for k, key in enumerate(keys)}, Counter(keys)
    differ = sorted(counted)
    Z, times = Z[:, [last[key] for key in differ]].astype(float), np.array([counted[key] for key in differ])
    shared, sizes = Z.T @ Z, Z.sum(axis=0)
    either = sizes[:, None] + sizes - shared
    pairs = np.multiply.outer(times, times) / 2.0
    np.fill_diagonal(pairs, times * (times - 1) / 2.0)
    pairs = np.where(either > 0, pairs, 0.0)
    n = pairs.sum()
    alike = np.divide(shared, either, out=np.zeros_like(either), where=either > 0)
    return float(np.sum(pairs * alike) / n) if n > 0 else float("nan")


def predict_by_all(models: Models, X: Matrix, keep: Floats) -> Floats:
    """(n, K) predictions by the model of every task."""
    chosen = np.flatnonzero(models.coef.any(axis=1))
    return np.asarray(X[:, chosen] @ models.coef[chosen] + keep @ models.keep_coef + models.intercept)
