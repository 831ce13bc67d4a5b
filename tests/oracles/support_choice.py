"""Exact choice of one subset per task under a price per disagreement: branch and bound over sorted subset values.

For binary z, (lambda_z / 2) sum_k ||z_k - z_bar||^2 = price * sum_{k<l} |z_k - z_l| with price = lambda_z / (2 K).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_CHUNK = 4_000_000


def popcount(x: Ints) -> NDArray[np.uint8]:
    """Number of ones in the lowest 24 bits."""
    table = _BITS
    return table[x & 0xFFF] + table[(x >> 12) & 0xFFF]


_BITS = np.array([i.bit_count() for i in range(1 << 12)], np.uint8)


def best_choice(values: list[Floats], masks: list[Ints], price: float) -> list[int]:
    """Indices i_k that minimise sum_k values[k][i_k] + price * sum_{k<l} |masks[k][i_k] xor masks[l][i_l]|.

    values, masks: one array per task; bit j of a mask says that feature j is in that subset.
    """
    best, chosen = _descent(values, masks, price)
    lists = [np.arange(len(v)) for v in values]
    lists = _prune(values, masks, price, lists, best)
    order = sorted(range(len(values)), key=lambda k: len(lists[k]))
    search = _Search(best, list(chosen), price, masks)
    search.branch({}, 0.0, [(k, lists[k], values[k][lists[k]]) for k in order])
    return search.chosen


def _total(values: list[Floats], masks: list[Ints], price: float, chosen: list[int]) -> float:
    z = np.array([m[i] for m, i in zip(masks, chosen, strict=True)])
    disagreements = int(popcount(z[:, None] ^ z[None, :]).sum()) // 2
    return float(sum(v[i] for v, i in zip(values, chosen, strict=True))) + price * disagreements


def _descent(values: list[Floats], masks: list[Ints], price: float) -> tuple[float, list[int]]:
    """A good first answer: task by task, from each task's own best subset given to all, and from all their own."""
    n_tasks = len(values)
    own = [int(np.argmin(v)) for v in values]
    starts = [[int(m[i]) for m, i in zip(masks, own, strict=True)]] + [
        [int(masks[k][own[k]])] * n_tasks for k in range(n_tasks)
    ]
    found = []
    for z in starts:
        chosen = list(own)
        for _ in range(20):
            for k in range(n_tasks):
                apart = sum(popcount(masks[k] ^ z[other]).astype(float) for other in range(n_tasks) if other != k)
                chosen[k] = int(np.argmin(values[k] + price * apart))
                z[k] = int(masks[k][chosen[k]])
        found.append((_total(values, masks, price, chosen), chosen))
    return min(found, key=lambda pair: pair[0])


def _prune(values: list[Floats], masks: list[Ints], price: float, lists: list[Ints], best: float) -> list[Ints]:
    """Subsets of each task that can still belong to a total below `best`.

    First without the price, then with the price between the task and every other one (a star around it).
    """
    least = [v.min() for v in values]
    for k, v in enumerate(values):
        lists[k] = np.flatnonzero(v + (sum(least) - least[k]) < best)
    for k in range(len(values)):
        bound = values[k][lists[k]].copy()
        for other in range(len(values)):
            if other != k and len(lists[k]) and len(lists[other]):
                near = values[other][lists[other]]
                bound += _nearest(masks[k][lists[k]], masks[other][lists[other]], near, price)
        lists[k] = lists[k][bound < best]
    return lists


def _nearest(z: Ints, others: Ints, values: Floats, price: float) -> Floats:
    """For each z the least of values + price * |z xor others|."""
    step = max(1, _CHUNK // len(others))
    parts = [(values + price * popcount(z[i : i + step, None] ^ others)).min(axis=1) for i in range(0, len(z), step)]
    return np.concatenate(parts)


class _Search:
    """Depth-first search; `left` holds (task, candidate indices, value + price to the tasks already chosen)."""

    def __init__(self, best: float, chosen: list[int], price: float, masks: list[Ints]) -> None:
        self.best, self.chosen, self.price, self.masks = best, chosen, price, masks

    def branch(self, fixed: dict[int, int], value: float, left: list[tuple[int, Ints, Floats]]) -> None:
        if any(len(candidates) == 0 for _, candidates, _ in left):
            return
        if len(left) == 1:
            task, candidates, costs = left[0]
            at = int(np.argmin(costs))
            self._accept(value + float(costs[at]), {**fixed, task: int(candidates[at])})
        elif len(left) == 2:
            self._pair(fixed, value, left)
        else:
            self._each(fixed, value, left)

    def _accept(self, value: float, chosen: dict[int, int]) -> None:
        if value < self.best:
            self.best, self.chosen = value, [chosen[k] for k in sorted(chosen)]

    def _pair(self, fixed: dict[int, int], value: float, left: list[tuple[int, Ints, Floats]]) -> None:
        (a, first, cost_a), (b, second, cost_b) = left
        step = max(1, _CHUNK // len(second))
        for i in range(0, len(first), step):
            part = slice(i, i + step)
            apart = popcount(self.masks[a][first[part], None] ^ self.masks[b][second])
            total = cost_a[part, None] + cost_b + self.price * apart
            row, column = np.unravel_index(int(np.argmin(total)), total.shape)
            chosen = {**fixed, a: int(first[part][row]), b: int(second[column])}
            self._accept(value + float(total[row, column]), chosen)

    def _each(self, fixed: dict[int, int], value: float, left: list[tuple[int, Ints, Floats]]) -> None:
        task, candidates, costs = left[0]
        for at in np.argsort(costs):
            here = value + float(costs[at])
            z = self.masks[task][candidates[at]]
            rest = [(k, c, v + self.price * popcount(self.masks[k][c] ^ z)) for k, c, v in left[1:]]
            least = [v.min() for _, _, v in rest]
            bound = here + sum(least)
            if bound >= self.best:
                continue
            kept = []
            for (k, c, v), low in zip(rest, least, strict=True):
                alive = v + (bound - low) < self.best
                kept.append((k, c[alive], v[alive]))
            self.branch({**fixed, task: int(candidates[at])}, here, kept)
