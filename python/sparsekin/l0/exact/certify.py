"""Prove how far a solution can be from the optimum, and improve it on the way."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from sparsekin.l0.exact.apart import apart_for_a_while, prove_apart
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.exact.exchanges import nearby
from sparsekin.l0.exact.joint import checkpoints_of, hopeless_together, joint_tree
from sparsekin.l0.exact.listing import next_best
from sparsekin.l0.exact.proof import Proof, open_proof
from sparsekin.l0.exact.standing import Report, nothing_proven
from sparsekin.l0.exact.subproblem import solve_root, start_apart
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.exact.wide import MANY, WORTH, WORTH_BEFORE_TREES, bound_wide
from sparsekin.l0.polish import refit_value
from sparsekin.l0.pooled import certify_pooled, is_pooled, runners_up_pooled
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_mask, is_coupled
from sparsekin.l0.state import open_workspace
from sparsekin.options import Method


def certify(
    problem: Problem,
    supports: Supports,
    *,
    gap: float = 1e-4,
    time_limit: float = np.inf,
    node_limit: int = 10**9,
    memory_limit: float = np.inf,
    root_only: bool = False,
    method: Method = "tree",
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
    method : {"tree", "outer-approximation"}
        Our branch and bound, or cuts and linear masters (needs lambda_1 > 0).
    report : callable
        Hears the bound and the objective as they change.

    Returns
    -------
    supports : K arrays
    Certificate
    """
    if is_pooled(problem):
        return certify_pooled(
            certify, problem, supports, report, gap=gap, time_limit=time_limit, node_limit=node_limit,
            memory_limit=memory_limit, root_only=root_only, method=method,
        )  # fmt: skip
    started = time.perf_counter()
    limits = Limits(started + time_limit, node_limit, memory_limit)
    value = refit_value(problem, as_mask(problem, supports))
    try:
        proof = _open(problem, supports, gap, limits, report, value)
    except (TimeoutError, KeyboardInterrupt) as stop:
        status = "time limit" if isinstance(stop, TimeoutError) else "interrupted"
        return supports, nothing_proven(problem, value, gap, status, started)
    _run(proof, root_only, method)
    return proof.supports, proof.certificate()


def runners_up(
    problem: Problem, supports: Supports, m: int, *, time_limit: float = np.inf
) -> tuple[list[tuple[float, Supports]], str]:
    """The m supports of smallest F after the best one (fewer where there are fewer), and "proven", or why it is not.

    Exchanges of one column give a value below which m supports after the best one lie; everything below it is then
    listed exactly, as in `certify`.
    """
    if is_pooled(problem):
        return runners_up_pooled(runners_up, problem, supports, m, time_limit)
    limits = Limits(time.perf_counter() + time_limit)
    try:
        proof = open_squares(problem, supports, 1e-6, limits)
    except TimeoutError:
        return [], "time limit"
    except KeyboardInterrupt:
        return [], "interrupted"
    _run(proof, False)
    return next_best(proof, m, lambda: nearby(proof.workspace, proof.supports, m + 1, limits.deadline))


def open_squares(problem: Problem, supports: Supports, gap: float, limits: Limits) -> Proof:
    """A proof that starts from supports. `TimeoutError` where the time does not reach."""
    return _open(problem, supports, gap, limits, lambda bound, objective: None)


def _open(
    problem: Problem, supports: Supports, gap: float, limits: Limits, report: Report, value: float | None = None
) -> Proof:
    given = [np.asarray(S, np.int32) for S in supports]
    if problem.support == "common" and any(not np.array_equal(np.sort(S), np.sort(given[0])) for S in given):
        raise ValueError("supports differ between tasks; with a common support they must all be the same.")
    for k, S in enumerate(given):
        if len(S) > problem.s[k]:
            raise ValueError(f"supports[{k}] has {len(S)} columns; at most s = {problem.s[k]} may be selected.")
    value = refit_value(problem, as_mask(problem, given)) if value is None else value
    workspace = open_workspace(problem, limits.deadline)
    views = workspace.views(np.arange(problem.n_features, dtype=np.int32))
    return open_proof(workspace, given, value, gap, limits, report, views=views)


def _run(proof: Proof, root_only: bool, method: Method = "tree") -> None:
    """Prove; again where far better supports were met, with the finer tolerance they call for."""
    try:
        if method == "outer-approximation":
            from sparsekin.l0.exact.outer import approximate

            proof.route = "outer approximation"
            if not proof.done:  # where there is nothing to explain it is
                approximate(proof)
            proof.status = proof.status or "rounding"
            return
        before = np.inf
        while proof.objective < 0.9 * before and not proof.done and proof.status in ("", "solved", "root"):
            before, proof.status = proof.objective, ""
            _prove(proof, root_only)
        if proof.status in ("", "solved"):
            proof.status = "time limit" if time.perf_counter() >= proof.limits.deadline else "rounding"
    except KeyboardInterrupt:
        proof.status = "interrupted"


def _prove(proof: Proof, root_only: bool) -> None:
    problem = proof.workspace.problem
    one_piece = problem.n_tasks > 1 and (problem.support == "common" or is_coupled(problem))
    tied = one_piece or (problem.n_tasks > 1 and problem.support == "heterogeneous" and problem.lambda_z > 0)
    if problem.n_features >= MANY and problem.lambda_1 > 0 and (root_only or (tied and not one_piece)):
        prices = bound_wide(proof, WORTH if root_only else WORTH_BEFORE_TREES)
        if root_only or proof.done:
            return
        apart_for_a_while(proof, lambda: prove_apart(proof, prices, False))
        if not proof.unfinished:
            return
    if tied:
        _prove_jointly(proof, one_piece, root_only)
    else:
        prove_apart(proof, np.zeros((problem.n_tasks, problem.n_features)), root_only)


def _prove_jointly(proof: Proof, one_piece: bool, root_only: bool) -> None:
    """One tree over all tasks; unless nothing else is possible, the tasks apart where it is slow."""
    problem = proof.workspace.problem
    joint = proof.joint()
    start = None
    if not one_piece:
        start, bound = start_apart(joint, proof.limits.deadline)
        if not root_only and hopeless_together(proof, bound):
            apart_for_a_while(proof, lambda: prove_apart(proof, np.zeros((problem.n_tasks, problem.n_features)), False))
            if not proof.unfinished:
                return
    root = solve_root(joint, proof.objective, proof.tolerance, deadline=proof.limits.deadline, start=start)
    proof.undecided, proof.route = root.undecided, "root"
    proof.raise_bound(min(root.bound, root.excluded))
    if proof.done or root_only:
        proof.status = "root"
        return
    no_checks = one_piece or problem.n_features >= MANY
    joint_tree(proof, joint, root, () if no_checks else checkpoints_of(proof))
    if proof.status == "slow":
        prices = np.zeros((problem.n_tasks, problem.n_features))
        prices[:, root.relaxation.candidates] = root.relaxation.prices()
        apart_for_a_while(proof, lambda: prove_apart(proof, prices, False))
        if proof.unfinished:
            joint_tree(proof, joint, replace(root, value=proof.objective), ())
