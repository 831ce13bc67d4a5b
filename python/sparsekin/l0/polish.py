"""Exact refits: the best coefficients for given supports, to rounding."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.data.profile import residualize, unpenalised_coef
from sparsekin.l0.problem import Problem, alike, factor, objective, outcomes


def refit(problem: Problem, support: Bools) -> Floats:
    """Coefficients (p, K), standardised scale, that minimise F over B with Z = `support` fixed.

    Independent ridge systems when lambda_2 = 0; otherwise the tasks are coupled through b_bar, which solves
    (I - (lambda_2 / K) sum_k E_k A_k E_k') b_bar = (1 / K) sum_k E_k A_k c_k with
    A_k = (G_k,SS + (lambda_1 + lambda_2) I)^-1.
    """
    coef = np.zeros(support.shape)
    if problem.lambda_2 == 0 or problem.n_tasks == 1:
        for tasks, S in alike(problem, support):
            G, C = normal_equations(problem, tasks, S)
            coef[np.ix_(S, tasks)] = _solve(G + problem.lambda_1 * np.eye(len(S)), C)
        return coef
    columns = [np.flatnonzero(support[:, k]) for k in range(problem.n_tasks)]
    systems = [normal_equations(problem, np.array([k]), S) for k, S in enumerate(columns)]
    return _refit_coupled(problem, columns, [(G, C[:, 0]) for G, C in systems], coef)


def normal_equations(problem: Problem, tasks: Ints, S: Ints) -> tuple[Floats, Floats]:
    """G_SS (s, s) and C_S (s, q) of q alike tasks from the rows, unpenalised columns profiled out."""
    k = int(tasks[0])
    w = problem.blocks.weights[k]
    Z = residualize(problem.blocks.columns_of(k, S) / problem.standard.scale[S, k], problem.basis[k], w)
    Y = residualize(outcomes(problem, tasks), problem.basis[k], w)
    ZW = Z if w is None else Z * w[:, None]
    return factor(problem, k) * (ZW.T @ Z), factor(problem, k) * (ZW.T @ Y)


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


def _refit_coupled(problem: Problem, columns: list[Ints], systems: list[tuple[Floats, Floats]], coef: Floats) -> Floats:
    union = np.unique(np.concatenate(columns)).astype(int)
    places = [np.searchsorted(union, S) for S in columns]
    shrunk = [(G + problem.lambda_1 * np.eye(len(c)), c) for G, c in systems]
    solver = _LinkedSystems(shrunk, places, len(union), problem.lambda_2)
    b = solver.solve([c for _, c in shrunk])
    for _ in range(2):
        b = [one + step for one, step in zip(b, solver.solve(solver.gradient(b)), strict=True)]
    for k, S in enumerate(columns):
        coef[S, k] = b[k]
    return coef


class _LinkedSystems:
    """(H_k + lambda I) b_k = c_k + lambda b_bar, for K tasks whose columns stand at `places` of a union of u."""

    def __init__(self, systems: list[tuple[Floats, Floats]], places: list[Ints], u: int, lam: float) -> None:
        self.systems, self.places, self.u, self.lam = systems, places, u, lam
        self.inverses = [_solve(H + lam * np.eye(len(c)), np.eye(len(c))) for H, c in systems]
        link = np.eye(u)
        for at, inverse in zip(places, self.inverses, strict=True):
            link[np.ix_(at, at)] -= lam / len(places) * inverse
        self.link = linalg.lu_factor(link) if u else None

    def mean(self, b: list[Floats]) -> Floats:
        """(u,) b_bar."""
        mean = np.zeros(self.u)
        for at, one in zip(self.places, b, strict=True):
            mean[at] += one / len(b)
        return mean

    def solve(self, c: list[Floats]) -> list[Floats]:
        """b for right-hand sides c."""
        if self.link is None:
            return c
        mean = linalg.lu_solve(self.link, self.mean([A @ one for A, one in zip(self.inverses, c, strict=True)]))
        return [A @ (one + self.lam * mean[at]) for A, one, at in zip(self.inverses, c, self.places, strict=True)]

    def gradient(self, b: list[Floats]) -> list[Floats]:
        """What the equations leave over at b."""
        mean = self.mean(b)
        return [
            c - H @ one - self.lam * (one - mean[at])
            for (H, c), one, at in zip(self.systems, b, self.places, strict=True)
        ]


def refit_value(problem: Problem, support: Bools) -> float:
    """F at the exact refit of `support`."""
    return objective(problem, refit(problem, support), support)


def unpenalised(problem: Problem, coef: Floats) -> tuple[Floats, Floats]:
    """Intercepts (K,) and always-in coefficients (q, K), user's scale, for slopes `coef` (p, K) on that scale."""
    blocks = problem.blocks
    intercept, keep = np.zeros(problem.n_tasks), np.zeros((blocks.keep.shape[1], problem.n_tasks))
    for tasks, S in alike(problem, coef != 0):
        y = np.column_stack([blocks.y[k] for k in tasks])
        residual = y - blocks.columns_of(int(tasks[0]), S) @ coef[np.ix_(S, tasks)]
        intercept[tasks], keep[:, tasks] = unpenalised_coef(blocks, int(tasks[0]), residual)
    if blocks.origin is not None:
        intercept += blocks.origin.intercept(coef, keep)
    return intercept, keep
