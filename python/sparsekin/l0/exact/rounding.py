"""The relaxation as an estimator: its shares z in [0, 1], and the supports they round to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.errors import OptionError
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.exact.proof import open_proof
from sparsekin.l0.exact.relaxation import Relaxation
from sparsekin.l0.exact.subproblem import Subproblem, solve_root, task_constants
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.polish import refit_value
from sparsekin.l0.pooled import is_pooled, pooled_problem, proven_of_tasks
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.state import Ids, Workspace, open_workspace

ACCURACY, GAP = 5e-4, 1e-4  # of F without columns; of F, below which the rounded fit is called optimal


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """Where the relaxation has its optimum.

    =========== ============= ==================================================================================
    field       shape         meaning
    =========== ============= ==================================================================================
    z           (p, K)        shares in [0, 1], at most s_k in all per task
    supports    K arrays      the s_k columns of largest share in each task (fewer where fewer are above 0)
    certificate Certificate   objective of the supports, bound of the relaxation; undecided counts 0 < z < 1
    =========== ============= ==================================================================================
    """

    z: Floats
    supports: Supports
    certificate: Certificate


def relax(problem: Problem, time_limit: float = np.inf) -> Relaxed:
    """Solve the perspective relaxation, Zbar in its Lovasz form, and round its Z; no tree is searched.

    All tasks at once where something ties them, else each on its own. The bound holds wherever iterations stopped.

    Parameters
    ----------
    problem : Problem
    time_limit : float
        Seconds.

    Returns
    -------
    Relaxed

    Raises
    ------
    OptionError
        Without a ridge, and with no more rows than features, the relaxation is 0 at any Z that is not.
    """
    if is_pooled(problem):
        one, K = relax(pooled_problem(problem), time_limit), problem.n_tasks
        return Relaxed(np.repeat(one.z, K, axis=1), one.supports * K, proven_of_tasks(problem, one.certificate))
    started, workspace = time.perf_counter(), open_workspace(problem)
    views = workspace.views(np.arange(problem.n_features, dtype=np.int32))
    z, bound = np.zeros((problem.n_features, problem.n_tasks)), 0.0
    for sub in _pieces(workspace, views):
        root = solve_root(sub, np.inf, ACCURACY * workspace.null, deadline=started + time_limit)
        _check(problem, root.relaxation)
        z[np.ix_(root.relaxation.candidates, np.array(sub.tasks))] = root.relaxation.shares().T
        bound += root.bound
    sizes = np.full(problem.n_tasks, problem.s.min()) if problem.support == "common" else problem.s
    z /= np.maximum(z.sum(axis=0) / sizes, 1.0)
    supports = [_largest(column, int(s)) for column, s in zip(z.T, sizes, strict=True)]
    value = refit_value(problem, as_mask(problem, supports))
    proof = open_proof(workspace, supports, value, GAP, Limits(), started=started)
    proof.status, proof.route, proof.undecided = "root", "relaxation", int(((z > 0) & (z < 1)).sum())
    proof.raise_bound(bound)
    return Relaxed(z, supports, proof.certificate())


def _pieces(workspace: Workspace, views: list[Any]) -> list[Subproblem]:
    """All tasks together where something ties them, else one after the other."""
    problem = workspace.problem
    if problem.n_tasks > 1 and (problem.support == "common" or problem.lambda_2 > 0 or problem.lambda_z > 0):
        return [Subproblem(workspace, tuple(range(problem.n_tasks)), workspace.null, views=views)]
    constants = task_constants(workspace)
    return [Subproblem(workspace, (k,), float(constant), views=views) for k, constant in enumerate(constants)]


def _check(problem: Problem, relaxation: Relaxation) -> None:
    if relaxation.vacuous:
        raise OptionError(
            f"With lambda_1 = {problem.lambda_1:g} the relaxation needs more rows than features in every task, and no "
            "column that others add up to; use a lambda_1 > 0, or solver='search'."
        )


def _largest(z: Floats, size: int) -> Ids:
    """At most `size` columns, those of largest share above 0."""
    first = np.argsort(-z, kind="stable")[:size]
    return np.sort(first[z[first] > 0]).astype(np.int32)
