"""Simpler methods on the same folds: what shared supports have to beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.profile import residualize, unpenalised_basis, unpenalised_coef
from sparsekin.data.standardize import Standardization, outcome_scale, standardize
from sparsekin.errors import OptionError
from sparsekin.l0.grid import Settings, cross
from sparsekin.l0.problem import Problem
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.cross_validate import Fitter, cross_validate_models, fit_grid
from sparsekin.tuning.sparse.errors import CvErrors
from sparsekin.tuning.sparse.scoring import Models, null_models

RIDGES = tuple(np.geomspace(1e-3, 1e3, 25))
N_ALPHAS = 40
LEAST_ALPHA = 1e-2  # of the alpha above which the lasso selects nothing


@dataclass(frozen=True, slots=True, eq=False)
class MethodRun:
    """One method on the folds.

    ====== ================ ==========================================
    field  shape            meaning
    ====== ================ ==========================================
    name   str
    errors CvErrors or None None where the method is not available
    reason str              why it is not
    ====== ================ ==========================================
    """

    name: str
    errors: CvErrors | None
    reason: str = ""


def run_methods(
    problem: Problem, settings: Settings, folds: Folds, *, effort: int = 1, n_jobs: int | None = None,
    progress: bool = False,
) -> list[MethodRun]:  # fmt: skip
    """Cross-validate shared supports on `settings`, then the simpler methods, all on the same folds.

    Raises
    ------
    OptionError
        There is one fold: nothing would say how much differences vary.
    """
    if folds.n_folds < 2:
        raise OptionError("compare needs at least 2 folds.")
    runs = []
    for name, method in _methods(problem, settings, effort):
        if isinstance(method, str):
            runs.append(MethodRun(name, None, method))
            continue
        fitter, tried = method
        errors = cross_validate_models(fitter, problem.blocks, tried, folds, n_jobs=n_jobs, progress=progress)
        runs.append(MethodRun(name, errors))
        if not errors.finished.all():
            break
    return runs


def _methods(problem: Problem, settings: Settings, effort: int) -> Iterator[tuple[str, tuple[Fitter, Settings] | str]]:
    """Name and fitter with its settings, or the reason why there is none."""

    def l0(asked: Problem, tried: Settings) -> tuple[Fitter, Settings]:
        return partial(fit_grid, problem=asked, settings=tried, effort=effort), tried

    alone = "the data have one task" if problem.n_tasks == 1 else ""
    apart = cross(settings.s, settings.lambda_1, [0.0], [0.0])
    together = cross(settings.s, settings.lambda_1, settings.lambda_2, [0.0])
    yield "shared supports", l0(problem, settings)
    yield "independent supports", alone or l0(replace(problem, support="independent"), apart)
    yield "common support", alone or l0(replace(problem, support="common"), together)
    shared = "the tasks are different outcomes" if problem.blocks.shared else ""
    pooled = partial(fit_pooled, problem=problem, settings=apart, effort=effort)
    yield "one model for all", alone or shared or (pooled, apart)
    ridges = cross([problem.n_features], RIDGES, [0.0], [0.0])
    yield "ridge per task", (partial(fit_ridge, problem=problem, settings=ridges), ridges)
    yield "multi-task lasso", why_no_lasso(problem) or _lasso(problem)
    yield "null", (fit_null, cross([0], [0.0], [0.0], [0.0]))


def fit_null(training: TaskBlocks) -> list[Models | None]:
    """Means and always-in columns alone."""
    return [null_models(training)]


def fit_pooled(training: TaskBlocks, problem: Problem, settings: Settings, effort: int) -> list[Models | None]:
    """One L0 model for the rows of all tasks together, with one intercept; of scaled outcomes where they are scaled."""
    scale = outcome_scale(training) if problem.standard.scale_outcome else np.ones(training.n_tasks)
    together = pool(replace(training, y=tuple(y / unit for y, unit in zip(training.y, scale, strict=True))))
    one = replace(problem, blocks=together, s=problem.s[:1], task_weights=np.ones(1), support="independent")
    models = fit_grid(together, one, settings, effort)
    return [None if model is None else _copied(model, scale) for model in models]


def _copied(model: Models, scale: Floats) -> Models:
    """One model for K tasks, in the units of each."""
    return Models(
        model.intercept[0] * scale, np.multiply.outer(model.coef[:, 0], scale),
        np.multiply.outer(model.keep_coef[:, 0], scale),
    )  # fmt: skip


def pool(blocks: TaskBlocks) -> TaskBlocks:
    """All rows as one task; rows of tasks that were left out have weight 0."""
    N = blocks.X.shape[0]
    y, w = np.zeros(N), np.zeros(N)
    for k, rows in enumerate(blocks.rows):
        given = blocks.weights[k]
        y[rows], w[rows] = blocks.y[k], 1.0 if given is None else given
    return replace(blocks, y=(y,), rows=(slice(0, N),), weights=(w,), task_names=(blocks.task_names[0],))


def fit_ridge(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """Ridge regression of each task by itself at every lambda_1, from one singular value decomposition.

    b = V diag(d / (d^2 / n + lambda_1)) U'y / n for standardised X = U diag(d) V', unpenalised columns taken out.
    """
    standard = standardize(training, problem.standard.mode, problem.standard.scale_outcome)
    coef = np.empty((len(settings), training.n_features, training.n_tasks))
    for k in range(training.n_tasks):
        A, y = whitened(training, standard, k)
        U, d, Vt = np.linalg.svd(A, full_matrices=False)
        n = training.weight_sums[k]
        shrunk = (d / (d**2 / n + settings.lambda_1[:, None])) * (U.T @ y / n)
        coef[:, :, k] = shrunk @ Vt
    return [with_intercepts(training, standard.to_original(b)) for b in coef]


def why_no_lasso(problem: Problem) -> str:
    """Why scikit-learn's multi-task lasso cannot be used; blank when it can."""
    blocks = problem.blocks
    if not blocks.shared:
        return "scikit-learn's MultiTaskLasso needs one X for all tasks; here each task has rows of its own"
    first = blocks.weights[0]
    same = all(w is first or (w is not None and first is not None and np.array_equal(w, first)) for w in blocks.weights)
    return "" if same else "scikit-learn's MultiTaskLasso needs every outcome in every row"


def _lasso(problem: Problem) -> tuple[Fitter, Settings]:
    A, Y = _whitened_outcomes(problem.blocks, problem.standard)
    largest = float(np.linalg.norm(A.T @ Y, axis=1).max() / problem.blocks.weight_sums[0])
    alphas = np.geomspace(LEAST_ALPHA * largest, largest, N_ALPHAS) if largest > 0 else np.ones(1)
    tried = cross([problem.n_features], alphas, [0.0], [0.0])
    return partial(fit_lasso, problem=problem, settings=tried), tried


def fit_lasso(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """scikit-learn's multi-task lasso at every alpha, which stands in the column lambda_1."""
    from sklearn.linear_model import lasso_path

    standard = standardize(training, problem.standard.mode, problem.standard.scale_outcome)
    A, Y = _whitened_outcomes(training, standard)
    scale = np.sqrt(len(A) / training.weight_sums[0])  # scikit-learn divides the loss by the number of rows
    alphas, coefs, _ = lasso_path(A * scale, Y * scale, alphas=settings.lambda_1, max_iter=20_000)
    at = np.searchsorted(alphas[::-1], settings.lambda_1)
    return [with_intercepts(training, standard.to_original(coefs[:, :, ::-1][:, :, i].T)) for i in at]


def _whitened_outcomes(blocks: TaskBlocks, standard: Standardization) -> tuple[Floats, Floats]:
    pairs = [whitened(blocks, standard, k) for k in range(blocks.n_tasks)]
    return pairs[0][0], np.column_stack([y for _, y in pairs])


def whitened(blocks: TaskBlocks, standard: Standardization, k: int) -> tuple[Floats, Floats]:
    """(n, p) and (n,) rows of positive weight, standardised, unpenalised columns taken out, times sqrt(weight)."""
    w, basis = blocks.weights[k], unpenalised_basis(blocks, k)
    X = blocks.columns_of(k, np.arange(blocks.n_features)) * (standard.usable[:, k] / standard.scale[:, k])
    X, y = residualize(X, basis, w), residualize(blocks.y[k] / standard.y_scale[k], basis, w)
    if w is None:
        return X, y
    there, root = w > 0, np.sqrt(w[w > 0])
    return X[there] * root[:, None], y[there] * root


def with_intercepts(blocks: TaskBlocks, coef: Floats) -> Models:
    """Models of slopes (p, K), user's scale: intercepts and always-in coefficients fitted to what they leave."""
    pairs = [
        unpenalised_coef(blocks, k, blocks.y[k] - np.asarray(blocks.X_of(k) @ coef[:, k]))
        for k in range(blocks.n_tasks)
    ]
    return Models(np.array([c for c, _ in pairs], float), coef, np.column_stack([g for _, g in pairs]))
