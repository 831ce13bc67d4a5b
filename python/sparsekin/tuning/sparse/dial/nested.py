"""The whole procedure on folds: tuning, verdict and mean of the best settings, on training rows alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sparsekin.data.blocks import Ints
from sparsekin.data.random import make_generator
from sparsekin.l0.grid import cross
from sparsekin.l0.problem import Problem
from sparsekin.tuning.folds import Folds, make_folds, training_blocks
from sparsekin.tuning.parallel import in_order
from sparsekin.tuning.sparse.cross_validate import warn_interrupted
from sparsekin.tuning.sparse.dial.average import averages
from sparsekin.tuning.sparse.dial.mixture import Mixture, mix, mixed_model
from sparsekin.tuning.sparse.dial.run import cross_validate_dial, search_rows
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.errors import CvErrors, FoldErrors, collect
from sparsekin.tuning.sparse.fold_errors import fold_errors
from sparsekin.tuning.sparse.table import Score
from sparsekin.tuning.sparse.training import like
from sparsekin.tuning.split import Rng


@dataclass(frozen=True, slots=True, eq=False)
class Nested:
    """Errors of the procedure on rows that had no say in it.

    ======== ======== =======================================================================
    field    shape    meaning
    ======== ======== =======================================================================
    errors   CvErrors of the procedure, one setting: sums over the rows of each outer fold
    families F of str family that the verdict speaks for in each outer fold
    counts   F of int models averaged in each
    ======== ======== =======================================================================
    """

    errors: CvErrors
    families: tuple[str, ...]
    counts: tuple[int, ...]


def nest(
    problem: Problem, dial_of: Callable[[Problem, Folds], Dial], outer: Folds, n_inner: int, metric: Score, *,
    groups: Ints | None = None, effort: int = 1, rng: Rng = None, n_jobs: int | None = None, progress: bool = False,
) -> Nested:  # fmt: skip
    """Tune on the training rows of each outer fold by inner folds of their own, and judge on what it holds out.

    Parameters
    ----------
    problem : Problem
        As for `cross_validate_dial`.
    dial_of : callable
        The values to try on some training rows, for their inner folds.
    outer : Folds
    n_inner : int
        Inner folds within the tasks.
    metric : str
    groups : (N,) int, optional
        Rows of one group stay together in the inner folds too.
    effort, rng, n_jobs, progress
        As for cross-validation.
    """
    seeds = make_generator(rng).integers(2**32, size=outer.n_folds)
    pieces = [
        (problem, dial_of, outer, fold, n_inner, metric, groups, effort, int(seed)) for fold, seed in enumerate(seeds)
    ]
    whole = in_order(_fold, pieces, n_jobs=n_jobs, progress=progress, complete=lambda one: one is not None)
    found = [one for one in whole if one is not None]
    if not found:
        raise KeyboardInterrupt
    one_setting = cross([1], [0.0], [0.0], [0.0])
    errors = collect(one_setting, outer, problem.n_tasks, [one[0] for one in found])
    if len(found) < outer.n_folds:
        warn_interrupted(errors)
    return Nested(errors, tuple(one[1].parts[0].family for one in found), tuple(len(one[1]) for one in found))


def _fold(
    problem: Problem, dial_of: Callable[[Problem, Folds], Dial], outer: Folds, fold: int, n_inner: int, metric: Score,
    groups: Ints | None, effort: int, seed: int,
) -> tuple[FoldErrors, Mixture] | None:  # fmt: skip
    training = like(problem, training_blocks(problem.blocks, outer, fold))
    inner = make_folds(training.blocks, folds=n_inner, groups=groups, rng=seed)
    dial = dial_of(training, inner)
    try:
        run = cross_validate_dial(training, dial, inner, effort=effort)
        if not run.errors.finished.all():
            return None
        searched = search_rows(training, dial, effort)
    except KeyboardInterrupt:
        return None
    chosen = mix(averages(run, metric), metric)
    model = mixed_model(training, searched, dial, chosen)[0]
    return fold_errors(problem.blocks, training.blocks, outer, fold, [model]), chosen
