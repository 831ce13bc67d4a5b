"""All supports below a value, from a list of each task: whatever the losses are."""

from __future__ import annotations

from collections.abc import Callable

from sparsekin.l0.exact.coupling import safe_excess
from sparsekin.l0.exact.exchanges import Nearby, key_of, supports_of
from sparsekin.l0.exact.join import Lists, join
from sparsekin.l0.exact.joint import leaves_below, list_jointly
from sparsekin.l0.exact.standing import Standing
from sparsekin.l0.search import Supports


def next_best(proof: Standing, m: int, look_around: Callable[[], Nearby]) -> tuple[list[tuple[float, Supports]], str]:
    """The m supports of smallest F after the best one, once that is proven, and "proven", or why they are not.

    `look_around` gives at least m + 1 supports, unless there are fewer: the last of them is how far the list goes.
    """
    found, status = {key_of(proof.supports): proof.objective}, proof.status
    try:
        near = look_around()
        found |= near.found
        if near.exhausted:
            status = "proven"
        elif near.late:
            status = "time limit"
        elif proof.done or proof.status == "rounding":
            target = sorted(found.values())[m]
            below = list_below(proof, target + 1e-9 * abs(target) + proof.rounding)
            found |= {key_of(S): value for value, S in below or []}
            status = "proven" if below is not None else proof.status
    except KeyboardInterrupt:
        status = "interrupted"
    ranked = sorted(found.items(), key=lambda item: item[1])
    return [(value, supports_of(key)) for key, value in ranked[1 : m + 1]], status


def list_below(proof: Standing, target: float) -> list[tuple[float, Supports]] | None:
    """All supports with F below `target`; None where a limit came first."""
    return list_jointly(proof, target) if proof.prices is None else list_apart(proof, target)


def enumerate_rest(proof: Standing) -> None:
    """Close what is left of the gap: everything below objective - tolerance is listed, if there is anything."""
    target = proof.objective - proof.tolerance
    found = list_apart(proof, target)
    if found is None:
        return
    for _, supports in found[:1]:
        proof.offer(supports)
    proof.raise_bound(min(target, proof.objective))


def list_apart(proof: Standing, target: float) -> list[tuple[float, Supports]] | None:
    """The same from lists of each task at the prices of the last round, joined."""
    problem = proof.problem
    assert proof.prices is not None
    assert proof.task_bounds is not None
    lambda_z = problem.lambda_z if problem.support == "heterogeneous" else 0.0
    slack = target - proof.task_bounds.sum() + safe_excess(proof.prices, lambda_z)
    lists: Lists = []
    for piece, bound in zip(proof.apart(proof.prices), proof.task_bounds, strict=True):
        if proof.limits.late:
            proof.status = "time limit"
            return None
        leaves = leaves_below(proof, piece, float(bound + slack))
        if leaves is None:
            return None
        sets = [(value, tuple(sorted(supports[0].tolist()))) for value, supports in leaves]
        prices = proof.prices[piece.tasks[0]]
        lists.append({columns: value - float(prices[list(columns)].sum()) for value, columns in sets})
    try:
        return join(lists, proof.task_bounds, proof.prices, slack, lambda_z, proof.limits.deadline)
    except TimeoutError:
        proof.status = "time limit"
        return None
