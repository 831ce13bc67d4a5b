"""Short lists of supports, one per task, joined to all combinations below a threshold."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.pool import Support
from sparsekin.l0.search import Supports

Lists = list[dict[Support, float]]  # per task: supports and their values without prices


def join(
    lists: Lists, bounds: Floats, omega: Floats, slack: float, lambda_z: float, deadline: float = np.inf
) -> list[tuple[float, Supports]]:
    """All combinations of supports, one per task, whose F is at most sum(bounds) + slack, smallest first.

    `lists` hold for each task every support whose value with prices is at most its bound + slack. `TimeoutError` at the
    deadline.
    """
    K = len(lists)
    priced = []
    for k, met in enumerate(lists):
        entries = [(value + omega[k, list(S)].sum() - bounds[k], value, S) for S, value in met.items()]
        priced.append(sorted(entries))
    order = sorted(range(K), key=lambda k: len(priced[k]))
    out: list[tuple[float, Supports]] = []

    def walk(depth: int, spent: float, value: float, chosen: dict[int, tuple[int, ...]]) -> None:
        if depth == K:
            total = value + zbar_of([chosen[k] for k in range(K)], lambda_z)
            if total <= bounds.sum() + slack:
                out.append((total, [np.array(chosen[k], np.int32) for k in range(K)]))
            return
        if time.perf_counter() > deadline:
            raise TimeoutError
        k = order[depth]
        for extra, plain, S in priced[k]:
            if spent + extra > slack:
                break
            chosen[k] = S
            if _pays(chosen, omega, lambda_z) + spent + extra <= slack:
                walk(depth + 1, spent + extra, value + plain, chosen)
            del chosen[k]

    walk(0, 0.0, 0.0, {})
    return sorted(out, key=lambda item: item[0])


def zbar_of(supports: Sequence[Support], lambda_z: float) -> float:
    """The Zbar term of one support per task."""
    K = len(supports)
    _, m = np.unique(np.concatenate([np.array(S, int) for S in supports]), return_counts=True)
    return float(lambda_z / 2 * np.sum(m * (K - m)) / K)


def _pays(chosen: dict[int, tuple[int, ...]], omega: Floats, lambda_z: float) -> float:
    """What the penalty will cost, at least, beyond the prices, whatever the tasks not chosen yet select."""
    K = len(omega)
    tasks = list(chosen)
    held: dict[int, set[int]] = {}
    for k in tasks:
        for j in chosen[k]:
            held.setdefault(j, set()).add(k)
    rest = [k for k in range(K) if k not in chosen]
    total = 0.0
    for j, who in held.items():
        paid = sum(omega[k, j] for k in who)
        free = sorted(-omega[k, j] for k in rest)
        m, running = len(who), -paid
        best = running + lambda_z / 2 * m * (K - m) / K
        for price in free:
            running += price
            m += 1
            best = min(best, running + lambda_z / 2 * m * (K - m) / K)
        total += best
    return total
