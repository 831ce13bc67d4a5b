"""Cross-validation of the multi-task HAL along sequences of lambda."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from threading import Event
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.data.separation import describe_separation
from sparsekin.errors import DataWarning, SolverError, warn
from sparsekin.hal.linear import linear_functions
from sparsekin.hal.path import walk
from sparsekin.hal.predict import held_out_deviance, outcome_bounds, predict_rows
from sparsekin.hal.problem import Problem
from sparsekin.losses.tasks import weights_of
from sparsekin.options import FamilyMetric
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.hal.errors import HalErrors
from sparsekin.tuning.hal.scores import held_out_score
from sparsekin.tuning.parallel import in_order, make_bar, warn_of_interrupt

_TOGETHER = 4  # lambdas


def cross_validate_hal(
    problems: Sequence[Problem],
    lambdas: Sequence[Floats],
    folds: Folds,
    *,
    tolerance: float = 1e-6,
    to_the_end: bool = True,
    n_jobs: int | None = None,
    progress: bool = False,
    metric: FamilyMetric | None = None,
) -> tuple[HalErrors, ...]:
    """Walk the path of each problem without the rows of each fold, and judge on those rows.

    The problems are those of one data set, with different penalties. Knots are those of all rows, as in hal9001;
    outcomes and weights of held-out rows are not seen. Where a fold leaves a level of a binomial task's unpenalised
    columns with one outcome, these are held finite (`sparsekin.hal.curved.held_finite`). All folds go down a path
    four lambdas at a time. Unless `to_the_end`, they stop where the least mean error lies well behind, see
    `past_the_best`: the rest of a path takes most of its time and only overfits.

    Raises
    ------
    SolverError
        Ctrl-C before any lambda was finished.

    Warns
    -----
    InterruptedWarning
        Ctrl-C: the lambdas that all folds had finished are used.
    DataWarning
        Unpenalised columns of a binomial task are held finite in a fold, or its training rows have one outcome only.
    """
    found, finished = judge_all(
        problems, lambdas, folds, tolerance=tolerance, to_the_end=to_the_end, n_jobs=n_jobs, progress=progress,
        tell=True, metric=metric,
    )  # fmt: skip
    if not finished:
        warn_of_interrupt("Cross-validation", sum(len(one.lambdas) for one in found), sum(map(len, lambdas)), "lambdas")
    if not found:
        raise SolverError("No lambda was finished, so there is none to choose; run cross_validate again.")
    return tuple(found)


def judge_all(
    problems: Sequence[Problem],
    lambdas: Sequence[Floats],
    folds: Folds,
    *,
    tolerance: float,
    to_the_end: bool,
    n_jobs: int | None,
    progress: bool,
    tell: bool,
    metric: FamilyMetric | None = None,
) -> tuple[list[HalErrors], bool]:
    """As `cross_validate_hal`, and whether no Ctrl-C came; what is held in folds is warned of where `tell`."""
    found: list[HalErrors] = []
    with make_bar(progress, sum(map(len, lambdas)), "lambdas") as bar:
        for problem, values in zip(problems, lambdas, strict=True):
            try:
                judge = _Judge(problem, values, folds, tolerance, metric)
                if problem is problems[0] and tell:
                    _warn_of_held(judge.runs)
                finished = judge.go_down(to_the_end, n_jobs, bar)
                if judge.done:
                    found.append(judge.errors)
            except KeyboardInterrupt:
                finished = False
            if not finished:
                return found, False
    return found, True


def _warn_of_held(runs: Sequence[_Fold]) -> None:
    alone = [(fold, run.training, k) for fold, run in enumerate(runs) for k in _of_one_outcome(run)]
    if alone:
        fold, training, k = alone[0]
        more = f" (and {len(alone) - 1} more fold{'s' * (len(alone) > 2)} or tasks)" if len(alone) > 1 else ""
        same, odds, both = "all have the same outcome", "odds", "both outcomes"
        if runs[fold].families[k] != "binomial":
            same, odds, both = "have no event", "rate or hazard", "events"
        warn(
            f"Fold {fold}: the training rows of task '{training.task_names[k]}' {same}{more}, from which no {odds} can "
            f"be learned. Use fewer folds, or folds that leave {both} in each task.",
            DataWarning,
        )
    held = [(fold, run.training, k) for fold, run in enumerate(runs) for k in run.held]
    held = [one for one in held if one not in alone]
    if held:
        fold, training, k = held[0]
        more = f" (and {len(held) - 1} more fold{'s' * (len(held) > 2)} or tasks)" if len(held) > 1 else ""
        warn(
            f"Fold {fold}: among the training rows of task '{training.task_names[k]}' "
            f"{describe_separation(training, k)}{more}. The terms without a penalty have no finite coefficients there; "
            "a ridge worth one row holds them.",
            DataWarning,
        )


def _of_one_outcome(run: _Fold) -> list[int]:
    """Binomial tasks whose training rows are all 0 or all 1, poisson and cox tasks without an event among them."""
    found = []
    for k, family in enumerate(run.families):
        w, y = run.training.weights[k], run.training.outcome_of(k)
        seen = y if w is None else y[w > 0]
        if family == "binomial":
            counts = seen if seen.ndim == 2 else np.column_stack([seen, 1 - seen])
            alone = not counts.any(axis=0).all()
        else:
            alone = family != "gaussian" and not (seen[:, -1] if seen.ndim == 2 else seen).any()
        if alone:
            found.append(k)
    return found


class _Judge:
    """The paths of one problem without each fold, as far as all have come."""

    def __init__(
        self, problem: Problem, lambdas: Floats, folds: Folds, tolerance: float, metric: FamilyMetric | None
    ) -> None:
        self.asked = None if metric == "deviance" else metric
        self.problem, self.lambdas, self.folds, self.done = problem, lambdas, folds, 0
        self.runs = [_Fold(problem, lambdas, folds, fold, tolerance, self.asked) for fold in range(folds.n_folds)]

    def go_down(self, to_the_end: bool, n_jobs: int | None, bar: Any) -> bool:
        """Whether no Ctrl-C came."""
        stop = Event()
        try:
            while self.done < len(self.lambdas):
                more = min(_TOGETHER, len(self.lambdas) - self.done)
                pieces = [(run, more, stop) for run in self.runs]
                if len(in_order(_Fold.advance, pieces, n_jobs=n_jobs, on_interrupt=stop.set)) < len(self.runs):
                    raise KeyboardInterrupt
                self.done += more
                bar.update(more)
                if not to_the_end and past_the_best(
                    self.lambdas[: self.done], *self.errors.loss_and_error, self.first_curve
                ):
                    break
        except KeyboardInterrupt:
            self.done = min(len(run.sizes) for run in self.runs)
            return False
        return True

    @property
    def first_curve(self) -> int:
        """First lambda at which every fold has more than lines, where lines come in before their turn."""
        return 0 if self.problem.linear is None else max(run.first_curve for run in self.runs)

    @property
    def errors(self) -> HalErrors:
        """Of the lambdas that all folds have finished."""
        problem, runs, done = self.problem, self.runs, self.done
        found = np.stack([np.array(run.deviance[:done]) for run in runs], axis=1)
        sizes = np.column_stack([np.array(run.sizes[:done], float) for run in runs])
        weight = np.array([[w.sum() for w in run.weights] for run in runs])
        score = None if self.asked is None else np.stack([np.array(run.score[:done]) for run in runs], axis=1)
        return HalErrors.of(problem, self.lambdas[:done], self.folds, found, weight, sizes, self.asked, score)


def past_the_best(lambdas: Floats, mean: Floats, error: Floats, start: int = 0) -> bool:
    """Whether the least mean lies well behind.

    That is at 2.5 times the last lambda or more and five lambdas back, or ten lambdas back with the last more than a
    standard error above it; both counted from `start` where the least mean comes earlier.

    Examples
    --------
    >>> mean = np.concatenate([np.linspace(3, 1, 10), np.linspace(1.1, 2, 10)])
    >>> lambdas = np.geomspace(1, 0.2, 20)
    >>> past_the_best(lambdas, mean, np.full(20, 0.5)), past_the_best(lambdas, mean, np.full(20, 1.5))
    (True, False)
    """
    best = int(np.argmin(mean))
    back = len(mean) - 1 - max(best, start)
    if back >= 5 and lambdas[max(best, start)] >= 2.5 * lambdas[-1]:
        return True
    return back >= 10 and bool(mean[-1] > mean[best] + np.nan_to_num(error[best]))


class _Fold:
    """A path without the rows of one fold, and its errors on them so far."""

    def __init__(
        self,
        problem: Problem,
        lambdas: Floats,
        folds: Folds,
        fold: int,
        tolerance: float,
        asked: FamilyMetric | None,
    ) -> None:
        self.asked = asked
        blocks = problem.blocks
        held = [folds.held_out(blocks, fold, k) for k in range(blocks.n_tasks)]
        training = training_blocks(blocks, folds, fold)
        self.blocks, self.families = blocks, problem.families
        self.bounds = outcome_bounds(training, problem.families)
        self.weights = [np.where(out, weights_of(blocks, k), 0.0) for k, out in enumerate(held)]
        part = problem.on(training)
        self.training, self.held = training, part.held
        self.points = walk(part, lambdas, tolerance)
        self.deviance: list[list[float]] = []
        self.score: list[list[float]] = []
        self.sizes: list[int] = []
        self.first_curve = 0
        self._line = linear_functions(problem.design.basis)

    def advance(self, lambdas: int, stop: Event) -> bool:
        """Judge the next points of the path, until `stop` is set."""
        for point in islice(self.points, lambdas):
            predicted = predict_rows(self.blocks, point, self.bounds)
            tasks = list(enumerate(zip(self.families, predicted, self.weights, strict=True)))
            self.deviance.append([held_out_deviance(self.blocks, k, *one) for k, one in tasks])
            if self.asked is not None:
                self.score.append([held_out_score(self.asked, self.blocks, k, *one) for k, one in tasks])
            if self.first_curve == len(self.sizes) and self._line[point.functions].all():
                self.first_curve += 1
            self.sizes.append(len(point.functions))
            if stop.is_set():
                break
        return True
