"""The dial among the methods of a comparison: means of its best settings, chosen on the other folds."""

from __future__ import annotations

import time

from sparsekin.l0.problem import Problem
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.baselines.run import MethodRun
from sparsekin.tuning.sparse.dial.average import judged_averages
from sparsekin.tuning.sparse.dial.run import cross_validate_dial
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.table import Score

NAME = "dial, averaged"


def run_dial_method(
    problem: Problem, dial: Dial, folds: Folds, metric: Score, *, effort: int = 1, n_jobs: int | None = None,
    progress: bool = False,
) -> MethodRun:  # fmt: skip
    """From pooled to separate on the folds of a comparison; family and number of settings are chosen on other folds."""
    started = time.process_time()
    found = cross_validate_dial(problem, dial, folds, effort=effort, n_jobs=n_jobs, progress=progress)
    _, errors, union = judged_averages(found, metric)
    return MethodRun(NAME, "sharing", errors, "", None, union, (), time.process_time() - started)
