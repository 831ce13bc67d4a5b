"""Offsets far from 0, as logs of exposures in other units are: an offset of one value only moves the intercept."""

import numpy as np
import pytest
import statsmodels.api as sm

from sparsekin import MTHAL, SparseMTL

N = 80
TASKS = np.repeat(["a", "b"], N)


def data(family):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((2 * N, 4))
    eta = 0.6 * X[:, 0] + 0.3
    y = rng.poisson(np.exp(eta)) if family == "poisson" else rng.random(2 * N) < 1 / (1 + np.exp(-eta))
    return X, y.astype(float)


@pytest.mark.parametrize("family", ["poisson", "binomial"])
@pytest.mark.parametrize("far", [150.0, -150.0, 690.0, -900.0])
@pytest.mark.parametrize("lambda_2", [0.0, 0.1, np.inf])
def test_only_the_intercept_moves(family, far, lambda_2):
    X, y = data(family)
    given = {"s": 2, "lambda_2": lambda_2}
    offset = np.where(TASKS == "a", far, -10.0)
    here = SparseMTL(y, X, TASKS, family=family).fit(**given)
    there = SparseMTL(y, X, TASKS, family=family, offset=offset).fit(**given)
    moved = there.params.copy()
    moved.iloc[0] += [far, -10.0]
    np.testing.assert_allclose(moved.fillna(0.0), here.params.fillna(0.0), atol=1e-8)
    np.testing.assert_allclose(there.deviance, here.deviance, rtol=1e-8)


@pytest.mark.parametrize("family", ["poisson", "binomial"])
def test_and_of_functions_too(family):
    X, y = data(family)
    here, there = (
        MTHAL(y, X[:, :2], TASKS, family=family, offset=np.full(2 * N, far)).fit(0.03) for far in (0.0, 150.0)
    )
    assert there.objective == pytest.approx(here.objective, rel=1e-6)


def test_exposures_over_eighteen_powers_of_ten_are_those_of_glm():
    rng = np.random.default_rng(0)
    X, _ = data("poisson")
    days = 10 ** rng.uniform(-9, 9, 2 * N)
    y = rng.poisson(1e-3 * days * np.exp(0.5 * X[:, 0])).astype(float)
    found = SparseMTL(y, X[:, :2], TASKS, family="poisson", exposure=days).fit(s=2, lambda_1=0)
    for task in ("a", "b"):
        at = task == TASKS
        design, known = sm.add_constant(X[at, :2]), np.log(days[at])
        told = sm.GLM(y[at], design, family=sm.families.Poisson(), offset=known).fit(tol=1e-14, maxiter=200)
        np.testing.assert_allclose(found.params[task], told.params, atol=1e-8)
