"""Boosted trees by scikit-learn on the scale of the link, for outcomes that it has a loss for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy.special import logit

from sparsekin.data.blocks import Floats

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    Trees: TypeAlias = HistGradientBoostingClassifier | HistGradientBoostingRegressor

MOST_TASKS = 255  # categories scikit-learn takes
_LOSSES = {"gaussian": "squared_error", "binomial": "log_loss", "poisson": "poisson"}


def make_trees(family: str, rounds: int, leaves: int, rate: float, category: int | None) -> Trees:
    """Trees that are not yet grown; `category` is the column that is the task."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if family == "binomial" else HistGradientBoostingRegressor
    return kind(
        loss=_LOSSES[family], learning_rate=rate, max_iter=rounds, max_leaf_nodes=leaves, min_samples_leaf=10,
        early_stopping=False, categorical_features=None if category is None else [category], random_state=0,
    )  # fmt: skip


def staged_links(trees: Trees, new: Floats) -> Iterator[Floats]:
    """(n,) linear predictors of new rows after each round."""
    if hasattr(trees, "staged_predict_proba"):
        tiny = np.finfo(float).eps
        return (logit(np.clip(p[:, 1], tiny, 1 - tiny)) for p in trees.staged_predict_proba(new))
    if trees.loss == "poisson":
        return (np.log(np.maximum(mean, np.finfo(float).tiny)) for mean in trees.staged_predict(new))
    return iter(trees.staged_predict(new))
