"""A second, finer grid around the winner of the first, on the same folds."""

from __future__ import annotations

from sparsekin.l0.problem import Problem
from sparsekin.options import AnyMetric, Ensemble
from sparsekin.tuning.metrics import mean_and_error
from sparsekin.tuning.sparse.cross_validate import cross_validate
from sparsekin.tuning.sparse.errors import CvErrors, join
from sparsekin.tuning.sparse.grid import refine
from sparsekin.tuning.sparse.table import best, comparable, fold_metric, score_of


def second_stage(
    problem: Problem,
    errors: CvErrors,
    metric: AnyMetric,
    *,
    effort: int = 1,
    ensemble: Ensemble = "mean",
    n_jobs: int | None = None,
    progress: bool = False,
) -> CvErrors:
    """Both grids in one table; the first alone when Ctrl-C ended it, or when there is nothing between its values."""
    if not errors.finished.all() or not len(errors.settings):
        return errors
    score = score_of(metric, problem)
    mean, _ = mean_and_error(fold_metric(errors, score))
    finer = refine(errors.settings, best(mean, errors.settings, score, comparable(errors, mean)), problem.n_features)
    if len(finer) == 1:
        return errors
    more = cross_validate(
        problem, finer, errors.folds, effort=effort, ensemble=ensemble, n_jobs=n_jobs, progress=progress
    )
    return join(errors, more)
