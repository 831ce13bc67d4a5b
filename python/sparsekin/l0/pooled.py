"""lambda_2 = infinity: one coefficient vector for all tasks, as the problem of one task, and the way back.

In the pooled problem sites are always-in columns: the indicators of all tasks but the first, before the columns the
user keeps, so that a kept column that only tells sites apart has coefficient 0. For equal coefficients,
F of the K tasks = K times F of the pooled problem. Survival times have no intercepts: there every task is a stratum, or
several, with a baseline hazard of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Bools, Floats, Matrix, Origin, Responses, TaskBlocks
from sparsekin.data.profile import estimable, unpenalised_basis
from sparsekin.data.standardize import Standardization
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.solution import Solution
from sparsekin.losses.tasks import loss_of, weights_of

if TYPE_CHECKING:
    from sparsekin.l0.exact.standing import Report
    from sparsekin.l0.problem import Problem
    from sparsekin.l0.search import Supports

SAME = 1e-12  # weights of rows that differ by less are one weight


def pooled_problem(problem: Problem) -> Problem:
    """The problem of one task over all rows, for K tasks whose coefficients and always-in coefficients are equal.

    Parameters
    ----------
    problem : Problem
        Of K tasks, one s for all; columns on one scale (mode "pooled" or False, or outcomes of one X). Its lambda_2
        and lambda_z are not used.

    Returns
    -------
    Problem
        Its intercepts are one intercept and K - 1 columns of `keep`; a column may be selected where it varies within
        any task. Solutions go back by `to_tasks`.
    """
    blocks = _stacked(problem.blocks, _shares(problem), problem.standard.y_scale)
    weight = float(problem.task_weights.mean())
    return replace(
        problem,
        blocks=blocks,
        standard=_of_one_task(on_one_scale(problem.standard), problem.blocks),
        s=problem.s[:1],
        lambda_2=0.0,
        lambda_z=0.0,
        task_weights=np.array([weight]),
        support="heterogeneous",
        basis=(unpenalised_basis(blocks, 0),),
        losses=None if problem.losses is None else (loss_of(blocks, 0, factor=weight),),
    )


def on_one_scale(standard: Standardization) -> Standardization:
    """The divisor of a column in all tasks, those where it is constant too; usable where it varies in any task."""
    usable = np.asarray(standard.usable.any(axis=1))
    first = np.argmax(standard.usable, axis=1)
    scale = np.where(usable, standard.scale[np.arange(len(first)), first], 1.0)
    shape = standard.scale.shape
    return replace(
        standard,
        scale=np.broadcast_to(scale[:, None], shape).copy(),
        usable=np.broadcast_to(usable[:, None], shape).copy(),
    )


def to_tasks(problem: Problem, found: Solution) -> Solution:
    """A solution of `pooled_problem(problem)` as one of the K tasks: coefficients repeated, an intercept per task."""
    K, standard = problem.n_tasks, on_one_scale(problem.standard)
    scaled = np.repeat(found.coef_standardized, K, axis=1)
    coef = standard.to_original(scaled)
    keep = np.multiply.outer(found.keep_coef[_sites(problem.blocks) :, 0], standard.y_scale)
    return replace(
        found,
        coef=coef,
        coef_standardized=scaled,
        intercept=_intercepts(problem, found, coef, keep),
        keep_coef=keep,
        support=np.repeat(found.support, K, axis=1),
        objective=K * found.objective,
        bound=None if found.bound is None else K * found.bound,
        swap_gain=None if found.swap_gain is None else K * found.swap_gain,
        fractional=None if found.fractional is None else np.repeat(found.fractional, K, axis=1),
    )


def proven_of_tasks(problem: Problem, proof: Certificate) -> Certificate:
    """What was proven of `pooled_problem(problem)`, of F of the K tasks."""
    return replace(proof, objective=problem.n_tasks * proof.objective, bound=problem.n_tasks * proof.bound)


def certify_pooled(
    certify: Callable[..., tuple[Supports, Certificate]], problem: Problem, supports: Supports, report: Report,
    **asked: Any,
) -> tuple[Supports, Certificate]:  # fmt: skip
    """What `certify` proves of the pooled problem, of F of the K tasks."""
    K = problem.n_tasks
    found, proven = certify(
        pooled_problem(problem), supports[:1], report=lambda bound, objective: report(K * bound, K * objective), **asked
    )
    return found * K, proven_of_tasks(problem, proven)


def runners_up_pooled(
    runners_up: Callable[..., tuple[list[tuple[float, Supports]], str]], problem: Problem, supports: Supports, m: int,
    time_limit: float,
) -> tuple[list[tuple[float, Supports]], str]:  # fmt: skip
    """What `runners_up` lists of the pooled problem, with F of the K tasks."""
    K = problem.n_tasks
    others, proven = runners_up(pooled_problem(problem), supports[:1], m, time_limit=time_limit)
    return [(K * value, S * K) for value, S in others], proven


def is_pooled(problem: Problem) -> bool:
    """Whether the tasks have one coefficient vector: lambda_2 is infinite."""
    return problem.lambda_2 == np.inf


def _sites(blocks: TaskBlocks) -> int:
    """How many indicators there are."""
    return blocks.n_tasks - 1 if blocks.intercept else 0


def estimable_in_common(blocks: TaskBlocks) -> Bools:
    """(q,) always-in columns with a coefficient where all tasks share it: neither sites nor earlier ones give them."""
    ones = np.ones(blocks.n_tasks)
    return estimable(_stacked(replace(blocks, X=blocks.X[:, :0], origin=None), ones, ones), 0)[_sites(blocks) :]


def _stacked(blocks: TaskBlocks, shares: Floats, y_scale: Floats) -> TaskBlocks:
    """The rows of all tasks as one task, sites and kept columns always in; rows of no task have weight 0."""
    rows = _places(blocks)
    X, keep = _whole(blocks)
    N = X.shape[0]
    y, w, sites = np.zeros(N), np.zeros(N), np.zeros((N, _sites(blocks)), order="F")
    for k, (at, share) in enumerate(zip(rows, shares, strict=True)):
        given = blocks.weights[k]
        y[at] = blocks.y[k] / y_scale[k]
        w[at] = share if given is None else share * given
        if blocks.intercept and k > 0:
            sites[at, k - 1] = 1.0
    q = sites.shape[1] + keep.shape[1]
    names = tuple(f"site {name}" for name in blocks.task_names[1:]) if blocks.intercept else ()
    origin = blocks.origin and Origin(
        blocks.origin.counts.sum()[None], np.zeros((X.shape[1], 1)), np.zeros((q, 1)), np.zeros(1)
    )
    return replace(
        blocks,
        X=X,
        y=(y,),
        rows=(slice(0, N),),
        weights=(None if np.all(w == 1.0) else w,),
        keep=np.column_stack([sites, keep]),
        task_names=("all",),
        keep_names=(*names, *blocks.keep_names),
        shared=False,
        origin=origin,
        sites=sites.shape[1],
        responses=blocks.responses and _outcomes(blocks, blocks.responses, rows, N),
    )


def _outcomes(blocks: TaskBlocks, given: Responses, rows: tuple[slice, ...], N: int) -> Responses:
    """The outcomes of all tasks, which are of one family, as those of one task; strata are told apart by task too."""
    parts, family = [np.asarray(y) for y in given.y], given.families[0]
    if family == "binomial" and len({part.ndim for part in parts}) > 1:
        parts = [part if part.ndim == 2 else np.column_stack([part, 1.0 - part]) for part in parts]
    y, offset, strata = np.zeros((N, *parts[0].shape[1:])), np.zeros(N), np.zeros(N, np.int64)
    for k, (at, part) in enumerate(zip(rows, parts, strict=True)):
        y[at] = part
        offset[at] = 0.0 if given.offset[k] is None else given.offset[k]
        strata[at] = strata.max(initial=-1) + 1 if k else 0
        own = given.strata[k]
        if own is not None:
            strata[at] += own
    there = any(one is not None for one in given.offset)
    return Responses(
        (family,), (y,), (offset if there else None,), (strata if family == "cox" else None,), (given.levels[0],),
        given.ties,
    )  # fmt: skip


def _places(blocks: TaskBlocks) -> tuple[slice, ...]:
    """Where the rows of each task stand among those of `_whole`."""
    if not blocks.shared:
        return blocks.rows
    n = blocks.X.shape[0]
    return tuple(slice(k * n, (k + 1) * n) for k in range(blocks.n_tasks))


def _whole(blocks: TaskBlocks) -> tuple[Matrix, Floats]:
    """Candidates and kept columns of all rows; once per outcome where outcomes share one X."""
    if not blocks.shared:
        return blocks.X, blocks.keep
    K, keep = blocks.n_tasks, np.tile(blocks.keep, (blocks.n_tasks, 1))
    if isinstance(blocks.X, np.ndarray):
        return np.asfortranarray(np.tile(blocks.X, (K, 1))), keep
    return sparse.csc_array(sparse.vstack([blocks.X] * K)), keep


def _shares(problem: Problem) -> Floats:
    """(K,) what the weights of a task's rows are multiplied by: w_k / n_k, with mean 1 over all rows."""
    blocks, w = problem.blocks, problem.task_weights
    n = blocks.weight_sums
    if problem.losses is not None:
        n = np.array([weights_of(blocks, k).sum() for k in range(blocks.n_tasks)])
    shares = w / n * (n.sum() / w.sum())
    return np.where(np.abs(shares - 1.0) < SAME, 1.0, shares)


def _of_one_task(standard: Standardization, blocks: TaskBlocks) -> Standardization:
    """Divisors for the rows of all tasks, whose outcomes are on their scale; centres are those farthest from 0."""
    center = standard.center if blocks.origin is None else standard.center - blocks.origin.X
    farthest = np.take_along_axis(center, np.argmax(np.abs(center), axis=1)[:, None], axis=1)
    return Standardization(farthest, standard.scale[:, :1], standard.usable[:, :1], np.ones(1), standard.mode)


def _intercepts(problem: Problem, pooled: Solution, coef: Floats, keep: Floats) -> Floats:
    """(K,) the mean of what slopes and always-in columns leave of each outcome, user's scale; as found, of a loss."""
    blocks, found = problem.blocks, np.zeros(problem.n_tasks)
    if problem.losses is not None:
        if blocks.intercept:
            found += pooled.intercept[0]
            found[1:] += pooled.keep_coef[: _sites(blocks), 0]
        return found
    for k in range(blocks.n_tasks if blocks.intercept else 0):
        S = np.flatnonzero(coef[:, k])
        left = blocks.y[k] - blocks.columns_of(k, S) @ coef[S, k] - blocks.keep_of(k) @ keep[:, k]
        found[k] = np.average(left, weights=blocks.weights[k])
    return found if blocks.origin is None else found + blocks.origin.intercept(coef, keep)
