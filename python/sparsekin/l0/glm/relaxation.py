"""The perspective relaxation of any convex loss: Newton steps, each the relaxation of the quadratic model there.

The bound is that of `sparsekin.l0.glm.bound` at the points on the way; the best of them is handed over.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Bools, Floats
from sparsekin.l0.exact.certificate import Certificate, relative_gap
from sparsekin.l0.exact.relaxation import Marks
from sparsekin.l0.glm.bound import MOST_TASKS, Tangent, bound_of, tangent_at
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.fit import Fit, Supports, refit
from sparsekin.l0.problem import Problem, smooth_penalty

STEPS = 25
LENGTHS = (1.0, 0.5, 0.25, 0.1, 0.03)
CLOSE = 1e-4  # of F without columns: what is left between relaxation and bound
ROUNDS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """A bound, and the shares z (p, K) of the relaxation where it was found."""

    bound: float
    z: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Slopes and shares, the tangent there, and what the relaxation is worth."""

    B: Floats
    z: Floats
    tangent: Tangent
    value: float


def relax(problem: Problem, deadline: float = np.inf, cutoff: float = np.inf) -> Root:
    """The best bound met until the relaxation is solved, `cutoff` is reached or time is up."""
    descent = Descent.open(problem)
    may = np.column_stack([np.isfinite(least) for least in descent.freezer.least])
    common = problem.support == "common"
    marks = np.where(np.all(may, axis=1, keepdims=True).T if common else may.T, -1, 0).astype(np.int8)
    return relax_from(descent, marks, deadline, cutoff)


def relax_from(descent: Descent, marks: Marks, deadline: float = np.inf, cutoff: float = np.inf) -> Root:
    """The same with columns decided: marks (K, p), or (1, p) where supports are common, are -1 free, 0 out, 1 in.

    Columns that are in are for one task only.
    """
    problem, null = descent.problem, descent.null.F
    may = np.broadcast_to(marks.T != 0, (problem.n_features, problem.n_tasks))
    held = np.flatnonzero(marks[0] == 1)
    zero = np.zeros(may.shape)
    now = _place(problem, zero, zero, may, None)
    bound, tau = bound_of(problem, now.tangent, null, held=held)
    for _ in range(STEPS if problem.lambda_1 > 0 else 0):
        if bound >= cutoff or now.value - bound <= CLOSE * null or time.perf_counter() > deadline:
            break
        B, z = _step(descent, now, marks, deadline)
        then = None
        for length in LENGTHS:
            mixed = _place(problem, now.B + length * (B - now.B), now.z + length * (z - now.z), may, now.tangent)
            found, new_tau = bound_of(problem, mixed.tangent, null, tau, held)
            if found > bound:
                bound, tau = found, new_tau
            if mixed.value < now.value:
                then = mixed
                break
        if then is None or now.value - then.value <= 1e-7 * null:
            break
        now = then
    return Root(bound, now.z)


def _place(problem: Problem, B: Floats, z: Floats, may: Bools, before: Tangent | None) -> _Place:
    tangent = tangent_at(problem, B, may, before)
    with np.errstate(divide="ignore", invalid="ignore"):
        ridge = float(np.where(B != 0, B**2 / z, 0.0).sum())
    value = float(tangent.losses.sum()) + problem.lambda_1 / 2 * (ridge - float(np.sum(B**2)))
    return _Place(B, z, tangent, value + smooth_penalty(problem, B) + _spread(problem, z))


def _spread(problem: Problem, z: Floats) -> float:
    """The Zbar term in its Lovasz form."""
    K = problem.n_tasks
    if problem.support != "heterogeneous" or K == 1:
        return 0.0
    return float(problem.lambda_z / (2 * K) * np.sum(np.sort(z, axis=1) @ (2 * np.arange(1, K + 1) - K - 1)))


def _step(descent: Descent, now: _Place, marks: Marks, deadline: float) -> tuple[Floats, Floats]:
    """The optimum of the relaxation of the quadratic model at a place."""
    problem, K = descent.problem, descent.problem.n_tasks
    supports = [np.flatnonzero(now.B[:, k]).astype(np.int32) for k in range(K)]
    here = Fit(
        supports, [now.B[S, k] for k, S in enumerate(supports)], list(now.tangent.free), now.tangent.losses, 0.0, 0.0
    )
    models = [descent.freezer.model(problem, here, k) for k in range(K)]
    common, several = problem.support == "common", K > 1
    sizes = [int(problem.s.min())] if common else problem.s.tolist()
    ridge = np.full(problem.n_features, problem.lambda_1)
    native = _native.Relaxation(
        [model.view for model in models],
        [model.c for model in models],
        [ridge] * K,
        sizes,
        problem.lambda_1,
        problem.lambda_2 if several else 0.0,
        problem.lambda_z if several and not common else 0.0,
        descent.null.F,
        1.0,
        common,
    )
    left = max(deadline - time.perf_counter(), 0.0)
    nothing = np.empty(0, np.int32)
    native.solve(marks, np.inf, CLOSE / 4 * descent.null.F, ROUNDS, left, True, nothing, nothing, np.empty(0))
    task, column, b, share = native.point()
    B, z = np.zeros_like(now.B), np.zeros_like(now.B)
    B[column, task], z[column, task] = b, np.clip(share, 1e-12, 1.0)
    return B, z


def prove_root(problem: Problem, supports: Supports, gap: float, time_limit: float) -> Certificate:
    """What is proven of given supports without a tree."""
    started = time.perf_counter()
    fit = refit(problem, supports)
    assert fit is not None
    status = "root"
    try:
        root = relax(problem, started + time_limit, fit.F)
    except KeyboardInterrupt:
        root, status = Root(0.0, np.zeros((problem.n_features, problem.n_tasks))), "interrupted"
    bound = min(root.bound, fit.F)
    left = relative_gap(fit.F, bound)
    if status == "root" and left <= gap:
        status = "optimal"
    open_ = int(((root.z > 1e-6) & (root.z < 1 - 1e-6)).sum())
    seconds = time.perf_counter() - started
    return Certificate(fit.F, bound, left, status, gap, 0, seconds, root.z.size, open_, "root", "")


def may_be_bounded(problem: Problem) -> bool:
    """Whether there are few enough tasks: with lambda_2 all sets of them are looked at."""
    return problem.lambda_2 == 0 or problem.n_tasks <= MOST_TASKS
