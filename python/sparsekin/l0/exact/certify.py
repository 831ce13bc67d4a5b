"""Prove how far a solution can be from the optimum, and improve it on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.certificate import Certificate, relative_gap
from sparsekin.l0.exact.coupling import Pool, better_prices, join, safe_excess
from sparsekin.l0.exact.subproblem import Root, Subproblem, search, solve_root, task_constants
from sparsekin.l0.polish import refit_value
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_mask, is_coupled, open_search
from sparsekin.l0.solve import ALL_COLUMNS
from sparsekin.l0.state import Workspace, open_workspace

ROUNDS = 8  # times prices are improved
JOINT = 60  # undecided items up to which one tree over all tasks is tried first
Report = Callable[[float, float], None]  # bound, objective


@dataclass(slots=True)
class Proof:
    """Where a proof stands."""

    workspace: Workspace
    supports: Supports
    objective: float
    gap: float
    deadline: float = np.inf
    node_limit: int = 10**9
    memory_limit: float = np.inf
    report: Report = lambda bound, objective: None
    bound: float = -np.inf
    nodes: int = 0
    undecided: int = 0
    status: str = ""
    route: str = ""
    started: float = field(default_factory=time.perf_counter)

    @property
    def tolerance(self) -> float:
        """What may be cut off: a fifth of the gap asked for, so that the rest can be spent elsewhere."""
        return 0.2 * self.gap * self.objective

    @property
    def done(self) -> bool:
        """Whether the gap is closed."""
        return relative_gap(self.objective, self.bound) <= self.gap

    @property
    def limits(self) -> dict[str, float]:
        """What is left of the limits."""
        return {
            "deadline": self.deadline,
            "node_limit": self.node_limit - self.nodes,
            "memory_limit": self.memory_limit,
        }

    def raise_bound(self, bound: float) -> None:
        """Keep the best bound proven."""
        self.bound = min(max(self.bound, bound), self.objective)
        self.report(self.bound, self.objective)

    def offer(self, supports: Supports) -> None:
        """Keep supports if they are better."""
        value = refit_value(self.workspace.problem, as_mask(self.workspace.problem, supports))
        if value < self.objective:
            self.supports, self.objective = [np.sort(S).astype(np.int32) for S in supports], value

    def certificate(self) -> Certificate:
        """What was proven."""
        problem = self.workspace.problem
        units = 1 if problem.support == "common" else problem.n_tasks
        status = "optimal" if self.done else self.status or "gap not closed"
        return Certificate(
            objective=self.objective,
            bound=self.bound,
            gap=relative_gap(self.objective, self.bound),
            status=status,
            asked=self.gap,
            nodes=self.nodes,
            seconds=time.perf_counter() - self.started,
            candidates=units * problem.n_features,
            undecided=self.undecided,
            route=self.route,
            scip=_scip_version() if self.nodes else "",
        )


def certify(
    problem: Problem,
    supports: Supports,
    *,
    gap: float = 1e-4,
    time_limit: float = np.inf,
    node_limit: int = 10**9,
    memory_limit: float = np.inf,
    root_only: bool = False,
    report: Report = lambda bound, objective: None,
) -> tuple[Supports, Certificate]:
    """Prove a lower bound of F, to a relative gap if the limits allow, starting from given supports.

    Parameters
    ----------
    problem : Problem
    supports : K arrays of column numbers
        The best known; better ones met on the way replace them.
    gap : float
        Relative gap at which to stop.
    time_limit : float
        Seconds.
    node_limit : int
    memory_limit : float
        Megabytes of SCIP's tree.
    root_only : bool
        Bounds of the root only, no tree.
    report : callable
        Hears the bound and the objective as they change.

    Returns
    -------
    supports : K arrays
    Certificate
    """
    workspace = open_workspace(problem)
    supports = [np.asarray(S, np.int32) for S in supports]
    proof = Proof(
        workspace, supports, refit_value(problem, as_mask(problem, supports)), gap,
        deadline=time.perf_counter() + time_limit, node_limit=node_limit, memory_limit=memory_limit, report=report,
    )  # fmt: skip
    try:
        _prove(proof, root_only)
    except KeyboardInterrupt:
        proof.status = "interrupted"
    return proof.supports, proof.certificate()


def _prove(proof: Proof, root_only: bool) -> None:
    problem = proof.workspace.problem
    proof.bound = 0.0
    tied = problem.n_tasks > 1 and (
        problem.support == "common"
        or is_coupled(problem)
        or (problem.support == "heterogeneous" and problem.lambda_z > 0)
    )
    prices = np.zeros((problem.n_tasks, problem.n_features))
    if tied:
        joint = Subproblem(proof.workspace, tuple(range(problem.n_tasks)), proof.workspace.null)
        root = solve_root(joint, proof.objective, proof.tolerance)
        proof.undecided, proof.route = root.undecided, "root"
        proof.raise_bound(min(root.bound, root.excluded))
        if proof.done or (root_only and (problem.support == "common" or is_coupled(problem))):
            proof.status = "root"
            return
        if problem.support == "common" or is_coupled(problem) or (root.undecided <= JOINT and not root_only):
            _joint_tree(proof, joint, root)
            return
        prices[:, root.relaxation.candidates] = root.relaxation.prices()
    _apart(proof, prices, root_only)


def _joint_tree(proof: Proof, joint: Subproblem, root: Root) -> None:
    proof.route = "joint tree"
    found, supports = search(
        joint, root, proof.tolerance, **proof.limits, on_node=lambda bound, value: proof.report(proof.bound, value)
    )
    proof.nodes += found.nodes
    if found.columns is not None:
        proof.offer(supports[found.columns])
    proof.raise_bound(min(found.bound, root.excluded))
    proof.status = found.status


def _apart(proof: Proof, prices: Floats, root_only: bool) -> None:
    """One tree per task, prices improved between rounds, near-optimal supports joined at the end."""
    problem = proof.workspace.problem
    K, constants = problem.n_tasks, task_constants(proof.workspace)
    tied = problem.support == "heterogeneous" and problem.lambda_z > 0 and K > 1
    proof.route = "root" if root_only else "one tree per task"
    pool: Pool = [{} for _ in range(K)]
    best_prices, best_bounds = prices, np.full(K, -np.inf)
    for round_ in range(ROUNDS if tied else 1):
        bounds = np.empty(K)
        proof.undecided = 0
        for k in range(K):
            bounds[k] = _task_bound(proof, Subproblem(proof.workspace, (k,), constants[k], prices[k]), pool, root_only)
        total = bounds.sum() - (safe_excess(prices, problem.lambda_z) if tied else 0.0)
        if total >= best_bounds.sum():
            best_prices, best_bounds = prices, bounds
        proof.raise_bound(total)
        if tied or not root_only:
            _combine(proof, pool, prices)
        if root_only:
            proof.status = "root"
            return
        if proof.done or proof.status or not tied:
            return
        step = better_prices(pool, best_prices, problem.lambda_z)
        prices = step if round_ == 0 else 0.5 * (step + best_prices)
    _enumerate(proof, best_prices, best_bounds, constants)


def _task_bound(proof: Proof, sub: Subproblem, pool: Pool, root_only: bool) -> float:
    """Proven bound of one task with prices; supports met join the pool."""
    k, K = sub.tasks[0], proof.workspace.problem.n_tasks
    start = tuple(proof.supports[k].tolist())
    for S in {start, *pool[k]}:
        pool[k].setdefault(S, sub.evaluate([np.array(S, int)]) - float(sub.prices[list(S)].sum()))
    value, S = min((plain + float(sub.prices[list(S)].sum()), S) for S, plain in pool[k].items())
    tolerance = proof.tolerance / K
    root = solve_root(sub, value, tolerance)
    proof.undecided += root.undecided
    if root_only or root.undecided == 0 or proof.status:
        return min(max(root.bound, -np.inf), root.excluded, value) if root.undecided else min(root.excluded, value)
    found, supports = search(sub, root, tolerance, **proof.limits)
    proof.nodes += found.nodes
    if found.columns is not None:
        S = tuple(sorted(supports[found.columns][0].tolist()))
        pool[k][S] = found.value - float(sub.prices[list(S)].sum())
    if found.status != "solved":
        proof.status = found.status
    return min(found.bound, root.excluded)


def _combine(proof: Proof, pool: Pool, prices: Floats) -> None:
    """The supports the tasks like best at these prices, polished together."""
    best = [min(met, key=lambda S, k=k: met[S] + prices[k, list(S)].sum()) for k, met in enumerate(pool)]
    supports = [np.array(sorted(S), np.int32) for S in best]
    proof.offer(supports)
    workspace = proof.workspace
    columns = np.arange(workspace.problem.n_features, dtype=np.int32)
    if len(columns) > ALL_COLUMNS:
        columns = np.unique(np.concatenate([np.array(S, np.int32) for met in pool for S in met] + proof.supports))
    search_ = open_search(workspace, workspace.views(columns.astype(np.int32)))
    search_.load(supports)
    search_.polish()
    proof.offer(search_.supports())


def _enumerate(proof: Proof, prices: Floats, bounds: Floats, constants: Floats) -> None:
    """List for each task everything within what is left of the gap, and join the lists exactly."""
    problem = proof.workspace.problem
    excess = safe_excess(prices, problem.lambda_z)
    slack = proof.objective - proof.tolerance - (bounds.sum() - excess)
    lists: Pool = []
    proven = bounds.copy()
    for k in range(problem.n_tasks):
        sub = Subproblem(proof.workspace, (k,), constants[k], prices[k])
        keep = bounds[k] + slack
        root = solve_root(sub, keep, 0.0, keep)
        if root.undecided == 0:
            lists.append(_only(sub, root))
            continue
        found, supports = search(sub, root, 0.0, **proof.limits, keep=keep)
        proof.nodes += found.nodes
        if found.status != "solved":
            proof.status = found.status
            return
        lists.append(
            {
                tuple(sorted(supports[c][0].tolist())): v - float(prices[k, supports[c][0]].sum())
                for c, v in found.leaves.items()
            }
        )
    best = join(lists, proven, prices, slack + excess, problem.lambda_z)
    for _, supports in best[:1]:
        proof.offer(supports)
    proof.raise_bound(proof.objective - proof.tolerance)
    proof.status = ""


def _only(sub: Subproblem, root: Root) -> dict[tuple[int, ...], float]:
    """The one support a root without free columns leaves."""
    S = tuple(sorted(root.relaxation.candidates[root.marks[0] == 1].tolist()))
    return {S: sub.evaluate([np.array(S, int)]) - float(sub.prices[list(S)].sum())}


def _scip_version() -> str:
    from pyscipopt import Model

    return f"{Model().version():.1f}"
