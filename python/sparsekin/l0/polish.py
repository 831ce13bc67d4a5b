"""Exact refits: the best coefficients for given supports, to rounding."""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.profile import residualize, unpenalised_coef
from sparsekin.l0.problem import Problem, objective


def refit(problem: Problem, support: Bools) -> Floats:
    """Coefficients (p, K), standardised scale, that minimise F over B with Z = `support` fixed.

    Independent ridge systems when lambda_2 = 0; otherwise the tasks are coupled through b_bar, which solves
    (I - (lambda_2 / K) sum_k E_k A_k E_k') b_bar = (1 / K) sum_k E_k A_k c_k with
    A_k = (G_k,SS + (lambda_1 + lambda_2) I)^-1.
    """
    coef = np.zeros(support.shape)
    columns = [np.flatnonzero(support[:, k]) for k in range(problem.n_tasks)]
    systems = [normal_equations(problem, k, S) for k, S in enumerate(columns)]
    if problem.lambda_2 == 0 or problem.n_tasks == 1:
        for k, (G, c) in enumerate(systems):
            coef[columns[k], k] = _solve(G + problem.lambda_1 * np.eye(len(c)), c)
        return coef
    return _refit_coupled(problem, columns, systems, coef)


def normal_equations(problem: Problem, k: int, S: np.ndarray) -> tuple[Floats, Floats]:
    """G_k,SS (s, s) and c_k,S (s,) from the rows, unpenalised columns profiled out."""
    blocks, standard, w = problem.blocks, problem.standard, problem.blocks.weights[k]
    Z = blocks.X_of(k)[:, S]
    Z = residualize((Z.toarray() if sparse.issparse(Z) else Z) / standard.scale[S, k], problem.basis[k], w)
    y = residualize(blocks.y[k] / standard.y_scale[k], problem.basis[k], w)
    ZW = Z if w is None else Z * w[:, None]
    factor = problem.task_weights[k] / blocks.weight_sums[k]
    return factor * (ZW.T @ Z), factor * (ZW.T @ y)


def _solve(A: Floats, b: Floats) -> Floats:
    """Cholesky with one step of refinement; least squares where A is singular to rounding."""
    if len(b) == 0:
        return b
    try:
        factor = linalg.cho_factor(A)
    except linalg.LinAlgError:
        return np.asarray(linalg.lstsq(A, b)[0])
    x = linalg.cho_solve(factor, b)
    return np.asarray(x + linalg.cho_solve(factor, b - A @ x))


def _refit_coupled(
    problem: Problem, columns: list[np.ndarray], systems: list[tuple[Floats, Floats]], coef: Floats
) -> Floats:
    K, lam = problem.n_tasks, problem.lambda_2
    union = np.unique(np.concatenate(columns)).astype(int)
    if len(union) == 0:
        return coef
    place = [np.searchsorted(union, S) for S in columns]
    factors = [linalg.cho_factor(G + (problem.lambda_1 + lam) * np.eye(len(c))) if len(c) else None for G, c in systems]
    A = np.eye(len(union))
    for at, factor in zip(place, factors, strict=True):
        if factor is not None:
            A[np.ix_(at, at)] -= lam / K * linalg.cho_solve(factor, np.eye(len(at)))
    lu = linalg.lu_factor(A)

    def solve(rhs: list[Floats]) -> list[Floats]:
        mean = np.zeros(len(union))
        for at, factor, r in zip(place, factors, rhs, strict=True):
            if factor is not None:
                mean[at] += linalg.cho_solve(factor, r) / K
        mean = linalg.lu_solve(lu, mean)
        return [
            r if factor is None else linalg.cho_solve(factor, r + lam * mean[at])
            for at, factor, r in zip(place, factors, rhs, strict=True)
        ]

    b = solve([c for _, c in systems])
    for _ in range(2):
        mean = np.zeros(len(union))
        for at, one in zip(place, b, strict=True):
            mean[at] += one / K
        gradient = [
            c - G @ one - (problem.lambda_1 + lam) * one + lam * mean[at]
            for (G, c), one, at in zip(systems, b, place, strict=True)
        ]
        b = [one + step for one, step in zip(b, solve(gradient), strict=True)]
    for k, S in enumerate(columns):
        coef[S, k] = b[k]
    return coef


def refit_value(problem: Problem, support: Bools) -> float:
    """F at the exact refit of `support`."""
    return objective(problem, refit(problem, support), support)


def unpenalised(problem: Problem, coef: Floats) -> tuple[Floats, Floats]:
    """Intercepts (K,) and always-in coefficients (q, K), user's scale, for slopes `coef` (p, K) on that scale."""
    blocks = problem.blocks
    intercept, keep = np.zeros(problem.n_tasks), np.zeros((blocks.keep.shape[1], problem.n_tasks))
    for k in range(problem.n_tasks):
        S = np.flatnonzero(coef[:, k])
        fitted = blocks.X_of(k)[:, S] @ coef[S, k] if len(S) else 0.0
        intercept[k], keep[:, k] = unpenalised_coef(blocks, k, blocks.y[k] - fitted)
    return intercept, keep
