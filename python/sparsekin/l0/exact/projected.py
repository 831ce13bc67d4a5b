"""Prices where columns are many: programs over the few that supports hold, all others projected out.

A column outside needs prices omega_kj >= theta_k - least_kj, least_kj the least value of task k with it, its own price
left out. There are such prices in the base polytope of (lambda_z / 2) g if and only if for every set A of tasks

    sum_{k in A} (theta_k - least_kj) <= (lambda_z / 2) g(|A|).

So its flows need no place in a program; the sets it comes nearest to breaking have one, as cuts in theta and the prices
of the columns held. With p = 100,000 programs with flows for all columns met grow by 300 columns a try and do not end.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.exact.coupling import NOWHERE, Cuts, better_prices, least_values, used_columns
from sparsekin.l0.exact.neighbours import Entries, TaskGram
from sparsekin.l0.exact.pool import Met

TRIES = 40
CUTS = 200  # added per try


def tune_projected(
    around: Sequence[TaskGram], pool: list[Met], center: Floats, lambda_z: float, target: float, spare: float,
    deadline: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """As `tune_prices`; of the neighbours only the cheapest join the supports met."""
    cuts = Cuts.none(len(pool), max(met.size for met in pool))
    omega, theta, best = center, np.full(len(pool), np.inf), -np.inf
    for try_ in range(TRIES):
        if try_ and time.perf_counter() > deadline:
            break
        seen = [task.entries(met.cheapest(row)[0], row) for task, met, row in zip(around, pool, omega, strict=True)]
        for met, one in zip(pool, seen, strict=True):
            met.add(one.bases)
        met_least = least_values(pool, omega)
        gains = _gains(np.minimum(theta, met_least), seen, lambda_z)
        omega = _priced(omega, gains, used_columns(pool), lambda_z)
        lowest = [_lowest(one, row) for one, row in zip(seen, omega, strict=True)]
        reached = float(np.minimum(met_least, [value for _, value in lowest]).sum())
        if reached >= best:
            center, best = omega, reached
        for met, one, (j, value), least in zip(pool, seen, lowest, met_least, strict=True):
            if value < least:
                met.add(one.support(j))
        if best >= target - 1.5 * spare:
            break
        cuts = cuts.and_of(_cuts(gains, seen, used_columns(pool), lambda_z, cuts.stays.shape[2]))
        tried = better_prices(pool, center, lambda_z, target - spare, deadline, cuts)
        if tried is None:
            highest = better_prices(pool, center, lambda_z, None, deadline, cuts)
            if highest is None:
                break
            target = min(target, float(highest[1].sum()))
            tried = better_prices(pool, center, lambda_z, target - spare, deadline, cuts) or highest
        omega, theta = tried
    return center, least_values(pool, center)


def _gains(theta: Floats, seen: list[Entries], lambda_z: float) -> Floats:
    """(K, p) theta less the least values with each column."""
    gains = theta[:, None] - np.array([one.least for one in seen])
    return np.maximum(gains, -1e3 * (lambda_z + np.abs(theta).max()))


def _priced(prices: Floats, gains: Floats, held: Ints, lambda_z: float) -> Floats:
    """Prices (K, p); where those of a column not held are too low, such that the margins against it are alike."""
    low = np.setdiff1d(np.flatnonzero((gains > prices).any(axis=0)), held)
    out = prices.copy()
    out[:, low] = np.asarray(_native.project_prices(list(np.ascontiguousarray(gains[:, low])), lambda_z))
    return out


def _lowest(one: Entries, prices: Floats) -> tuple[int, float]:
    """The column whose entry leaves least at prices (p,), and that value."""
    priced = one.least + prices
    j = int(priced.argmin())
    return j, float(priced[j])


def _cuts(gains: Floats, seen: list[Entries], held: Ints, lambda_z: float, size: int) -> Cuts:
    """Of the columns not held that come nearest to breaking one."""
    K, p = gains.shape
    m = np.arange(1, K + 1)
    allowed = lambda_z / 2 * m * (K - m) / K
    order = np.argsort(-gains, axis=0)
    over = np.cumsum(np.take_along_axis(gains, order, axis=0), axis=0) - allowed[:, None]
    most = over.argmax(axis=0)
    worst = over[most, np.arange(p)]
    worst[held] = -np.inf
    columns = np.argpartition(-worst, min(CUTS, p) - 1)[:CUTS]
    columns = columns[np.isfinite(worst[columns])]
    tasks = (np.argsort(order[:, columns], axis=0) <= most[columns]).T
    stays, right = np.full((len(columns), K, size), NOWHERE), allowed[most[columns]]
    for k, one in enumerate(seen):
        stays[:, k] = one.stays(columns, size, NOWHERE)
        right = right + np.where(tasks[:, k], one.value[columns], 0.0)
    return Cuts(tasks, stays, right)
