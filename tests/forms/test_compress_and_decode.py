import numpy as np
import pytest
from scipy import sparse

from forms.planted import plant
from sparsekin.forms import solve as solving
from sparsekin.forms.block import apply_scale, hide, make_block, take_rows
from sparsekin.forms.compress import compress, compressible
from sparsekin.forms.decode import expected_codes, fitted_codes, unseen
from sparsekin.forms.problem import make_problem
from sparsekin.forms.solve import solve

WIDE = {"n": 300, "widths": (4, 12, 8), "d": 2, "missing": 0.0}


def test_compressed_rows_lead_to_the_same_fit(monkeypatch):
    problem = make_problem(*plant(0, **WIDE).blocks, 2, ridge=0.5)
    assert compressible(problem)
    assert compress(problem).n_rows == 24
    few = solve(problem, tolerance=1e-12)
    monkeypatch.setattr(solving, "compressible", lambda problem: False)
    all_rows = solve(problem, tolerance=1e-12)
    assert few.objective == pytest.approx(all_rows.objective, rel=1e-5)
    np.testing.assert_allclose(few.noise, all_rows.noise, rtol=1e-3)
    np.testing.assert_allclose(few.alpha, all_rows.alpha, atol=2e-3)
    np.testing.assert_allclose(few.codes_fixed, all_rows.codes_fixed, atol=2e-2)
    assert few.objective <= few.trace[-1] * (1 + 1e-9)


def test_gaps_and_sparse_blocks_are_not_compressed():
    assert not compressible(make_problem(*plant(0, **{**WIDE, "missing": 0.1}).blocks, 2))
    Y, X, _ = plant(0, **WIDE).blocks
    Z = make_block(sparse.csr_array(np.eye(8)[np.arange(300) % 8]))
    assert not compressible(make_problem(Y, X, Z, 2))


def test_expected_codes_are_the_conditional_means():
    planted = plant(1, **{**WIDE, "missing": 0.1})
    found = solve(make_problem(*planted.blocks, 2, ridge=1.0))
    codes = np.hstack([found.codes_fixed, found.codes_random])
    S = codes.T @ codes / len(codes)
    M = [np.hstack([found.alpha, found.alpha]), np.hstack([found.beta, 0 * found.beta]),
         np.hstack([0 * found.u, found.u])]  # fmt: skip
    K, H = expected_codes(found, planted.blocks)
    for i in (0, 7, 100):
        seen = [block.seen[i] > 0 for block in planted.blocks]
        A = np.vstack([part[s] for part, s in zip(M, seen, strict=True)])
        b = np.concatenate([block.values[i, s] for block, s in zip(planted.blocks, seen, strict=True)])
        D = np.diag(np.concatenate([np.full(s.sum(), v) for s, v in zip(seen, found.noise, strict=True)]))
        direct = S @ A.T @ np.linalg.solve(A @ S @ A.T + D, b)
        np.testing.assert_allclose(np.concatenate([K[i], H[i]]), direct, rtol=1e-6, atol=1e-9)


def test_fitted_codes_of_the_same_rows_are_those_of_the_fit():
    blocks = plant(2, **WIDE).blocks
    found = solve(make_problem(*blocks, 2, ridge=1.0), tolerance=1e-12)
    K, H = fitted_codes(found, blocks, 1.0)
    np.testing.assert_allclose(K, found.codes_fixed, atol=1e-4)
    np.testing.assert_allclose(H, found.codes_random, atol=1e-4)


def test_nothing_observed_means_the_mean():
    blocks = plant(3, **WIDE).blocks
    found = solve(make_problem(*blocks, 2, ridge=1.0))
    K, H = expected_codes(found, tuple(unseen(block, 5) for block in blocks))
    assert not K.any()
    assert not H.any()


def test_a_direction_shrunk_to_nothing_does_no_harm():
    planted = plant(4, **WIDE)
    found = solve(make_problem(*planted.blocks, 5, ridge=25.0))
    K, H = expected_codes(found, planted.blocks)
    assert np.abs(K @ found.beta.T).max() < 10
    assert np.abs((K + H) @ found.alpha.T).max() < 10


def test_blocks_hide_and_take():
    block = plant(5, **{**WIDE, "missing": 0.1}).blocks[1]
    cells = np.random.default_rng(0).random(block.values.shape) < 0.2
    left = hide(block, cells)
    assert not left.seen[cells].any()
    assert left.total == pytest.approx(np.sum(block.values[(block.seen > 0) & ~cells] ** 2))
    part = take_rows(block, np.array([3, 3, 1]))
    np.testing.assert_array_equal(part.values, block.values[[3, 3, 1]])
    raw = np.array([[1.0, np.nan] + [0.0] * 10])
    scaled = apply_scale(raw, block.center, block.scale)
    assert scaled.values[0, 0] == pytest.approx((1.0 - block.center[0]) / block.scale[0])
    assert scaled.seen[0, 1] == 0
