"""Other exact routes from the same incumbent: outer approximation, a mixed-integer quadratic program, l0bnb at K = 1.

Called by exact.py.
"""

from __future__ import annotations

import time
from itertools import combinations
from typing import Any

import numpy as np

from exact_design import DEMO, Floats, described, percent, simulated, start
from sparsekin.l0.exact.certify import certify
from sparsekin.l0.exact.subproblem import task_constants
from sparsekin.l0.least_squares import weighted_rows
from sparsekin.l0.polish import refit, refit_value
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.state import open_workspace

SMALL: list[dict[str, Any]] = [
    {"p": 50, "n": 100, "n_tasks": 2, "lambda_1": 0.01},
    {"p": 50, "n": 100, "n_tasks": 5, "lambda_1": 0.01},
    {"p": 50, "n": 100, "n_tasks": 2, "lambda_1": 0.1},
    {"p": 200, "n": 200, "n_tasks": 2, "lambda_1": 0.05},
    DEMO,
]
ONE_TASK: list[dict[str, Any]] = [
    {"p": 100, "n": 200, "lambda_1": 0.5},
    {"p": 1000, "n": 500, "lambda_1": 0.5},
    {"p": 100, "n": 200, "lambda_1": 0.1},
    {"p": 1000, "n": 500, "lambda_1": 0.1},
    {"p": 1000, "n": 500, "lambda_1": 0.2, "snr": 1.0},
]


def quadratics(problem: Problem) -> tuple[list[Floats], list[Floats], Floats]:
    """G_k, c_k and F of each task without columns."""
    columns = np.arange(problem.n_features)
    rows = [weighted_rows(problem, np.array([k]), columns) for k in range(problem.n_tasks)]
    parts = [(X.T @ X, X.T @ Y) for X, Y in rows]
    return [G for G, _ in parts], [c[:, 0] for _, c in parts], task_constants(open_workspace(problem))


def masters(problem: Problem) -> tuple[Any, list[list[Any]], Any]:
    """A silent SCIP model with z, cardinalities, and Zbar as the sum of differences; z and the price of Zbar."""
    from pyscipopt import Model, quicksum

    K, p = problem.n_tasks, problem.n_features
    model = Model()
    model.hideOutput()
    z = [[model.addVar(vtype="B") for _ in range(p)] for _ in range(K)]
    for k in range(K):
        model.addCons(quicksum(z[k]) <= int(problem.s[k]))
    terms = []
    for j in range(p):
        for a in range(K):
            for b in range(a + 1, K):
                t = model.addVar(lb=0.0)
                model.addCons(t >= z[a][j] - z[b][j])
                model.addCons(t >= z[b][j] - z[a][j])
                terms.append(t)
    return model, z, problem.lambda_z / (2 * K) * quicksum(terms)


def big_m(problem: Problem, supports: Supports, value: float, limit: float) -> float:
    """Gap of SCIP on the mixed-integer quadratic program; M = 1.5 times the largest coefficient of the incumbent."""
    from pyscipopt import quicksum

    G, c, constants = quadratics(problem)
    model, z, price = masters(problem)
    M = 1.5 * float(np.abs(refit(problem, as_mask(problem, supports))).max())
    K, p = problem.n_tasks, problem.n_features
    b = [[model.addVar(lb=-M, ub=M) for _ in range(p)] for _ in range(K)]
    etas = []
    for k in range(K):
        for j in range(p):
            model.addCons(b[k][j] <= M * z[k][j])
            model.addCons(b[k][j] >= -M * z[k][j])
        L = np.linalg.cholesky(G[k] + problem.lambda_1 * np.eye(p) + 1e-10 * np.eye(p))
        r = [model.addVar(lb=None) for _ in range(p)]
        for i in range(p):
            model.addCons(r[i] == quicksum(L[j, i] * b[k][j] for j in range(i, p)))
        eta = model.addVar(lb=0.0)
        linear = quicksum(c[k][j] * b[k][j] for j in range(p))
        model.addCons(eta >= float(constants[k]) - linear + 0.5 * quicksum(x * x for x in r))
        etas.append(eta)
    model.setObjective(quicksum(etas) + price)
    model.setParam("limits/time", limit)
    model.setParam("limits/gap", 1e-4)
    model.optimize()
    return max(value - model.getDualbound(), 0.0) / value


def routes_table(limit: float) -> list[str]:
    """One line per instance, `limit` seconds for each route."""
    lines = [
        f"| instance ({limit:g} s each) | this package | outer approximation, valid cuts | big-M + Zbar in SCIP |",
        "|---|---|---|---|",
    ]
    for settings in SMALL:
        problem = simulated(**settings)
        supports, value = start(problem)
        cells = []
        for method in ("tree", "outer-approximation"):
            _, proof = certify(problem, supports, time_limit=limit, method=method)
            cells.append(f"{percent(proof.gap)}, {proof.seconds:.2f} s")
        began = time.perf_counter()
        gap = big_m(problem, supports, value, limit)
        cells.append(f"{percent(gap)}, {time.perf_counter() - began:.2f} s")
        lines.append(f"| {described(settings)} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    return lines


def l0bnb_table(limit: float) -> list[str]:
    """K = 1, CPU seconds. l0bnb solves ||y - X b||^2 / 2 + lambda_0 ||b||_0 + lambda_2 ||b||^2 with |b| <= M.

    That is n times F with a price per feature instead of s. It gets a price for which the constrained optimum is its
    own too, the same incumbent, M = 1.5 times the largest coefficient of the optimum, and the same absolute gap.
    """
    compare_with_enumeration()
    lines = [
        "| K 1 | this package, CPU s | l0bnb, CPU s | l0bnb / this package | gap of l0bnb | same support |",
        "|---|---|---|---|---|---|",
    ]
    for settings in ONE_TASK:
        problem = simulated(**settings, n_tasks=1)
        supports, _ = start(problem)
        began = time.process_time()
        best, proof = certify(problem, supports, time_limit=limit)
        ours = time.process_time() - began
        price = l0_price(problem, best, proof.objective)
        total = proof.objective + price * len(best[0])
        found, theirs = run_l0bnb(problem, best, price, 1e-4 * proof.objective / total, limit)
        chosen = np.flatnonzero(np.abs(found.beta) > 1e-9)
        gap = found.gap * total / proof.objective
        more = "" if gap <= 1.01e-4 else "> "
        lines.append(
            f"| {described(settings)} | {ours:.2f} ({proof.status}) | {theirs:.2f} | {more}{theirs / ours:.0f} "
            f"| {percent(gap)} | {'yes' if set(chosen) == set(best[0]) else 'no'} |"
        )
        print(lines[-1], flush=True)
    return lines


def run_l0bnb(problem: Problem, best: Supports, price: float, gap: float, limit: float) -> tuple[Any, float]:
    """What l0bnb finds, started at our best, and its CPU seconds."""
    np.Inf = np.inf  # noqa: NPY201  (l0bnb 1.0 was written for NumPy 1)
    from l0bnb import BNBTree

    blocks, b = problem.blocks, refit(problem, as_mask(problem, best))[:, 0]
    X = np.asarray(blocks.X - blocks.X.mean(axis=0)) / problem.standard.scale[:, 0]
    y, n = blocks.y[0] - blocks.y[0].mean(), len(blocks.y[0])
    began = time.process_time()
    tree = BNBTree(X, y)
    found = tree.solve(
        price * n, problem.lambda_1 / 2 * n, 1.5 * float(np.abs(b).max()), gap_tol=gap, warm_start=b, time_limit=limit
    )
    return found, time.process_time() - began


def compare_with_enumeration() -> None:
    """On 8 columns: l0bnb's optimum is n times the least F + price |S| of all supports. Compiles it, too."""
    problem = simulated(8, n=40, n_tasks=1, s=8, lambda_1=0.1)
    price, sets = 0.02, [S for m in range(9) for S in combinations(range(8), m)]
    values = [refit_value(problem, as_mask(problem, [np.array(S, np.int32)])) + price * len(S) for S in sets]
    best = sets[int(np.argmin(values))]
    found, _ = run_l0bnb(problem, [np.array(best, np.int32)], price, 1e-6, 60.0)
    np.testing.assert_allclose(found.cost, 40 * min(values), rtol=1e-6)
    assert tuple(np.flatnonzero(np.abs(found.beta) > 1e-9)) == best


def l0_price(problem: Problem, best: Supports, value: float) -> float:
    """A price per feature between what the last feature is worth and what one more would bring."""
    S = best[0]
    loss = min(refit_value(problem, as_mask(problem, [np.delete(S, i)])) - value for i in range(len(S)))
    base = as_mask(problem, best)
    gains = []
    for j in np.setdiff1d(np.arange(problem.n_features), S):
        more = base.copy()
        more[j] = True
        gains.append(value - refit_value(problem, more))
    return float(np.sqrt(loss * max(gains)))
