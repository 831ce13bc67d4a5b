"""Branch and bound over the supports of one task, with the bounds of the relaxation of its loss."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field, replace

import numpy as np

from sparsekin.l0.exact.certificate import Certificate, relative_gap
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.fit import Fit, Supports, refit
from sparsekin.l0.glm.relaxation import Marks, Root, relax_from
from sparsekin.l0.glm.single import task_of
from sparsekin.l0.problem import Problem

WHOLE = 1e-4  # a share this near to 0 or 1 is taken for it


@dataclass(order=True, slots=True)
class _Node:
    bound: float
    number: int
    marks: Marks = field(compare=False)
    z: np.ndarray = field(compare=False)


@dataclass(slots=True, eq=False)
class Proof:
    """What is proven of one task: the best fit, a bound, and nodes looked at."""

    fit: Fit
    bound: float
    nodes: int
    status: str
    open_columns: int = 0


def prove_task(problem: Problem, fit: Fit, gap: float, deadline: float, node_limit: int) -> Proof:
    """Best-first search until bound and objective differ by `gap` times the objective.

    `problem` is of one task, lambda_1 > 0. "time limit", "node limit", or "optimal".
    """
    descent = Descent.open(problem)
    free = np.where(np.isfinite(descent.freezer.least[0]), -1, 0).astype(np.int8)[None, :]
    root = relax_from(descent, free, deadline, fit.F * (1 - gap))
    proof = Proof(fit, root.bound, 1, "optimal", _undecided(root, free))
    heap = [_Node(root.bound, 0, free, root.z)]
    try:
        while heap:
            node = heapq.heappop(heap)
            proof.bound = min(node.bound, proof.fit.F)
            if node.bound >= proof.fit.F * (1 - gap):
                return proof
            if time.perf_counter() > deadline or proof.nodes >= node_limit:
                proof.status = "time limit" if proof.nodes < node_limit else "node limit"
                return proof
            for child in _children(descent, node, proof, gap, deadline):
                heapq.heappush(heap, child)
    except KeyboardInterrupt:
        proof.status = "interrupted"
        return proof
    proof.bound = proof.fit.F
    return proof


def _undecided(root: Root, marks: Marks) -> int:
    return int(((root.z[:, 0] > WHOLE) & (root.z[:, 0] < 1 - WHOLE) & (marks[0] == -1)).sum())


def _children(descent: Descent, node: _Node, proof: Proof, gap: float, deadline: float) -> list[_Node]:
    """Both sides of the column whose share is largest among those not decided, and what their shares round to."""
    problem, s = descent.problem, int(descent.problem.s[0])
    undecided = node.marks[0] == -1
    if not undecided.any():
        return []
    share = np.where(undecided, np.minimum(node.z[:, 0], 1 - node.z[:, 0]), -1.0)
    j = int(share.argmax()) if share.max() > WHOLE else int(np.where(undecided, node.z[:, 0], -1.0).argmax())
    out = []
    for value in (1, 0):
        marks = node.marks.copy()
        marks[0, j] = value
        inside = np.flatnonzero(marks[0] == 1)
        if len(inside) == s:
            marks[0, marks[0] == -1] = 0
        proof.nodes += 1
        if not (marks[0] == -1).any() or len(inside) == s:
            _offer(problem, proof, inside)
            continue
        root = relax_from(descent, marks, deadline, proof.fit.F * (1 - gap))
        order = np.argsort(-np.where(marks[0] == -1, root.z[:, 0], -1.0), kind="stable")[: s - len(inside)]
        _offer(problem, proof, np.concatenate([inside, order[root.z[order, 0] > 0]]))
        bound = max(root.bound, node.bound)
        if bound < proof.fit.F * (1 - gap):
            out.append(_Node(bound, proof.nodes, marks, root.z))
    return out


def _offer(problem: Problem, proof: Proof, S: np.ndarray) -> None:
    """Take a support over where it is better."""
    found = refit(problem, [np.sort(S).astype(np.int32)], proof.fit, proof.fit.F)
    if found is not None and found.F < proof.fit.F:
        proof.fit = found


def prove_apart(
    problem: Problem, supports: Supports, gap: float, time_limit: float, node_limit: int
) -> tuple[Supports, Certificate]:
    """A certificate for tasks that share nothing: each has a tree of its own, and its share of the time."""
    started = time.perf_counter()
    fits, bounds, nodes, undecided, status = [], 0.0, 0, 0, "optimal"
    for k in range(problem.n_tasks):
        own = replace(task_of(problem, k), s=problem.s[[k]])
        fit = refit(own, [supports[k]])
        assert fit is not None
        now = time.perf_counter()
        share = max(started + time_limit - now, 0.0) / (problem.n_tasks - k)
        proof = prove_task(own, fit, gap, now + share, node_limit)
        fits.append(proof.fit)
        bounds, nodes, undecided = bounds + proof.bound, nodes + proof.nodes, undecided + proof.open_columns
        if proof.status != "optimal":
            status = proof.status
        if status == "interrupted":
            break
    if len(fits) < problem.n_tasks:
        rest = [refit(task_of(problem, k), [supports[k]]) for k in range(len(fits), problem.n_tasks)]
        fits += [fit for fit in rest if fit is not None]
    value = float(sum(fit.F for fit in fits))
    proven = Certificate(
        value, min(bounds, value), relative_gap(value, min(bounds, value)), status, gap, nodes,
        time.perf_counter() - started, problem.n_features * problem.n_tasks, undecided, "one tree per task", "",
    )  # fmt: skip
    return [fit.supports[0] for fit in fits], proven
