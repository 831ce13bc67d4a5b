"""Cross-validation of the multi-task HAL along one sequence of lambda."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.errors import InterruptedWarning, SolverError
from sparsekin.hal.path import Point, walk
from sparsekin.hal.predict import outcome_bounds, predict_rows
from sparsekin.hal.problem import Problem, make_problem
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.parallel import in_order
from sparsekin.tuning.table import mean_and_error, mean_over


@dataclass(frozen=True, slots=True, eq=False)
class HalErrors:
    """Errors of m lambdas on the rows held out by F folds, per task.

    ======= ========= ============================================================================
    field   shape     meaning
    ======= ========= ============================================================================
    lambdas (m,)      descending
    folds   Folds     which fold holds each row out
    sse     (m, F, K) sum of w (y - prediction)^2 over the held-out rows; NaN where Ctrl-C came first
    weight  (F, K)    sum of the weights w of the held-out rows
    sizes   (m, F)    functions selected
    ======= ========= ============================================================================
    """

    lambdas: Floats
    folds: Folds
    sse: Floats
    weight: Floats
    sizes: Floats

    @property
    def per_fold(self) -> Floats:
        """(m, F) root mean squared error, mean over the tasks of a fold."""
        return mean_over(self._rmse(), axis=2)

    @property
    def per_task(self) -> Floats:
        """(m, K) root mean squared error, mean over folds."""
        return mean_over(self._rmse(), axis=1)

    @property
    def mean_and_error(self) -> tuple[Floats, Floats]:
        """(m,) mean over folds, and its standard error sd / sqrt(F)."""
        return mean_and_error(self.per_fold)

    @property
    def best(self) -> int:
        """Lambda with the least mean; of equals, the largest."""
        mean, _ = self.mean_and_error
        if np.isnan(mean).all():
            raise SolverError("No fold was finished, so there is no lambda to choose; run cross_validate again.")
        return int(np.nanargmin(mean))

    @property
    def best_1se(self) -> int:
        """Largest lambda whose mean is within one standard error of the least."""
        mean, error = self.mean_and_error
        limit = mean[self.best] + np.nan_to_num(error[self.best])
        return int(np.flatnonzero(mean <= limit)[0])

    def _rmse(self) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.weight > 0, np.sqrt(self.sse / self.weight), np.nan)


def cross_validate_hal(
    problem: Problem,
    lambdas: Floats,
    folds: Folds,
    *,
    tolerance: float = 1e-6,
    n_jobs: int | None = None,
    progress: bool = False,
) -> HalErrors:
    """Walk the path without the rows of each fold, and judge on those rows.

    Knots are those of all rows, as in hal9001; outcomes and weights of held-out rows are not seen.

    Warns
    -----
    InterruptedWarning
        Ctrl-C: the folds that were finished are used.
    """
    pieces = [(problem, lambdas, folds, fold, tolerance) for fold in range(folds.n_folds)]
    found = in_order(run_hal_fold, pieces, n_jobs=n_jobs, progress=progress)
    shape = (len(lambdas), folds.n_folds)
    sse, sizes = np.full((*shape, problem.n_tasks), np.nan), np.full(shape, np.nan)
    weight = np.zeros((folds.n_folds, problem.n_tasks))
    for f, (errors, held, count) in enumerate(found):
        sse[:, f], weight[f], sizes[:, f] = errors, held, count
    if len(found) < folds.n_folds:
        warnings.warn(
            f"Cross-validation was interrupted: {len(found)} of {folds.n_folds} folds are finished; tables use those.",
            InterruptedWarning,
            stacklevel=3,
        )
    return HalErrors(lambdas, folds, sse, weight, sizes)


def run_hal_fold(
    problem: Problem, lambdas: Floats, folds: Folds, fold: int, tolerance: float
) -> tuple[Floats, Floats, Floats]:
    """Squared errors (m, K), weights (K,) of the rows that `fold` holds out, and functions selected (m,)."""
    blocks = problem.blocks
    training = training_blocks(blocks, folds, fold)
    bounds = outcome_bounds(training)
    held = [folds.held_out(blocks, fold, k) for k in range(blocks.n_tasks)]
    weights = [np.where(out, 1.0 if w is None else w, 0.0) for out, w in zip(held, blocks.weights, strict=True)]
    errors, sizes = [], []
    for point in walk(make_problem(training, problem.design, problem.penalty), lambdas, tolerance):
        errors.append(_squares(blocks, point, bounds, weights))
        sizes.append(len(point.functions))
    return np.array(errors), np.array([w.sum() for w in weights]), np.array(sizes, float)


def _squares(blocks: TaskBlocks, point: Point, bounds: Floats, weights: list[Floats]) -> list[float]:
    predicted = predict_rows(blocks, point, bounds)
    return [float(w @ (y - one) ** 2) for w, y, one in zip(weights, blocks.y, predicted, strict=True)]
