"""How well each task is fitted where outcomes are yes and no, counts or survival times."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.profile import unpenalised_basis
from sparsekin.losses.tasks import loss_of, weights_of
from sparsekin.tuning.family_metrics import null_predictor
from sparsekin.tuning.judge import measures, rows_judged

_COLUMNS = {"binomial": ("auc", "brier"), "poisson": ("dispersion",), "cox": ("concordance",)}


def row_of(blocks: TaskBlocks, k: int, eta: Floats, selected: int) -> dict[str, float]:
    """The row of `task_fit` of task k, at linear predictors eta (n_k,), offset included."""
    loss, rows = loss_of(blocks, k), rows_judged(blocks, k, eta)
    events, total = rows.events, 2 * weights_of(blocks, k).sum()
    left, around = total * loss.value(eta), total * loss.value(null_predictor(blocks, k, loss))
    row = {
        "n": int(blocks.n_obs[k]), "events": events, "selected": selected,
        "events_per_feature": events / selected if selected else np.nan, "deviance": left, "null_deviance": around,
        "explained": 1 - left / around if around > 0 else np.nan,
    }  # fmt: skip
    return row | apparent_of(blocks, k, eta, selected + unpenalised_basis(blocks, k).shape[1])


def apparent_of(blocks: TaskBlocks, k: int, eta: Floats, parameters: float) -> dict[str, float]:
    """What the families of the fit are judged by, of the rows of task k at linear predictors eta, as in `row_of`."""
    found = measures(rows_judged(blocks, k, eta), parameters)
    named = [name for family, names in _COLUMNS.items() if family in blocks.families_said for name in names]
    return {name: found.get(name, np.nan) for name in named}
