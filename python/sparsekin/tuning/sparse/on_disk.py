"""Cross-validation of columns on disk: folds share the passes, and each searches among candidates of its own rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Ints
from sparsekin.data.sources.stored import moments_of_tasks
from sparsekin.l0.disk.grid import Asker
from sparsekin.l0.disk.screen import among, candidates_of, most_held
from sparsekin.l0.glm.single import blocks_with, with_columns
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem, make_problem
from sparsekin.options import Ensemble
from sparsekin.tuning.folds import Folds, training_blocks
from sparsekin.tuning.sparse.cross_validate import collect_folds, fit_grid
from sparsekin.tuning.sparse.errors import CvErrors, FoldErrors
from sparsekin.tuning.sparse.fold_errors import fold_errors
from sparsekin.tuning.sparse.scoring import Models


def cross_validate_on_disk(
    problem: Problem,
    largest: int,
    ask: Asker,
    folds: Folds,
    *,
    effort: int = 1,
    ensemble: Ensemble = "mean",
    n_jobs: int | None = None,
    progress: bool = False,
) -> CvErrors:
    """As `cross_validate`, with a few passes for all folds together.

    Nothing crosses from one fold to another: what a fold trains on says which columns are its candidates, ranked by
    products with what its own models leave; candidates are then standardised on its training rows.

    Parameters
    ----------
    problem : Problem
        With columns on disk; its own s is not used, and its lambda_1 is the least of the settings.
    largest : int
        The largest s among the settings.
    ask : callable
        Settings for the problem of candidates in memory.
    folds, effort, ensemble, n_jobs, progress
        As for `cross_validate`.
    """
    lists, inner = fold_candidates(replace(problem, s=np.full(problem.n_tasks, largest, np.int64)), folds)
    settings = ask(inner)
    pieces = [(inner, settings, folds, fold, own, effort, ensemble) for fold, own in enumerate(lists)]
    return collect_folds(fit_on_list, pieces, settings, folds, problem.n_tasks, n_jobs, progress)


def fold_candidates(problem: Problem, folds: Folds) -> tuple[list[Ints], Problem]:
    """Candidates of each fold, in places of those of all of them, which are the problem in memory."""
    if most_held(problem.blocks.X.shape) == problem.n_features:
        every = np.arange(problem.n_features)
        return [every] * folds.n_folds, among(problem, every)
    sd, made = moments_of_tasks(problem.blocks).sd, [(problem, list(range(problem.n_tasks)))]
    made += [_training(problem, folds, fold) for fold in range(folds.n_folds)]
    found = candidates_of([one for one, _ in made], [sd[:, tasks] for _, tasks in made])
    ids = np.unique(np.concatenate(found))
    return [np.searchsorted(ids, own) for own in found[1:]], among(problem, ids)


def _training(problem: Problem, folds: Folds, fold: int) -> tuple[Problem, list[int]]:
    """What a fold trains on, by the divisors of all rows, which rank columns well enough; and its tasks."""
    blocks = training_blocks(problem.blocks, folds, fold)
    tasks = [problem.blocks.task_names.index(name) for name in blocks.task_names]
    made = make_problem(
        blocks, problem.standard.of_tasks(tasks), problem.s[tasks], lambda_1=problem.lambda_1,
        lambda_2=problem.lambda_2, lambda_z=problem.lambda_z, task_weights=problem.task_weights[tasks],
        support=problem.support,
    )  # fmt: skip
    return made, tasks


def fit_on_list(
    problem: Problem, settings: Settings, folds: Folds, fold: int, own: Ints, effort: int, ensemble: Ensemble
) -> FoldErrors:  # fmt: skip
    """Fit on what `fold` trains on, among its own candidates, and judge on what it holds out."""
    training = training_blocks(problem.blocks, folds, fold)
    given = blocks_with(training, own)
    models = fit_grid(given, with_columns(problem, own), settings, effort, ensemble)
    p = problem.n_features
    return fold_errors(problem.blocks, training, folds, fold, [_embedded(one, own, p) for one in models])


def _embedded(models: Models | None, own: Ints, p: int) -> Models | None:
    """Models of some columns as models of all p."""
    if models is None:
        return None
    coef = np.zeros((p, models.coef.shape[1]))
    coef[own] = models.coef
    return replace(models, coef=coef)
