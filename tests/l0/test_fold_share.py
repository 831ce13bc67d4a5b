"""Folds that share their Gram rows give the training problems that rows give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles.instances import blocks_of, problem_of
from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.standardize import standardize
from sparsekin.l0.fold_share import share_folds
from sparsekin.l0.grid import cross, solve_grid
from sparsekin.l0.problem import make_problem
from sparsekin.l0.state import open_workspace

F = 4


def plain(rng):
    return blocks_of([rng.standard_normal((n, 12)) for n in (30, 41)], [rng.standard_normal(n) for n in (30, 41)])


def far_from_zero(rng):
    blocks = plain(rng)
    return replace(blocks, X=np.asfortranarray(blocks.X + 1e4))


def wild_cell(rng):
    blocks = plain(rng)
    blocks.X[7, 3] = blocks.X[50, 4] = 1e9
    return blocks


def wild_outcome(rng):
    blocks = plain(rng)
    blocks.y[0][7] = 1e9
    return blocks


def wild_always_in(rng):
    blocks = always_in(rng)
    blocks.keep[7, 0] = 1e9
    return blocks


def wild_cells_of_one_design(rng):
    blocks = one_design(rng)
    blocks.X[7, 3] = blocks.y[1][9] = -1e9
    return blocks


def weighted(rng):
    blocks = plain(rng)
    return replace(blocks, weights=tuple(rng.integers(0, 3, len(y)).astype(float) for y in blocks.y))


def always_in(rng):
    blocks = plain(rng)
    keep = np.asfortranarray(rng.standard_normal((71, 2)) + 5)
    return replace(blocks, keep=keep, keep_names=("age", "sex"))


def through_the_origin(rng):
    return replace(plain(rng), intercept=False)


def one_design(rng):
    X = np.asfortranarray(rng.standard_normal((40, 9)))
    y = tuple(rng.standard_normal(40) for _ in range(3))
    rows = (slice(0, 40),) * 3
    names = tuple(map(str, range(9)))
    return TaskBlocks(X, y, rows, (None,) * 3, np.empty((40, 0), order="F"), ("a", "b", "c"), names, (), shared=True)


def missing_outcomes(rng):
    blocks = one_design(rng)
    weights = tuple((rng.random(40) < 0.8).astype(float) for _ in range(3))
    return replace(blocks, weights=weights, y=tuple(y * w for y, w in zip(blocks.y, weights, strict=True)))


def rare_column(rng):
    blocks = plain(rng)
    blocks.X[:, 3] = 0.0
    blocks.X[[2, 50], 3] = 1.0  # constant in each task wherever its row is held out
    return blocks


DESIGNS = [
    plain,
    far_from_zero,
    wild_cell,
    wild_outcome,
    wild_always_in,
    wild_cells_of_one_design,
    weighted,
    always_in,
    through_the_origin,
    one_design,
    missing_outcomes,
    rare_column,
]


@pytest.fixture(params=DESIGNS, ids=lambda make: make.__name__)
def blocks(request):
    return request.param(np.random.default_rng(0))


def subset(blocks, keep_rows):
    """The same blocks with rows really taken out."""
    rows, at = [], 0
    for part in blocks.rows:
        n = int(keep_rows[part].sum())
        rows.append(slice(0, n) if blocks.shared else slice(at, at + n))
        at += n
    inside = [keep_rows[part] for part in blocks.rows]
    return replace(
        blocks,
        X=np.asfortranarray(blocks.X[keep_rows]),
        y=tuple(y[z] for y, z in zip(blocks.y, inside, strict=True)),
        weights=tuple(None if w is None else w[z] for w, z in zip(blocks.weights, inside, strict=True)),
        rows=tuple(rows),
        keep=np.asfortranarray(blocks.keep[keep_rows]),
    )


@pytest.mark.parametrize("mode", ["within", "pooled", False])
def test_training_problems_equal_those_of_the_rows_left(blocks, mode):
    rng = np.random.default_rng(1)
    of_row = rng.integers(-1, F, blocks.X.shape[0])
    problem = make_problem(blocks, standardize(blocks, mode), np.full(blocks.n_tasks, 3), lambda_1=0.01)
    shared = share_folds(problem, of_row)
    assert shared.tasks
    for fold in range(F):
        _, fast = shared.training(fold)
        rest = subset(blocks, of_row != fold)
        slow = open_workspace(make_problem(rest, standardize(rest, mode), problem.s, lambda_1=0.01))
        assert fast.null == pytest.approx(slow.null, rel=1e-12)
        for k in range(blocks.n_tasks):
            i = k if len(slow.diag) > 1 else 0
            np.testing.assert_allclose(fast.diag[k if len(fast.diag) > 1 else 0], slow.diag[i], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(fast.c[k], slow.c[k], rtol=1e-8, atol=1e-10 * np.abs(slow.c[k]).max())
        settings = cross([1, 3], [0.01], [0.0], [0.0, 0.05])
        one, other = (solve_grid(w.problem, settings, workspace=w) for w in (fast, slow))
        np.testing.assert_allclose(one.objective, other.objective, rtol=1e-9)
        for i in range(len(settings)):
            a, b = one.solution(i), other.solution(i)
            np.testing.assert_array_equal(a.support, b.support)
            np.testing.assert_allclose(a.coef, b.coef, rtol=1e-10, atol=1e-10 * np.abs(b.coef).max())
            np.testing.assert_allclose(a.intercept, b.intercept, rtol=1e-9, atol=1e-9)


def test_held_out_rows_do_not_matter():
    blocks = plain(np.random.default_rng(0))
    of_row = np.arange(71) % F
    held = of_row == 2
    problem = problem_of(blocks, 3, lambda_1=0.01)
    rubbish = replace(blocks, X=np.asfortranarray(np.where(held[:, None], 1e3, blocks.X)))
    rubbish = replace(
        rubbish, y=tuple(np.where(held[rows], -1e3, y) for rows, y in zip(blocks.rows, blocks.y, strict=True))
    )
    settings = cross([2, 3], [0.01], [0.0], [0.0, 0.05])
    fits = []
    for one in (problem, problem_of(rubbish, 3, lambda_1=0.01)):
        training, workspace = share_folds(one, of_row).training(2)
        fits.append(solve_grid(training, settings, workspace=workspace))
    for i in range(len(settings)):
        np.testing.assert_allclose(fits[0].solution(i).coef, fits[1].solution(i).coef, rtol=1e-8, atol=1e-10)


def test_sparse_designs_are_read_anew():
    from scipy import sparse

    blocks = plain(np.random.default_rng(0))
    thin = replace(blocks, X=sparse.csc_array(np.where(np.abs(blocks.X) > 1, blocks.X, 0.0)))
    dense = replace(blocks, X=np.asfortranarray(thin.X.toarray()))
    of_row = np.arange(71) % F
    settings = cross([2, 3], [0.01], [0.0], [0.0, 0.05])
    found = []
    for one in (thin, dense):
        shared = share_folds(problem_of(one, 3, lambda_1=0.01), of_row)
        training, workspace = shared.training(1)
        found.append(solve_grid(training, settings, workspace=workspace).objective)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10)
