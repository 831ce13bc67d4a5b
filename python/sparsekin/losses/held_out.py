"""The deviance of rows that were held out of a fit."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Bools, Floats, TaskBlocks
from sparsekin.losses.base import Loss
from sparsekin.losses.families import make_loss
from sparsekin.losses.many import values_at
from sparsekin.losses.tasks import weights_of


class HeldOut:
    """The rows of task k that are held out, by what their deviance is told.

    It is sum w dev(y, eta) over those rows; of cox tasks, whose likelihood is no sum over rows, what they add to the
    deviance of the others at the same predictions (as glmnet's grouped likelihood): few events alone have hardly a
    partial likelihood.

    ======= ==== ==========================================================
    name    shape meaning
    ======= ==== ==========================================================
    rows    (r,) rows of the task whose predictions are asked for
    offset  (r,) known part of their linear predictors
    weight  float what a mean deviance is divided by: weights, of cox events
    ======= ==== ==========================================================
    """

    def __init__(self, blocks: TaskBlocks, k: int, held: Bools, family: str | None = None) -> None:
        self.family = blocks.families_said[k] if family is None else family
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
        eta, out = linear + self.offset, np.zeros(len(linear))
        for sign, loss in self._parts:
            if loss is not None:
                out += sign * values_at(loss, eta)
        return out
