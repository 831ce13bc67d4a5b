"""The settings that judge a method on a fold: those that are best on the other folds."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.tuning.metrics import mean_over


def cross_chosen(losses: Floats) -> Ints:
    """(F,) from (m, F): for each fold, the setting that is best on the *other* folds; -1 where these are not finished.

    A fold judged at that setting gains nothing by chance from many settings to choose from.
    """
    out = np.full(losses.shape[1], -1)
    for f in range(losses.shape[1]):
        others = mean_over(np.delete(losses, f, axis=1), axis=1)
        if not np.isnan(others).all():
            out[f] = int(np.nanargmin(others))
    return out


def cross_chosen_by(losses: Floats, group: Ints) -> Ints:
    """(F, K) from (m, F, K): for each fold, the settings that are best on the *other* folds; -1 where not finished.

    Settings with the same number in `group` (m,) may differ between tasks: each task has its own best of them, one that
    the other folds do not judge has that of all tasks, and the numbers are compared by the mean over tasks of these.
    """
    m, F, K = losses.shape
    labels = np.unique(group)
    if len(labels) == m:
        return np.repeat(cross_chosen(mean_over(losses, axis=2))[:, None], K, axis=1)
    tasks = np.arange(K)
    own = np.empty((len(labels), F, K), np.int64)
    loss = np.empty((len(labels), F))
    for f in range(F):
        others = np.delete(losses, f, axis=1)
        means = mean_over(others, axis=1)
        joint = mean_over(mean_over(others, axis=2), axis=1)
        for i, label in enumerate(labels):
            at = np.flatnonzero(group == label)
            seen = ~np.isnan(means[at]).all(axis=0)
            some = np.where(seen, means[at], joint[at, None])
            own[i, f] = at[np.argmin(np.where(np.isnan(some), np.inf, some), axis=0)]
            loss[i, f] = mean_over(mean_over(others[own[i, f], :, tasks], axis=0), axis=0)
    best = np.argmin(np.where(np.isnan(loss), np.inf, loss), axis=0)
    finished = np.asarray(~np.isnan(loss).all(axis=0))
    return np.where(finished[:, None], own[best, np.arange(F)], -1)


def at_chosen(values: Floats, chosen: Ints) -> Floats:
    """From (m, F) or (m, F, K) what each fold, or each task in it, has at the setting chosen; NaN where none was."""
    return np.where(chosen >= 0, np.take_along_axis(values, np.maximum(chosen, 0)[None], axis=0)[0], np.nan)
