"""Moves of many tasks at once: where a search ends, no set of tasks gains by taking or giving up a column together."""

import numpy as np
import pytest

from oracles.instances import kindred_tasks, problem_of
from sparsekin.l0.polish import task_values
from sparsekin.l0.search import as_mask, open_search
from sparsekin.l0.state import open_workspace

K, P, S = 11, 8, 3


def ended(lambda_z, seed):
    """A problem and the supports where a search from random ones ends."""
    problem = problem_of(kindred_tasks(seed, n=14, p=P, n_tasks=K, s=S, rho=0.6, snr=1.0), S, lambda_1=0.02)
    problem = problem_of(problem.blocks, S, lambda_1=0.02, lambda_z=lambda_z)
    workspace = open_workspace(problem)
    search = open_search(workspace, workspace.views(np.arange(P, dtype=np.int32)))
    rng = np.random.default_rng(seed)
    search.load([rng.choice(P, S, replace=False).astype(np.int32) for _ in range(K)])
    search.polish()
    return problem, search.supports()


def value_of(problem, k, columns):
    supports = [np.empty(0, np.int32)] * K
    supports[k] = np.array(sorted(columns), np.int32)
    return task_values(problem, as_mask(problem, supports), np.array([k]))[0]


def penalty(lambda_z, m):
    return lambda_z / 2 * m * (K - m) / K


def most(gains, lambda_z, m, step):
    """The largest gain of the t tasks that gain most, the column's holders going from m to m + step t."""
    sums = np.cumsum(np.sort(gains)[::-1])
    return max(total + penalty(lambda_z, m) - penalty(lambda_z, m + step * (t + 1)) for t, total in enumerate(sums))


@pytest.mark.parametrize("lambda_z", [0.02, 0.1, 0.4, 2.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_column_is_worth_taking_or_giving_up_by_any_set_of_tasks(lambda_z, seed):
    problem, supports = ended(lambda_z, seed)
    held = as_mask(problem, supports)
    m = held.sum(axis=1)
    own = [value_of(problem, k, columns) for k, columns in enumerate(supports)]
    bonus = [penalty(lambda_z, m) - penalty(lambda_z, m + d) for d in (-1, 1)]  # of one task alone
    for j in range(P):
        takes, gives = [], []
        for k, columns in enumerate(supports):
            rest = set(columns.tolist())
            ways = [{*rest, j}] if len(rest) < S else []
            if held[j, k]:
                others = [value_of(problem, k, rest - {j})]
                prices = [0.0]
                for i in set(range(P)) - rest:
                    others.append(value_of(problem, k, {*rest, i} - {j}))
                    prices.append(bonus[1][i])
                gives.append(max(own[k] - value + price for value, price in zip(others, prices, strict=True)))
            else:
                gains = [own[k] - value_of(problem, k, one) for one in ways]
                gains += [own[k] - value_of(problem, k, {*rest, j} - {i}) + bonus[0][i] for i in rest]
                takes.append(max(gains))
        scale = 1e-6 * sum(own)
        assert not takes or most(np.array(takes), lambda_z, m[j], +1) <= scale
        assert not gives or most(np.array(gives), lambda_z, m[j], -1) <= scale
