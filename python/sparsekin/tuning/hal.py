"""Cross-validation of the multi-task HAL along one sequence of lambda."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import islice

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.errors import InterruptedWarning, SolverError
from sparsekin.hal.path import walk
from sparsekin.hal.predict import deviance, outcome_bounds, predict_rows
from sparsekin.hal.problem import Problem
from sparsekin.options import Family
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.parallel import in_order, make_bar
from sparsekin.tuning.table import mean_and_error, mean_over

_TOGETHER = 4  # lambdas
_METRICS = {"gaussian": "rmse", "binomial": "deviance"}


@dataclass(frozen=True, slots=True, eq=False)
class HalErrors:
    """Errors of m lambdas on the rows held out by F folds, per task.

    ======== ========= ===========================================================================================
    field    shape     meaning
    ======== ========= ===========================================================================================
    lambdas  (m,)      descending
    folds    Folds     which fold holds each row out
    families K of str
    deviance (m, F, K) sum of w (y - prediction)^2 over the held-out rows, of -2 w log likelihood in binomial tasks
    null     (K,)      mean deviance, over all rows, of the unpenalised columns alone fitted to all rows
    weight   (F, K)    sum of the weights w of the held-out rows
    sizes    (m, F)    functions selected
    ======== ========= ===========================================================================================
    """

    lambdas: Floats
    folds: Folds
    families: tuple[Family, ...]
    deviance: Floats
    null: Floats
    weight: Floats
    sizes: Floats

    @property
    def metric(self) -> str:
        """What is averaged over tasks.

        "rmse" where all are gaussian, "deviance" (a row's mean) where all are binomial, and where both meet "relative
        deviance", a task's mean deviance over that of its unpenalised columns alone.
        """
        return "relative deviance" if len(set(self.families)) > 1 else _METRICS[self.families[0]]

    @property
    def per_fold(self) -> Floats:
        """(m, F) the metric, mean over the tasks of a fold."""
        if self.metric == "relative deviance":
            return mean_over(self._mean_deviance() / np.where(self.null > 0, self.null, 1.0), axis=2)
        return mean_over(self._per_cell(), axis=2)

    @property
    def per_task(self) -> Floats:
        """(m, K) root mean squared error, or mean deviance of binomial tasks; mean over folds."""
        return mean_over(self._per_cell(), axis=1)

    @property
    def mean_and_error(self) -> tuple[Floats, Floats]:
        """(m,) mean over folds, and its standard error sd / sqrt(F)."""
        return mean_and_error(self.per_fold)

    @property
    def best(self) -> int:
        """Lambda with the least mean; of equals, the largest."""
        return int(np.nanargmin(self.mean_and_error[0]))

    @property
    def best_1se(self) -> int:
        """Largest lambda whose mean is within one standard error of the least."""
        mean, error = self.mean_and_error
        limit = mean[self.best] + np.nan_to_num(error[self.best])
        return int(np.flatnonzero(mean <= limit)[0])

    def _mean_deviance(self) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.weight > 0, self.deviance / self.weight, np.nan)

    def _per_cell(self) -> Floats:
        """(m, F, K) in the units a user reads."""
        squared = np.array([family == "gaussian" for family in self.families])
        mean = self._mean_deviance()
        return np.where(squared, np.sqrt(mean), mean)


def cross_validate_hal(
    problem: Problem,
    lambdas: Floats,
    folds: Folds,
    *,
    tolerance: float = 1e-6,
    to_the_end: bool = True,
    n_jobs: int | None = None,
    progress: bool = False,
) -> HalErrors:
    """Walk the path without the rows of each fold, and judge on those rows.

    Knots are those of all rows, as in hal9001; outcomes and weights of held-out rows are not seen. All folds go down
    the path four lambdas at a time. Unless `to_the_end`, they stop where the least mean error lies well behind, see
    `past_the_best`: the rest of a path takes most of its time and only overfits.

    Warns
    -----
    InterruptedWarning
        Ctrl-C: the lambdas that all folds had finished are used.
    """
    runs = [_Fold(problem, lambdas, folds, fold, tolerance) for fold in range(folds.n_folds)]
    done = 0
    with make_bar(progress, len(lambdas), "lambdas") as bar:
        while done < len(lambdas):
            more = min(_TOGETHER, len(lambdas) - done)
            found = in_order(_Fold.advance, [(run, more) for run in runs], n_jobs=n_jobs)
            if len(found) < len(runs):
                warnings.warn(
                    f"Cross-validation was interrupted: {done} of {len(lambdas)} lambdas are finished.",
                    InterruptedWarning,
                    stacklevel=3,
                )
                break
            done += more
            bar.update(more)
            if not to_the_end and past_the_best(
                lambdas[:done], *_collect(problem, runs, lambdas, folds, done).mean_and_error
            ):
                break
    return _collect(problem, runs, lambdas, folds, done)


def past_the_best(lambdas: Floats, mean: Floats, error: Floats) -> bool:
    """Whether the least mean lies well behind.

    That is at 2.5 times the last lambda or more and five lambdas back, or ten lambdas back with the last more than a
    standard error above it.

    Examples
    --------
    >>> mean = np.concatenate([np.linspace(3, 1, 10), np.linspace(1.1, 2, 10)])
    >>> lambdas = np.geomspace(1, 0.2, 20)
    >>> past_the_best(lambdas, mean, np.full(20, 0.5)), past_the_best(lambdas, mean, np.full(20, 1.5))
    (True, False)
    """
    best = int(np.argmin(mean))
    back = len(mean) - 1 - best
    if back >= 5 and lambdas[best] >= 2.5 * lambdas[-1]:
        return True
    return back >= 10 and bool(mean[-1] > mean[best] + np.nan_to_num(error[best]))


class _Fold:
    """A path without the rows of one fold, and its errors on them so far."""

    def __init__(self, problem: Problem, lambdas: Floats, folds: Folds, fold: int, tolerance: float) -> None:
        blocks = problem.blocks
        held = [folds.held_out(blocks, fold, k) for k in range(blocks.n_tasks)]
        training = training_blocks(blocks, folds, fold)
        self.blocks, self.families = blocks, problem.families
        self.bounds = outcome_bounds(training, problem.families)
        self.weights = [
            np.where(out, 1.0 if w is None else w, 0.0) for out, w in zip(held, blocks.weights, strict=True)
        ]
        self.points = walk(problem.on(training), lambdas, tolerance)
        self.deviance: list[list[float]] = []
        self.sizes: list[int] = []

    def advance(self, lambdas: int) -> bool:
        """Judge the next points of the path."""
        for point in islice(self.points, lambdas):
            predicted = predict_rows(self.blocks, point, self.bounds)
            tasks = zip(self.families, self.blocks.y, predicted, self.weights, strict=True)
            self.deviance.append([deviance(*one) for one in tasks])
            self.sizes.append(len(point.functions))
        return True


def _collect(problem: Problem, runs: list[_Fold], lambdas: Floats, folds: Folds, done: int) -> HalErrors:
    if done == 0:
        raise SolverError("No lambda was finished, so there is none to choose; run cross_validate again.")
    found = np.stack([np.array(run.deviance[:done]) for run in runs], axis=1)
    sizes = np.column_stack([np.array(run.sizes[:done], float) for run in runs])
    weight = np.array([[w.sum() for w in run.weights] for run in runs])
    return HalErrors(lambdas[:done], folds, problem.families, found, problem.null_deviance, weight, sizes)
