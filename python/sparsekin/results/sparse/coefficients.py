"""Coefficients of the models of several tasks, and what they make of rows."""

from __future__ import annotations

from typing import Protocol

from sparsekin.data.blocks import Bools, Floats, Matrix, TaskBlocks
from sparsekin.results.base import linear_predictor


class Estimates(Protocol):
    """Coefficients of K tasks; a `Solution` is such.

    ================= ====== ==============================================
    field             shape  meaning
    ================= ====== ==============================================
    intercept         (K,)
    coef              (p, K) slopes on the user's scale
    keep_coef         (q, K) coefficients of the always-in columns
    coef_standardized (p, K) slopes on the scale where the penalties act
    support           (p, K) True where a task selects a feature
    ================= ====== ==============================================
    """

    @property
    def intercept(self) -> Floats: ...  # noqa: D102
    @property
    def coef(self) -> Floats: ...  # noqa: D102
    @property
    def keep_coef(self) -> Floats: ...  # noqa: D102
    @property
    def coef_standardized(self) -> Floats: ...  # noqa: D102
    @property
    def support(self) -> Bools: ...  # noqa: D102


def model_of(found: Estimates, k: int, X: Matrix, keep: Floats) -> Floats:
    """(n,) rows by the model of task k."""
    return linear_predictor(X, keep, found.intercept[k], found.coef[:, k], found.keep_coef[:, k])


def fitted_of(blocks: TaskBlocks, found: Estimates) -> list[Floats]:
    """K arrays of fitted values of the rows of the blocks, in the units of the blocks' outcomes."""
    moved = 0.0 if blocks.origin is None else blocks.origin.intercept(found.coef, found.keep_coef)
    left = found.intercept - moved
    return [
        linear_predictor(blocks.X_of(k), blocks.keep_of(k), left[k], found.coef[:, k], found.keep_coef[:, k])
        for k in range(blocks.n_tasks)
    ]
