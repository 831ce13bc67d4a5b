"""Halves are disjoint, equal within each task, and leave groups whole."""

import numpy as np
import pytest

from inference.cases import kindred, problem_of
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
