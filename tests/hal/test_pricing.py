"""Phi'R from tables is the product with the explicit matrix."""

import numpy as np
import pytest

from hal.hal_cases import covariates
from sparsekin import _native
from sparsekin.hal.basis import Term, all_terms, make_basis
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


@pytest.mark.parametrize("far", [0.0, 1e5])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_pairs_with_many_knots(order, far):
    """Summed by a tree: rows of the fit and others, some of them below the lowest knots."""
    rng = np.random.default_rng(order)
    X = np.round(rng.normal(size=(250, 2)), 2 if far else 6) + far
    basis = make_basis(X, [Term((0, 1), order, "full")], NAMES)
    many = basis.sections[0]
    assert _native.hal_sweeps(*basis.grid(many), order, 250, len(many.cells))
    for rows_of in (X, X + 0.3 * rng.normal(size=X.shape)):
        Phi, design = explicit(rows_of, basis), Design(basis, rows_of)
        R = rng.normal(size=(250, 3))
        close(design.price(list(R.T), [slice(0, 250)] * 3), Phi, R)
        parts = [slice(0, 80), slice(80, 200), slice(200, 250)]
        own = np.zeros((250, 3))
        for k, part in enumerate(parts):
            own[part, k] = R[part, k]
        close(design.price([R[part, k] for k, part in enumerate(parts)], parts), Phi, own)


@pytest.mark.parametrize("bins", [1, 6, "full"])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_products_by_table_and_by_column(order, bins):
    """With all functions, in any order, sections have more than a table costs; with five they have fewer."""
    rng = np.random.default_rng(order)
    X = covariates(400, 3, rng) + 50.0
    basis = make_basis(X, all_terms(3, 3 if bins == 6 else 2, order, bins), NAMES)
    rows_of = X + 0.5 * rng.normal(size=X.shape)
    Phi, design = explicit(rows_of, basis), Design(basis, rows_of)
    for size in (basis.size, min(basis.size, 5)):
        chosen = rng.permutation(basis.size)[:size]
        W = rng.normal(size=(size, 2))
        error = np.abs(design.multiply(chosen, W).T - Phi[:, chosen] @ W)
        assert np.all(error <= 1e-12 * (np.abs(Phi[:, chosen]) @ np.abs(W)))
