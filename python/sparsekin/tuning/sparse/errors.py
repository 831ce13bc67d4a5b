"""What cross-validation hands over: sums of errors on held-out rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.grid import Settings, cross
from sparsekin.tuning.folds import Folds

PER_SETTING = ("sse", "sae", "sizes", "jaccard", "finished")
PER_FOLD = ("sst", "null_sse", "null_sae", "weight")
RANKS = ("rank", "null_rank")


@dataclass(frozen=True, slots=True, eq=False)
class FoldErrors:
    """Errors of m models on the rows one fold holds out; the fields of `CvErrors` without their fold axis."""

    sse: Floats
    sae: Floats
    sst: Floats
    null_sse: Floats
    null_sae: Floats
    weight: Floats
    sizes: Floats
    jaccard: Floats
    finished: Bools
    rank: Floats | None = None
    null_rank: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CvErrors:
    """Sums of errors of m settings on the rows held out by F folds, per task.

    Where tasks are not all gaussian, deviances stand for squared errors, Brier scores for absolute ones.

    ======== ========= ====================================================================================
    field    shape     meaning
    ======== ========= ====================================================================================
    settings m         Settings
    folds    Folds     which fold holds each row out
    sse      (m, F, K) sum of w (y - prediction)^2 over the held-out rows
    sae      (m, F, K) sum of w abs(y - prediction)
    sst      (F, K)    sum of w (y - y_bar)^2, y_bar the training mean of the task (the mean of the other
                       tasks' means when the task itself is held out; 0 without an intercept); 0 where the
                       outcome does not vary by more than rounding
    null_sse (F, K)    as sse, for the null model: intercept and always-in columns fitted to the training rows
                       (that of the other tasks for a new one when the task is held out); 0 where that leaves
                       only rounding
    null_sae (F, K)    as sae, for the null model
    weight   (F, K)    sum of the weights w of the held-out rows; 0 where a fold holds out no row of a task
    sizes    (m, F, K) features selected; NaN where the task was not trained on
    jaccard  (m, F)    mean pairwise Jaccard index of the supports; NaN for one task
    finished (m, F)    bool, False where Ctrl-C came first; errors are NaN there
    rank     (m, F, K) AUC of binomial tasks, concordance of cox tasks; None where all tasks are gaussian
    null_rank (F, K)   of the null model
    ======== ========= ====================================================================================
    """

    settings: Settings
    folds: Folds
    sse: Floats
    sae: Floats
    sst: Floats
    null_sse: Floats
    null_sae: Floats
    weight: Floats
    sizes: Floats
    jaccard: Floats
    finished: Bools
    rank: Floats | None = None
    null_rank: Floats | None = None


def collect(settings: Settings, folds: Folds, n_tasks: int, found: Sequence[FoldErrors]) -> CvErrors:
    """Stack the first folds, those that were computed; the others are NaN and not finished.

    Nor is one that Ctrl-C left without some settings: the few that were judged on it cannot be compared with the rest.
    """
    m, F, ranked = len(settings), folds.n_folds, any(one.rank is not None for one in found)
    out = CvErrors(
        settings,
        folds,
        sse=np.full((m, F, n_tasks), np.nan),
        sae=np.full((m, F, n_tasks), np.nan),
        sst=np.zeros((F, n_tasks)),
        null_sse=np.zeros((F, n_tasks)),
        null_sae=np.zeros((F, n_tasks)),
        weight=np.zeros((F, n_tasks)),
        sizes=np.full((m, F, n_tasks), np.nan),
        jaccard=np.full((m, F), np.nan),
        finished=np.zeros((m, F), bool),
        rank=np.full((m, F, n_tasks), np.nan) if ranked else None,
        null_rank=np.full((F, n_tasks), np.nan) if ranked else None,
    )
    for f, one in enumerate(found):
        if not one.finished.all():
            continue
        for name in (*PER_SETTING, *(("rank",) if ranked else ())):
            getattr(out, name)[:, f] = getattr(one, name)
        for name in (*PER_FOLD, *(("null_rank",) if ranked else ())):
            getattr(out, name)[f] = getattr(one, name)
    return out


def join(first: CvErrors, second: CvErrors) -> CvErrors:
    """Both tables on the same folds, each setting once, sorted as `Settings` are."""
    keys = np.vstack([_keys(first.settings), _keys(second.settings)])
    rows = np.unique(keys, axis=0, return_index=True)[1]
    both = {name: np.concatenate([getattr(first, name), getattr(second, name)])[rows] for name in PER_SETTING}
    l1, l2, s, lz = keys[rows].T
    settings = Settings(s.astype(np.int64), l1, l2, lz)
    seen = {name: np.maximum(getattr(first, name), getattr(second, name)) for name in PER_FOLD}
    if first.rank is not None and second.rank is not None:
        both["rank"], seen["null_rank"] = np.concatenate([first.rank, second.rank])[rows], first.null_rank
    return CvErrors(settings, first.folds, **both, **seen)


def spread(settings: Settings, first: CvErrors, second: CvErrors, rows: Ints) -> CvErrors:
    """Two tables on the same folds as one of `settings`: the second stands at `rows`, the first at the others."""
    place = np.empty(len(settings), np.int64)
    place[np.concatenate([np.setdiff1d(np.arange(len(settings)), rows), rows])] = np.arange(len(settings))
    names = PER_SETTING if first.rank is None else (*PER_SETTING, "rank")
    both: dict[str, Any] = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])[place] for name in names
    }
    return replace(first, settings=settings, **both)


def with_null(errors: CvErrors) -> CvErrors:
    """The table with the null model as its last setting: s = 0, which no penalty touches."""
    settings, last = errors.settings, cross([0], [0.0], [0.0], [0.0])
    computed = np.asarray(errors.finished.any(axis=0) if len(settings) else errors.weight.any(axis=1))
    blank = np.where(computed[:, None], 0.0, np.nan)
    names = [field.name for field in fields(Settings)]
    return CvErrors(
        Settings(*(np.concatenate([getattr(settings, name), getattr(last, name)]) for name in names)),
        errors.folds,
        sse=np.concatenate([errors.sse, (errors.null_sse + blank)[None]]),
        sae=np.concatenate([errors.sae, (errors.null_sae + blank)[None]]),
        sizes=np.concatenate([errors.sizes, np.broadcast_to(blank, errors.weight.shape)[None]]),
        jaccard=np.concatenate([errors.jaccard, np.full((1, len(computed)), np.nan)]),
        finished=np.concatenate([errors.finished, computed[None]]),
        rank=None if errors.rank is None else np.concatenate([errors.rank, (errors.null_rank + blank)[None]]),
        null_rank=errors.null_rank,
        **{name: getattr(errors, name) for name in PER_FOLD},
    )


def _keys(settings: Settings) -> Floats:
    return np.column_stack([settings.lambda_1, settings.lambda_2, settings.s, settings.lambda_z])


def counts(errors: CvErrors) -> Ints:
    """(m,) folds in which each setting was finished."""
    return np.asarray(errors.finished.sum(axis=1))
