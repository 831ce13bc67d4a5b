"""F never rises with s, in any regime: the supports of a smaller s are still allowed."""

from __future__ import annotations

import numpy as np
import pytest

from oracles.instances import blocks_of, problem_of, toeplitz_normal
from sparsekin.l0.grid import cross, solve_grid
from sparsekin.l0.solve import solve

SEEDS, MANY = range(40), range(40, 400)


def some_problem(seed: int):
    """Blocks and settings from a seed: constant columns, columns that always-in columns explain, weights."""
    rng = np.random.default_rng(seed)
    K, p, n, q = int(rng.integers(1, 5)), int(rng.integers(2, 8)), int(rng.integers(16, 30)), int(rng.integers(0, 3))
    shared = rng.random() < 0.4
    X = [toeplitz_normal(rng, n, p, 0.5) for _ in range(K)]
    keep = [rng.normal(size=(n, q)) for _ in range(K)]
    for x, always in zip(X, keep, strict=True):
        x[:, rng.random(p) < 0.2] = rng.integers(3)
        if q and rng.random() < 0.5:
            x[:, 0] = always @ rng.normal(size=q) + 2
    if shared:
        X, keep = [X[0]] * K, [keep[0]] * K
    y = [x @ np.where(rng.random(p) < 0.5, rng.normal(size=p), 0) + 0.5 * rng.normal(size=n) for x in X]
    weights = None
    if rng.random() < 0.4:
        weights = [rng.integers(0, 3, size=n).astype(float) + (np.arange(n) < 14) for _ in range(K)]
    support = ("heterogeneous", "common", "independent")[rng.integers(3)]
    tied = support != "independent"
    settings = {
        "support": support,
        "mode": ("within", "pooled", False)[rng.integers(3)],
        "lambda_1": (0.0, 0.0, 0.1)[rng.integers(3)],
        "lambda_2": (0.0, 0.0, 0.5, 100.0, 1e12)[rng.integers(5)] * tied,
        "lambda_z": (0.0, 0.1, 5.0)[rng.integers(3)] * tied,
    }
    return blocks_of(X[0] if shared else X, y, weights, keep[0] if shared else keep), settings


def check(seed: int) -> None:
    blocks, settings = some_problem(seed)
    p = blocks.n_features
    found = [solve(problem_of(blocks, s, **settings), effort=1 + seed % 2) for s in range(p + 1)]
    F = np.array([one.objective for one in found])
    assert (np.diff(F) <= 1e-9 * F[0]).all(), (seed, settings, F)
    for s, one in enumerate(found):
        assert (one.support.sum(axis=0) <= s).all()
        assert np.abs(one.coef).max(initial=0.0) < 1e4, (seed, settings)
        assert one.status in ("swap-optimal", "converged")
        if settings["support"] == "common":
            assert (one.support == one.support[:, :1]).all(), (seed, s)
    penalties = [[settings[name]] for name in ("lambda_1", "lambda_2", "lambda_z")]
    grid = solve_grid(problem_of(blocks, p, **settings), cross(range(p + 1), *penalties))
    assert (np.diff(grid.objective) <= 1e-7 * F[0]).all(), (seed, settings, grid.objective)
    refitted = [grid.solution(i).objective for i in range(p + 1)]
    np.testing.assert_allclose(grid.objective, refitted, rtol=0, atol=1e-6 * F[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_f_never_rises_with_s(seed):
    check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_f_never_rises_with_s_many(seed):
    check(seed)


def test_a_column_in_the_span_of_the_always_in_ones_is_left_out_at_every_s():
    rng = np.random.default_rng(3)
    keep = rng.normal(size=(40, 2))
    X = np.column_stack([keep @ [1.0, -2.0] + 5, rng.normal(size=(40, 2))])
    y = keep[:, 0] + X[:, 1] + rng.normal(size=40)
    for s in (1, 2, 3):
        found = solve(problem_of(blocks_of(X, [y], keep=keep), s))
        assert not found.support[0].any()
        A = np.column_stack([np.ones(40), keep, X[:, found.support[:, 0]]])
        b, rss, *_ = np.linalg.lstsq(A, y, rcond=None)
        assert found.objective == pytest.approx(rss[0] / 80, rel=1e-10)
        np.testing.assert_allclose(found.coef[found.support[:, 0], 0], b[3:], rtol=1e-8)


@pytest.mark.parametrize("effort", [0, 1, 2])
def test_common_supports_are_common_where_a_column_is_constant_in_one_task(effort):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X = [rng.normal(size=(25, 8)) for _ in range(3)]
        X[0][:, 2], X[2][:, 5] = 1.0, 7.0
        y = [x @ [1, 0, 3, 0, -1, 3, 0.5, 0] + rng.normal(size=25) for x in X]
        for lambda_2 in (0.0, 0.5, 1e3):
            for s in (2, 4, 7, 8):
                found = solve(problem_of(blocks_of(X, y), s, support="common", lambda_2=lambda_2), effort=effort)
                assert (found.support == found.support[:, :1]).all()
                assert found.support[:, 0].sum() <= s
                assert not found.support[[2, 5]].any()
