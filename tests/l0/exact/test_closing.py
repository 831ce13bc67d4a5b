"""The last one or two places of a node are filled by listing: all ways must be there, with exact values."""

from itertools import combinations

import numpy as np
import pytest

from oracles.tiny_problems import tiny_problem
from sparsekin.l0.exact.certify import _open
from sparsekin.l0.exact.subproblem import solve_root
from sparsekin.l0.exact.tree import Limits


def single_task(seed):
    """A subproblem of one task with prices, and its relaxation on all columns."""
    problem = tiny_problem(seed)
    proof = _open(problem, [np.empty(0, np.int32)] * problem.n_tasks, 1e-4, Limits(), lambda bound, objective: None)
    prices = np.random.default_rng(seed).normal(scale=0.01, size=(problem.n_tasks, problem.n_features))
    sub = proof.apart(prices)[0]
    return sub, solve_root(sub, np.inf, 0.0).relaxation


def every_filling(marks, room):
    inside, free = np.flatnonzero(marks == 1).tolist(), np.flatnonzero(marks == -1).tolist()
    return [
        tuple(sorted([*inside, *more])) for size in range(room + 1) for more in combinations(free, size)
    ]  # fmt: skip


@pytest.mark.parametrize("room", [0, 1, 2])
@pytest.mark.parametrize("seed", range(40))
def test_every_way_to_fill_is_listed_with_its_exact_value(seed, room):
    sub, relaxation = single_task(seed)
    rng = np.random.default_rng(seed)
    usable = sub.workspace.diag_of(0)[relaxation.candidates] > 0
    marks = np.where(usable, -1, 0).astype(np.int8)[None, :]
    marks[0, rng.permutation(np.flatnonzero(usable))[: int(rng.integers(0, 3))]] = 1
    listed = relaxation.close(marks, room, np.inf, 10**6)
    if listed is None:
        return  # columns too close to collinear: the tree branches instead
    expected = {S: sub.evaluate([relaxation.candidates[list(S)]])[0] for S in every_filling(marks[0], room)}
    found = {S: value for value, S in listed}
    assert len(found) == len(listed)
    assert found.keys() == expected.keys()
    scale = abs(sub.constant) + 1e-12
    for S, value in found.items():
        assert value < -1e200 or abs(value - expected[S]) <= 1e-8 * scale, (S, value, expected[S])


def test_listing_is_used_where_columns_are_independent():
    used = 0
    for seed in range(40):
        sub, relaxation = single_task(seed)
        usable = sub.workspace.diag_of(0)[relaxation.candidates] > 0
        marks = np.where(usable, -1, 0).astype(np.int8)[None, :]
        used += relaxation.close(marks, 1, np.inf, 10**6) is not None
    assert used > 30


def test_only_what_is_below_the_threshold_is_listed_and_the_best_of_it():
    _, relaxation = single_task(3)
    marks = np.full((1, len(relaxation.candidates)), -1, np.int8)
    everything = sorted(relaxation.close(marks, 2, np.inf, 10**6))
    threshold = everything[len(everything) // 2][0]
    below = sorted(relaxation.close(marks, 2, threshold, 10**6))
    assert below == [item for item in everything if item[0] < threshold]
    assert sorted(relaxation.close(marks, 2, np.inf, 3)) == everything[:3]
