"""A HAL and simpler methods on the same folds, each judged at the setting that is best on the other folds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.errors import OptionError, SolverError
from sparsekin.hal.basis import Term, make_basis
from sparsekin.hal.design import Design
from sparsekin.hal.linear import with_linear
from sparsekin.hal.path import lambda_max
from sparsekin.hal.problem import Problem, make_problem
from sparsekin.losses.tasks import weights_of
from sparsekin.tuning.chosen import at_chosen, cross_chosen_by
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.hal.boosting import SETTINGS, boosted_deviance, can_boost
from sparsekin.tuning.hal.cross_validate import judge_all
from sparsekin.tuning.hal.errors import HalErrors
from sparsekin.tuning.metrics import mean_over
from sparsekin.tuning.parallel import warn_of_interrupt

LINES = ("multi-task lasso", "lasso per task", "lasso")
CURVES = ("MTHAL", "HAL per task")
LEAST = 1e-4  # of the lambda at which the lasso selects nothing

Judge: TypeAlias = "Callable[[], tuple[list[HalErrors], bool]]"


@dataclass(frozen=True, slots=True, eq=False)
class HalRun:
    """One method on the folds.

    ======== ============ ===============================================================
    field    shape        meaning
    ======== ============ ===============================================================
    name     str
    judged   of HalErrors sequences of settings
    per_task bool         each task has a setting of its own
    seconds  float        CPU time of all folds and settings
    ======== ============ ===============================================================
    """

    name: str
    judged: tuple[HalErrors, ...]
    per_task: bool
    seconds: float

    @property
    def cells(self) -> Floats:
        """(m, F, K) metric of every setting."""
        return np.concatenate([one.cells for one in self.judged])

    @property
    def per_fold(self) -> Floats:
        """(F,) mean over tasks of the metric, at the settings that are best on the other folds."""
        return mean_over(at_chosen(self.cells, self.chosen), axis=1)

    @property
    def chosen(self) -> Ints:
        """(F, K) settings, each the best on the *other* folds."""
        m = len(self.cells)
        return cross_chosen_by(self.cells, np.zeros(m, np.int64) if self.per_task else np.arange(m))

    @property
    def selected(self) -> float:
        """Functions at the settings chosen, mean over tasks and folds; NaN for trees."""
        sizes, chosen = np.concatenate([one.sizes for one in self.judged]), self.chosen
        return float(sizes[chosen, np.arange(len(chosen))[:, None]].mean())


def run_methods(
    ours: Sequence[tuple[Problem, Floats]], folds: Folds, *, tolerance: float = 1e-6,
    n_jobs: int | None = None, progress: bool = False,
) -> list[HalRun]:  # fmt: skip
    """Cross-validate the null model, lassos, a HAL (its problems with their lambdas) and boosting on the same folds.

    Raises
    ------
    OptionError
        There is one fold: nothing would say how much differences vary.
    SolverError
        Ctrl-C before a method was finished.

    Warns
    -----
    InterruptedWarning
        Ctrl-C: the methods that were finished are compared.
    """
    if folds.n_folds < 2:
        raise OptionError("compare needs at least 2 folds.")
    runs: list[HalRun] = []
    methods = list(_methods(ours, folds, tolerance, n_jobs, progress))
    for name, per_task, judge in methods:
        start = time.process_time()
        found, finished = judge()
        if not finished:
            if not runs:
                raise SolverError("No method was finished, so there is nothing to compare; run compare again.")
            warn_of_interrupt("The comparison", len(runs), len(methods), "methods")
            break
        runs.append(HalRun(name, tuple(found), per_task, time.process_time() - start))
    return runs


def _methods(
    ours: Sequence[tuple[Problem, Floats]], folds: Folds, tolerance: float, n_jobs: int | None, progress: bool
) -> Iterator[tuple[str, bool, Judge]]:
    """Name, whether tasks choose for themselves, and how it is judged; the simplest first."""
    own = ours[0][0]
    lines = _lines(own)
    cheap = all(family == "gaussian" for family in own.families)

    def judge(given: Sequence[tuple[Problem, Floats]], to_the_end: bool, tell: bool = False) -> Judge:
        problems, lambdas = [one for one, _ in given], [values for _, values in given]
        return lambda: judge_all(
            problems, lambdas, folds, tolerance=tolerance, to_the_end=to_the_end, n_jobs=n_jobs, progress=progress,
            tell=tell,
        )  # fmt: skip

    nothing = np.array([1e9 * (lambda_max(lines) or 1.0)])
    yield "null", False, judge([(lines, nothing)], True, tell=True)
    if own.n_tasks > 1:
        yield "multi-task lasso", False, judge([_with_grid(lines.with_ratio(0.0))], cheap)
        yield "lasso per task", True, judge([_with_grid(lines.with_ratio(1.0))], cheap)
    else:
        yield "lasso", False, judge([_with_grid(lines)], cheap)
    yield "MTHAL", False, judge(ours, False)
    if own.n_tasks > 1 and any(one.penalty.ratio < 1 for one, _ in ours):
        apart = {one.linear: _like(one.with_ratio(1.0), values) for one, values in ours}
        yield "HAL per task", True, judge(list(apart.values()), False)
    if can_boost(own):
        yield "boosting", own.blocks.shared, lambda: _boosting(own, folds)


def _lines(problem: Problem) -> Problem:
    """The problem of the columns themselves, penalised by their standard deviations: the lasso as it is known."""
    basis, X = problem.design.basis, problem.blocks.X
    terms = [Term((column,), 1, 1) for column in sorted({axis.column for axis in basis.axes})]
    lines = make_basis(X, terms, problem.blocks.feature_names, n_tasks=problem.n_tasks)
    made = make_problem(problem.blocks, Design(lines, X), problem.penalty.ratio, problem.families, problem.units)
    return with_linear(made, 1.0)


def _with_grid(problem: Problem) -> tuple[Problem, Floats]:
    top = lambda_max(problem)
    return problem, np.geomspace(1.0, LEAST, 100) * (top if top > 0 else 1.0)


def _like(problem: Problem, lambdas: Floats) -> tuple[Problem, Floats]:
    """A sequence as long and as deep, from where this problem selects nothing."""
    top = lambda_max(problem)
    return problem, lambdas * ((top or 1.0) / lambdas[0])


def _boosting(problem: Problem, folds: Folds) -> tuple[list[HalErrors], bool]:
    """One fold at a time: scikit-learn's trees have threads of their own."""
    try:
        found = [boosted_deviance(problem, folds, fold) for fold in range(folds.n_folds)]
    except KeyboardInterrupt:
        return [], False
    blocks = problem.blocks
    weight = np.array([
        [_weight_of(problem, folds, fold, k) for k in range(blocks.n_tasks)] for fold in range(folds.n_folds)
    ])  # fmt: skip
    blank = np.full((SETTINGS, folds.n_folds), np.nan)
    return [HalErrors.of(problem, np.full(SETTINGS, np.nan), folds, np.stack(found, axis=1), weight, blank)], True


def _weight_of(problem: Problem, folds: Folds, fold: int, k: int) -> float:
    return float(weights_of(problem.blocks, k)[folds.held_out(problem.blocks, fold, k)].sum())
