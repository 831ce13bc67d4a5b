"""How well each task is fitted where outcomes are yes and no, counts or survival times."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.profile import unpenalised_basis
from sparsekin.losses.tasks import loss_of, weights_of
from sparsekin.tuning.family_metrics import (
    auc,
    brier,
    concordance,
    dispersion,
    null_predictor,
)


def events_of(blocks: TaskBlocks) -> Floats:
    """(K,) events: the rarer outcome of binomial tasks, counts, deaths; NaN for gaussian ones."""
    out = np.full(blocks.n_tasks, np.nan)
    given = blocks.responses
    for k in range(0 if given is None else blocks.n_tasks):
        assert given is not None
        y, w = given.y[k], blocks.weights[k]
        seen = y if w is None else y[w > 0]
        if given.families[k] == "binomial":
            each = seen.sum(axis=0) if seen.ndim == 2 else np.array([seen.sum(), (1 - seen).sum()])
            out[k] = each.min()
        elif given.families[k] != "gaussian":
            out[k] = seen.sum() if seen.ndim == 1 else (seen[:, -1] > 0).sum()
    return out


def row_of(blocks: TaskBlocks, k: int, eta: Floats, selected: int) -> dict[str, float]:
    """The row of `task_fit` of task k, at linear predictors eta (n_k,), offset included."""
    given, loss, w = blocks.responses, loss_of(blocks, k), blocks.weights[k]
    assert given is not None
    family, events, total = given.families[k], float(events_of(blocks)[k]), 2 * weights_of(blocks, k).sum()
    left, around = total * loss.value(eta), total * loss.value(null_predictor(blocks, k, loss))
    row = {
        "n": int(blocks.n_obs[k]), "events": events, "selected": selected,
        "events_per_feature": events / selected if selected else np.nan, "deviance": left, "null_deviance": around,
        "explained": 1 - left / around if around > 0 else np.nan,
    }  # fmt: skip
    mean, y = loss.inverse_link(eta), blocks.y[k]
    if "binomial" in given.families:
        own = family == "binomial"
        size = given.y[k].sum(axis=1) if own and given.y[k].ndim == 2 else None
        weight = w if size is None else size if w is None else w * size
        row["auc"] = auc(y, eta, weight) if own else np.nan
        row["brier"] = brier(y, mean, weight) if own else np.nan
    if "poisson" in given.families:
        parameters = selected + unpenalised_basis(blocks, k).shape[1]
        row["dispersion"] = dispersion(y, mean, parameters, w) if family == "poisson" else np.nan
    if "cox" in given.families:
        row["concordance"] = concordance(given.y[k], eta, given.strata[k], w) if family == "cox" else np.nan
    return row
