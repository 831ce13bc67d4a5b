"""Gradient boosting by scikit-learn with the task as one of the features: what lines leave."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Floats, Matrix, TaskBlocks
from sparsekin.data.standardize import outcome_scale
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem
from sparsekin.tuning.sparse.new_site import Centre
from sparsekin.tuning.trees import MOST_TASKS, make_trees, staged_links

if TYPE_CHECKING:
    from sparsekin.tuning.trees import Trees

ROUNDS = (25, 50, 100, 200, 400)
LEAVES = (3, 8)
RATE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Boosted:
    """The first trees of a boosted model.

    ====== ===== =====================================================
    field  shape meaning
    ====== ===== =====================================================
    trees  Trees
    rounds int   trees that count
    units  (K,)  of the outcomes; 1 of those that are not gaussian
    known  bool  False: predictions are for a task that is not known
    ====== ===== =====================================================
    """

    trees: Trees
    rounds: int
    units: Floats
    known: bool = True
    support: None = None

    def predict(self, k: int, X: Matrix, keep: Floats) -> Floats:
        """(n,) linear predictors for the k-th task, without offsets."""
        task = float(k) if self.known else np.nan
        stages = staged_links(self.trees, _columns(X, keep, np.full(X.shape[0], task)))
        unit = self.units[k] if self.known else self.units.mean()
        return np.asarray(next(islice(stages, self.rounds - 1, None)) * unit)

    def ensemble(self, centre: Centre) -> Boosted:
        """For a task that was not seen: as scikit-learn treats a missing category."""
        return Boosted(self.trees, self.rounds, self.units, known=False)


def why_no_boosting(problem: Problem) -> str:
    """Why boosting cannot be used; blank when it can."""
    blocks, K = problem.blocks, problem.n_tasks
    if "cox" in blocks.families_said:
        return "scikit-learn's boosting has no loss for survival times"
    if "binomial" in blocks.families_said and any(blocks.offset_of(k) is not None for k in range(K)):
        return "scikit-learn's boosting takes no offsets of yes/no outcomes"
    return f"scikit-learn's boosting takes at most {MOST_TASKS} tasks, not {K}" if K > MOST_TASKS else ""


def fit_boosting(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Boosted | None]:
    """Boosted trees of at most so many leaves (column lambda_2) after so many rounds (column lambda_1)."""
    units = outcome_scale(training) if problem.standard.scale_outcome else np.ones(training.n_tasks)
    Z, y, w = _stacked(training, units)
    made = {
        leaves: make_trees(
            training.families_said[0], int(settings.lambda_1.max()), int(leaves), RATE, Z.shape[1] - 1
        ).fit(Z, y, sample_weight=w)
        for leaves in np.unique(settings.lambda_2)
    }  # fmt: skip
    pairs = zip(settings.lambda_1, settings.lambda_2, strict=True)
    return [Boosted(made[leaves], int(rounds), units) for rounds, leaves in pairs]


def _stacked(training: TaskBlocks, units: Floats) -> tuple[Floats, Floats, Floats]:
    """Columns, outcome and weights of the training rows of positive weight.

    Of counts with an offset, rates that weigh as much as their exposure: the likelihood is the same. Of successes and
    failures a row each. Of gaussian outcomes with an offset, what it leaves.
    """
    parts = []
    known = [one for k in range(training.n_tasks) if (one := training.offset_of(k)) is not None]
    largest = max((float(one.max(initial=-np.inf)) for one in known), default=0.0)
    for k in range(training.n_tasks):
        y, given, offset = training.outcome_of(k), training.weights[k], training.offset_of(k)
        w = np.ones(len(y)) if given is None else given
        Z = _columns(training.X_of(k), training.keep_of(k), np.full(len(y), float(k)))
        if y.ndim == 2:
            Z, w, y = np.vstack([Z, Z]), np.concatenate([w * y[:, 0], w * y[:, 1]]), np.repeat([1.0, 0.0], len(y))
        elif offset is not None and training.families_said[k] == "poisson":
            y, w = y / np.exp(offset), w * np.exp(offset - largest)
        elif offset is not None:
            y = y - offset
        parts.append((Z[w > 0], y[w > 0] / units[k], w[w > 0]))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))  # type: ignore[return-value]


def _columns(X: Matrix, keep: Floats, task: Floats) -> Floats:
    dense = X.toarray() if isinstance(X, sparse.sparray) else X
    return np.column_stack([dense, keep, task])
