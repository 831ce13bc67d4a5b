"""Zbar taken apart: prices turn one problem over K tasks into K problems over one task each.

For omega_j in the base polytope of (lambda_z / 2) g, g(m) = m (K - m) / K,

    F >= sum_k v_k(omega),   v_k(omega) = min_S [value of task k on S + sum_{j in S} omega_kj].

The polytope is { omega_kj = sum_l y_klj : y antisymmetric in k and l, |y| <= lambda_z / (2 K) }: the penalty is a cut.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, sparse

from sparsekin.data.blocks import Floats
from sparsekin.l0.search import Supports

Pool = list[dict[tuple[int, ...], float]]  # per task: supports met, with their values without prices


def safe_excess(omega: Floats, lambda_z: float) -> float:
    """How much prices (K, p) can overcharge a support, by rounding: to be taken off the bound."""
    K = len(omega)
    m = np.arange(1, K + 1)
    allowed = lambda_z / 2 * m * (K - m) / K
    prefix = np.cumsum(-np.sort(-omega, axis=0), axis=0)
    over = (prefix - allowed[:, None]).max(axis=0).clip(min=0.0)
    return float(np.sort(over)[::-1].sum())


def better_prices(pool: Pool, omega: Floats, lambda_z: float) -> Floats:
    """Prices (K, p) that maximise the bound over the supports met so far; columns never met keep theirs.

    A linear program in theta_k (the value of task k) and y_klj, k < l:
    max sum theta_k  with  theta_k <= value_k(S) + sum_{j in S} omega_kj for every S met.
    """
    K = len(pool)
    used = np.unique([j for met in pool for S in met for j in S]).astype(int)
    place = {j: i for i, j in enumerate(used)}
    pairs = [(k, other) for k in range(K) for other in range(k + 1, K)]
    u, n = len(used), K + len(pairs) * len(used)
    rows, columns, entries, right = [], [], [], []
    for k, met in enumerate(pool):
        for S, value in met.items():
            row = len(right)
            rows.append(row), columns.append(k), entries.append(1.0)
            for q, (a, b) in enumerate(pairs):
                if k not in (a, b):
                    continue
                for j in S:
                    rows.append(row), columns.append(K + q * u + place[j]), entries.append(-1.0 if k == a else 1.0)
            right.append(value)
    A = sparse.csr_array((entries, (rows, columns)), shape=(len(right), n))
    half = lambda_z / (2 * K)
    limits = [(None, None)] * K + [(-half, half)] * (n - K)
    objective = np.concatenate([-np.ones(K), np.zeros(n - K)])
    answer = optimize.linprog(objective, A_ub=A, b_ub=right, bounds=limits, method="highs")
    if answer.x is None:
        return omega
    y = answer.x[K:].reshape(len(pairs), u)
    out = omega.copy()
    out[:, used] = 0.0
    for q, (a, b) in enumerate(pairs):
        out[a, used] += y[q]
        out[b, used] -= y[q]
    return out


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
