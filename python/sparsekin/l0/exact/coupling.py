"""Zbar taken apart: prices turn one problem over K tasks into K problems over one task each.

For omega_j in the base polytope of (lambda_z / 2) g, g(m) = m (K - m) / K,

    F >= sum_k v_k(omega),   v_k(omega) = min_S [value of task k on S + sum_{j in S} omega_kj].

The polytope is { omega_kj = sum_l y_klj : y antisymmetric in k and l, |y| <= lambda_z / (2 K) }: the penalty is a cut.
"""

from __future__ import annotations

import time

import numpy as np
from scipy import optimize, sparse

from sparsekin import _native
from sparsekin.data.blocks import Floats, Ints
from sparsekin.l0.exact.neighbours import Support, TaskGram
from sparsekin.l0.search import Supports

NEIGHBOURS = 30  # per task and program
LOCAL_ROUNDS = 15
WIDENINGS = 2
POOL = 300  # supports per task in one program
FAVOUR = 2e-4  # weight of margins, against the bound itself
STAY, LEAST_STAY = 2e-3, 1e-6  # weight of staying close, first and last
MARGIN = 0.2  # of lambda_z
Pool = list[dict[tuple[int, ...], float]]  # per task: supports met, with their values without prices


def safe_excess(omega: Floats, lambda_z: float) -> float:
    """How much prices (K, p) can overcharge a support, by rounding: to be taken off the bound."""
    K = len(omega)
    m = np.arange(1, K + 1)
    allowed = lambda_z / 2 * m * (K - m) / K
    prefix = np.cumsum(-np.sort(-omega, axis=0), axis=0)
    over = (prefix - allowed[:, None]).max(axis=0).clip(min=0.0)
    return float(np.sort(over)[::-1].sum())


def tune_prices(
    grams: list[TaskGram], pool: Pool, center: Floats, lambda_z: float, target: float, spare: float, deadline: float
) -> tuple[Floats, Floats]:
    """Prices (K, p) at which, as far as exchanges of one column tell, no task has anything below what the pool has.

    Linear programs over the supports met and their neighbours, each tied to the best prices so far, the less the
    less there is to gain, until the tasks' least values add up to `target`, of which `spare` is then given up for
    margins. Columns that no program has seen are priced so that the tasks' margins against them are alike.
    Also (K,): the least values in the pool.
    """
    stay, omega, best, least = STAY, center, -np.inf, np.empty_like(center)
    for round_ in range(LOCAL_ROUNDS):
        if round_ and time.perf_counter() > deadline:
            break
        undercut, reach = False, np.empty_like(center)
        for k, gram in enumerate(grams):
            S, before = cheapest(pool[k], omega[k])
            found, reach[k] = gram.neighbours(S, omega[k], NEIGHBOURS)
            pool[k].update({T: value for T, value in found.items() if T not in pool[k]})
            undercut |= cheapest(pool[k], omega[k])[1] < before - 1e-7 * abs(before)
        theta = np.array([cheapest(met, prices)[1] for met, prices in zip(pool, omega, strict=True)])
        if theta.sum() > best:
            best, center, least = float(theta.sum()), omega, reach
        elif not undercut:
            stay /= 20
        if best >= target or stay < LEAST_STAY:
            break
        front = [_front(met, prices) for met, prices in zip(pool, center, strict=True)]
        omega = better_prices(front, center, lambda_z, stay)
    center, theta = _widen(grams, pool, center, lambda_z, min(best, target) - spare, deadline)
    used = np.unique([j for met in pool for S in met for j in S]).astype(int)
    gains = np.maximum(theta[:, None] - least, -1e3 * (lambda_z + 1.0))
    out = np.asarray(_native.project_prices(list(np.ascontiguousarray(gains)), lambda_z))
    out[:, used] = center[:, used]
    return out, theta


def _widen(
    grams: list[TaskGram], pool: Pool, omega: Floats, lambda_z: float, floor: float, deadline: float
) -> tuple[Floats, Floats]:
    """Prices that still reach `floor` and keep the second best of each task as far above its best as can be."""
    for _ in range(WIDENINGS):
        if time.perf_counter() > deadline:
            break
        front = [_front(met, prices) for met, prices in zip(pool, omega, strict=True)]
        wider = better_prices(front, omega, lambda_z, 1e-4, floor)
        for k, gram in enumerate(grams):
            found, _ = gram.neighbours(cheapest(pool[k], wider[k])[0], wider[k], NEIGHBOURS)
            pool[k].update({T: value for T, value in found.items() if T not in pool[k]})
        if sum(cheapest(met, prices)[1] for met, prices in zip(pool, wider, strict=True)) >= floor - 1e-9 * abs(floor):
            return wider, np.array([cheapest(met, prices)[1] for met, prices in zip(pool, wider, strict=True)])
    return omega, np.array([cheapest(met, prices)[1] for met, prices in zip(pool, omega, strict=True)])


def cheapest(met: dict[Support, float], prices: Floats) -> tuple[Support, float]:
    """The support of least value at `prices` (p,), and that value."""
    return min(((S, priced(value, S, prices)) for S, value in met.items()), key=lambda item: item[1])


def priced(value: float, support: Support, prices: Floats) -> float:
    """A value without prices, prices added."""
    return value + float(prices[list(support)].sum())


def _front(met: dict[Support, float], prices: Floats) -> dict[Support, float]:
    if len(met) <= POOL:
        return met
    return {S: met[S] for S in sorted(met, key=lambda S: priced(met[S], S, prices))[:POOL]}


def better_prices(pool: Pool, center: Floats, lambda_z: float, stay: float, floor: float | None = None) -> Floats:
    """Prices (K, p) that maximise the bound over the supports in the pool; columns never met keep those of `center`.

    A linear program in theta_k (the value of task k) and flows y_klj, k < l:
    max sum theta_k  with  theta_k <= value_k(S) + sum_{j in S} omega_kj for every S met. Of its many solutions, at a
    small weight, one near `center` with margins t_k by which all but the best of each task stay above.
    """
    K, half = len(pool), lambda_z / (2 * len(pool))
    used = np.unique([j for met in pool for S in met for j in S]).astype(int)
    u, (first, second) = len(used), np.triu_indices(K, 1)
    flow = _flows_of(center[:, used], first, second, half)
    A, right = _pool_rows(pool, center, used, first, second)
    right = right - A[:, 2 * K : 2 * K + flow.size] @ flow.ravel()
    limits = np.vstack([
        np.tile([-np.inf, np.inf], (K, 1)), np.tile([0.0, MARGIN * lambda_z], (K, 1)),
        np.column_stack([np.zeros(flow.size), half - flow.ravel()]),
        np.column_stack([np.zeros(flow.size), half + flow.ravel()]),
    ])  # fmt: skip
    weights = (1.0, FAVOUR) if floor is None else (1e-2, 1.0)
    if floor is not None:
        sums = sparse.csr_array(np.concatenate([-np.ones(K), np.zeros(A.shape[1] - K)])[None, :])
        A, right = sparse.csr_array(sparse.vstack([A, sums])), np.append(right, -floor)
    cost = np.concatenate([np.full(K, -weights[0]), np.full(K, -weights[1]), np.full(2 * flow.size, stay)])
    answer = optimize.linprog(cost, A_ub=A, b_ub=right, bounds=limits, method="highs")
    if answer.x is None:
        return center
    up, down = answer.x[2 * K :].reshape(2, len(first), u)
    out = center.copy()
    out[:, used] = _prices_of(np.clip(flow + up - down, -half, half), first, second, K)
    return out


def _flows_of(prices: Floats, first: Ints, second: Ints, half: float) -> Floats:
    """(pairs, u) flows, at most `half`, that make up prices (K, u): projected gradient steps on what is missing."""
    K = len(prices)
    flow = np.zeros((len(first), prices.shape[1]))
    for _ in range(200):
        missing = prices - _prices_of(flow, first, second, K)
        if np.abs(missing).max(initial=0.0) < 1e-4 * half:
            break
        flow = np.clip(flow + (missing[first] - missing[second]) / K, -half, half)
    return flow


def _prices_of(flow: Floats, first: Ints, second: Ints, K: int) -> Floats:
    out = np.zeros((K, flow.shape[1]))
    np.add.at(out, first, flow)
    np.subtract.at(out, second, flow)
    return out


def _pool_rows(pool: Pool, center: Floats, used: Ints, first: Ints, second: Ints) -> tuple[sparse.csr_array, Floats]:
    """theta_k (+ t_k) - sum_{j in S} (flows of k) <= value, in columns theta, t, flow up, flow down."""
    K, u, pairs = len(pool), len(used), len(first)
    blocks, right = [], []
    for k, met in enumerate(pool):
        best = cheapest(met, center[k])[0]
        where = np.searchsorted(used, [j for S in met for j in S]).astype(int)
        row = np.repeat(np.arange(len(met)), [len(S) for S in met])
        inside = sparse.csr_array((np.ones(len(row)), (row, where)), shape=(len(met), u))
        signs = sparse.csr_array(((first == k).astype(float) - (second == k))[None, :])
        flows = sparse.kron(signs, inside, format="csr")
        head = np.zeros((len(met), 2 * K))
        head[:, k] = 1.0
        head[:, K + k] = [float(best != S) for S in met]
        blocks.append(sparse.hstack([sparse.csr_array(head), -flows, flows], format="csr"))
        right.append(np.array(list(met.values())))
    assert blocks[0].shape[1] == 2 * K + 2 * pairs * u
    return sparse.csr_array(sparse.vstack(blocks, format="csr")), np.concatenate(right)


def join(lists: Pool, bounds: Floats, omega: Floats, slack: float, lambda_z: float) -> list[tuple[float, Supports]]:
    """All combinations of supports, one per task, whose F is at most sum(bounds) + slack, smallest first.

    `lists` hold for each task every support whose value with prices is at most its bound + slack.
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
            total = value + _zbar([chosen[k] for k in range(K)], lambda_z)
            if total <= bounds.sum() + slack:
                out.append((total, [np.array(chosen[k], np.int32) for k in range(K)]))
            return
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


def _zbar(supports: list[tuple[int, ...]], lambda_z: float) -> float:
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
