"""Values of given supports at many ridges and links at once, from products of columns: supports first, values second.

For one support, minimise over intercepts c, always-in coefficients g and slopes b

    sum_k (w_k / (2 n_k)) ||y_k - c_k - W_k g_k - X_k b_k||^2 + (lambda_1 / 2) sum_k ||b_k||^2
        + (lambda_2 / 2) sum_k (||b_k - b_bar||^2 + ||g_k - g_bar||^2).

Here lambda_2 ties the always-in columns too, so that lambda_2 = inf is one regression with an intercept per task.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    held = [np.concatenate([np.arange(q), q + np.flatnonzero(support[union, k])]) for k in range(K)]
    G = [read.G[k][np.ix_(at[S], at[S])] for k, S in enumerate(held)]
    c = [read.c[k][at[S]] for k, S in enumerate(held)]
    finite = np.isfinite(links)
    out = np.zeros((len(ridges), len(links), len(at), K))
    penalty = np.repeat(np.maximum(ridges, LEAST)[:, None], len(at), axis=1)
    penalty[:, :q] = LEAST_KEEP
    if finite.any():
        out[:, finite] = _linked(G, c, held, penalty, links[finite])
    if not finite.all():
        out[:, ~finite] = _pooled(G, c, held, penalty)[:, None]
    coef = out.reshape(len(ridges) * len(links), len(at), K) * (read.y_scale / read.scale[at])
    intercept = read.y_mean - np.einsum("mjk,jk->mk", coef, read.mean[at])
    return Batch(union, intercept, coef[:, q:], coef[:, :q])


def _linked(G: list[Floats], c: list[Floats], held: list[Ints], penalty: Floats, links: Floats) -> Floats:
    """(a, b, z, K) coefficients at finite links.

    Given the means m over all tasks, b_k = P_k (c_k + lambda_2 m) with P_k = (G_k + D + lambda_2 I)^-1; that m is the
    mean of these leaves z equations in m.
    """
    a, z, b = *penalty.shape, len(links)
    parts = [(k, S, c[k], *_decomposed(G[k], penalty[:, S], links)) for k, S in enumerate(held) if len(S)]
    m, tied = np.zeros((a, b, z)), links > 0
    if parts and tied.any():
        m[:, tied] = _means([(S, ck, V, d[:, tied]) for _, S, ck, V, d in parts], links[tied], len(G), z)
    out = np.zeros((a, b, z, len(G)))
    for k, S, ck, V, d in parts:
        out[..., S, k] = (ck + links[:, None] * m[..., S]) @ V * d @ V.swapaxes(1, 2)
    return out


def _means(parts: list[tuple[Ints, Floats, Floats, Floats]], links: Floats, K: int, z: int) -> Floats:
    """(a, b, z) means of the coefficients over K tasks: columns, c_k, V and d of those that select any."""
    a, b = parts[0][3].shape[:2]
    A, right = np.zeros((a, b, z * z)), np.zeros((a, b, z))
    for S, ck, V, d in parts:
        P = ((V[:, None] * d[:, :, None]).reshape(a, -1, len(S)) @ V.swapaxes(1, 2)).reshape(a, b, -1)
        if len(S) == z:
            A += P
        else:
            A[..., (S[:, None] * z + S).ravel()] += P
        right[..., S] += (ck @ V)[:, None] * d @ V.swapaxes(1, 2)
    A *= -links[:, None] / K
    A[..., :: z + 1] += 1.0
    return np.asarray(np.linalg.solve(A.reshape(a, b, z, z), right[..., None] / K)[..., 0])


def _decomposed(G: Floats, penalty: Floats, links: Floats) -> tuple[Floats, Floats]:
    """V (a, s, s) and d (a, b, s) with (G + D + lambda_2 I)^-1 = V diag(d) V'.

    One V serves all links; where D = lambda_1 I, one for all ridges, V (1, s, s).
    """
    alike = bool((penalty == penalty[:, :1]).all())
    values, V = np.linalg.eigh(G[None] if alike else G + penalty[:, :, None] * np.eye(len(G)))
    least = penalty if alike else penalty.min(axis=1)[:, None]
    values = values + penalty if alike else values
    return V, 1.0 / (np.maximum(values, least)[:, None] + links[:, None])


def _pooled(G: list[Floats], c: list[Floats], held: list[Ints], penalty: Floats) -> Floats:
    """(a, z, K) one coefficient of each column for all tasks: the limit where every task selects it.

    A task that does not select a column holds it at 0, and the limit of what is tied to 0 is 0.
    """
    K, z = len(G), penalty.shape[1]
    at = np.flatnonzero(np.bincount(np.concatenate(held), minlength=z) == K)
    H, right = np.zeros((z, z)), np.zeros(z)
    for Gk, ck, S in zip(G, c, held, strict=True):
        H[np.ix_(S, S)] += Gk
        right[S] += ck
    out = np.zeros((len(penalty), z, K))
    if len(at):
        system = np.broadcast_to(H[np.ix_(at, at)], (len(penalty), len(at), len(at))).copy()
        system[:, np.arange(len(at)), np.arange(len(at))] += K * penalty[:, at]
        out[:, at] = np.linalg.solve(system, np.broadcast_to(right[at], (len(penalty), len(at)))[..., None])
    return out
