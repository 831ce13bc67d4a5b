"""Values of given supports at many ridges and links at once, from products of columns: supports first, values second.

For one support, minimise over intercepts c, always-in coefficients g and slopes b

    sum_k (w_k / (2 n_k)) ||y_k - c_k - W_k g_k - X_k b_k||^2 + (lambda_1 / 2) sum_k ||b_k||^2
        + (lambda_2 / 2) sum_k (||b_k - b_bar||^2 + ||g_k - g_bar||^2).

Here lambda_2 ties the always-in columns too, so that lambda_2 = inf is one regression with an intercept per task.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.pooled import on_one_scale
from sparsekin.l0.problem import Problem, factor

LEAST = 1e-6  # ridge in place of a smaller one: a support may have more columns than a task has rows
LEAST_KEEP = 1e-9  # the same for the always-in columns


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """Products of always-in columns and of u candidates, means of each task out, standardised scale.

    ======= =============== ===========================================================
    field   shape           meaning
    ======= =============== ===========================================================
    columns (u,)            candidates, ascending
    G       (K, q+u, q+u)   w_k / n_k times the products; always-in columns come first
    c       (K, q+u)        the same with the outcome
    scale   (q+u, K)        divisors
    mean    (q+u, K)        weighted means of the columns, user's scale; 0 without intercepts
    y_mean  (K,)            weighted means of the outcomes, user's scale; 0 without intercepts
    y_scale (K,)            divisors of the outcomes
    n_keep  int             q
    ======= =============== ===========================================================
    """

    columns: Ints
    G: Floats
    c: Floats
    scale: Floats
    mean: Floats
    y_mean: Floats
    y_scale: Floats
    n_keep: int


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """m models that select among the same u columns, user's scale.

    ========= ========= ====================================
    field     shape     meaning
    ========= ========= ====================================
    columns   (u,)      candidates, ascending
    intercept (m, K)
    coef      (m, u, K) slopes
    keep_coef (m, q, K) coefficients of the always-in columns
    ========= ========= ====================================
    """

    columns: Ints
    intercept: Floats
    coef: Floats
    keep_coef: Floats

    def __len__(self) -> int:
        return len(self.intercept)


def products(problem: Problem, columns: Ints) -> Products:
    """Read some columns once.

    Parameters
    ----------
    problem : Problem
        Its penalties are not used.
    columns : (u,) candidates, ascending
    """
    blocks, standard, q = problem.blocks, problem.standard, problem.blocks.keep.shape[1]
    z = q + len(columns)
    G, c = np.empty((problem.n_tasks, z, z)), np.empty((problem.n_tasks, z))
    mean, y_mean = np.zeros((z, problem.n_tasks)), np.zeros(problem.n_tasks)
    spread = np.zeros((problem.n_tasks, q))
    for k in range(problem.n_tasks):
        Z = np.column_stack([blocks.keep_of(k), blocks.columns_of(k, columns)])
        w, y = blocks.weights[k], blocks.y[k]
        if blocks.intercept:
            mean[:, k], y_mean[k] = column_means(Z, w), np.average(y, weights=w)
        Z, y = Z - mean[:, k], y - y_mean[k]
        Z[:, q:] *= standard.usable[columns, k]
        weighted = Z if w is None else Z * w[:, None]
        G[k], c[k] = factor(problem, k) * (weighted.T @ Z), factor(problem, k) * (weighted.T @ y)
        spread[k] = np.diag(G[k])[:q]
    kept = keep_scale(spread.sum(axis=0), problem.task_weights.sum())
    scale = np.vstack([np.repeat(kept[:, None], problem.n_tasks, axis=1), on_one_scale(standard).scale[columns]])
    y_scale = standard.y_scale
    for k in range(problem.n_tasks):
        G[k] /= np.multiply.outer(scale[:, k], scale[:, k])
        c[k] /= scale[:, k] * y_scale[k]
    return Products(columns, G, c, scale, mean, y_mean, y_scale, q)


def column_means(Z: Floats, w: Floats | None) -> Floats:
    """(z,) weighted means; numpy's divides by the number of columns, of which there may be none."""
    return np.asarray(np.average(Z, axis=0, weights=w)) if Z.shape[1] else np.empty(0)


def keep_scale(squares: Floats, total: float) -> Floats:
    """(q,) divisors of the always-in columns: standard deviations within tasks; 1 where there is none."""
    found = np.sqrt(squares / total)
    return np.where(found > 0, found, 1.0)


def values(read: Products, support: Bools, ridges: Floats, links: Floats) -> Batch:
    """The models of one support at every ridge and link, links running fastest.

    Parameters
    ----------
    read : Products
        With all columns of the support among its own.
    support : (p, K) bool
    ridges : (a,) lambda_1; less than 1e-6 counts as 1e-6
    links : (b,) lambda_2; inf: one coefficient for the tasks that select a column
    """
    q, K = read.n_keep, support.shape[1]
    union = np.flatnonzero(support.any(axis=1))
    at = np.concatenate([np.arange(q), q + np.searchsorted(read.columns, union)])
    held = np.concatenate([np.ones((q, K), bool), support[union]])
    ridges = np.maximum(ridges, LEAST)
    found = _native.linked_values(read.G, read.c, at, held, q, LEAST_KEEP, ridges, links)
    coef = found * (read.y_scale / read.scale[at])
    intercept = read.y_mean - np.einsum("mjk,jk->mk", coef, read.mean[at])
    return Batch(union, intercept, coef[:, q:], coef[:, :q])
