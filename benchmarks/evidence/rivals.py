"""Methods for tasks with rows of their own that users have besides ours, tuned on given folds.

Group lassos over tasks put the tasks in one block-diagonal design, a column per feature and task, the columns of a
feature in one group; the solver is skglm's. Columns have mean 0 and variance 1 within tasks, outcomes mean 0, and a
task's rows weigh 1 / n_k, as in F. The dirty model has every column twice: once in its feature's group and once alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pool_share_separate import error
from pooling_sets import Rows, no_keep
from sparsekin.tuning.sparse.scoring import Models

ALPHAS = np.geomspace(1.0, 0.01, 20)


@dataclass(frozen=True, slots=True, eq=False)
class Tasks:
    """Rows of several tasks.

    ==== ============ ============================
    name shape        meaning
    ==== ============ ============================
    X    (N, p)
    y    (N,)
    task (N,) int     0 to K - 1
    fold (N,) int     in which fold a row is held out
    ==== ============ ============================
    """

    X: np.ndarray
    y: np.ndarray
    task: np.ndarray
    fold: np.ndarray

    @property
    def K(self) -> int:
        """How many."""
        return int(self.task.max()) + 1

    @property
    def rows(self) -> Rows:
        """Without the folds."""
        return Rows(self.X, self.y, self.task, no_keep(len(self.y)))

    def take(self, rows: np.ndarray) -> Tasks:
        """Some of the rows."""
        return Tasks(self.X[rows], self.y[rows], self.task[rows], self.fold[rows])


def lines(coef: np.ndarray, intercept: np.ndarray) -> Models:
    """Slopes (p, K) and intercepts (K,), nothing kept."""
    return Models(intercept, coef, np.zeros((0, len(intercept))))


def stacked(data: Tasks) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Block-diagonal design (N, p K) with feature-major columns, outcome, and means and scales by task."""
    p, K = data.X.shape[1], data.K
    design, outcome = np.zeros((len(data.y), p, K)), np.zeros(len(data.y))
    means, scales, levels = np.zeros((p, K)), np.ones((p, K)), np.zeros(K)
    for k in range(K):
        rows = data.task == k
        X = data.X[rows]
        means[:, k], levels[k] = X.mean(axis=0), data.y[rows].mean()
        sd = X.std(axis=0)
        scales[:, k] = np.where(sd > 0, sd, 1.0)
        weight = np.sqrt(len(data.y) / (rows.sum() * K))
        design[rows, :, k] = weight * (X - means[:, k]) / scales[:, k]
        outcome[rows] = weight * (data.y[rows] - levels[k])
    return design.reshape(len(data.y), p * K), outcome, means, scales, levels


def as_lines(coef: np.ndarray, means: np.ndarray, scales: np.ndarray, levels: np.ndarray) -> Models:
    """In the units of X."""
    slopes = coef.reshape(means.shape) / scales
    return lines(slopes, levels - (means * slopes).sum(axis=0))


def group_path(data: Tasks, alphas: np.ndarray, tau: float, dirty: float | None = None) -> Iterator[Models]:
    """Along the fractions `alphas` of the penalty that selects nothing.

    The penalty of a feature is (1 - tau) sqrt(K) ||b_j||_2 + tau ||b_j||_1; with `dirty`, b = common + own, the common
    part pays sqrt(K) ||.||_2 and the own one `dirty` ||.||_1.
    """
    from skglm.datafits import QuadraticGroup
    from skglm.penalties import WeightedL1GroupL2
    from skglm.solvers import GroupBCD
    from skglm.utils.data import grp_converter

    design, outcome, means, scales, levels = stacked(data)
    (p, K), N = means.shape, len(outcome)
    X = np.asfortranarray(design if dirty is None else np.hstack([design, design]))
    sizes = [K] * p + ([] if dirty is None else [1] * (p * K))
    group = np.array([(1 - tau) * np.sqrt(K)] * p + ([] if dirty is None else [dirty] * (p * K)))
    alone = np.full(X.shape[1], tau)
    indices, pointers = grp_converter(sizes, X.shape[1])
    gradient = np.abs(design.T @ outcome).reshape(p, K) / N
    top = largest(gradient, tau, dirty)
    start, level = np.zeros(X.shape[1]), np.zeros(N)
    solver = GroupBCD(max_iter=200, tol=1e-5, fit_intercept=False, ws_strategy="fixpoint")
    for alpha in alphas:
        penalty = WeightedL1GroupL2(alpha * top, group, alone, pointers, indices)
        datafit = QuadraticGroup(pointers, indices)
        datafit.initialize(X, outcome)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            start = solver.solve(X, outcome, datafit, penalty, start, X @ start + level)[0]
        coef = start[: p * K] if dirty is None else start[: p * K] + start[p * K :]
        yield as_lines(coef, means, scales, levels)


def largest(gradient: np.ndarray, tau: float, dirty: float | None) -> float:
    """The least penalty at which nothing is selected."""
    root = np.sqrt(gradient.shape[1])
    if dirty is not None:
        return float(max(np.linalg.norm(gradient, axis=1).max() / root, gradient.max() / dirty))
    low, high = 0.0, gradient.max() / max(tau, 1e-9) if tau else np.inf
    high = min(high, np.linalg.norm(gradient, axis=1).max() / ((1 - tau) * root)) if tau < 1 else high
    for _ in range(60):
        middle = (low + high) / 2
        left = np.linalg.norm(np.maximum(gradient - tau * middle, 0), axis=1)
        low, high = (middle, high) if (left > (1 - tau) * root * middle).any() else (low, middle)
    return float(high)


def tuned(data: Tasks, paths: list[Callable[[Tasks], Iterator[Models]]]) -> Models:
    """The model of all rows at the place of the path, of all paths, with least mean held-out error."""
    errors = [np.zeros(len(ALPHAS)) for _ in paths]
    for fold in np.unique(data.fold):
        held, kept = data.take(data.fold == fold).rows, data.take(data.fold != fold)
        for at, path in enumerate(paths):
            errors[at] += [error(models, held, np.ones(data.K)) for models in path(kept)]
    which = int(np.argmin([one.min() for one in errors]))
    place = int(np.argmin(errors[which]))
    return list(paths[which](data))[place]


def group_lasso(data: Tasks) -> Models:
    """A feature is in for all tasks or for none: the multi-task lasso of tasks with rows of their own."""
    return tuned(data, [lambda rows: group_path(rows, ALPHAS, 0.0)])


def sparse_group_lasso(data: Tasks) -> Models:
    """The share of the l1 norm is tuned as well."""
    return tuned(data, [lambda rows, tau=tau: group_path(rows, ALPHAS, tau) for tau in (0.1, 0.5, 0.9)])


def dirty_model(data: Tasks) -> Models:
    """Jalali et al. 2010, with l2 norms over tasks: what is common plus what is a task's own; their ratio is tuned."""
    return tuned(data, [lambda rows, w=w: group_path(rows, ALPHAS, 0.0, w) for w in (1.1, 1.6)])


def each_task(fit: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Tasks], Models]:
    """A method of one task, applied to each: standardized X, centred y, fold -> slopes."""

    def models(data: Tasks) -> Models:
        p = data.X.shape[1]
        coef, intercept = np.zeros((p, data.K)), np.zeros(data.K)
        for k in range(data.K):
            rows = data.task == k
            X, y = data.X[rows], data.y[rows]
            sd = X.std(axis=0)
            coef[:, k] = fit((X - X.mean(axis=0)) / sd, y - y.mean(), data.fold[rows]) / sd
            intercept[k] = y.mean() - X.mean(axis=0) @ coef[:, k]
        return lines(coef, intercept)

    return models


@each_task
def abess(X: np.ndarray, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Best subset by abess, its size tuned for each task on the same folds."""
    from abess import LinearRegression

    most = min(20, len(y) // 3)
    codes = np.unique(fold, return_inverse=True)[1]
    model = LinearRegression(support_size=range(most + 1), cv=int(codes.max()) + 1)
    model.fit(X, y, cv_fold_id=codes + 1)
    return np.asarray(model.coef_)


RIVALS = {
    "abess per task": abess,
    "group lasso": group_lasso,
    "sparse group lasso": sparse_group_lasso,
    "dirty model": dirty_model,
}
