"""The mean of all families, each by how good it is: it predicts well though the verdict may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.problem import Problem
from sparsekin.tuning.metrics import mean_over
from sparsekin.tuning.sparse.dial.average import LEAST, Average, chosen_averages, goodness, judge_families
from sparsekin.tuning.sparse.dial.fit import mean_of
from sparsekin.tuning.sparse.dial.lasso import NAME, fit_lassos
from sparsekin.tuning.sparse.dial.search import Searched
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.table import Score

WIDTH = 0.01  # a family whose error is 1 % above that of the best counts e times less


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """The averages of several families with weights, that of the verdict first. Its length counts the lassos as one.

    ======= ============ =======================================================================
    field   shape        meaning
    ======= ============ =======================================================================
    parts   a of Average a family each; that of the lasso, if it counts, has rows of ``dial.lasso``
    weights (a,)         sum 1
    ======= ============ =======================================================================
    """

    parts: tuple[Average, ...]
    weights: Floats

    def __len__(self) -> int:
        return sum(1 if part.family == NAME else len(part.rows) for part in self.parts)

    @property
    def settings(self) -> tuple[Ints, Floats]:
        """Rows of ``dial.table`` and their weights; with that of the lasso these sum to 1."""
        own = [(part, w) for part, w in zip(self.parts, self.weights, strict=True) if part.family != NAME]
        rows = np.concatenate([part.rows for part, _ in own])
        return rows, np.concatenate([w * part.weights for part, w in own])

    @property
    def lasso(self) -> tuple[Average, float] | None:
        """That of the lasso, and its weight."""
        own = [(part, float(w)) for part, w in zip(self.parts, self.weights, strict=True) if part.family == NAME]
        return own[0] if own else None


def mix(found: Sequence[Average], metric: Score) -> Mixture:
    """Weigh the averages of the families by what they lose on folds that had no say in their ranking.

    Parameters
    ----------
    found : sequence of Average
        Of each family with each number of settings, and that of the lasso.
    metric : str
    """
    chosen, first = chosen_averages(found), judge_families(found).chosen
    parts = [*chosen.values(), *(one for one in found if one.family == NAME)]
    losses = mean_over(np.array([one.losses for one in parts]), axis=1)
    order = np.argsort(losses, kind="stable")
    good = goodness(losses[order], metric, WIDTH)
    pairs = [(parts[i], w) for i, w in zip(order, good, strict=True) if w > LEAST or parts[i].family == first]
    pairs.sort(key=lambda pair: pair[0].family != first)
    weights = np.array([w for _, w in pairs])
    return Mixture(tuple(part for part, _ in pairs), weights / weights.sum())


def mixed_model(problem: Problem, found: Searched, dial: Dial, mixture: Mixture) -> tuple[Models, Floats, int]:
    """The model of all rows, the share of members, by weight, that select each feature (p, K), and the lasso's size."""
    mean, share = mean_of(problem, found, dial, *mixture.settings)
    if mixture.lasso is None:
        return mean, share, 0
    part, w = mixture.lasso
    one, selected = fit_lassos(problem, dial.lasso[part.rows], part.weights)
    both = Models(
        mean.intercept + w * one.intercept, mean.coef + w * one.coef, mean.keep_coef + w * one.keep_coef
    )  # fmt: skip
    return both, share + w * selected, int(one.support.any(axis=1).sum())
