"""One linear model for a task that none of K task models has seen, and what labelled rows of it are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.sources.stored import moments_of_tasks


@dataclass(frozen=True, slots=True, eq=False)
class Centre:
    """The middle of the rows of K tasks, where their models are compared.

    ========= ==== =============================================================================
    field     shape meaning
    ========= ==== =============================================================================
    shares    (K,) v_k: of each task in the sum of the observation weights
    X         (p,) means of the columns over the rows of all tasks
    keep      (q,) means of the always-in columns
    intercept bool tasks have intercepts
    ========= ==== =============================================================================
    """

    shares: Floats
    X: Floats
    keep: Floats
    intercept: bool = True

    def levels(self, intercept: Floats, coef: Floats, keep_coef: Floats) -> Floats:
        """(K,) what the models predict here."""
        return np.asarray(intercept + self.X @ coef + self.keep @ keep_coef)

    def combine(
        self, intercept: Floats, coef: Floats, keep_coef: Floats, X: Floats | None = None
    ) -> tuple[Floats, Floats, Floats]:
        """One model: the mean of the slopes, and at the middle of the rows the mean of the models by rows.

        f(x) = sum_k v_k f_k(x_bar) + b_bar' (x - x_bar), so that a constant added to a column changes nothing; for
        equal slopes the intercept is sum_k v_k a_k. Without intercepts: the mean of the models.

        Parameters
        ----------
        intercept, coef, keep_coef : (..., K), (..., p, K), (..., q, K)
        X : (p,), optional
            The means of the columns that `coef` has, where these are some of all.

        Returns
        -------
        tuple of (...,), (..., p), (..., q)
        """
        slopes, kept = coef.mean(axis=-1), keep_coef.mean(axis=-1)
        if not self.intercept:
            return np.asarray(intercept.mean(axis=-1)), slopes, kept
        moved = (coef @ self.shares - slopes) @ (self.X if X is None else X)
        return np.asarray(intercept @ self.shares + moved + (keep_coef @ self.shares - kept) @ self.keep), slopes, kept


def centre_of(blocks: TaskBlocks) -> Centre:
    """The middle of the rows of tasks with rows of their own.

    Pseudo-rows made from moments are measured from an origin in each task, and have the weights of its rows.
    """
    shares = blocks.weight_sums / blocks.weight_sums.sum()
    means = [_means(blocks, k) for k in range(blocks.n_tasks)]
    X, keep = (np.column_stack(part) @ shares for part in zip(*means, strict=True))
    return Centre(shares, X, keep, blocks.intercept)


def _means(blocks: TaskBlocks, k: int) -> tuple[Floats, Floats]:
    """(p,) and (q,) means of the columns of task k."""
    X, keep, given, origin = blocks.X_of(k), blocks.keep_of(k), blocks.weights[k], blocks.origin
    w = np.ones(len(keep)) if given is None else given
    if blocks.on_disk:
        return moments_of_tasks(blocks).mean[:, k], np.asarray(keep.T @ w / w.sum())
    there, w = (X.T @ w, keep.T @ w), w.sum()
    if origin is None:
        return np.asarray(there[0] / w), np.asarray(there[1] / w)
    return origin.X[:, k] + there[0] / w, origin.keep[:, k] + there[1] / w


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How far the levels of tasks are apart, beyond what rows within tasks explain.

    ======= ===== =====================================================================================
    field   shape meaning
    ======= ===== =====================================================================================
    levels  (K,)  l_k: what each model predicts in the middle of the rows of all
    rows    (K,)  n_k: rows of each task, by its share in the sum of the weights
    within  float s^2, variance of a row around its model, rows that weigh alike; NaN where there is no
                  residual degree of freedom
    between float tau^2, variance of levels between tasks; NaN with `within`
    ======= ===== =====================================================================================

    tau^2 is the estimator of moments of DerSimonian and Laird with weights n_k / s^2, not below 0:
    (sum_k n_k (l_k - l)^2 - (K - 1) s^2) / (N - sum_k n_k^2 / N), l the mean of l_k by rows. That slopes are estimated
    is not counted in the variance of l_k.
    """

    levels: Floats
    rows: Floats
    within: float
    between: float

    @property
    def level(self) -> float:
        """Mean of the levels by rows: what is expected of a new task in the middle of the rows."""
        return float(np.average(self.levels, weights=self.rows))

    def trust(self, m: int) -> float:
        """Share of the mean residual of m labelled rows that the level of their task is moved by, below 1."""
        return shrinkage(self.between, self.within, m)


def shrinkage(between: float, within: float, m: int) -> float:
    """tau^2 / (tau^2 + s^2 / m); 0 without labelled rows or without spread between tasks.

    Examples
    --------
    >>> shrinkage(1.0, 4.0, 0), shrinkage(1.0, 4.0, 4), shrinkage(0.0, 4.0, 1000)
    (0.0, 0.5, 0.0)
    """
    return m * between / (m * between + within) if m and between > 0 else 0.0


def spread_of(levels: Floats, rows: Floats, within: float) -> Spread:
    """The spread of K >= 2 levels, from the variance within tasks."""
    N, level = rows.sum(), np.average(levels, weights=rows)
    apart = rows @ (levels - level) ** 2 - (len(rows) - 1) * within
    between = apart / (N - rows @ rows / N)
    return Spread(levels, rows, within, float(between if np.isnan(between) else max(between, 0.0)))
