"""Lassos by scikit-learn: all tasks together, each by itself, and the group lasso of several outcomes of one X.

The column lambda_1 of their settings holds fractions of alpha_max, the least alpha at which nothing is selected; it is
computed from the training rows of each fold, for each fit by itself, so no held-out row has a say in the grid.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem
from sparsekin.tuning.sparse.baselines.rows import pool, standard_of, whitened, with_intercepts
from sparsekin.tuning.sparse.scoring import Models

N_ALPHAS = 40
TOLERANCE = 1e-6  # of the duality gap, as a share of the sum of squares
CLOSE = 1e-8  # the same of a lasso that is one step of several
GRAM = 500  # columns whose products are read once though there are fewer rows: columns at 0 then cost nothing
MAX_ITER = 10_000  # sweeps; columns that are all but combinations of others are not worth more


def fractions(n: float, p: int) -> Floats:
    """Of alpha_max: from 1e-3 to 1, or from 1e-2 where there are fewer than 2 rows per column: near interpolation."""
    return np.geomspace(1e-2 if n < 2 * p else 1e-3, 1.0, N_ALPHAS)


def lasso(A: Floats, y: Floats, total: float, shares: Floats, factors: Floats | None = None) -> Floats:
    """Minimise ||y - A b||^2 / (2 total) + alpha sum_j factors_j abs(b_j) at fractions of alpha_max.

    Parameters
    ----------
    A, y : (n, p), (n,)
        Rows times the roots of their weights.
    total : float
        Sum of the weights.
    shares : (m,)
        Of alpha_max.
    factors : (p,), optional
        inf: the column stays out.

    Returns
    -------
    (m, p)
    """
    factors = np.ones(A.shape[1]) if factors is None else factors
    used = np.flatnonzero(np.isfinite(factors) & A.any(axis=0))
    coef = np.zeros((len(shares), A.shape[1]))
    coef[:, used] = _path(A[:, used] / factors[used], y, total, shares) / factors[used]
    return coef


def _path(A: Floats, y: Floats, total: float, shares: Floats) -> Floats:
    """(m, p), or (m, r, p) for outcomes (n, r); scikit-learn divides the loss by the number of rows."""
    from sklearn.linear_model import lasso_path

    scale = np.sqrt(len(A) / total)
    A, y = np.asfortranarray(A * scale), np.asfortranarray(y * scale)
    slopes = A.T @ y if y.ndim == 2 else (A.T @ y)[:, None]
    largest = float(np.linalg.norm(slopes, axis=1).max(initial=0.0)) / len(A)
    if largest == 0.0:
        return np.zeros((len(shares), *y.shape[1:], A.shape[1]))
    order = np.argsort(-shares)
    known = {"precompute": A.T @ A, "Xy": A.T @ y, "check_input": False} if _reads_products(A, y) else {}
    found = lasso_path(A, y, alphas=largest * shares[order], tol=TOLERANCE, max_iter=MAX_ITER, copy_X=False, **known)[1]
    return np.moveaxis(found, -1, 0)[np.argsort(order)]


def squares_lasso(A: Floats, y: Floats, start: Floats) -> Floats:
    """(p,) minimiser of ||y - A b||^2 / 2 + sum_j abs(b_j), from `start`."""
    from sklearn.linear_model import lasso_path

    A, n = np.asfortranarray(A), len(A)
    known = {"precompute": A.T @ A, "Xy": A.T @ y, "check_input": False} if _reads_products(A, y) else {}
    found = lasso_path(
        A, y, alphas=[1.0 / n], coef_init=np.array(start), tol=CLOSE, max_iter=MAX_ITER, copy_X=False, **known
    )  # fmt: skip
    return np.asarray(found[1][:, 0])


def _reads_products(A: Floats, y: Floats) -> bool:
    return y.ndim == 1 and A.shape[1] <= max(len(A) - 1, GRAM)


def fit_pooled_lasso(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """One lasso for the rows of all tasks, with an intercept per task; always-in columns have one coefficient."""
    together = pool(training, problem)
    return [*together.models(lasso(*together.whitened(), together.total, settings.lambda_1))]


def fit_lasso_per_task(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """A lasso for each task, alpha_max its own."""
    return per_task(training, problem, lambda A, y, total: lasso(A, y, total, settings.lambda_1))


def per_task(
    training: TaskBlocks, problem: Problem, fit: Callable[[Floats, Floats, float], Floats]
) -> list[Models | None]:
    """Models whose slopes (m, p) ``fit(A, y, total)`` finds for each task by itself."""
    standard = standard_of(training, problem)
    parts = [fit(*whitened(training, standard, k), training.weight_sums[k]) for k in range(training.n_tasks)]
    return [*with_intercepts(training, standard.to_original(np.stack(parts, axis=-1)))]


def why_no_multi_task(problem: Problem) -> str:
    """Why scikit-learn's multi-task lasso cannot be used; blank when it can."""
    blocks = problem.blocks
    if problem.losses is not None:
        return "scikit-learn's MultiTaskLasso is for squared errors"
    if not blocks.shared:
        return "scikit-learn's MultiTaskLasso needs one X for all tasks; here each task has rows of its own"
    first = blocks.weights[0]
    same = all(w is first or (w is not None and first is not None and np.array_equal(w, first)) for w in blocks.weights)
    return "" if same else "scikit-learn's MultiTaskLasso needs every outcome in every row"


def fit_multi_task_lasso(training: TaskBlocks, problem: Problem, settings: Settings) -> list[Models | None]:
    """scikit-learn's multi-task lasso of outcomes of one X."""
    standard = standard_of(training, problem)
    pairs = [whitened(training, standard, k) for k in range(training.n_tasks)]
    Y = np.column_stack([y for _, y in pairs])
    coef = np.moveaxis(_path(pairs[0][0], Y, float(training.weight_sums[0]), settings.lambda_1), 1, 2)
    return [*with_intercepts(training, standard.to_original(coef))]
