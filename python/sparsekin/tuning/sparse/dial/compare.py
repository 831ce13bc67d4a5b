"""The dial among the methods of a comparison: what `refit("average")` is, chosen on the other folds."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from sparsekin.l0.problem import Problem
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.baselines.run import MethodRun
from sparsekin.tuning.sparse.cross_validate import warn_interrupted
from sparsekin.tuning.sparse.dial.average import errors_of, fold_models, judge, no_errors, try_lasso
from sparsekin.tuning.sparse.dial.lasso import weigh
from sparsekin.tuning.sparse.dial.mixture import mix
from sparsekin.tuning.sparse.dial.run import DialErrors, cross_validate_dial
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.table import Score

NAME = "dial, averaged"


def run_dial_method(
    problem: Problem, dial: Dial, folds: Folds, metric: Score, *, effort: int = 1, n_jobs: int | None = None,
    progress: bool = False,
) -> MethodRun:  # fmt: skip
    """From pooled to separate on the folds of a comparison; what counts how much in a fold is chosen on the others."""
    started = time.process_time()
    try:
        found = cross_validate_dial(problem, dial, folds, effort=effort, n_jobs=n_jobs, progress=progress)
    except KeyboardInterrupt:
        nothing = no_errors(folds, problem.n_tasks)
        warn_interrupted(nothing)
        return MethodRun(NAME, "sharing", nothing)
    if not found.errors.finished.all():
        warn_interrupted(found.errors)
    models = mixed_models(found, metric)
    union = np.full((1, folds.n_folds), np.nan)
    union[0, : len(models)] = [one.support.any(axis=1).sum() for one in models]
    errors = errors_of(found, [[one] for one in models], 1)
    tried, seconds = len(dial.table) + len(dial.lasso), time.process_time() - started
    return MethodRun(NAME, "sharing", errors, union=union, seconds=seconds, tried=tried)


def mixed_models(found: DialErrors, metric: Score) -> list[Models]:
    """The mixture of each fold, of models of its training rows; none where no other fold is finished.

    What a family has lost on the other folds, by settings ranked without them, is its weight here.
    """
    lasso = try_lasso(found, metric)
    models = list(fold_models(found, metric, lasso))
    if len(models) < 2:
        return []
    means, mixed = judge(found, metric, lasso, models), []
    place = {(one.family, one.n): i for i, one in enumerate(means)}
    for f, own in enumerate(models):
        others = mix([replace(one, losses=np.delete(one.losses, f)) for one in means], metric)
        mixed.append(weigh([own[place[part.family, part.n]] for part in others.parts], others.weights))
    return mixed
