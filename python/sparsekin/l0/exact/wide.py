"""A proven bound for very many columns: the relaxation on a working set, its safe bound over all columns.

The bound at any b and tau >= 0 needs one look at X per task (the gradient); the relaxation itself only ever sees the
columns that gain something, as `l0.working_set` does for the search.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats
from sparsekin.data.profile import residualize
from sparsekin.l0.exact.proof import Proof
from sparsekin.l0.exact.relaxation import Point, Relaxation, free_marks, open_relaxation
from sparsekin.l0.problem import Problem
from sparsekin.l0.screen import cross_products, top
from sparsekin.l0.state import Ids, Workspace

MANY = 5_000  # columns from which a root is bounded this way
FIRST, MORE = 150, 100  # columns per task in the working set at first, and added per look
LOOKS, WORTH = 8, 0.01  # looks at all columns, and the share of the gap that each must bring


def bound_wide(proof: Proof) -> Floats:
    """Raise the bound of a proof by the root of a working set; also the prices (K, p) of the Zbar penalty there."""
    workspace = proof.workspace
    problem = workspace.problem
    proof.route, proof.status = "root", "root"
    scores = [_gains(workspace, k, workspace.c[k]) for k in range(problem.n_tasks)]
    held = np.unique(np.concatenate([*proof.supports, *(top(score, FIRST) for score in scores)])).astype(np.int32)
    best, start, prices = 0.0, Point.nothing(), np.zeros((problem.n_tasks, problem.n_features))
    for _ in range(LOOKS):
        relaxation, b, tau = _relaxed(proof, held, start)
        u = gradients(workspace, held, b)
        gains = np.array([_gains(workspace, k, u[k]) for k in range(problem.n_tasks)])
        inside = sum(float(b[:, k] @ (workspace.c[k][held] - u[k][held])) for k in range(problem.n_tasks))
        inner, margins = best_selection(gains, tau, relaxation.sizes, problem)
        plain = workspace.null - inside / 2
        bound = plain + inner - 1e-10 * (abs(plain) + abs(inner) + workspace.null)
        proof.undecided = int((bound + margins < proof.objective - proof.tolerance).sum())
        worth = bound <= 0 or bound - best > WORTH * (proof.objective - best)
        if bound > best and problem.lambda_z > 0 and problem.support == "heterogeneous":
            prices = np.asarray(_native.project_prices(list(gains - tau[:, None]), problem.lambda_z))
        best = max(best, bound)
        proof.raise_bound(best)
        worths = gains if len(margins) == len(gains) else gains.sum(axis=0, keepdims=True)
        entering = np.where(margins <= 1e-9 * workspace.null, worths, 0.0)
        wanted = np.unique(np.concatenate([top(row, MORE) for row in entering]))
        fresh = np.setdiff1d(wanted, held).astype(np.int32)
        if not worth or not len(fresh) or time.perf_counter() > proof.limits.deadline:
            break
        point, columns = relaxation.point(), held
        held = np.union1d(held, fresh).astype(np.int32)
        start = replace(point, column=np.searchsorted(held, columns[point.column]).astype(np.int32))
    return prices


def _relaxed(proof: Proof, held: Ids, start: Point) -> tuple[Relaxation, Floats, Floats]:
    """The relaxation on some columns, d = lambda_1; its b (|held|, K) and tau (units,)."""
    workspace = proof.workspace
    tasks = tuple(range(workspace.problem.n_tasks))
    d = [np.full(len(held), workspace.problem.lambda_1) for _ in tasks]
    relaxation = open_relaxation(workspace, workspace.views(held), held, tasks, d, workspace.null)
    seconds = max(proof.limits.deadline - time.perf_counter(), 0.0)
    cutoff = proof.objective - proof.tolerance
    relaxation.bound(free_marks(workspace, relaxation), cutoff, 0.1 * proof.tolerance, start, 100, seconds)
    point = relaxation.point()
    b = np.zeros((len(held), len(tasks)))
    b[point.column, point.task] = point.b
    return relaxation, b, np.array([relaxation.native.tau(k) for k in range(len(relaxation.sizes))])


def gradients(workspace: Workspace, held: Ids, b: Floats) -> list[Floats]:
    """K arrays (p,): u_k = c_k - (Q - D) b_k for d = lambda_1, by one look at X per task."""
    problem = workspace.problem
    link = problem.lambda_2 * (b - b.mean(axis=1, keepdims=True))
    out = []
    for k in range(problem.n_tasks):
        fitted = problem.blocks.columns_of(k, held) @ (b[:, k] / problem.standard.scale[held, k])
        fitted = residualize(fitted, problem.basis[k], problem.blocks.weights[k])
        g = cross_products(problem, k, fitted[:, None])[:, 0]
        u = np.where(workspace.diag_of(k) > 0, workspace.c[k] - g, 0.0)
        u[held] -= link[:, k]
        out.append(u)
    return out


def _gains(workspace: Workspace, k: int, u: Floats) -> Floats:
    """(p,) h(u) = u^2 / (2 d); 0 where a column may not be selected."""
    return np.where(workspace.diag_of(k) > 0, u**2 / (2 * workspace.problem.lambda_1), 0.0)


def best_selection(gains: Floats, tau: Floats, sizes: tuple[int, ...], problem: Problem) -> tuple[float, Floats]:
    """The inner minimum of the bound over all columns, gains (K, p); and (units, p) what each column's entry adds."""
    if problem.support == "common":
        gains = gains.sum(axis=0, keepdims=True)
    if problem.support == "common" or problem.lambda_z == 0 or len(gains) == 1:
        best = [np.sort(row)[::-1][:size] for row, size in zip(gains, sizes, strict=True)]
        last = np.array([[row[-1] if len(row) else np.inf] for row in best])
        return -float(sum(row.sum() for row in best)), np.maximum(last - gains, 0.0)
    K = len(gains)
    x = tau[:, None] - gains
    m = np.arange(1, K + 1)
    cost = (problem.lambda_z / 2 * m * (K - m) / K)[:, None]
    free = np.minimum((np.cumsum(np.sort(x, axis=0), axis=0) + cost).min(axis=0), 0.0)
    forced = np.empty_like(x)
    for k in range(K):
        others = np.vstack([np.zeros(x.shape[1]), np.cumsum(np.sort(np.delete(x, k, axis=0), axis=0), axis=0)])
        forced[k] = x[k] + (others + cost).min(axis=0)
    return float(free.sum() - tau @ np.array(sizes)), forced - free
