"""Centres and scales per task: weights are counts, constants are found, huge means do no harm."""

import numpy as np
import pytest
from scipy import sparse

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.prepare import prepare_arrays
from sparsekin.data.profile import residualize, unpenalised_basis, unpenalised_coef, unpenalised_columns
from sparsekin.data.spread import column_spread
from sparsekin.data.standardize import standardize

RNG = np.random.default_rng(0)
X = RNG.normal(3, 2, size=(30, 5))
Y = RNG.normal(size=30)
TASK = np.repeat([0, 1, 2], [8, 12, 10])
COUNTS = RNG.integers(0, 4, 30)


def blocks_of(X=X, y=Y, task=TASK, **options) -> TaskBlocks:
    return prepare_arrays(y, X, task, **options).blocks


def test_within_task():
    found = standardize(blocks_of())
    for k in range(3):
        np.testing.assert_allclose(found.center[:, k], X[k == TASK].mean(axis=0))
        np.testing.assert_allclose(found.scale[:, k], X[k == TASK].std(axis=0))
    assert found.usable.all()
    np.testing.assert_array_equal(found.y_scale, 1)


def test_pooled_and_none():
    np.testing.assert_allclose(standardize(blocks_of(), "pooled").scale, np.repeat(X.std(axis=0)[:, None], 3, 1))
    np.testing.assert_array_equal(standardize(blocks_of(), False).scale, 1)


def test_outcome_scale():
    found = standardize(blocks_of(), scale_outcome=True)
    np.testing.assert_allclose(found.y_scale, [Y[k == TASK].std() for k in range(3)])
    assert standardize(blocks_of(y=np.ones(30)), scale_outcome=True).y_scale.tolist() == [1, 1, 1]


@pytest.mark.parametrize("mode", ["within", "pooled", False])
@pytest.mark.parametrize("form", [np.asarray, sparse.csc_array])
def test_weights_are_counts(mode, form):
    weighted = standardize(blocks_of(form(X), weights=COUNTS), mode, scale_outcome=True)
    rows = np.repeat(np.arange(30), COUNTS)
    repeated = standardize(blocks_of(form(X[rows]), Y[rows], TASK[rows]), mode, scale_outcome=True)
    for name in ("center", "scale", "usable", "y_scale"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-12)


@pytest.mark.parametrize("weights", [None, COUNTS])
def test_sparse_equals_dense(weights):
    thin = np.where(np.abs(X) > 3, X, 0.0)
    thin[:, 4] = 0.0
    dense = standardize(blocks_of(thin, weights=weights))
    found = standardize(blocks_of(sparse.csr_array(thin), weights=weights))
    for name in ("center", "scale", "usable"):
        np.testing.assert_allclose(getattr(found, name), getattr(dense, name), rtol=1e-12)
    assert not found.usable[4].any()


@pytest.mark.parametrize("form", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("value", [0.0, 7.0, 0.1, 1e15, -1e-300])
def test_columns_constant_in_a_task_are_not_usable_there(form, value):
    A = X.copy()
    A[TASK == 1, 2] = value
    found = standardize(blocks_of(form(A)))
    assert found.usable[2].tolist() == [True, False, True]
    assert found.scale[2, 1] == 1.0
    assert np.isfinite(found.scale).all()


def test_columns_constant_where_the_weight_is_positive():
    A, w = X.copy(), np.ones(30)
    A[:, 0] = np.where(np.arange(30) == 9, 5.0, A[0, 0])
    w[9] = 0
    assert not standardize(blocks_of(A, weights=w)).usable[0].any()


@pytest.mark.parametrize("shift", [1e6, 1e9, -1e12])
def test_huge_means(shift):
    small = RNG.normal(size=(30, 5))
    shifted = small + shift
    _, sd, varies = column_spread(shifted, None)
    np.testing.assert_allclose(sd, (shifted - shifted.mean(axis=0)).std(axis=0), rtol=1e-9)
    assert varies.all()


@pytest.mark.parametrize("shift", [1e3, 1e5])
def test_sparse_columns_with_a_mean_far_from_zero(shift):
    shifted = X + shift
    np.testing.assert_allclose(column_spread(sparse.csc_array(shifted), None)[1], shifted.std(axis=0), rtol=1e-9)


def test_shared_design_has_one_scale():
    several = np.column_stack([Y, Y, Y])
    several[:6, 1] = np.nan
    found = standardize(blocks_of(y=several, task=None))
    np.testing.assert_allclose(found.scale, np.repeat(X.std(axis=0)[:, None], 3, 1))
    np.testing.assert_allclose(found.center[:, 1], X[6:].mean(axis=0))


def test_there_and_back():
    found = standardize(blocks_of(), scale_outcome=True)
    coef = RNG.normal(size=(5, 3))
    np.testing.assert_allclose(found.to_standardized(found.to_original(coef)), coef)
    A = (X[TASK == 1] - found.center[:, 1]) / found.scale[:, 1] * found.y_scale[1]
    fitted, original = A @ coef[:, 1], X[TASK == 1] @ found.to_original(coef)[:, 1]
    np.testing.assert_allclose(fitted - fitted.mean(), original - original.mean())


@pytest.mark.parametrize("weights", [None, COUNTS])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("keep", [None, X[:, :2] * [1e6, 1e-6], np.column_stack([X[:, 0], 2 * X[:, 0], np.ones(30)])])
def test_unpenalised_part_is_weighted_least_squares(weights, intercept, keep):
    blocks = blocks_of(X[:, 3:], keep=keep, weights=weights, intercept=intercept)
    for k in range(3):
        y, w = blocks.y[k], np.ones(len(blocks.y[k])) if weights is None else blocks.weights[k]
        A = unpenalised_columns(blocks, k)
        assert A.shape[1] == blocks.keep.shape[1] + intercept
        Q = unpenalised_basis(blocks, k)
        np.testing.assert_allclose(Q.T @ (w[:, None] * Q), np.eye(Q.shape[1]), atol=1e-9)
        root = np.sqrt(w)
        norms = np.linalg.norm(A * root[:, None], axis=0)
        best = (
            (A / norms) @ np.linalg.lstsq(A / norms * root[:, None], y * root, rcond=1e-10)[0] if A.shape[1] else 0 * y
        )
        seen = w > 0
        np.testing.assert_allclose(residualize(y, Q, blocks.weights[k])[seen], (y - best)[seen], atol=1e-8)
        c, gamma = unpenalised_coef(blocks, k, y)
        np.testing.assert_allclose(
            (c + blocks.keep_of(k) @ gamma)[seen] if A.shape[1] else 0, best[seen] if A.shape[1] else 0, atol=1e-7
        )
