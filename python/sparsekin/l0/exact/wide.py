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
LOOKS, WORTH, WORTH_BEFORE_TREES = 8, 0.01, 0.1  # looks at all columns, and the share of the gap each must bring


def bound_wide(proof: Proof, worth_a_look: float = WORTH) -> Floats:
    """Raise the bound of a proof by the root of a working set; also the prices (K, p) of the Zbar penalty there.

    Looks at all columns go on as long as each brings `worth_a_look` of the gap.
    """
    workspace = proof.workspace
    problem = workspace.problem
    proof.route, proof.status = "root", "root"
    scores = [_gains(workspace, k, workspace.c[k]) for k in range(problem.n_tasks)]
    held = np.unique(np.concatenate([*proof.supports, *(top(score, FIRST) for score in scores)])).astype(np.int32)
    best, start, prices = 0.0, Point.nothing(), np.zeros((problem.n_tasks, problem.n_features))
    for _ in range(LOOKS):
        if proof.limits.late:
            break
        relaxation, b, tau = _relaxed(proof, held, start)
        u = gradients(workspace, held, b, proof.limits.deadline)
        if u is None:
            break
        gains = np.array([_gains(workspace, k, u[k]) for k in range(problem.n_tasks)])
        inside = sum(float(b[:, k] @ (workspace.c[k][held] - u[k][held])) for k in range(problem.n_tasks))
        inner = best_selection(gains, tau, relaxation.sizes, problem)
        plain = workspace.null - inside / 2
        bound = plain + inner - 1e-10 * (abs(plain) + abs(inner) + workspace.null)
        worth = bound <= 0 or bound - best > worth_a_look * (proof.objective - best)
        if bound > best and problem.lambda_z > 0 and problem.support == "heterogeneous":
            prices = np.asarray(_native.project_prices(list(gains - tau[:, None]), problem.lambda_z))
        best = max(best, bound)
        proof.raise_bound(best)
        margins = entry_margins(gains, tau, relaxation.sizes, problem, proof.limits.deadline)
        if margins is None:
            break
        proof.undecided = int((bound + margins < proof.objective - proof.tolerance).sum())
        worths = gains if len(margins) == len(gains) else gains.sum(axis=0, keepdims=True)
        entering = np.where(margins <= 1e-9 * workspace.null, worths, 0.0)
        wanted = np.unique(np.concatenate([top(row, MORE) for row in entering]))
        fresh = np.setdiff1d(wanted, held).astype(np.int32)
        if not worth or not len(fresh):
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


def gradients(workspace: Workspace, held: Ids, b: Floats, deadline: float = np.inf) -> list[Floats] | None:
    """K arrays (p,): u_k = c_k - (Q - D) b_k for d = lambda_1, by one look at X per task; None after the deadline."""
    problem = workspace.problem
    link = problem.lambda_2 * (b - b.mean(axis=1, keepdims=True))
    out = []
    for k in range(problem.n_tasks):
        if time.perf_counter() > deadline:
            return None
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


def best_selection(gains: Floats, tau: Floats, sizes: tuple[int, ...], problem: Problem) -> float:
    """The inner minimum of the bound over all columns, gains (K, p)."""
    if not _by_sets(gains, problem):
        best = [np.sort(row)[::-1][:size] for row, size in zip(_of_units(gains, problem), sizes, strict=True)]
        return -float(sum(row.sum() for row in best))
    x, cost = tau[:, None] - gains, _costs(len(gains), problem)
    return float(_least(np.sort(x, axis=0), cost).sum() - tau @ np.array(sizes))


def entry_margins(
    gains: Floats, tau: Floats, sizes: tuple[int, ...], problem: Problem, deadline: float = np.inf
) -> Floats | None:
    """(units, p) what each column's entry adds to the inner minimum; None after the deadline."""
    if not _by_sets(gains, problem):
        rows = _of_units(gains, problem)
        best = [np.sort(row)[::-1][:size] for row, size in zip(rows, sizes, strict=True)]
        last = np.array([[row[-1] if len(row) else np.inf] for row in best])
        return np.asarray(np.maximum(last - rows, 0.0))
    x, cost = tau[:, None] - gains, _costs(len(gains), problem)
    free, forced = _least(np.sort(x, axis=0), cost), np.empty_like(x)
    for k in range(len(x)):
        if time.perf_counter() > deadline:
            return None
        others = np.vstack([np.zeros(x.shape[1]), np.cumsum(np.sort(np.delete(x, k, axis=0), axis=0), axis=0)])
        forced[k] = x[k] + (others + cost).min(axis=0)
    return forced - free


def _by_sets(gains: Floats, problem: Problem) -> bool:
    """Whether the choice of a column in one task depends on the others."""
    return problem.support != "common" and problem.lambda_z > 0 and len(gains) > 1


def _of_units(gains: Floats, problem: Problem) -> Floats:
    return gains.sum(axis=0, keepdims=True) if problem.support == "common" else gains


def _costs(K: int, problem: Problem) -> Floats:
    """(K, 1) what 1 to K tasks with a column pay for it."""
    m = np.arange(1, K + 1)
    return np.asarray((problem.lambda_z / 2 * m * (K - m) / K)[:, None])


def _least(x: Floats, cost: Floats) -> Floats:
    """(p,) the best prefix of ascending x (K, p) at these costs, or nothing."""
    return np.minimum((np.cumsum(x, axis=0) + cost).min(axis=0), 0.0)
