"""Scores of held-out rows beside their deviance: Brier score, AUC, concordance."""

from __future__ import annotations

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.losses.binomial import shares_of
from sparsekin.losses.families import inverse_link
from sparsekin.options import FamilyMetric, LossFamily
from sparsekin.tuning.family_metrics import auc, brier, concordance

HIGH = ("auc", "c_index")  # better when larger


def held_out_score(
    metric: FamilyMetric, blocks: TaskBlocks, k: int, family: LossFamily, linear: Floats, held: Floats
) -> float:
    """Of the rows of task k whose weights `held` are > 0; NaN where they are none, or of one kind."""
    there = held > 0
    if not there.any():
        return float("nan")
    offset, strata, y = blocks.offset_of(k), blocks.strata_of(k), blocks.outcome_of(k)[there]
    eta, w = (linear if offset is None else linear + offset)[there], held[there]
    if metric == "c_index":
        return concordance(y, eta, None if strata is None else strata[there], w)
    y = shares_of(y)
    if metric == "auc":
        return auc(y, eta, w)
    return brier(y, inverse_link(family, eta), w)
