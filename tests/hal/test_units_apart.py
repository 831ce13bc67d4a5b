"""Outcomes in units far apart: each task is at its own optimum, and the gap reported says so of each."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import Lasso

from hal.hal_cases import covariates, shared_blocks
from sparsekin.hal.basis import all_terms, make_basis
from sparsekin.hal.by_task import conjugate_gain, penalty_gain
from sparsekin.hal.design import Design, drop_repeats
from sparsekin.hal.path import lambda_max, walk
from sparsekin.hal.problem import make_problem

NAMES = ("a", "b", "c")


def problem_of(ratio, apart, order=1, seed=0, n=80):
    rng = np.random.default_rng(seed)
    X = covariates(n, 3, rng, ties=False)
    large = apart * (np.sin(2 * X[:, 0]) + 0.3 * rng.normal(size=n))
    small = (X[:, 1] > 0) * X[:, 0] + 0.3 * rng.normal(size=n)
    basis = drop_repeats(make_basis(X, all_terms(3, 2, order, None), NAMES), X, n**-0.5)
    design = Design(basis, X)
    return make_problem(shared_blocks(X, [large, small]), design, ratio), design.columns(np.arange(basis.size)), small


@pytest.mark.parametrize("apart", [1.0, 1e4, 1e8])
@pytest.mark.parametrize("order", [0, 1])
def test_the_lasso_gives_the_small_outcome_what_it_gets_alone(apart, order):
    problem, Phi, small = problem_of(1.0, apart, order)
    lambda_ = 0.02
    *_, point = walk(problem, [apart, 0.5, lambda_])
    assert point.gap <= 1e-6
    alone = Lasso(alpha=lambda_, tol=1e-12, max_iter=10**6).fit(Phi, small)
    fitted = point.fitted[1] + point.intercept[1]
    np.testing.assert_allclose(fitted, alone.predict(Phi), atol=3e-3)


@pytest.mark.parametrize("ratio", [0.0, 0.4])
@pytest.mark.parametrize("apart", [1e2, 1e4, 1e8])
def test_the_small_outcome_is_at_its_optimum_given_the_functions_of_the_large_one(ratio, apart):
    problem, Phi, small = problem_of(ratio, apart)
    lambda_ = 0.05 * lambda_max(problem)
    *_, point = walk(problem, [4 * lambda_, lambda_])
    assert point.gap <= 1e-6
    a = np.abs(point.coef[:, 0])
    part = Phi[:, point.functions] - Phi[:, point.functions].mean(axis=0)
    y = small - small.mean()

    def value(w):
        r = y - part @ w
        lost = lambda_ * ((1 - ratio) * w**2 / (np.sqrt(w**2 + a**2) + a) + ratio * np.abs(w)).sum()
        return r @ r / (2 * len(y)) + lost

    # |w| is written as the sum of two parts >= 0, which L-BFGS-B can hold
    m = len(a)
    found = minimize(
        lambda uv: value(uv[:m] - uv[m:]) + lambda_ * ratio * (uv.sum() - np.abs(uv[:m] - uv[m:]).sum()),
        np.r_[np.maximum(point.coef[:, 1], 0), np.maximum(-point.coef[:, 1], 0)], method="L-BFGS-B",
        bounds=[(0, None)] * (2 * m), options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-12},
    )  # fmt: skip
    null = y @ y / (2 * len(y))
    assert value(point.coef[:, 1]) - found.fun <= 1e-6 * null
    if ratio == 0:
        assert value(point.coef[:, 1]) < 0.99 * null


def test_the_gap_of_a_task_bounds_what_any_coefficients_can_gain():
    rng = np.random.default_rng(3)
    for _ in range(200):
        ratio, a, bound = rng.choice([0.0, 0.3, 0.8]), rng.exponential(2, 4), rng.uniform(0.5, 2, 4)
        pull = bound * rng.uniform(0, 1, 4)
        w = rng.normal(0, 10, (4, 500)) * rng.choice([0.01, 1.0], 500)
        # Fenchel: z w - (h(w) - h(0)) is at most what the conjugate says, for every w
        gain = np.abs(w) * pull[:, None] - bound[:, None] * (
            (1 - ratio) * (np.sqrt(w**2 + a[:, None] ** 2) - a[:, None]) + ratio * np.abs(w)
        )
        for j in range(4):
            one = slice(j, j + 1)
            most = conjugate_gain(pull[one], a[one], bound[one], ratio)
            assert gain[j].max() <= most + 1e-9
        direct = bound @ ((1 - ratio) * (np.sqrt(w[:, 0] ** 2 + a**2) - a) + ratio * np.abs(w[:, 0]))
        assert penalty_gain(w[:, 0], a, bound, ratio) == pytest.approx(direct)


def test_tasks_with_nothing_to_explain_do_not_hold_the_path_up():
    problem, _, small = problem_of(0.0, 1.0)
    blocks = problem.blocks
    for constant in (np.zeros(len(small)), np.full(len(small), 1e6), 1e-12 * small + 1e6):
        made = make_problem(shared_blocks(blocks.X, [small, constant]), problem.design)
        *_, point = walk(made, lambda_max(made) * np.array([0.5, 0.1]))
        assert point.gap <= 1e-6
        assert point.rounds < 20
