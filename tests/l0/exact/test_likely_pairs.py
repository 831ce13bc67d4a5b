"""Fillings listed without a look at all pairs are those that a look at all of them finds."""

from itertools import combinations

import numpy as np
import pytest

from l0.exact.test_bounds_are_valid import check
from oracles.instances import kindred_tasks, problem_of
from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.standardize import standardize
from sparsekin.l0.exact.certify import _open
from sparsekin.l0.exact.near import least_of_triples, near_pairs
from sparsekin.l0.exact.subproblem import solve_root
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.problem import make_problem


def correlated_columns(rng, n, p):
    """Columns in a row of neighbours, of any scale, some of them next to copies of others."""
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        rho = rng.choice([0.0, 0.5, 0.9])
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    for _ in range(int(rng.integers(0, 4))):
        j, other = rng.permutation(p)[:2]
        X[:, j] = X[:, other] + rng.choice([1e-3, 0.1, 0.5]) * rng.standard_normal(n)
    return np.asfortranarray(X)


def relaxation_of(seed, p):
    """One task with prices, p columns; the relaxation on all of them, and prices."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([15, 40, 200]))
    X = correlated_columns(rng, n, p)
    y = X[:, rng.permutation(p)[:4]] @ rng.uniform(0.3, 2, 4) + rng.standard_normal(n)
    scale = 10.0 ** rng.integers(-6, 7)
    names = tuple(map(str, range(p)))
    blocks = TaskBlocks(X * scale, (y,), (slice(0, n),), (None,), np.empty((n, 0)), (0,), names, ())
    problem = make_problem(blocks, standardize(blocks), np.array([5]), lambda_1=float(rng.choice([1e-4, 0.02, 0.3])))
    proof = _open(problem, [np.empty(0, np.int32)], 1e-4, Limits(), lambda bound, objective: None)
    prices = rng.normal(scale=rng.choice([1e-6, 0.02]), size=(1, p))
    sub = proof.apart(prices)[0]
    return sub, solve_root(sub, np.inf, 0.0).relaxation, rng


def listed(relaxation, marks, room, below):
    return {S: value for value, S in relaxation.close(marks, room, below, 10**6)}


@pytest.fixture(params=[0.6, 2, 6])
def few_named(request, monkeypatch):
    """Screens on any number of columns, with more or fewer pairs known by name."""
    monkeypatch.setattr("sparsekin.l0.exact.subproblem.ALL_PAIRS", 0)
    monkeypatch.setattr("sparsekin.l0.exact.near.PARTNERS", request.param)


@pytest.mark.usefixtures("few_named")
@pytest.mark.parametrize("seed", range(20))
def test_likely_pairs_are_all_pairs_below_a_value(seed):
    _, relaxation, rng = relaxation_of(seed, 60)
    marks = np.full((1, 60), -1, np.int8)
    marks[0, rng.permutation(60)[: int(rng.integers(0, 4))]] = 1
    every = relaxation.close(marks, 2, np.inf, 10**6)
    if every is None:
        return  # columns too close to collinear: the tree branches instead
    values = np.sort([value for value, _ in every])
    assert relaxation.listed(10**9, np.inf) >= 2
    for count in (1, 5, 50, 500):
        below = float(values[count - 1] + values[count]) / 2
        expected = {S: value for value, S in every if value < below}
        assert listed(relaxation, marks, 2, below) == pytest.approx(expected, rel=1e-9)


@pytest.mark.usefixtures("few_named")
@pytest.mark.parametrize("seed", range(20))
def test_likely_triples_are_all_triples_below_a_value(seed):
    sub, relaxation, rng = relaxation_of(1000 + seed, 24)
    marks = np.full((1, 24), -1, np.int8)
    inside = rng.permutation(24)[: int(rng.integers(0, 3))]
    marks[0, inside] = 1
    if relaxation.listed(10**9, np.inf) < 3:
        return
    some = relaxation.close(marks, 3, -np.inf, 10)
    if some is None:
        return
    free = np.setdiff1d(np.arange(24), inside)
    sets = [tuple(sorted([*inside, *more])) for size in range(4) for more in combinations(free, size)]
    values = {S: sub.evaluate([np.array(S, np.int32)])[0] for S in sets}
    ranked = np.sort(list(values.values()))
    for count in (1, 5, 50):
        below = float(ranked[count]) - 1e-9 * sub.constant
        found = listed(relaxation, marks, 3, below)
        missing = [S for S, value in values.items() if value < below - 1e-8 * sub.constant and S not in found]
        assert not missing
        assert all(abs(value - values[S]) <= 1e-8 * sub.constant or value < -1e200 for S, value in found.items())


def test_triples_are_listed_where_correlations_are_moderate():
    rng = np.random.default_rng(5)
    X = np.asfortranarray(rng.standard_normal((400, 60)))
    names = tuple(map(str, range(60)))
    y = X[:, :4].sum(axis=1) + rng.standard_normal(400)
    blocks = TaskBlocks(X, (y,), (slice(0, 400),), (None,), np.empty((400, 0)), (0,), names, ())
    problem = make_problem(blocks, standardize(blocks), np.array([4]), lambda_1=0.01)
    near = near_pairs(problem, 0, np.arange(60, dtype=np.int32))
    assert near is not None
    G = X.T @ X / 400
    worst = min(
        np.linalg.eigvalsh(G[np.ix_(S, S)] / np.sqrt(np.outer(np.diag(G)[S], np.diag(G)[S])))[0]
        for S in map(list, combinations(np.setdiff1d(np.arange(60), near.tight), 3))
    )
    assert 0.3 < near.triples <= worst + 0.02  # the ridge and the means taken off
    named = set(zip(near.first.tolist(), near.second.tolist(), strict=True))
    share = np.corrcoef(X.T) / (1 + 0.01)
    assert named == {(i, j) for i, j in combinations(range(60), 2) if abs(share[i, j]) > near.limit}


@pytest.mark.parametrize("seed", range(100))
def test_no_three_columns_are_closer_to_collinear_than_said(seed):
    rng = np.random.default_rng(seed)
    far, m = rng.uniform(0.02, 0.35), 6
    G = np.eye(m)
    i, j = np.triu_indices(m, 1)
    share = rng.uniform(-1, 1, len(i)) * rng.choice([far, 0.5, 0.8], len(i))
    if seed % 2:  # three columns that cancel each other, beside others that are far
        share *= far
        share[[0, 1, m - 1]] = -rng.uniform(0.38, 0.45)
    G[i, j] = G[j, i] = share
    named = np.abs(share) > far
    given = [part[named] for part in (i.astype(np.int32), j.astype(np.int32), share.astype(np.float32))]
    said, tight = least_of_triples(*given, far, m)
    rest = np.setdiff1d(np.arange(m), tight)
    least = min((np.linalg.eigvalsh(G[np.ix_(S, S)])[0] for S in map(list, combinations(rest, 3))), default=1.0)
    assert said <= max(least, 0.0) + 1e-6


def test_three_columns_that_only_together_explain_are_listed(monkeypatch):
    """Correlations of -.42 leave an eigenvalue of .16, though no two of the three are close."""
    monkeypatch.setattr("sparsekin.l0.exact.subproblem.ALL_PAIRS", 0)
    monkeypatch.setattr("sparsekin.l0.exact.near.PARTNERS", 0.6)
    rng = np.random.default_rng(3)
    n, p = 400, 60
    X = np.sqrt(n) * np.linalg.qr(np.column_stack([np.ones(n), rng.standard_normal((n, p))]))[0][:, 1:]
    X[:, :3] = X[:, :3] @ np.linalg.cholesky(np.full((3, 3), -0.42) + 1.42 * np.eye(3)).T
    y = X[:, :3].sum(axis=1)
    names = tuple(map(str, range(p)))
    blocks = TaskBlocks(np.asfortranarray(X), (y,), (slice(0, n),), (None,), np.empty((n, 0)), (0,), names, ())
    problem = make_problem(blocks, standardize(blocks), np.array([3]), lambda_1=1e-3)
    proof = _open(problem, [np.empty(0, np.int32)], 1e-4, Limits(), lambda bound, objective: None)
    relaxation = proof.apart(np.zeros((1, p)))[0].relax(np.arange(p, dtype=np.int32), None, np.inf)[0]
    assert relaxation.listed(10**9, np.inf) == 3
    best = listed(relaxation, np.full((1, p), -1, np.int8), 3, 0.2 * proof.null)
    assert (0, 1, 2) in best


def test_a_pair_worth_all_that_its_correlation_allows_is_listed():
    """At the limit of what is not named, with opposite shares: the bound of the pair is its value."""
    rng = np.random.default_rng(7)
    n, p, limit = 200, 30, 0.1
    X = np.sqrt(n) * np.linalg.qr(np.column_stack([np.ones(n), rng.standard_normal((n, p))]))[0][:, 1:]
    X[:, 1] = np.sqrt(1 - limit**2) * X[:, 1] - limit * X[:, 0]
    names = tuple(map(str, range(p)))
    y = X[:, 0] + X[:, 1]
    blocks = TaskBlocks(np.asfortranarray(X), (y,), (slice(0, n),), (None,), np.empty((n, 0)), (0,), names, ())
    problem = make_problem(blocks, standardize(blocks), np.array([2]), lambda_1=1e-6)
    proof = _open(problem, [np.empty(0, np.int32)], 1e-4, Limits(), lambda bound, objective: None)
    relaxation = proof.apart(np.zeros((1, p)))[0].relax(np.arange(p, dtype=np.int32), None, np.inf)[0]
    none = np.empty(0, np.int32)
    relaxation.native.set_near(none, none, np.empty(0, np.float32), limit, 1e-6, 0.0, none)
    found = listed(relaxation, np.full((1, p), -1, np.int8), 2, 0.01 * proof.null)
    assert list(found) == [(0, 1)]


@pytest.mark.usefixtures("few_named")
def test_bounds_are_valid_where_likely_pairs_are_listed():
    assert sum(check(seed) for seed in range(300, 330)) > 15


@pytest.mark.usefixtures("few_named")
@pytest.mark.slow
@pytest.mark.parametrize("start", range(3000, 3800, 100))
def test_bounds_are_valid_on_many(start):
    for seed in range(start, start + 100):
        check(seed)


def test_a_listing_ends_when_it_is_told_to():
    """Millions of pairs are a second or more: the limit and Ctrl-C were heard only after them."""
    p = 4000
    problem = problem_of(kindred_tasks(0, n=40, p=p, n_tasks=1, s=5, rho=0.3, snr=2.0), 5, lambda_1=0.02)
    proof = _open(problem, [np.empty(0, np.int32)], 1e-4, Limits(), lambda bound, objective: None)
    relaxation, marks = proof.apart(np.zeros((1, p)))[0].relax(np.arange(p, dtype=np.int32), None, np.inf)
    asked = []
    assert relaxation.close(marks, 2, -np.inf, 10, lambda: asked.append(True) or True) is None
    assert len(asked) == 1
    assert relaxation.close(marks, 2, -np.inf, 10, lambda: bool(asked.append(True))) == []
    assert len(asked) > 1
