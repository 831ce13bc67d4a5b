"""Effects of terms that were fixed beforehand, when the terms beside them are selected: double selection.

A term that is always in the model keeps a bias of the order of its correlation with confounders that the selection
leaves out because their own slopes are small. Belloni, Chernozhukov and Hansen (2014, Review of Economic Studies 81)
select twice, what predicts the outcome and what predicts the term, and adjust for the union, by least squares.

Of yes/no outcomes, counts and survival times (Belloni, Chernozhukov and Wei 2016, Journal of Business & Economic
Statistics 34): what predicts the outcome by its own likelihood, what predicts the term by least squares with the
weights that rows have in the likelihood of the first model (the diagonal of its curvature), and the union by maximum
likelihood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from scipy import stats

from sparsekin.data.blocks import Bools, Floats, Ints, TaskBlocks
from sparsekin.data.profile import estimable
from sparsekin.inference.beside_family import slopes_on, working_weights
from sparsekin.inference.estimates import LEAST_DF

Chooser: TypeAlias = Callable[[TaskBlocks], Bools]


@dataclass(frozen=True, slots=True, eq=False)
class KeepSlopes:
    """Slopes of q always-in terms in K tasks, on the user's scale.

    ======== ====== ==============================================================================
    field    shape  meaning
    ======== ====== ==============================================================================
    slope    (q, K) NaN where the term has none in the task, or fewer than 5 degrees of freedom
    se       (q, K)
    df       (K,)
    pvalue   (q, K) two-sided, t
    controls (K,)   features adjusted for
    ======== ====== ==============================================================================
    """

    slope: Floats
    se: Floats
    df: Ints
    pvalue: Floats
    controls: Ints

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """(q, K) lower and upper ends."""
        half = stats.t.ppf((1 + level) / 2, np.maximum(self.df, 1)) * self.se
        return self.slope - half, self.slope + half


def double_selection(blocks: TaskBlocks, choose: Chooser) -> KeepSlopes:
    """Select for the outcome and for each always-in term, then estimate beside the union, task by task.

    Parameters
    ----------
    blocks : TaskBlocks
    choose : callable
        The (p, K) bool support for blocks without always-in terms, tuned.
    """
    q, K = blocks.keep.shape[1], blocks.n_tasks
    alone = replace(blocks, keep=np.empty((len(blocks.keep), 0)), keep_names=(), sites=0)
    controls = choose(alone)
    there = np.column_stack([estimable(blocks, k) for k in range(K)])
    weighed = replace(alone, weights=_weights(blocks, controls))
    for j in range(q):
        if there[j].any():
            controls = controls | choose(as_outcome(weighed, blocks.keep[:, j]))
    slope, se, df = np.full((q, K), np.nan), np.full((q, K), np.nan), np.zeros(K, np.int64)
    for k in range(K):
        w = blocks.weights[k]
        rows = np.ones(len(blocks.y[k]), bool) if w is None else w > 0
        X = blocks.columns_of(k, np.flatnonzero(controls[:, k]))
        U = np.column_stack([np.ones(len(X)), X]) if blocks.intercept else X
        found = slopes_on(blocks, k, rows, blocks.keep_of(k), there[:, k], U)
        df[k] = found.df
        if found.df >= LEAST_DF:
            slope[:, k], se[:, k] = np.where(there[:, k], found.b, np.nan), np.where(there[:, k], found.se, np.nan)
    pvalue = 2 * stats.t.sf(np.abs(slope) / se, np.maximum(df, 1))
    return KeepSlopes(slope, se, df, pvalue, controls.sum(axis=0))


def as_outcome(blocks: TaskBlocks, column: Floats) -> TaskBlocks:
    """The same tasks with a column (N,) in place of their outcomes, gaussian."""
    y = tuple(
        np.where(np.ones(len(own), bool) if w is None else w > 0, column[rows], 0.0)
        for own, w, rows in zip(blocks.y, blocks.weights, blocks.rows, strict=True)
    )
    return replace(blocks, y=y, responses=None, intercept=True)


def _weights(blocks: TaskBlocks, controls: Bools) -> tuple[Floats | None, ...]:
    """Weights of rows for the regressions of terms: those given, times the working weights of tasks not gaussian."""
    return tuple(
        w if family == "gaussian" else working_weights(blocks, k, np.flatnonzero(controls[:, k]))
        for k, (w, family) in enumerate(zip(blocks.weights, blocks.families_said, strict=True))
    )
