"""Zbar taken apart: prices turn one problem over K tasks into K problems over one task each.

For omega_j in the base polytope of (lambda_z / 2) g, g(m) = m (K - m) / K,

    F >= sum_k v_k(omega),   v_k(omega) = min_S [value of task k on S + sum_{j in S} omega_kj].

The polytope is { omega_kj = sum_l y_klj : y antisymmetric in k and l, |y| <= lambda_z / (2 K) }: the penalty is a cut.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from sparsekin import _native
from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.exact.pool import Met
from sparsekin.l0.exact.relaxator import Surroundings

MOST_FLOWS = 300_000  # pairs of tasks times columns: larger programs take minutes
NEIGHBOURS = 300  # per task and program
LOCAL_ROUNDS = 25
FAVOUR = 2e-4  # weight of margins, against the bound itself
NEAR = 1e-4  # weight of staying near the best prices so far
NOWHERE = np.iinfo(np.int64).max  # a column that is none
MARGIN = 0.2  # of lambda_z: wider ones are worth nothing, and supports further off are left out


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """sum_{k in A} [theta_k - prices of columns that stay] <= right, each for one set A of tasks.

    ====== ============ ==========================================
    field  shape        meaning
    ====== ============ ==========================================
    tasks  (m, K)       bool: A
    stays  (m, K, size) columns; p or more where a place is empty
    right  (m,)
    ====== ============ ==========================================
    """

    tasks: Bools
    stays: Ints
    right: Floats

    @classmethod
    def none(cls, K: int, size: int) -> Cuts:
        """No cut."""
        return cls(np.empty((0, K), bool), np.empty((0, K, size), int), np.empty(0))

    def and_of(self, other: Cuts) -> Cuts:
        """Both."""
        return Cuts(
            np.concatenate([self.tasks, other.tasks]),
            np.concatenate([self.stays, other.stays]),
            np.concatenate([self.right, other.right]),
        )


def safe_excess(omega: Floats, lambda_z: float) -> float:
    """How much prices (K, p) can overcharge a support, by rounding: to be taken off the bound."""
    K = len(omega)
    m = np.arange(1, K + 1)
    allowed = lambda_z / 2 * m * (K - m) / K
    prefix = np.cumsum(-np.sort(-omega, axis=0), axis=0)
    over = (prefix - allowed[:, None]).max(axis=0).clip(min=0.0)
    return float(np.sort(over)[::-1].sum())


def least_values(pool: list[Met], omega: Floats) -> Floats:
    """(K,) the least value met of each task at prices (K, p)."""
    return np.array([met.cheapest(prices)[1] for met, prices in zip(pool, omega, strict=True)])


def tune_prices(
    around: Sequence[Surroundings], pool: list[Met], center: Floats, lambda_z: float, target: float, spare: float,
    deadline: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Prices (K, p) at which, as far as exchanges of one column tell, no task has anything below what the pool has.

    Linear programs over the supports met and their neighbours. As long as prices may exist at which the tasks' least
    values add up to `target` less `spare`, the next are those with the widest margins; each try shows what undercuts
    them. Where no such prices are left, the target is lowered to what the program can still reach. Columns that no
    program has seen are priced so that the tasks' margins against them are alike. Also (K,): the least values met.
    """
    omega, least = center, np.empty_like(center)
    for round_ in range(LOCAL_ROUNDS):
        if round_ and time.perf_counter() > deadline:
            break
        reach = np.full_like(center, np.inf)
        for k, task in enumerate(around):
            if time.perf_counter() > deadline:
                break
            found, reach[k] = task.neighbours(pool[k].cheapest(omega[k])[0], omega[k], NEIGHBOURS)
            pool[k].add(found)
            pool[k].front(omega[k], MARGIN * lambda_z)
        best, reached = (float(least_values(pool, prices).sum()) for prices in (center, omega))
        if reached >= best:
            best, center, least = reached, omega, reach
        if best >= target - 1.5 * spare:
            break
        tried = better_prices(pool, center, lambda_z, target - spare, deadline)
        if tried is None:
            highest = better_prices(pool, center, lambda_z, None, deadline)
            if highest is None:
                break
            target = min(target, float(highest[1].sum()))
            tried = better_prices(pool, center, lambda_z, target - spare, deadline) or highest
        omega = tried[0]
    theta = least_values(pool, center)
    used = used_columns(pool)
    gains = np.maximum(theta[:, None] - least, -1e3 * (lambda_z + np.abs(theta).max()))
    out = np.asarray(_native.project_prices(list(np.ascontiguousarray(gains)), lambda_z))
    out[:, used] = center[:, used]
    return out, theta


def used_columns(pool: list[Met], fronts: list[Ints] | None = None) -> Ints:
    """The columns of all supports met, or of those in `fronts`."""
    held = [met.columns if fronts is None else met.columns[fronts[k]] for k, met in enumerate(pool)]
    columns = np.unique(np.concatenate([h.ravel() for h in held]))
    return columns[columns < pool[0].p].astype(int)


def better_prices(
    pool: list[Met], center: Floats, lambda_z: float, floor: float | None, deadline: float = np.inf,
    cuts: Cuts | None = None,
) -> tuple[Floats, Floats] | None:  # fmt: skip
    """Prices (K, p) from the supports in the pool; columns never met keep those of `center`.

    None where there are none, or none was found by `deadline`.

    A linear program in theta_k (the value of task k), margins t_k and flows y_klj, k < l, with
    theta_k (+ t_k for all but the first support) <= value_k(S) + sum_{j in S} omega_kj for every S met: the largest
    sum of theta where `floor` is None, else the widest margins with a sum of at least `floor`; of equals, prices near
    `center`. `cuts` are sums of such rows over some tasks. Also theta.
    """
    K, half = len(pool), lambda_z / (2 * len(pool))
    fronts = [met.front(prices, MARGIN * lambda_z) for met, prices in zip(pool, center, strict=True)]
    used = used_columns(pool, fronts)
    if K * (K - 1) / 2 * len(used) > MOST_FLOWS or time.perf_counter() > deadline:
        return None
    u, (first, second) = len(used), np.triu_indices(K, 1)
    flow = _flows_of(center[:, used], first, second, half)
    A = _pool_rows(pool, fronts, used, first, second)
    right = np.concatenate([met.values[front] for met, front in zip(pool, fronts, strict=True)])
    if cuts is not None:
        A = sparse.csr_array(sparse.vstack([A, _cut_rows(cuts, used, first, second)]))
        right = np.concatenate([right, cuts.right])
    right = right - A[:, 2 * K : 2 * K + flow.size] @ flow.ravel()
    limits = np.vstack([
        np.tile([-np.inf, np.inf], (K, 1)), np.tile([0.0, MARGIN * lambda_z], (K, 1)),
        np.column_stack([np.zeros(flow.size), half - flow.ravel()]),
        np.column_stack([np.zeros(flow.size), half + flow.ravel()]),
    ])  # fmt: skip
    if floor is not None:
        sums = sparse.csr_array(np.concatenate([-np.ones(K), np.zeros(A.shape[1] - K)])[None, :])
        A, right = sparse.csr_array(sparse.vstack([A, sums])), np.append(right, -floor)
    values, margins = (1.0, FAVOUR) if floor is None else (1e-2, 1.0)
    cost = np.concatenate([np.full(K, -values), np.full(K, -margins), np.full(2 * flow.size, NEAR)])
    answer = optimize.linprog(cost, A_ub=A, b_ub=right, bounds=limits, method="highs", options=_until(deadline))
    if answer.x is None:
        return None
    up, down = answer.x[2 * K :].reshape(2, len(first), u)
    out = center.copy()
    out[:, used] = incidence(K) @ np.clip(flow + up - down, -half, half)
    return out, np.asarray(answer.x[:K])


def _until(deadline: float) -> dict[str, float]:
    return {"time_limit": max(deadline - time.perf_counter(), 0.01)} if np.isfinite(deadline) else {}


def incidence(K: int) -> Floats:
    """(K, pairs) prices from flows: what flows to the first task of a pair is taken from the second."""
    first, second = np.triu_indices(K, 1)
    tasks = np.arange(K)[:, None]
    return (tasks == first).astype(float) - (tasks == second)


def _flows_of(prices: Floats, first: Ints, second: Ints, half: float) -> Floats:
    """(pairs, u) flows, at most `half`, that make up prices (K, u): projected gradient steps on what is missing."""
    K, signs = len(prices), incidence(len(prices))
    flow = np.zeros((len(first), prices.shape[1]))
    for _ in range(200):
        missing = prices - signs @ flow
        if np.abs(missing).max(initial=0.0) < 1e-4 * half:
            break
        flow = np.clip(flow + (missing[first] - missing[second]) / K, -half, half)
    return flow


def _pool_rows(pool: list[Met], fronts: list[Ints], used: Ints, first: Ints, second: Ints) -> sparse.csr_array:
    """theta_k (+ t_k) - sum_{j in S} (flows of k) <= value, in columns theta, t, flow up, flow down."""
    K, blocks = len(pool), []
    for k, (met, front) in enumerate(zip(pool, fronts, strict=True)):
        flows = _flow_columns(met.columns[front], k, used, first, second)
        head = np.zeros((len(front), 2 * K))
        head[:, k] = 1.0
        head[1:, K + k] = 1.0
        blocks.append(sparse.hstack([sparse.csr_array(head), -flows, flows], format="csr"))
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def _cut_rows(cuts: Cuts, used: Ints, first: Ints, second: Ints) -> sparse.csr_array:
    """The same of cuts: the rows of their tasks added up."""
    flows = sparse.csr_array((len(cuts.right), len(first) * len(used)))
    for k, inside in enumerate(cuts.tasks.T):
        stays = np.where(inside[:, None], cuts.stays[:, k], NOWHERE)
        flows = flows + _flow_columns(stays, k, used, first, second)
    head = sparse.csr_array(np.hstack([cuts.tasks, cuts.tasks]).astype(float))
    return sparse.csr_array(sparse.hstack([head, -flows, flows], format="csr"))


def _flow_columns(held: Ints, k: int, used: Ints, first: Ints, second: Ints) -> sparse.csr_array:
    """(m, pairs x u) flows to task k of the columns in each row of `held`; those not in `used` have none."""
    where = np.minimum(np.searchsorted(used, held), max(len(used) - 1, 0))
    row, place = np.nonzero(used[where] == held) if len(used) else (np.empty(0, int), np.empty(0, int))
    inside = sparse.csr_array((np.ones(len(row)), (row, where[row, place])), shape=(len(held), len(used)))
    signs = sparse.csr_array(((first == k).astype(float) - (second == k))[None, :])
    return sparse.csr_array(sparse.kron(signs, inside, format="csr"))
