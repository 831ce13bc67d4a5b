"""Halves: the same whatever the number of jobs, finished pairs kept at Ctrl-C, held-out rows never used to choose."""

import numpy as np
import pytest

from inference.cases import kindred, problem_of
from sparsekin.inference.estimates import LEAST_HALVES, estimates_of
from sparsekin.inference.halves import draw_halves, half_of
from sparsekin.inference.split import complementary_halves
from sparsekin.l0.fold_share import without
from sparsekin.l0.solve import solve


def planted(seed=0, **options):
    X, y, B = kindred(np.random.default_rng(seed), **{"n": 60, "p": 30, "s": 3, "q": 3, "low": 0.6, **options})
    return problem_of(X, y, 3, 0.1), B


def test_the_same_seed_gives_the_same_halves():
    problem, _ = planted()
    one, two = (draw_halves(problem, pairs=6, rng=3, n_jobs=jobs) for jobs in (1, 2))
    other = draw_halves(problem, pairs=6, rng=4)
    np.testing.assert_array_equal(one.frequency, two.frequency)
    for a, b in zip(one.found, two.found, strict=True):
        np.testing.assert_array_equal(a.slope, b.slope)
    assert (one.frequency != other.frequency).any()


def test_a_half_chooses_on_its_rows_and_is_estimated_on_the_others():
    problem, _ = planted()
    first, second = complementary_halves(problem.blocks, None, np.random.default_rng(0))
    half = half_of(problem, first, lambda training: solve(training).support)
    chosen = solve(without(problem, ~first)).support
    np.testing.assert_array_equal(half.features, np.flatnonzero(chosen.any(axis=1)))
    blocks, k = problem.blocks, 2
    rows = np.flatnonzero(second)[(np.flatnonzero(second) >= 120) & (np.flatnonzero(second) < 180)]
    S = np.flatnonzero(chosen[:, k])
    Z = np.column_stack([np.ones(len(rows)), blocks.X[np.ix_(rows, S)]])
    b = np.linalg.lstsq(Z, blocks.y[k][rows - 120], rcond=None)[0][1:]
    np.testing.assert_allclose(half.slope[np.searchsorted(half.features, S), k], b, rtol=1e-9)
    assert half.df[k] == len(rows) - 1 - len(S)


def test_what_is_planted_is_found_and_covered():
    problem, B = planted(n=100)
    halves = draw_halves(problem, pairs=20, rng=0)
    found = estimates_of(halves)
    truth = np.flatnonzero(B.any(axis=1))
    assert (found.frequency_any[truth] > 0.9).all()
    at = np.searchsorted(found.features, truth)
    low, high = found.interval(0.999)
    assert ((low[at] < B[truth]) & (B[truth] < high[at])).all()
    assert (found.frequency <= found.frequency_any[:, None] + 1e-12).all()
    assert (np.rint(found.frequency_any[found.features] * 40) >= LEAST_HALVES).all()


def test_ctrl_c_keeps_finished_pairs():
    problem, _ = planted()
    calls = []

    def choose(training):
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return solve(training).support

    halves = draw_halves(problem, pairs=10, rng=0, choose=choose)
    assert halves.pairs == 3
    assert halves.asked == 10


def test_few_rows_lower_s_and_leave_no_interval():
    X, y, _ = kindred(np.random.default_rng(0), K=2, n=12, p=20, s=3, q=3)
    found = estimates_of(draw_halves(problem_of(X, y, 8, 0.1), pairs=10, rng=0))
    assert np.isnan(found.slope).all()


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_units_change_nothing_but_units(scale):
    problem, _ = planted()
    X, y = [problem.blocks.X_of(k) for k in range(4)], list(problem.blocks.y)
    one = estimates_of(draw_halves(problem, pairs=5, rng=0))
    other = estimates_of(draw_halves(problem_of([scale * x for x in X], y, 3, 0.1), pairs=5, rng=0))
    np.testing.assert_array_equal(one.frequency, other.frequency)
    np.testing.assert_allclose(other.slope * scale, one.slope, rtol=1e-6)
    np.testing.assert_allclose(other.pvalue, one.pvalue, rtol=1e-5, atol=1e-300)
