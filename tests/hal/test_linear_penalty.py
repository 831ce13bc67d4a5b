"""Lines with a penalty of their own: its size by NumPy, the optimum by scikit-learn and CVXPY."""

import numpy as np
import pytest
from sklearn.linear_model import MultiTaskLasso

from hal.hal_cases import covariates, outcomes_of, own_blocks, shared_blocks
from sparsekin.hal.basis import Term, make_basis
from sparsekin.hal.design import Design
from sparsekin.hal.linear import linear_functions, with_linear
from sparsekin.hal.path import lambda_max, walk
from sparsekin.hal.problem import make_problem

NAMES = ("a", "b", "c")
TERMS = {order: [*(Term((j,), order, 6) for j in range(3)), Term((0, 1), order, 3, 2.0)] for order in (0, 1, 2)}


def made(order, units=1.0, own=False, n=90):
    rng = np.random.default_rng(order)
    X = covariates(n, 3, rng) * units
    ys = outcomes_of(X / units, 2, rng)
    basis = make_basis(X, TERMS[order], NAMES)
    blocks = own_blocks(X, ys[0], [30, 60], [None, rng.uniform(0.2, 3, 60)]) if own else shared_blocks(X, ys)
    return X, ys, make_problem(blocks, Design(basis, X))


@pytest.mark.parametrize(("order", "lines"), [(0, 0), (1, 3), (2, 3)])
def test_lines_are_the_hinges_at_smallest_values(order, lines):
    X, _, problem = made(order)
    flags = linear_functions(problem.design.basis)
    assert flags.sum() == lines
    Phi = problem.design.columns(np.arange(len(flags)))
    np.testing.assert_allclose(Phi[:, flags], (X - X.min(axis=0))[:, :lines], atol=1e-12)
    straight = [np.linalg.matrix_rank(np.column_stack([np.ones(len(X)), X, one]), 1e-9) == 4 for one in Phi.T]
    some = Phi.std(axis=0) > 0
    np.testing.assert_array_equal(flags[some], np.array(straight)[some])


@pytest.mark.parametrize("own", [False, True])
def test_their_penalty_is_their_share_of_the_largest_standard_deviation(own):
    X, _, problem = made(1, own=own)
    found = with_linear(problem, 0.3)
    low = X - X.min(axis=0)
    lowest = np.column_stack([low, low[:, 0] * low[:, 1] / 2.0])  # the pair has a factor of 2
    variances = []
    for rows, w in zip(problem.blocks.rows, problem.omega, strict=True):
        mean = np.average(lowest[rows], axis=0, weights=w)
        variances.append(np.average((lowest[rows] - mean) ** 2, axis=0, weights=w))
    spread = np.sqrt(np.mean(variances, axis=0))
    flags = linear_functions(problem.design.basis)
    np.testing.assert_allclose(found.penalty.v[flags], 0.3 * spread[:3] / spread.max())
    np.testing.assert_array_equal(found.penalty.v[~flags], problem.penalty.v[~flags])
    np.testing.assert_array_equal(with_linear(found, None).penalty.v, problem.penalty.v)


@pytest.mark.parametrize("units", [1e-3, 25.0, 1e4])
def test_units_cancel_between_lines_and_products(units):
    (_, _, one), (_, _, other) = made(1), made(1, units)
    flags = linear_functions(one.design.basis)
    top = [lambda_max(with_linear(problem, 0.1)) for problem in (one, other)]
    v = [with_linear(problem, 0.1).penalty.v[flags] for problem in (one, other)]
    np.testing.assert_allclose(v[1] * top[1] / units, v[0] * top[0], rtol=1e-9)


def test_a_column_of_one_value_keeps_its_penalty():
    X, ys, _ = made(1)
    X = X.copy()
    X[:, 2] = 4.0
    basis = make_basis(X, TERMS[1], NAMES)
    problem = with_linear(make_problem(shared_blocks(X, ys), Design(basis, X)), 0.1)
    assert np.all(problem.penalty.v > 0)
    assert next(walk(problem, [0.1 * lambda_max(problem)])).gap <= 1e-6


@pytest.mark.parametrize(("order", "linear"), [(1, 1.0), (1, 0.1), (2, 0.03)])
def test_objective_is_that_of_scikit_learn(order, linear):
    _, ys, problem = made(order)
    problem = with_linear(problem, linear)
    v, Y = problem.penalty.v, np.column_stack(ys)
    Phi = problem.design.columns(np.arange(len(v))) / v
    lambdas = lambda_max(problem) * np.array([0.3, 0.02])
    for point, lambda_ in zip(walk(problem, lambdas, 1e-10), lambdas, strict=True):
        other = MultiTaskLasso(alpha=lambda_, tol=1e-11, max_iter=1_000_000).fit(Phi, Y)
        R = Y - other.predict(Phi)
        expected = (R**2).sum() / (2 * len(Y)) + lambda_ * np.sqrt((other.coef_**2).sum(axis=0)).sum()
        assert point.objective == pytest.approx(expected, rel=1e-7)
        assert point.gap <= 1e-10


def test_the_problem_of_some_rows_keeps_the_penalty_of_all():
    _, _, problem = made(1)
    problem = with_linear(problem, 0.1)
    part = problem.on(problem.blocks)
    assert part.linear == 0.1
    np.testing.assert_array_equal(part.penalty.v, problem.penalty.v)
