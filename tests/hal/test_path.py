"""Solutions along a path against other solvers on the explicit matrix, and against the optimality conditions."""

import shutil
import subprocess
from itertools import product

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression, MultiTaskLasso
from threadpoolctl import threadpool_info

from hal.hal_cases import covariates, outcomes_of, own_blocks, shared_blocks
from sparsekin import MTHAL
from sparsekin.hal import path
from sparsekin.hal.basis import Term, all_terms, make_basis
from sparsekin.hal.design import Design, drop_repeats
from sparsekin.hal.gaussian import GaussianSet
from sparsekin.hal.path import lambda_max, walk
from sparsekin.hal.problem import make_problem

NAMES = ("a", "b", "c")
CASES = [(o, d, K, s) for o, d, K in product((0, 1, 2), (1, 2), (1, 3)) for s in (0, 1)]


def design(n, order, degree, seed):
    rng = np.random.default_rng(seed)
    X = covariates(n, 3, rng)
    basis = make_basis(X, all_terms(3, degree, order, None), NAMES)
    basis = drop_repeats(basis, X, n**-0.5)
    found = Design(basis, X)
    return X, found, found.columns(np.arange(basis.size)), rng


def objective(Phi, Y, W, lambda_):
    """P with the best intercepts, complete outcomes."""
    R = Y - Phi @ W
    R = R - R.mean(axis=0)
    return (R**2).sum() / (2 * len(Y)) + lambda_ * np.sqrt((W**2).sum(axis=1)).sum()


def spread(point, p):
    W = np.zeros((p, point.coef.shape[1]))
    W[point.functions] = point.coef
    return W


@pytest.mark.parametrize(("order", "degree", "K", "seed"), CASES)
def test_objective_is_that_of_scikit_learn(order, degree, K, seed):
    X, found, Phi, rng = design(70, order, degree, seed)
    ys = outcomes_of(X, K, rng)
    problem = make_problem(shared_blocks(X, ys), found)
    lambdas = lambda_max(problem) * np.array([0.3, 0.05])
    Y = np.column_stack(ys)
    for point, lambda_ in zip(walk(problem, lambdas, 1e-10), lambdas, strict=True):
        other = MultiTaskLasso(alpha=lambda_, tol=1e-11, max_iter=1_000_000).fit(Phi, Y)
        expected = objective(Phi, Y, other.coef_.T, lambda_)
        assert point.objective == pytest.approx(expected, rel=1e-7)
        assert point.objective == pytest.approx(objective(Phi, Y, spread(point, Phi.shape[1]), lambda_), rel=1e-10)
        assert point.gap <= 1e-10


R_CODE = """
suppressMessages(library(glmnet))
for (i in 0:5) {
  X <- as.matrix(read.table(sprintf("X%d", i))); Y <- as.matrix(read.table(sprintf("Y%d", i)))
  lambda <- scan(sprintf("lambda%d", i), quiet = TRUE)
  path <- exp(seq(log(lambda * 20), log(lambda), length.out = 40))
  fit <- glmnet(X, Y, family = "mgaussian", lambda = path, standardize = FALSE, thresh = 1e-16, maxit = 1e8)
  write.table(sapply(fit$beta, function(b) b[, 40]), sprintf("W%d", i), col.names = FALSE, row.names = FALSE)
}
"""


def has_glmnet():
    if shutil.which("Rscript") is None:
        return False
    found = subprocess.run(["Rscript", "-e", 'quit(status = !requireNamespace("glmnet", quietly = TRUE))'], check=False)
    return found.returncode == 0


def test_objective_is_that_of_glmnet(tmp_path):
    if not has_glmnet():
        pytest.skip("Rscript with glmnet is not installed")
    made = []
    for i, (order, degree) in enumerate(product((0, 1, 2), (1, 2))):
        X, found, Phi, rng = design(80, order, degree, 20 + i)
        ys = outcomes_of(X, 3, rng)
        problem = make_problem(shared_blocks(X, ys), found)
        lambda_ = 0.05 * lambda_max(problem)
        for name, values in (("X", Phi), ("Y", np.column_stack(ys)), ("lambda", [lambda_])):
            np.savetxt(tmp_path / f"{name}{i}", values, fmt="%.17g")
        made.append((Phi, np.column_stack(ys), lambda_, next(iter(walk(problem, [lambda_], 1e-10)))))
    subprocess.run(["Rscript", "-e", R_CODE], cwd=tmp_path, check=True, capture_output=True)
    for i, (Phi, Y, lambda_, point) in enumerate(made):
        expected = objective(Phi, Y, np.loadtxt(tmp_path / f"W{i}"), lambda_)
        assert point.objective == pytest.approx(expected, rel=1e-7)


def check_optimal(blocks, Phi, point, tolerance=1e-5):
    """Optimality conditions of section 2, from the explicit matrix, weights and always-in columns."""
    K, W, G = blocks.n_tasks, spread(point, Phi.shape[1]), []
    for k in range(K):
        rows = blocks.rows[k]
        w = np.ones(len(blocks.y[k])) if blocks.weights[k] is None else blocks.weights[k]
        fitted = point.intercept[k] + blocks.keep[rows] @ point.keep_coef[:, k] + Phi[rows] @ W[:, k]
        r = w * (blocks.y[k] - fitted) / w.sum()
        assert abs(r.sum()) < 1e-9
        np.testing.assert_allclose(blocks.keep[rows].T @ r, 0, atol=1e-9)
        G.append(Phi[rows].T @ r)
    G, norms = np.column_stack(G), np.linalg.norm(W, axis=1)
    on = norms > 0
    assert on.any()
    expected = point.lambda_ * W[on] / norms[on, None]
    np.testing.assert_allclose(G[on], expected, atol=tolerance * point.lambda_)
    assert np.linalg.norm(G, axis=1).max() <= point.lambda_ * (1 + tolerance)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_tasks_with_rows_of_their_own_weights_and_kept_columns(order):
    X, found, Phi, rng = design(120, order, 2, order)
    keep = rng.normal(size=(120, 2))
    y = outcomes_of(X, 1, rng)[0] + keep @ [1.0, -2.0]
    weights = [None, rng.uniform(0, 2, 30), rng.integers(0, 3, 50).astype(float)]
    blocks = own_blocks(X, y, [40, 30, 50], weights, keep)
    problem = make_problem(blocks, found)
    for point in walk(problem, lambda_max(problem) * np.array([0.5, 0.1]), 1e-13):
        check_optimal(blocks, Phi, point)


def test_missing_outcomes_drop_out_of_their_task_only():
    X, found, Phi, rng = design(90, 1, 2, 7)
    ys = outcomes_of(X, 3, rng)
    weights = [(rng.random(90) > gap).astype(float) for gap in (0.0, 0.2, 0.5)]
    ys = [np.where(w > 0, y, 0.0) for w, y in zip(weights, ys, strict=True)]
    blocks = shared_blocks(X, ys, weights)
    problem = make_problem(blocks, found)
    point = next(iter(walk(problem, [0.1 * lambda_max(problem)], 1e-13)))
    check_optimal(blocks, Phi, point)


def test_weights_count_rows():
    X, found, _, rng = design(60, 1, 2, 3)
    ys = outcomes_of(X, 2, rng)
    w = rng.integers(0, 4, 60).astype(float)
    rows = np.repeat(np.arange(60), w.astype(int))
    weighted = make_problem(shared_blocks(X, ys, [w, w]), found)
    copied = np.asfortranarray(X[rows])
    repeated = make_problem(shared_blocks(copied, [y[rows] for y in ys]), Design(found.basis, copied))
    lambda_ = 0.1 * lambda_max(weighted)
    one, other = (next(iter(walk(problem, [lambda_], 1e-13))) for problem in (weighted, repeated))
    assert one.objective == pytest.approx(other.objective, rel=1e-10)


def test_lasso_is_one_lasso_per_task():
    X, found, Phi, rng = design(70, 1, 2, 5)
    ys = outcomes_of(X, 3, rng)
    problem = make_problem(shared_blocks(X, ys), found, 1.0)
    lambda_ = 0.05 * lambda_max(problem)
    point = next(iter(walk(problem, [lambda_], 1e-10)))
    W = spread(point, Phi.shape[1])
    total = 0.0
    for k, y in enumerate(ys):
        one = Lasso(alpha=lambda_, tol=1e-11, max_iter=1_000_000).fit(Phi, y)
        expected = objective(Phi, y[:, None], one.coef_[:, None], lambda_)
        assert objective(Phi, y[:, None], W[:, [k]], lambda_) == pytest.approx(expected, rel=1e-7)
        total += expected
    assert point.objective == pytest.approx(total, rel=1e-7)


def test_penalty_factors():
    X, _, _, rng = design(70, 1, 1, 5)
    terms = [Term((0,), 1, 10, 1.0), Term((1,), 1, 10, 3.0)]
    basis = make_basis(X, terms, NAMES)
    found = Design(basis, X)
    Phi = found.columns(np.arange(basis.size))
    ys = outcomes_of(X, 2, rng)
    problem = make_problem(shared_blocks(X, ys), found)
    point = next(iter(walk(problem, [0.05 * lambda_max(problem)], 1e-12)))
    Y, factors = np.column_stack(ys), basis.factors
    other = MultiTaskLasso(alpha=point.lambda_, tol=1e-11, max_iter=1_000_000).fit(Phi / factors, Y)
    assert point.objective == pytest.approx(objective(Phi / factors, Y, other.coef_.T, point.lambda_), rel=1e-7)


def test_nothing_is_in_at_lambda_max_and_something_just_below():
    X, found, _, rng = design(70, 1, 2, 5)
    problem = make_problem(shared_blocks(X, outcomes_of(X, 2, rng)), found)
    top = lambda_max(problem)
    at, below = walk(problem, [top, 0.99 * top])
    assert len(at.functions) == 0
    assert at.objective == pytest.approx(problem.null_objective)
    assert len(below.functions) > 0


def test_constant_outcomes():
    X, found, _, _ = design(70, 1, 2, 5)
    problem = make_problem(shared_blocks(X, [np.full(70, 3.0)]), found)
    point = next(iter(walk(problem, [0.1])))
    assert len(point.functions) == 0
    assert point.intercept == pytest.approx([3.0])


def test_the_gap_bounds_the_distance_to_the_optimum():
    X, found, _, rng = design(70, 0, 2, 5)
    problem = make_problem(shared_blocks(X, outcomes_of(X, 2, rng)), found)
    lambda_ = 0.05 * lambda_max(problem)
    best = next(iter(walk(problem, [lambda_], 1e-12)))
    for tolerance in (1e-1, 1e-2, 1e-4):
        rough = next(iter(walk(problem, [lambda_], tolerance)))
        assert rough.gap <= tolerance
        assert -1e-12 <= (rough.objective - best.objective) / problem.null_objective <= rough.gap + 1e-12


@pytest.mark.parametrize("order", [0, 1])
def test_binomial_objective_is_that_of_scikit_learn(order):
    X, found, Phi, rng = design(90, order, 2, 11 + order)
    y = (outcomes_of(X, 1, rng)[0] > 0).astype(float)
    problem = make_problem(shared_blocks(X, [y]), found, 0.0, ("binomial",))
    lambda_ = 0.1 * lambda_max(problem)
    scale = np.abs(Phi).max(axis=0)
    used = scale > 0
    point = next(iter(walk(problem, [lambda_], 1e-11)))

    def value(W, c):
        eta = c + Phi @ W
        return np.mean(np.logaddexp(0, eta) - y * eta) + lambda_ * np.abs(W).sum()

    W = spread(point, Phi.shape[1])[:, 0]
    assert point.objective == pytest.approx(value(W, point.intercept[0]), rel=1e-10)
    other = LogisticRegression(C=1 / (lambda_ * 90), l1_ratio=1.0, solver="saga", tol=1e-10, max_iter=200_000)
    other.fit(Phi[:, used], y)
    theirs = np.zeros(Phi.shape[1])
    theirs[used] = other.coef_[0]
    assert point.objective <= value(theirs, other.intercept_[0]) + 1e-12
    assert point.objective == pytest.approx(value(theirs, other.intercept_[0]), rel=1e-7)


def test_the_gap_bounds_the_distance_to_the_optimum_of_binomial_tasks():
    X, found, _, rng = design(90, 0, 2, 5)
    ys = [(one > 0.3).astype(float) for one in outcomes_of(X, 2, rng)]
    problem = make_problem(shared_blocks(X, ys), found, 0.3, ("binomial",) * 2)
    lambda_ = 0.05 * lambda_max(problem)
    best = next(iter(walk(problem, [lambda_], 1e-12)))
    for tolerance in (1e-1, 1e-2, 1e-4):
        rough = next(iter(walk(problem, [lambda_], tolerance)))
        assert rough.gap <= tolerance
        assert -1e-12 <= (rough.objective - best.objective) / problem.null_objective <= rough.gap + 1e-12


def test_weights_count_rows_of_binomial_tasks():
    X, found, _, rng = design(60, 1, 2, 3)
    y = (outcomes_of(X, 1, rng)[0] > 0).astype(float)
    w = rng.integers(0, 4, 60).astype(float)
    rows = np.repeat(np.arange(60), w.astype(int))
    weighted = make_problem(shared_blocks(X, [y], [w]), found, 0.0, ("binomial",))
    copied = np.asfortranarray(X[rows])
    repeated = make_problem(shared_blocks(copied, [y[rows]]), Design(found.basis, copied), 0.0, ("binomial",))
    lambda_ = 0.1 * lambda_max(weighted)
    one, other = (next(iter(walk(problem, [lambda_], 1e-13))) for problem in (weighted, repeated))
    assert one.objective == pytest.approx(other.objective, rel=1e-10)
    np.testing.assert_allclose(one.intercept, other.intercept, rtol=1e-6)


@pytest.mark.parametrize("masked", [False, True])
def test_counted_products_are_those_of_the_columns(masked):
    X, found, _, rng = design(130, 0, 2, 9)
    weights = [np.where(rng.random(130) < 0.8, 1.0, 0.0) for _ in range(2)] if masked else None
    problem = make_problem(shared_blocks(X, outcomes_of(X, 2, rng), weights), found)
    start = problem.gradient(list(problem.null_residual))
    counted, plain = GaussianSet(problem, start), GaussianSet(problem, start)
    assert counted._counts is not None
    plain._counts = None
    for held in (counted, plain):
        held.add(np.arange(0, 20))
        held.keep(np.array([1, 3, 4, 19]))
        held.add(np.array([25, 30]))
    np.testing.assert_allclose(counted._gram[:, :6, :6], plain._gram[:, :6, :6], atol=1e-14)


def test_small_systems_are_solved_by_one_thread(monkeypatch):
    """Threads of BLAS wait for each other there: a path of yes/no outcomes took eighty times the processor time."""
    seen, solve = [], path._Walker.solve

    def solved(self, lambda_):
        seen.extend(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")
        return solve(self, lambda_)

    monkeypatch.setattr(path._Walker, "solve", solved)
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 2))
    y = (rng.random(60) < 0.5).astype(float)
    before = [one["num_threads"] for one in threadpool_info()]
    MTHAL(y, X, max_degree=1, family="binomial").path(n_lambda=3)
    assert seen
    assert set(seen) == {1}
    assert [one["num_threads"] for one in threadpool_info()] == before
