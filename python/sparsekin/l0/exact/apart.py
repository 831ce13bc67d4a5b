"""The proof taken apart over tasks: prices for shared columns, a tree per task, lists joined at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.coupling import safe_excess, tune_prices, used_columns
from sparsekin.l0.exact.joint import WIDE
from sparsekin.l0.exact.listing import enumerate_rest
from sparsekin.l0.exact.neighbours import TaskGram
from sparsekin.l0.exact.pool import Met
from sparsekin.l0.exact.projected import tune_projected
from sparsekin.l0.exact.relaxator import Piece, Relaxator
from sparsekin.l0.exact.standing import Standing
from sparsekin.l0.exact.subproblem import Root, search, solve_root
from sparsekin.l0.exact.tree import Limits, TreeResult

FAR = 0.01  # of F: prices that leave more are not worth trees
ROUNDS = 8  # times prices are improved
SPARE_SECONDS = 0.1  # less is not worth another tree
APART_SHARE = 0.8  # of the time that is left, for the tasks apart; all of it where the gap is wide
MANY_COLUMNS = 5_000  # from here prices of columns that no support holds are projected out
GLANCE = 30  # nodes of a tree once another has shown that the prices are not right yet


def prove_apart(proof: Standing, prices: Floats, root_only: bool) -> None:
    """One tree per task, prices (K, p) improved between rounds; near-optimal supports joined at the end."""
    problem = proof.problem
    supports = [np.sort(S) for S in proof.supports]
    pool = [Met(int(s), problem.n_features) for s in problem.s]
    for met, sub, S in zip(pool, proof.apart(np.zeros_like(prices)), supports, strict=True):
        met.add({tuple(S.tolist()): sub.evaluate([S])[0]})
    proof.route = "root" if root_only else "one tree per task"
    if problem.support != "heterogeneous" or problem.lambda_z == 0 or problem.n_tasks == 1:
        _round(proof, pool, prices, None, root_only)
    else:
        _rounds(proof, pool, prices)
    if root_only:
        proof.status = "root"


def _rounds(proof: Standing, pool: list[Met], center: Floats) -> None:
    around, lambda_z = proof.surroundings(), proof.problem.lambda_z
    grams = [task for task in around if isinstance(task, TaskGram)]
    for _ in range(ROUNDS):
        target = proof.objective - 0.1 * proof.tolerance
        spare = 2.0 * proof.tolerance
        if len(grams) == len(around) and proof.problem.n_features >= MANY_COLUMNS:
            center, theta = tune_projected(grams, pool, center, lambda_z, target, spare, proof.limits.deadline)
        else:
            center, theta = tune_prices(around, pool, center, lambda_z, target, spare, proof.limits.deadline)
        if target - theta.sum() > FAR * proof.objective:
            return
        undercut = _round(proof, pool, center, theta, False)
        if proof.done or proof.status:
            return
        if not undercut:
            break
    enumerate_rest(proof)


def _round(proof: Standing, pool: list[Met], prices: Floats, theta: Floats | None, root_only: bool) -> bool:
    """Bounds of all tasks at given prices; whether something undercut what the prices were made for (`theta`)."""
    subs = proof.apart(prices)
    values = [met.cheapest(row)[1] for met, row in zip(pool, prices, strict=True)]
    tolerances = [_tolerance(proof, value, theta is not None) for value in values]
    deadline = proof.limits.deadline
    given = zip(subs, values, tolerances, strict=True)
    roots = [solve_root(sub, value, tolerance, deadline=deadline) for sub, value, tolerance in given]
    bounds = np.array([min(root.bound, root.excluded, v) for root, v in zip(roots, values, strict=True)])
    sizes = proof.problem.s.tolist()
    bounds = np.maximum(bounds, [cheapest(row, size) for row, size in zip(prices, sizes, strict=True)])
    proof.undecided = sum(root.undecided for root in roots)
    excess = 0.0 if theta is None else safe_excess(prices, proof.problem.lambda_z)
    open_ = all(root.undecided for root in roots)
    if open_:
        proof.raise_bound(float(bounds.sum()) - excess)
    undercut, unfinished, queue = False, "", list(range(len(pool)))
    while queue:
        k = queue.pop(0)
        sub, root = subs[k], roots[k]
        if root.undecided and (root_only or proof.status):
            continue
        left = proof.left if theta is not None else fair_share(proof, len(queue) + 1)
        limits = replace(left, nodes=min(left.nodes, GLANCE)) if undercut else left
        least = -np.inf if theta is None else theta[k] - 0.1 * proof.tolerance
        others = float(bounds.sum() - bounds[k]) - excess if open_ else -np.inf  # a bound of all but this task
        found = _search_task(proof, sub, root, prices[k], pool[k], tolerances[k], limits, least, others)
        bounds[k] = max(min(found.bound, root.excluded), bounds[k] if root.undecided else -np.inf)
        stopped = found.status == "undercut"
        if not stopped and found.status != "solved" and not (undercut and found.status == "node limit"):
            if found.status == "time limit" and time.perf_counter() < proof.limits.deadline - SPARE_SECONDS:
                queue.append(k)  # its share is used up, not the time: again with what the others leave
                continue
            unfinished = found.status
            if theta is not None or unfinished == "interrupted":
                proof.status = unfinished
        undercut |= stopped
    proof.status = proof.status or unfinished
    proof.prices, proof.task_bounds = prices, bounds
    proof.raise_bound(float(bounds.sum()) - excess)
    if proof.status != "interrupted":
        _combine(proof, pool, prices)
    return undercut


def cheapest(prices: Floats, size: int) -> float:
    """What prices can give back at most: no task has less, its loss being 0 at least."""
    return float(np.sort(np.minimum(prices, 0.0))[:size].sum())


def _tolerance(proof: Standing, value: float, tied: bool) -> float:
    """What may be cut off in one task: a share of its own value where nothing ties the tasks, whatever their units."""
    return proof.tolerance / proof.problem.n_tasks if tied else 0.2 * proof.gap * abs(value)


def fair_share(proof: Standing, tasks_left: int) -> Limits:
    """Tasks that nothing ties share the time that is left."""
    now, left = time.perf_counter(), proof.left
    return replace(left, deadline=now + (left.deadline - now) / tasks_left)


def _search_task(
    proof: Standing, sub: Piece[Relaxator], root: Root[Relaxator], prices: Floats, met: Met, tolerance: float,
    limits: Limits, stop_below: float, others: float,
) -> TreeResult:  # fmt: skip
    """The tree of one task at its prices (p,); what it finds joins the supports met."""
    heard = lambda bound, _: proof.hear(min(bound, root.excluded) + others, proof.objective)  # noqa: E731
    found, supports = search(sub, root, tolerance, limits, stop_below=stop_below, on_node=heard)
    proof.nodes += found.nodes
    if found.columns is not None:
        S = tuple(sorted(supports[found.columns][0].tolist()))
        met.add({S: found.value - float(prices[list(S)].sum())})
    return found


def _combine(proof: Standing, pool: list[Met], prices: Floats) -> None:
    """The supports the tasks like best at these prices, polished together."""
    supports = [np.array(met.cheapest(row)[0], np.int32) for met, row in zip(pool, prices, strict=True)]
    proof.offer(supports)
    if not proof.limits.late:
        proof.offer(proof.polished(supports, used_columns(pool)))


def apart_for_a_while(proof: Standing, prove: Callable[[], None]) -> None:
    """`prove` the tasks apart with most of the time that is left, all of it where the gap is wide."""
    proof.status, limits = "", proof.limits
    now = time.perf_counter()
    share = 1.0 if proof.relative_gap > WIDE else APART_SHARE
    proof.limits = replace(limits, deadline=now + share * (limits.deadline - now))
    prove()
    proof.limits = limits
