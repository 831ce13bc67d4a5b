"""Phi'R from tables is the product with the explicit matrix."""

import numpy as np
import pytest
from hal_cases import covariates

from sparsekin.hal.basis import all_terms, make_basis
from sparsekin.hal.design import Design

NAMES = ("a", "b", "c", "d")


def explicit(X, basis):
    """(n, p) the matrix, one function at a time, from its definition."""
    out = np.ones((len(X), basis.size))
    for j in range(basis.size):
        for column, t, o in zip(*basis.describe(j), strict=True):
            x = X[:, column]
            out[:, j] *= np.where(x >= t, (np.maximum(x - t, 0.0)) ** o if o else 1.0, 0.0)
    return out


def close(found, Phi, R):
    """To 1e-10 of the sum of absolute terms."""
    scale = np.abs(Phi).T @ np.abs(R)
    assert np.all(np.abs(found - Phi.T @ R) <= 1e-10 * scale + 1e-300)


@pytest.mark.parametrize("bins", [None, 1, 7, "full"])
@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_outcomes_of_one_design(order, degree, bins):
    rng = np.random.default_rng(10 * order + degree)
    X = covariates(45, 4, rng)
    basis = make_basis(X, all_terms(4, degree, order, bins), NAMES)
    R = rng.normal(size=(45, 3)) * rng.uniform(0, 5, (45, 1))
    R[rng.random((45, 3)) < 0.3] = 0.0
    close(Design(basis, X).price(list(R.T), [slice(0, 45)] * 3), explicit(X, basis), R)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_tasks_with_rows_of_their_own(order):
    rng = np.random.default_rng(order)
    X = covariates(60, 4, rng)
    basis = make_basis(X, all_terms(4, 3, order, None), NAMES)
    rows = [slice(0, 10), slice(10, 45), slice(45, 60)]
    r = rng.normal(size=60)
    R = np.zeros((60, 3))
    for k, part in enumerate(rows):
        R[part, k] = r[part]
    close(Design(basis, X).price([r[part] for part in rows], rows), explicit(X, basis), R)


def test_far_from_the_origin_nothing_cancels():
    rng = np.random.default_rng(4)
    X = covariates(80, 2, rng) + 1e6
    basis = make_basis(X, all_terms(2, 2, 2, 8), NAMES)
    R = rng.normal(size=(80, 1))
    close(Design(basis, X).price([R[:, 0]], [slice(0, 80)]), explicit(X, basis), R)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_multiply_and_new_rows(order):
    rng = np.random.default_rng(order)
    X = covariates(45, 4, rng)
    basis = make_basis(X, all_terms(4, 2, order, None), NAMES)
    new = rng.uniform(-4, 4, (700, 4))
    chosen = rng.permutation(basis.size)[:25]
    W = rng.normal(size=(25, 2))
    Phi = explicit(new, basis)
    np.testing.assert_allclose(Design(basis, new).multiply(chosen, W).T, Phi[:, chosen] @ W, rtol=1e-11, atol=1e-9)
    R = rng.normal(size=(700, 1))
    close(Design(basis, new).price([R[:, 0]], [slice(0, 700)]), Phi, R)
