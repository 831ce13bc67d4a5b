"""Proofs where not all losses are squares: trees with the bounds of their relaxation, tasks apart where that helps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.exact.apart import apart_for_a_while, prove_apart
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.exact.exchanges import Key, Likely, Nearby, key_of, look_around, supports_of
from sparsekin.l0.exact.joint import joint_tree
from sparsekin.l0.exact.listing import next_best
from sparsekin.l0.exact.standing import Report, Standing, nothing_proven
from sparsekin.l0.exact.subproblem import solve_root
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.glm.bound import SAFE
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.fit import Fit, Supports, refit
from sparsekin.l0.glm.neighbours import TaskFits
from sparsekin.l0.glm.piece import Piece
from sparsekin.l0.glm.single import coefficients, one_task
from sparsekin.l0.glm.tangent import tangent_at
from sparsekin.l0.pooled import certify_pooled, is_pooled, runners_up_pooled
from sparsekin.l0.problem import Problem

CHECKPOINTS = ((30, 0.4), (120, 0.1))  # of the tree over all tasks: nodes, share of the root's gap left then


@dataclass(slots=True, kw_only=True)
class FamilyProof(Standing):
    """What is proven so far, and what is left to spend."""

    descent: Descent

    def value_of(self, supports: Supports) -> float:
        """F at the refit of supports."""
        fit = refit(self.problem, supports, memory=self.descent.memory)
        assert fit is not None
        return fit.F

    def losses_of(self, supports: Supports) -> Floats:
        """(K,) f_k at the refit of supports, no penalties."""
        fit = refit(self.problem, supports, memory=self.descent.memory)
        assert fit is not None
        return fit.values - np.array([self.problem.lambda_1 / 2 * float(b @ b) for b in fit.b])

    def joint(self) -> Piece:
        """All tasks together."""
        return Piece(self.descent, tuple(range(self.problem.n_tasks)))

    def apart(self, prices: Floats) -> Sequence[Piece]:
        """One piece per task, with prices (K, p)."""
        return [Piece(one_task(self.descent, k), (k,), row) for k, row in enumerate(prices)]

    def surroundings(self) -> list[TaskFits]:
        """Models of each task at its refits."""
        return [TaskFits(one_task(self.descent, k)) for k in range(self.problem.n_tasks)]

    def polished(self, supports: Supports, columns: Ints) -> Supports:
        """Supports that none of the best-ranked moves improves."""
        fit = refit(self.problem, supports, memory=self.descent.memory)
        assert fit is not None
        return self.descent.descend(fit).supports


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
    """Prove a lower bound of F as `exact.certify` does; lambda_1 > 0."""
    if is_pooled(problem):
        return certify_pooled(
            certify, problem, supports, report, gap=gap, time_limit=time_limit, node_limit=node_limit,
            memory_limit=memory_limit, root_only=root_only,
        )  # fmt: skip
    started = time.perf_counter()
    limits = Limits(started + time_limit, node_limit, memory_limit)
    fit = refit(problem, supports)
    assert fit is not None
    try:
        proof = _open(problem, fit, gap, limits, report)
    except (TimeoutError, KeyboardInterrupt) as stop:
        status = "time limit" if isinstance(stop, TimeoutError) else "interrupted"
        return supports, nothing_proven(problem, fit.F, gap, status, started)
    _run(proof, root_only)
    proof.started = started
    return proof.supports, proof.certificate()


def runners_up(
    problem: Problem, supports: Supports, m: int, *, time_limit: float = np.inf
) -> tuple[list[tuple[float, Supports]], str]:
    """The m supports of smallest F after the best one, as `exact.certify.runners_up` has them; lambda_1 > 0."""
    if is_pooled(problem):
        return runners_up_pooled(runners_up, problem, supports, m, time_limit)
    try:
        proof = open_family(problem, supports, 1e-6, Limits(time.perf_counter() + time_limit))
    except TimeoutError:
        return [], "time limit"
    except KeyboardInterrupt:
        return [], "interrupted"
    _run(proof, False)
    return next_best(proof, m, lambda: _nearby(proof, m + 1))


def open_family(problem: Problem, supports: Supports, gap: float, limits: Limits) -> FamilyProof:
    """A proof that starts from supports. `TimeoutError` where the time does not reach."""
    fit = refit(problem, supports)
    assert fit is not None
    return _open(problem, fit, gap, limits, lambda bound, objective: None)


def _open(problem: Problem, fit: Fit, gap: float, limits: Limits, report: Report) -> FamilyProof:
    descent = Descent.open(problem, limits.deadline)
    null = descent.null.F
    return FamilyProof(
        descent=descent, problem=problem, null=null, supports=fit.supports, objective=fit.F, gap=gap, limits=limits,
        report=report, rounding=2 * SAFE * null,
    )  # fmt: skip


def _run(proof: FamilyProof, root_only: bool) -> None:
    """Prove; what rounding alone leaves is called so."""
    try:
        if proof.descent.tied:
            _prove_jointly(proof, root_only)
        else:
            prove_apart(proof, np.zeros((proof.problem.n_tasks, proof.problem.n_features)), root_only)
        if proof.status in ("", "solved"):
            proof.status = "time limit" if proof.limits.late else "rounding"
    except (KeyboardInterrupt, TimeoutError) as stop:
        proof.status = "time limit" if isinstance(stop, TimeoutError) else "interrupted"


def _prove_jointly(proof: FamilyProof, root_only: bool) -> None:
    """One tree over all tasks; the tasks apart where it is slow and only supports tie them."""
    problem, joint = proof.problem, proof.joint()
    root = solve_root(joint, proof.objective, proof.tolerance, deadline=proof.limits.deadline)
    proof.undecided, proof.route = root.undecided, "root"
    proof.raise_bound(min(root.bound, root.excluded))
    if proof.done or root_only:
        proof.status = "root"
        return
    one_piece = problem.support == "common" or problem.lambda_2 > 0
    joint_tree(proof, joint, root, () if one_piece else CHECKPOINTS)
    if proof.status == "slow":
        prices = np.zeros((problem.n_tasks, problem.n_features))
        prices[:, root.relaxation.candidates] = root.relaxation.prices()
        apart_for_a_while(proof, lambda: prove_apart(proof, prices, False))
        if proof.unfinished:
            joint_tree(proof, joint, replace(root, value=proof.objective))


def _nearby(proof: FamilyProof, most: int) -> Nearby:
    """At least `most` supports, unless there are fewer."""
    problem, descent = proof.problem, proof.descent
    may = np.array([np.isfinite(one) for one in descent.freezer.least])

    def likely(key: Key, entering: int) -> Likely:
        fit = refit(problem, supports_of(key), memory=descent.memory)
        assert fit is not None
        u = tangent_at(problem, coefficients(problem, fit), may.T).u
        return lambda group: _steepest(u[:, group], np.logical_and.reduce(may[group]), key[group[0]], entering)

    return look_around(
        problem, key_of(proof.supports), most, lambda key: proof.value_of(supports_of(key)), likely,
        proof.limits.deadline,
    )  # fmt: skip


def _steepest(u: Floats, may: np.ndarray, inside: tuple[int, ...], most: int) -> Ints:
    """Columns outside that may enter: the `most` of largest slope u (p, m)."""
    score = np.where(may, np.sum(u**2, axis=1), -1.0)
    score[list(inside)] = -1.0
    order = np.argsort(-score, kind="stable")[:most]
    return order[score[order] >= 0]
