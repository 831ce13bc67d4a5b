"""Per-task centre and scale, and the way back. Columns constant in a task cannot be selected there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, TaskBlocks
from sparsekin.data.sources.stored import moments_of, moments_of_tasks, stored_of
from sparsekin.data.spread import column_spread
from sparsekin.data.task_moments import CONSTANT
from sparsekin.options import Standardize


@dataclass(frozen=True, slots=True, eq=False)
class Standardization:
    """Divisors that put columns and outcomes on the scale where the penalties act.

    ============= ========== =============================================================
    field         shape      meaning
    ============= ========== =============================================================
    center        (p, K)     weighted mean of column j in task k
    scale         (p, K)     divisor of column j in task k; 1 where the column is constant
    usable        (p, K)     False where column j is constant in task k
    y_scale       (K,)       divisor of the outcome of task k; 1 unless asked for. Beside other families: unit in
                             which slopes of gaussian task k are penalised
    mode          str|False  "within", "pooled" or False: how the divisors were made
    scale_outcome bool       whether outcomes were scaled
    ============= ========== =============================================================

    Centres are the weighted task means; they need not be subtracted, because the intercept is profiled out.
    """

    center: Floats
    scale: Floats
    usable: Bools
    y_scale: Floats
    mode: Standardize = "within"
    scale_outcome: bool = False

    @property
    def divisors(self) -> Floats:
        """(p, K) divisors of the columns that make the linear predictor, in the outcome's own units, of slopes b."""
        return np.asarray(self.scale / self.y_scale)

    def of_tasks(self, at: Sequence[int]) -> Standardization:
        """Of some tasks."""
        return replace(
            self,
            center=self.center[:, at],
            scale=self.scale[:, at],
            usable=self.usable[:, at],
            y_scale=self.y_scale[at],
        )

    def anew(self, blocks: TaskBlocks, at: Sequence[int] | slice = slice(None)) -> Standardization:
        """Made of other rows, of the tasks `at` of these, as this was; units of penalties are kept."""
        found = standardize(blocks, self.mode, self.scale_outcome)
        return found if self.scale_outcome else replace(found, y_scale=self.y_scale[at])

    def to_original(self, coef: Floats) -> Floats:
        """(p, K) slopes on the user's scale from slopes on the standardised one."""
        return np.asarray(coef * self.y_scale / self.scale)

    def to_standardized(self, coef: Floats) -> Floats:
        """(p, K) slopes on the standardised scale: the inverse of `to_original`."""
        return np.asarray(coef * self.scale / self.y_scale)


def standardize(blocks: TaskBlocks, mode: Standardize = "within", scale_outcome: bool = False) -> Standardization:
    """Compute standard deviations with divisor n (the sum of the weights), within each task or over all rows.

    Parameters
    ----------
    blocks : TaskBlocks
    mode : {"within", "pooled", False}
        ``"within"``: each task by its own standard deviations (by the shared ones when tasks share one X);
        ``"pooled"``: all tasks by the standard deviation over all rows; False: no scaling.
    scale_outcome : bool
        Divide each outcome by its weighted standard deviation, for outcomes in different units.

    Returns
    -------
    Standardization
    """
    p, n_tasks = blocks.n_features, blocks.n_tasks
    center, sd, usable = np.empty((p, n_tasks)), np.empty((p, n_tasks)), np.empty((p, n_tasks), bool)
    if blocks.on_disk:
        found = moments_of_tasks(blocks)
        center, sd, usable = found.mean, found.sd, found.varies
    for k in range(0 if blocks.on_disk else n_tasks):
        if blocks.shared and k > 0 and _same_weights(blocks.weights[k], blocks.weights[0]):
            center[:, k], sd[:, k], usable[:, k] = center[:, 0], sd[:, 0], usable[:, 0]
        else:
            center[:, k], sd[:, k], usable[:, k] = column_spread(blocks.X_of(k), blocks.weights[k])
    if blocks.origin is not None:
        center += blocks.origin.X
        usable &= sd > CONSTANT * np.abs(center)
    if mode is False:
        scale = np.ones((p, n_tasks))
    elif mode == "pooled" or blocks.shared:
        scale = np.repeat(_pooled_sd(blocks, center, sd)[:, None], n_tasks, axis=1)
    else:
        scale = sd
    scale = np.where(usable, scale, 1.0)
    y_scale = outcome_scale(blocks) if scale_outcome else np.ones(n_tasks)
    return Standardization(center, scale, usable, y_scale, mode, scale_outcome)


def outcome_scale(blocks: TaskBlocks) -> Floats:
    """(K,) weighted standard deviation of each outcome; 1 where it does not vary by more than rounding."""
    found = np.ones(blocks.n_tasks)
    for k, (y, w) in enumerate(zip(blocks.y, blocks.weights, strict=True)):
        mean = np.average(y, weights=w)
        spread = np.sqrt(np.average((y - mean) ** 2, weights=w))
        found[k] = spread if spread > CONSTANT * abs(mean) else 1.0
    return found


def _pooled_sd(blocks: TaskBlocks, center: Floats, sd: Floats) -> Floats:
    """(p,) standard deviation over all rows, from the moments of the tasks."""
    if blocks.shared:
        rows = None if all(w is None for w in blocks.weights) else _row_weights(blocks)
        if blocks.on_disk:
            return moments_of(stored_of(blocks), [slice(0, blocks.X.shape[0])], [rows]).sd[:, 0]
        return column_spread(blocks.X, rows)[1]
    w = blocks.weight_sums / blocks.weight_sums.sum()
    grand = center @ w
    return np.asarray(np.sqrt((sd**2 + (center - grand[:, None]) ** 2) @ w))


def _row_weights(blocks: TaskBlocks) -> Floats:
    """(N,) the largest weight a row has in any task: a row without one outcome still describes X."""
    n = blocks.X.shape[0]
    return np.max([np.ones(n) if w is None else w for w in blocks.weights], axis=0)


def _same_weights(a: Floats | None, b: Floats | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))
