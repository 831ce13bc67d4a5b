"""Running a cross-validation from pooled to separate for values as the user gives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.prepare import Prepared
from sparsekin.errors import InterruptedWarning, warn
from sparsekin.l0.problem import Problem
from sparsekin.models.sparse.checks import check_settings
from sparsekin.models.sparse.dial import DialResults
from sparsekin.options import AnyMetric, Ensemble, SupportMode
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.cross_validate import warn_interrupted
from sparsekin.tuning.sparse.dial.average import averages, try_lasso
from sparsekin.tuning.sparse.dial.mixture import mixed_model
from sparsekin.tuning.sparse.dial.nearest import distances
from sparsekin.tuning.sparse.dial.run import DialErrors, cross_validate_dial, search_rows
from sparsekin.tuning.sparse.dial.settings import Dial, least_share, make_dial, with_ridges
from sparsekin.tuning.sparse.edges import at_end, extended
from sparsekin.tuning.sparse.grid import is_auto, read_penalties, read_sizes
from sparsekin.tuning.sparse.table import score_of


def dials(blocks: TaskBlocks, support: SupportMode, s: Any, lambda_2: Any, ensemble: Ensemble, stages: int) -> bool:
    """Whether cross-validation goes from pooled to separate: lambda_2 is left to the data, and tasks may share."""
    selects = is_auto("s", s) or read_sizes(s, blocks.n_features).any()
    free = is_auto("lambda_2", lambda_2) and support == "heterogeneous" and blocks.n_tasks > 1
    return bool(selects) and free and ensemble == "mean" and stages == 1


def dial_of(problem: Problem, folds: Folds, s: Any, lambda_1: Any, lambda_z: Any) -> Dial:
    """What is tried from pooled to separate, for values as the user gives them."""
    given = None if is_auto("s", s) else read_sizes(s, problem.n_features)
    return make_dial(
        problem,
        None if given is None else given[given > 0],
        None if is_auto("lambda_1", lambda_1) else read_penalties("lambda_1", lambda_1),
        lambda_z=None if is_auto("lambda_z", lambda_z) else read_penalties("lambda_z", lambda_z),
        least=least_share(folds, problem.blocks),
    )


def run_dial(
    prepared: Prepared, problem: Problem, folds: Folds, values: tuple[Any, Any, Any], metric: AnyMetric, effort: int,
    n_jobs: int | None, progress: bool,
) -> DialResults:  # fmt: skip
    """Cross-validate from pooled to separate; `values` are s, lambda_1 and lambda_z as the user gave them.

    Where the best lambda_1 is the largest, larger ones are tried as well; a warning names what was given and is best at
    an end.
    """
    s, lambda_1, lambda_z = values
    asked = [
        name for name, value in zip(("s", "lambda_1", "lambda_z"), values, strict=True) if not is_auto(name, value)
    ]
    dial = dial_of(problem, folds, s, lambda_1, lambda_z)
    check_settings(problem.blocks, dial.shared, folds)

    def run(tried: Dial, before: DialErrors | None = None) -> DialErrors:
        return cross_validate_dial(
            problem, tried, folds, effort=effort, n_jobs=n_jobs, progress=progress, before=before
        )  # fmt: skip

    score = score_of(metric, problem)
    first = run(dial)
    lasso = try_lasso(first, score)  # has no ridge

    def results(found: DialErrors) -> DialResults:
        means = tuple(averages(found, score, lasso))
        zero = "s" not in asked or bool(np.any(np.asarray(s) == 0))
        return DialResults(
            prepared, problem, found.errors, metric, "mean", effort, zero, dial=found.dial, averages=means
        )  # fmt: skip

    cv = results(first)
    if not cv.errors.finished.all():
        warn_interrupted(cv.errors)
        return cv
    best = cv.least_index
    if best == len(cv.settings):
        return cv
    own = cv.settings.family == cv.settings.family[best]
    if "lambda_1" not in asked and at_end(cv.settings, cv.losses, best, "lambda_1", "largest", own):
        more = with_ridges(dial, extended(dial.ridges))
        found = _finished(partial(run, more, first))
        if found is None:
            _warn_late()
            return cv
        return with_nearest(results(found))
    cv.warn_of_edges(asked, own)
    return with_nearest(cv)


def with_nearest(cv: DialResults) -> DialResults:
    """With the supports of all rows, and how far each setting is from the average there; without after Ctrl-C."""
    try:
        found = search_rows(cv.problem, cv.dial, cv.effort)
    except KeyboardInterrupt:
        _warn_late()
        return cv
    mixed = mixed_model(cv.problem, found, cv.dial, cv.average)
    apart = distances(cv.problem, found, cv.dial, cv.errors, mixed[0], cv.score)
    return replace(cv, searched=found, mixed=mixed, apart=apart)


def _finished(run: Callable[[], DialErrors]) -> DialErrors | None:
    """None after Ctrl-C."""
    try:
        found = run()
    except KeyboardInterrupt:
        return None
    return found if found.errors.finished.all() else None


def _warn_late() -> None:
    warn(
        "Interrupted after the last fold: best is the setting of the least error, not that nearest to the average.",
        InterruptedWarning,
    )
