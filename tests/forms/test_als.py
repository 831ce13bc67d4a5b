import numpy as np
import pytest
from scipy import sparse

from forms.planted import angles, monotone, plant
from sparsekin.forms import als, rows
from sparsekin.forms.block import apply_scale, make_block, take_rows, times, transposed_times
from sparsekin.forms.problem import LEAST_RIDGE, Point, make_problem, misfit, objective
from sparsekin.forms.rows import find_patterns, solve_rows
from sparsekin.forms.solve import solve
from sparsekin.forms.starts import random_loadings, spectral_loadings

SMALL = {"n": 60, "widths": (4, 8, 6), "d": 2}


def gradient(problem, point):
    """Largest entry of the gradient of J over K, H, alpha, beta, u and means, relative to the largest of its terms."""
    scale, worst, code_parts = 0.0, 0.0, []
    means = (0.0, 0.0, 0.0) if point.means is None else point.means
    for block, C, L, m, v in zip(problem.blocks, point.codes, point.loadings, means, problem.noise, strict=True):
        seen = np.ones(block.values.shape) if block.seen is None else block.seen
        left = (block.values - m - C @ L.T) * seen / v
        by_loading = -2 * left.T @ C + 2 * problem.ridge * L
        by_mean = 2 * left.sum(axis=0)
        code_parts.append(-2 * left @ L)
        worst, scale = max(worst, np.abs(by_loading).max()), max(scale, np.abs(block.values.T @ C / v).max())
        worst = max(worst, np.abs(by_mean).max())
    of_y, of_x, of_z = code_parts
    for part, codes in ((of_y + of_x, point.K), (of_y + of_z, point.H)):
        worst = max(worst, np.abs(part + 2 * problem.ridge * codes).max())
    return worst / scale


def point_of(solution):
    return Point(*solution.loadings, solution.codes_fixed, solution.codes_random)


def dense_tail(table, d):
    """Sum of squares that d principal components leave, and what the least ridge r adds, 2 r s - r^2 for each."""
    s, r = np.linalg.svd(table, compute_uv=False), LEAST_RIDGE
    return np.sum(s[d:] ** 2) + np.sum(2 * r * s[:d] - r**2)


def empty(n):
    return make_block(np.empty((n, 0)))


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_stationary_point_has_no_gradient(missing):
    problem = make_problem(*plant(0, missing=missing, **SMALL).blocks, 2, noise=[0.2, 0.3, 0.1], ridge=0.5)
    course = als.open_course(problem, spectral_loadings(problem, np.random.default_rng(0)))
    als.run_course(course, als.patterns_of(problem), 20_000, 1e-15, False)
    assert gradient(problem, course.point) < 1e-5
    assert course.trace[-1] == pytest.approx(objective(problem, course.point), rel=1e-9)


def test_gradient_check_can_fail():
    problem = make_problem(*plant(0, **SMALL).blocks, 2, ridge=0.5)
    course = als.open_course(problem, random_loadings(problem, np.random.default_rng(0)))
    als.run_course(course, als.patterns_of(problem), 2, 0.0, False)
    assert gradient(problem, course.point) > 1e-3


@pytest.mark.parametrize("d", [1, 2, 4])
def test_one_block_is_pca(d):
    X = plant(1, missing=0.0, **SMALL).blocks[1]
    problem = make_problem(empty(60), X, empty(60), d)
    found = solve(problem, estimate_noise=False, tolerance=1e-13)
    assert found.objective == pytest.approx(dense_tail(X.values, d), rel=1e-7)


def test_no_random_block_is_a_joint_factor_of_y_and_x():
    Y, X, _ = plant(2, missing=0.0, **SMALL).blocks
    found = solve(make_problem(Y, X, empty(60), 2), estimate_noise=False, tolerance=1e-13)
    assert found.objective == pytest.approx(dense_tail(np.hstack([Y.values, X.values]), 2), rel=1e-7)
    assert not found.codes_random.any()


def test_ridge_shrinks_singular_values():
    X = plant(3, missing=0.0, **SMALL).blocks[1]
    found = solve(make_problem(empty(60), X, empty(60), 3, ridge=4.0), estimate_noise=False, tolerance=1e-14)
    U, values, Vt = np.linalg.svd(X.values, full_matrices=False)
    shrunk = U[:, :3] * np.maximum(values[:3] - 4.0, 0.0) @ Vt[:3]
    np.testing.assert_allclose(found.codes_fixed @ found.beta.T, shrunk, atol=1e-5)


@pytest.mark.parametrize(("missing", "d"), [(0.0, 2), (0.0, 4), (0.05, 2)])
def test_enough_dimensions_reconstruct_exactly(missing, d):
    planted = plant(4, noise=0.0, missing=missing, **SMALL)
    blocks = [make_block(table) for table in planted.full]
    blocks = [apply_scale(np.where(np.isnan(table), np.nan, full) - full.mean(axis=0), 0 * b.center, b.scale)
              for table, full, b in zip(planted.tables, planted.full, blocks, strict=True)]  # fmt: skip
    problem = make_problem(*blocks, d)
    found = solve(problem, estimate_noise=False, max_sweeps=3000, tolerance=1e-6)
    assert (misfit(problem, point_of(found)) / [block.total for block in blocks]).max() < 1e-6


def test_row_step_solves_every_row():
    planted = plant(5, missing=0.2, **SMALL)
    blocks, rng = planted.blocks, np.random.default_rng(0)
    M = [rng.standard_normal((block.width, 4)) for block in blocks]
    v, P = np.array([0.5, 1.0, 2.0]), 0.3 * np.eye(4)
    found = solve_rows(blocks, M, v, P, find_patterns(blocks))
    for i in range(60):
        system, right = P.copy(), np.zeros(4)
        for block, part, w in zip(blocks, M, v, strict=True):
            seen = block.seen[i] > 0
            system += part[seen].T @ part[seen] / w
            right += part[seen].T @ block.values[i, seen] / w
        np.testing.assert_allclose(found[i], np.linalg.solve(system, right), rtol=1e-8, atol=1e-10)


def test_rows_with_the_same_gaps_share_a_pattern_and_agree_with_single_rows():
    tables = plant(6, missing=0.0, **SMALL).tables
    tables[0][:20, 1], tables[1][10:40, 3] = np.nan, np.nan
    blocks = [make_block(table) for table in tables]
    patterns = find_patterns(blocks)
    assert patterns.n_patterns == 4
    rng = np.random.default_rng(1)
    M, v, P = [rng.standard_normal((block.width, 3)) for block in blocks], np.ones(3), np.eye(3)
    few = solve_rows(blocks, M, v, P, patterns)
    for i in (0, 15, 30, 50):
        alone = [take_rows(block, np.array([i])) for block in blocks]
        np.testing.assert_allclose(few[i], solve_rows(alone, M, v, P, find_patterns(alone))[0], rtol=1e-9)


def test_batches_of_systems_do_not_matter(monkeypatch):
    blocks, rng = plant(5, missing=0.2, **SMALL).blocks, np.random.default_rng(2)
    M, v, P = [rng.standard_normal((block.width, 3)) for block in blocks], np.ones(3), np.eye(3)
    at_once = solve_rows(blocks, M, v, P, find_patterns(blocks))
    monkeypatch.setattr(rows, "_NUMBERS", 50)
    np.testing.assert_allclose(solve_rows(blocks, M, v, P, find_patterns(blocks)), at_once, rtol=1e-12)


def test_what_a_row_leaves_free_stays_as_it_is():
    """One observed cell, two coordinates: the fit is exact, and the step is the shortest one."""
    block = make_block(np.array([[1.0, np.nan], [3.0, 1.0], [5.0, 4.0]]))
    M, now = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[2.0, 8.0], [0.0, 0.0], [0.0, 0.0]])
    found = solve_rows([block], [M], np.ones(1), np.zeros((2, 2)), find_patterns([block]), now)
    assert found[0].sum() == pytest.approx(block.values[0, 0])
    assert found[0, 0] - found[0, 1] == pytest.approx(-6.0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("options", [{}, {"orthogonal": True}, {"ridge": 0.01, "l1": 2.0}])
def test_long_runs_without_a_ridge_stay_monotone(seed, options):
    """Half the cells missing, fewer cells in some rows than coordinates: codes used to drift until J rose."""
    planted = plant(seed, n=30, widths=(4, 6, 5), d=2, missing=0.5, noise=1.0)
    problem = make_problem(*planted.blocks, 2, noise=[0.05, 1.0, 4.0], **options)
    found = solve(problem, estimate_noise=False, starts=2, max_sweeps=600, tolerance=0.0)
    assert len(found.trace) >= 600
    assert monotone(found, problem)
    assert np.abs(found.alpha).max() < 1e6


def test_a_row_with_nothing_observed_has_codes_zero():
    tables = plant(7, missing=0.0, **SMALL).tables
    for table in tables:
        table[5] = np.nan
    found = solve(make_problem(*[make_block(table) for table in tables], 2, ridge=0.1))
    assert np.abs([found.codes_fixed[5], found.codes_random[5]]).max() < 1e-6


def test_sparse_blocks_give_the_dense_fit():
    rng = np.random.default_rng(8)
    planted = plant(8, missing=0.0, **SMALL)
    Z = (rng.random((60, 6)) < 0.3).astype(float)
    dense, thin = make_block(Z), make_block(sparse.csr_array(Z))
    C, L = rng.standard_normal((60, 2)), rng.standard_normal((6, 2))
    np.testing.assert_allclose(times(dense, L), times(thin, L), atol=1e-12)
    np.testing.assert_allclose(transposed_times(dense, C), transposed_times(thin, C), atol=1e-12)
    a, b = (solve(make_problem(*planted.blocks[:2], block, 2, ridge=1.0)) for block in (dense, thin))
    np.testing.assert_allclose(a.alpha, b.alpha, atol=1e-5)
    assert a.objective == pytest.approx(b.objective, rel=1e-8)


def test_orthonormal_loadings():
    problem = make_problem(*plant(9, missing=0.05, **SMALL).blocks, 2, orthogonal=True, ridge=0.1)
    found = solve(problem)
    for L in found.loadings:
        np.testing.assert_allclose(L.T @ L, np.eye(2), atol=1e-9)
    assert monotone(found, problem)


def test_l1_makes_zeros_and_keeps_descending():
    blocks = plant(10, **SMALL).blocks
    zeros = []
    for l1 in (1.0, 30.0):
        problem = make_problem(*blocks, 2, ridge=1.0, l1=l1)
        found = solve(problem, estimate_noise=False)
        zeros.append(sum(int(np.sum(L == 0)) for L in found.loadings))
        assert monotone(found, problem)
    assert 0 <= zeros[0] < zeros[1]


def test_few_random_columns_cannot_let_h_follow_y():
    planted = plant(11, missing=0.0, **SMALL)
    two = make_block(np.column_stack([np.arange(60) < 30, np.arange(60) >= 30]).astype(float))
    problem = make_problem(*planted.blocks[:2], two, 2, ridge=0.1)
    assert (problem.rank_x, problem.rank_z) == (2, 1)
    found = solve(problem)
    assert np.linalg.matrix_rank(found.codes_random, tol=1e-8) == 1
    assert found.basis.shape == (4, 3)


def test_ctrl_c_keeps_the_best_so_far(monkeypatch):
    calls = []

    def stop_after_five(problem, point, patterns, whole=als.sweep):
        calls.append(1)
        if len(calls) > 5:
            raise KeyboardInterrupt
        return whole(problem, point, patterns)

    monkeypatch.setattr(als, "sweep", stop_after_five)
    found = solve(make_problem(*plant(12, **SMALL).blocks, 2, ridge=0.1))
    assert found.status == "interrupted"
    assert 1 <= len(found.trace) <= 5
    assert np.isfinite(found.alpha).all()


def test_sweep_limit_is_reported():
    problem = make_problem(*plant(13, **SMALL).blocks, 2)
    assert solve(problem, estimate_noise=False, max_sweeps=3, tolerance=0.0).status == "sweep limit"
    assert solve(problem).status == "converged"


def test_residual_variances_find_the_noise():
    found, truth = [], []
    for seed in range(3):
        planted = plant(20 + seed, missing=0.0)
        blocks = planted.blocks
        found.append(solve(make_problem(*blocks, 3, ridge=1.0)).noise)
        truth.append([
            np.mean(((full - signal) / block.scale) ** 2)
            for full, signal, block in zip(planted.full, planted.signal, blocks, strict=True)
        ])  # fmt: skip
    np.testing.assert_allclose(found, truth, rtol=0.06)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_subspaces_within_five_degrees(seed):
    planted = plant(seed)
    blocks = planted.blocks
    found = solve(make_problem(*blocks, 3, ridge=1.0))
    assert found.status == "converged"
    assert max(angles(found, planted, blocks)) < 5.0
