"""Halves are disjoint, equal within each task, and leave groups whole."""

import numpy as np
import pytest

from inference.cases import kindred, problem_of
from sparsekin.errors import DataError
from sparsekin.inference.split import complementary_halves, counted_rows


def blocks(sizes=(20, 31, 7), weights=None):
    rng = np.random.default_rng(0)
    X, y, _ = kindred(rng, K=len(sizes), n=40, p=10, s=2, q=2)
    X, y = ([part[:n] for part, n in zip(parts, sizes, strict=True)] for parts in (X, y))
    return problem_of(X, y, 2, 0.1, weights=weights).blocks


@pytest.mark.parametrize("seed", range(5))
def test_halves_of_each_task(seed):
    data = blocks()
    first, second = complementary_halves(data, None, np.random.default_rng(seed))
    assert not (first & second).any()
    for rows, n in zip(data.rows, (20, 31, 7), strict=True):
        assert first[rows].sum() == second[rows].sum() == n // 2


def test_rows_of_weight_0_are_in_no_half():
    weights = tuple(np.where(np.arange(n) < 4, 0.0, 2.0) for n in (20, 31, 7))
    data = blocks(weights=weights)
    first, second = complementary_halves(data, None, np.random.default_rng(0))
    out = ~counted_rows(data)
    assert out.sum() == 12
    assert not ((first | second) & out).any()


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole_across_tasks_too(seed):
    data = blocks((30, 30, 30))
    groups = np.random.default_rng(seed).integers(0, 25, 90)
    first, second = complementary_halves(data, groups, np.random.default_rng(seed))
    assert (first ^ second).all()
    assert len(np.intersect1d(groups[first], groups[second])) == 0
    for rows in data.rows:
        assert 6 <= first[rows].sum() <= 24


@pytest.mark.parametrize("seed", range(20))
def test_groups_that_cross_tasks_leave_both_halves_rows_of_each(seed):
    data = blocks((30, 30, 30))
    two = np.arange(30) % 2
    groups = np.concatenate([two, 2 * two, 10 + np.arange(30)])  # group 0 stands in the first two tasks
    halves = complementary_halves(data, groups, np.random.default_rng(seed))
    for half in halves:
        assert all(half[rows].any() for rows in data.rows)
    assert len(np.intersect1d(*(groups[half] for half in halves))) == 0


def test_groups_that_cannot_be_halved_are_refused():
    two = np.arange(30) % 2
    groups = np.concatenate([two, 2 * two, 1 + two])  # 0 and 1, 0 and 2, 1 and 2 apart
    with pytest.raises(DataError, match=r"leave one half without rows of task .* leave groups out, or drop the task"):
        complementary_halves(blocks((30, 30, 30)), groups, np.random.default_rng(0))
