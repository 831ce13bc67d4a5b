"""What cross-validation hands over: sums of errors on held-out rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.grid import Settings
from sparsekin.tuning.folds import Folds


@dataclass(frozen=True, slots=True, eq=False)
class FoldErrors:
    """Errors of m models on the rows one fold holds out; the fields of `CvErrors` without their fold axis."""

    sse: Floats
    sae: Floats
    sst: Floats
    weight: Floats
    sizes: Floats
    jaccard: Floats
    finished: Bools


@dataclass(frozen=True, slots=True, eq=False)
class CvErrors:
    """Sums of errors of m settings on the rows held out by F folds, per task.

    ======== ========= ====================================================================================
    field    shape     meaning
    ======== ========= ====================================================================================
    settings m         Settings
    folds    Folds     which fold holds each row out
    sse      (m, F, K) sum of w (y - prediction)^2 over the held-out rows
    sae      (m, F, K) sum of w abs(y - prediction)
    sst      (F, K)    sum of w (y - y_bar)^2, y_bar the training mean of the task (of the mean of the other
                       tasks' means when the task itself is held out; 0 without an intercept)
    weight   (F, K)    sum of the weights w of the held-out rows; 0 where a fold holds out no row of a task
    sizes    (m, F, K) features selected; NaN where the task was not trained on
    jaccard  (m, F)    mean pairwise Jaccard index of the supports; NaN for one task
    finished (m, F)    bool, False where Ctrl-C came first; errors are NaN there
    ======== ========= ====================================================================================
    """

    settings: Settings
    folds: Folds
    sse: Floats
    sae: Floats
    sst: Floats
    weight: Floats
    sizes: Floats
    jaccard: Floats
    finished: Bools


def collect(settings: Settings, folds: Folds, n_tasks: int, found: Sequence[FoldErrors]) -> CvErrors:
    """Stack the first folds, those that were computed; the others are NaN and not finished."""
    m, F = len(settings), folds.n_folds
    out = CvErrors(
        settings,
        folds,
        sse=np.full((m, F, n_tasks), np.nan),
        sae=np.full((m, F, n_tasks), np.nan),
        sst=np.zeros((F, n_tasks)),
        weight=np.zeros((F, n_tasks)),
        sizes=np.full((m, F, n_tasks), np.nan),
        jaccard=np.full((m, F), np.nan),
        finished=np.zeros((m, F), bool),
    )
    for f, one in enumerate(found):
        for name in ("sse", "sae", "sizes", "jaccard", "finished"):
            getattr(out, name)[:, f] = getattr(one, name)
        out.sst[f], out.weight[f] = one.sst, one.weight
    return out


def join(first: CvErrors, second: CvErrors) -> CvErrors:
    """Both tables on the same folds, each setting once, sorted as `Settings` are."""
    keys = np.vstack([_keys(first.settings), _keys(second.settings)])
    rows = np.unique(keys, axis=0, return_index=True)[1]
    both = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])[rows]
        for name in ("sse", "sae", "sizes", "jaccard", "finished")
    }
    l1, l2, s, lz = keys[rows].T
    settings = Settings(s.astype(np.int64), l1, l2, lz)
    weight = np.maximum(first.weight, second.weight)
    return CvErrors(settings, first.folds, sst=np.maximum(first.sst, second.sst), weight=weight, **both)


def _keys(settings: Settings) -> Floats:
    return np.column_stack([settings.lambda_1, settings.lambda_2, settings.s, settings.lambda_z])


def counts(errors: CvErrors) -> Ints:
    """(m,) folds in which each setting was finished."""
    return np.asarray(errors.finished.sum(axis=1))
