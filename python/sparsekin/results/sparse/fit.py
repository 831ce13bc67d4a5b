"""The data of a fitted sparse multi-task regression, under the names statsmodels users know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import OptionError
from sparsekin.inference.halves import Halves
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.pooled import estimable_in_common
from sparsekin.l0.solution import Solution
from sparsekin.options import SupportMode
from sparsekin.results.sparse.generalized import NOT_SQUARED, GeneralizedFit
from sparsekin.results.sparse.linear import LinearFit
from sparsekin.results.sparse.stability import SayStability
from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.sparse.stacking import Stacking


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SparseFit(SayStability, GeneralizedFit):
    """A fitted sparse multi-task regression.

    The fields of `LinearFit`, and:

    ============ =============== ================================================================
    field        shape           meaning
    ============ =============== ================================================================
    solution     Solution        what the solver found
    s            (K,) int        most features each task may select
    lambda_1     float           ridge
    lambda_2     float           similar values (Bbar)
    lambda_z     float           similar supports (Zbar)
    support_mode str             "heterogeneous", "common" or "independent"
    task_weights (K,)            w_k of the objective
    effort       int             effort of the search, 0, 1 or 2
    stacking     Stacking        weights of the task models for a new study; None unless tuned
    certificate  Certificate     what was proven of the optimum; None unless `certify` was called
    keep_tied    bool            lambda_2 ties the always-in columns too: fits from pooled to separate
    halves       Halves          what halves of the rows choose and say; None unless `stability` was called
    passes       int             how often all columns on disk were read, for their moments too; None of X in memory
    ============ =============== ================================================================
    """

    solution: Solution
    s: NDArray[np.int64]
    lambda_1: float
    lambda_2: float
    lambda_z: float
    support_mode: SupportMode
    task_weights: Floats
    effort: int
    stacking: Stacking | None = None
    certificate: Certificate | None = None
    keep_tied: bool = False
    halves: Halves | None = None
    passes: int | None = None

    def __repr__(self) -> str:
        count = f"{len(self.selected)} of {self.blocks.n_features} candidates selected"
        return f"<{self.opening()}, {count}, {self.status}>"

    @property
    def estimates(self) -> Solution:
        """Coefficients and supports as arrays."""
        return self.solution

    @property
    def pooled(self) -> bool:
        """Whether all tasks have one coefficient vector: lambda_2 is infinite."""
        return self.lambda_2 == np.inf and self.blocks.n_tasks > 1

    @property
    def objective(self) -> float:
        """F at the solution."""
        return self.solution.objective

    @property
    def bound(self) -> float | None:
        """A proven lower bound of F; None when none was computed."""
        return self.solution.bound

    @property
    def gap(self) -> float | None:
        """(objective - bound) / objective; None without a bound."""
        return self.solution.gap

    @property
    def status(self) -> str:
        """How the search ended: "swap-optimal", "converged", "interrupted", or what the certificate says."""
        return self.solution.status

    @property
    def swap_gain(self) -> float | None:
        """Largest decrease of F that one add, drop or swap in one task can still bring; None when not computed."""
        return self.solution.swap_gain

    @property
    def swap_optimal(self) -> bool | None:
        """Whether no single add, drop or swap improves the fit; None when that was not computed."""
        return None if self.swap_gain is None else self.status == "swap-optimal" or self.swap_gain == 0

    @property
    def resid_sd(self) -> pd.Series | Unavailable:
        """(K,) residual standard deviation per task, of a row of weight 1: divisor n minus the number of parameters."""
        return self.task_fit["resid_sd"] if self.blocks.responses is None else Unavailable(NOT_SQUARED)

    def _stacked(self) -> Stacking:
        if self.stacking is None:
            refuse_on_disk(self.blocks, 'predict(how="stack")', 'Use how="mean".')
            raise OptionError(
                "how='stack' needs stacking weights, which come from cross-validation: use "
                "model.cross_validate(...).refit(), or how='mean'."
            )
        return self.stacking

    def kept_estimable(self) -> Bools:
        """(q, K) whether an always-in column has a coefficient in a task."""
        if not self.pooled:
            return LinearFit.kept_estimable(self)
        return np.repeat(estimable_in_common(self.blocks)[:, None], self.blocks.n_tasks, axis=1)

    def _parameters(self) -> list[float | None]:
        """K numbers of parameters where the tasks share them; None where each has its own.

        Of one vector for all tasks (lambda_2 = inf), a task's parameters are its intercept and its share n_k / N of it.
        """
        blocks = self.blocks
        if not self.pooled:
            return [None] * blocks.n_tasks
        shared = int(self.solution.support[:, 0].sum()) + int(estimable_in_common(blocks).sum())
        return [blocks.intercept + shared * float(n) / float(blocks.n_obs.sum()) for n in blocks.n_obs]
