"""Outer approximation: one mixed-integer linear program after the other, as published, with cuts that are valid.

The loss L (Bbar included) is convex, so with C its gradient at *any* B, and the ridge minimised exactly,

    f(Z) = min_B { L(B) + lambda_1 / 2 ||B||^2 : b_kj = 0 where z_kj = 0 }
         >= L(B) - <C, B> - sum_kj c_kj^2 z_kj / (2 lambda_1),

with equality where B is the refit of Z (Loewinger et al., arXiv 2212.08697, have -M sum |c_kj| |z_kj - z0_kj| in its
place, which cuts off optima when B is inexact). Without Bbar each task has cuts of its own. As f >= 0, coefficients
below minus the constant are raised to it. A master minimises the sum of the epigraphs and Zbar over binary Z; the
supports it proposes are refitted and give the next cuts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from pyscipopt import SCIP_EVENTTYPE, Eventhdlr, Model, quicksum

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.profile import residualize
from sparsekin.l0.exact.proof import Proof
from sparsekin.l0.exact.scip import catching_ctrl_c
from sparsekin.l0.polish import refit, refit_value
from sparsekin.l0.problem import Problem, factor, outcomes
from sparsekin.l0.search import as_mask

TOLERANCE = 1e-7  # of SCIP, in units of the first objective; what it adds up to is taken off the bound
STATUS = {"timelimit": "time limit", "totalnodelimit": "node limit", "memlimit": "memory limit"}


def approximate(proof: Proof) -> None:
    """Cut and solve masters until the gap is closed or a limit is reached."""
    try:
        master = Master(proof)
        _propose(proof, master)
    except TimeoutError:
        proof.status = "time limit"


def _propose(proof: Proof, master: Master) -> None:
    here, met = as_mask(proof.workspace.problem, proof.supports), set()
    with catching_ctrl_c(master):
        while not (proof.done or proof.status or master.solved):
            if here.tobytes() in met:
                master.forbid(here)
            met.add(here.tobytes())
            master.cut(here)
            here = master.propose(here)
            proof.offer([np.flatnonzero(z).astype(np.int32) for z in here.T])
            proof.raise_bound(master.bound)


class Listener(Eventhdlr):
    """Reports the bound of a master, and ends it when that is enough or Ctrl-C was heard."""

    def __init__(self, master: Master) -> None:
        self.master = master

    def eventinit(self) -> None:
        self.model.catchEvent(SCIP_EVENTTYPE.LPSOLVED, self)
        self.model.catchEvent(SCIP_EVENTTYPE.NODESOLVED, self)

    def eventexit(self) -> None:
        self.model.dropEvent(SCIP_EVENTTYPE.LPSOLVED, self)
        self.model.dropEvent(SCIP_EVENTTYPE.NODESOLVED, self)

    def eventexec(self, event: Any) -> None:
        if self.master.heard_enough():
            self.model.interruptSolve()


class Master:
    """The program over Z, in units of the first objective."""

    def __init__(self, proof: Proof) -> None:
        self.proof, self.unit = proof, proof.objective or proof.workspace.null or 1.0
        self.problem = problem = proof.workspace.problem
        self.known = np.inf  # the least value of what is forbidden
        self.bound, self.solved, self.stopped = 0.0, False, ""
        self.allowance = TOLERANCE * (1 + int(problem.s.sum()))
        self.model = Model()
        self.model.hideOutput()
        for name in ("feastol", "dualfeastol", "sumepsilon"):
            self.model.setParam(f"numerics/{name}", TOLERANCE)
        self.model.setParam("misc/catchctrlc", False)
        self.z = self._supports()
        self.etas = [self.model.addVar() for _ in range(1 if problem.lambda_2 > 0 else problem.n_tasks)]
        self.model.setObjective(quicksum(self.etas) + self._zbar())
        self.model.includeEventhdlr(Listener(self), "listener", "bound, gap and Ctrl-C")

    def _supports(self) -> list[list[Any]]:
        """K rows of p binary variables, one and the same row where the support is common."""
        problem, model = self.problem, self.model
        may, sizes = self.proof.workspace.may.T, problem.s
        if problem.support == "common":
            may, sizes = np.array([may.all(axis=0)]), np.array([problem.s.min()])
        rows = [[self._in_time(model.addVar, vtype="B", ub=float(usable)) for usable in row] for row in may]
        for row, size in zip(rows, sizes, strict=True):
            model.addCons(quicksum(row) <= int(size))
        self.proof.undecided = int(may.sum())
        return rows if len(rows) == problem.n_tasks else rows * problem.n_tasks

    def _in_time(self, make: Callable[..., Any], **given: Any) -> Any:
        """What `make` makes; `TimeoutError` after the deadline."""
        if self.proof.limits.late:
            raise TimeoutError
        return make(**given)

    def _zbar(self) -> Any:
        """lambda_z / (2 K) times sum_j sum_{k<l} |z_kj - z_lj|."""
        problem, model, terms = self.problem, self.model, []
        if problem.lambda_z == 0 or problem.support == "common":
            return 0.0
        for column in zip(*self.z, strict=True):
            for one, other in combinations(column, 2):
                terms.append(self._in_time(model.addVar))
                model.addCons(terms[-1] >= one - other)
                model.addCons(terms[-1] >= other - one)
        return problem.lambda_z / (2 * problem.n_tasks * self.unit) * quicksum(terms)

    def cut(self, support: Bools) -> None:
        """Add the cuts at the refit of a support (p, K)."""
        constants, slopes = cuts_at(self.problem, refit(self.problem, support))
        if len(self.etas) == 1:
            constants = constants.sum(keepdims=True)
        self.model.freeTransform()
        for i, (eta, constant) in enumerate(zip(self.etas, constants / self.unit, strict=True)):
            tasks = [i] if len(self.etas) > 1 else range(self.problem.n_tasks)
            pairs = [pair for k in tasks for pair in zip(slopes[k] / self.unit, self.z[k], strict=True)]
            if self.proof.limits.late:
                raise TimeoutError
            self.model.addCons(eta >= float(constant) + quicksum(max(float(h), -float(constant)) * z for h, z in pairs))

    def forbid(self, support: Bools) -> None:
        """Leave out a support that was met, its value being known."""
        self.known = min(self.known, refit_value(self.problem, support))
        self.model.freeTransform()
        flips = [1 - z if on else z for k, row in enumerate(self.z) for on, z in zip(support[:, k], row, strict=True)]
        self.model.addCons(quicksum(flips) >= 1)

    def propose(self, here: Bools) -> Bools:
        """Solve; the best support (p, K) met, or the one given."""
        left = self.proof.left
        self.model.setParam("limits/time", min(max(left.deadline - time.perf_counter(), 0.0), 1e20))
        self.model.setParam("limits/totalnodes", left.nodes)
        self.model.setParam("limits/memory", min(left.megabytes, 1e9))
        self.model.optimize()
        self._hear()
        self.proof.nodes += self.model.getNTotalNodes()
        self.proof.status = self.stopped or STATUS.get(self.model.getStatus(), "")
        self.solved = self.model.getStatus() == "infeasible"
        if self.model.getNSols() == 0:
            return here
        return np.array([[self.model.getVal(z) > 0.5 for z in row] for row in self.z]).T

    def heard_enough(self) -> bool:
        """Report the bound; whether it closes the gap, or Ctrl-C was heard."""
        self._hear()
        self.proof.raise_bound(self.bound)
        return bool(self.stopped) or self.proof.done

    def _hear(self) -> None:
        proven = (self.model.getDualbound() - self.allowance) * self.unit
        self.bound = max(self.bound, min(proven, self.known))


def cuts_at(problem: Problem, coef: Floats) -> tuple[Floats, Floats]:
    """Constants (K,) and slopes (K, p) of f(Z) >= sum_k constant_k + sum_kj slope_kj z_kj, from any B (p, K)."""
    spread = coef - coef.mean(axis=1, keepdims=True)
    constants, slopes = np.empty(problem.n_tasks), np.empty(coef.T.shape)
    for k in range(problem.n_tasks):
        loss, gradient = loss_at(problem, k, coef[:, k])
        gradient += problem.lambda_2 * spread[:, k]
        constants[k] = loss + problem.lambda_2 / 2 * spread[:, k] @ spread[:, k] - gradient @ coef[:, k]
        slopes[k] = -(gradient**2) / (2 * problem.lambda_1)
    return constants, slopes


def loss_at(problem: Problem, k: int, b: Floats) -> tuple[float, Floats]:
    """The loss of task k at b (p,), standardised scale, and its gradient (p,)."""
    blocks, w, S, scale = problem.blocks, problem.blocks.weights[k], np.flatnonzero(b), problem.standard.scale[:, k]
    fitted = blocks.columns_of(k, S) @ (b[S] / scale[S])
    r = residualize(outcomes(problem, np.array([k]))[:, 0] - fitted, problem.basis[k], w)
    weighted = factor(problem, k) * (r if w is None else r * w)
    return float(weighted @ r) / 2, -np.asarray(blocks.X_of(k).T @ weighted) / scale
