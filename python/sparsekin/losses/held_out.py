"""The deviance of rows that were held out of a fit."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Bools, Floats, TaskBlocks
from sparsekin.losses.base import Loss, RowLoss
from sparsekin.losses.families import make_loss
from sparsekin.losses.levels import best_levels
from sparsekin.losses.many import values_at
from sparsekin.losses.tasks import weights_of

FREE = ("binomial", "poisson")  # families whose level in an unseen study is a matter of how it was sampled


class HeldOut:
    """The rows of task k that are held out, by what their deviance is told.

    It is sum w dev(y, eta) over those rows; of cox tasks, whose likelihood is no sum over rows, what they add to the
    deviance of the others at the same predictions (as glmnet's grouped likelihood): few events alone have hardly a
    partial likelihood.

    With `level_free` a constant of the rows' own is in their predictors, that of the least deviance: how many have the
    outcome in a study that is not among those of a model is for its sampling to say (of cases and controls by design);
    no model of the others can know it. Of gaussian tasks the level counts; of cox there is none.

    ======= ==== ==========================================================
    name    shape meaning
    ======= ==== ==========================================================
    rows    (r,) rows of the task whose predictions are asked for
    offset  (r,) known part of their linear predictors
    weight  float what a mean deviance is divided by: weights, of cox events
    ======= ==== ==========================================================
    """

    def __init__(
        self, blocks: TaskBlocks, k: int, held: Bools, family: str | None = None, level_free: bool = False
    ) -> None:
        self.family = blocks.families_said[k] if family is None else family
        self._level_free = level_free and self.family in FREE
        y, given = blocks.outcome_of(k), blocks.weights[k]
        w = np.ones(len(y)) if given is None else given
        own, others = np.where(held, w, 0.0), np.where(held, 0.0, w)
        cox = self.family == "cox"
        self.rows = np.arange(len(y)) if cox and others.any() else np.flatnonzero(held)
        known, strata = blocks.offset_of(k), blocks.strata_of(k)
        self.offset = np.zeros(len(self.rows)) if known is None else known[self.rows]
        totals = weights_of(blocks, k, own), weights_of(blocks, k, others)
        self.weight = float(own[y[:, -1] > 0].sum() if cox else totals[0].sum())

        def loss(weights: Floats, total: Floats) -> Loss | None:
            if not weights[self.rows].any():
                return None
            codes = None if strata is None else strata[self.rows]
            factor = 2 * float(total[self.rows].sum())
            return make_loss(self.family, y[self.rows], weights[self.rows], None, factor, codes, blocks.ties)

        if cox and others.any():
            self._parts = [(1.0, loss(w, weights_of(blocks, k, w))), (-1.0, loss(others, totals[1]))]
        else:
            self._parts = [(1.0, loss(own, totals[0]))]

    def deviances(self, linear: Floats) -> Floats:
        """(m,) deviances at linear predictors (m, r) without offset."""
        eta: Floats = linear + self.offset
        out = np.zeros(len(linear))
        for sign, loss in self._parts:
            if loss is not None:
                if self._level_free and isinstance(loss, RowLoss):
                    eta = np.asarray(eta + best_levels(loss, eta)[:, None])
                out += sign * values_at(loss, eta)
        return out
