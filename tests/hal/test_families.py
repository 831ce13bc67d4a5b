"""Counts and survival times: solutions satisfy the optimality conditions with the scores of statsmodels."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from hal.hal_cases import covariates, own_blocks
from sparsekin.data.blocks import Responses
from sparsekin.hal.basis import all_terms, make_basis
from sparsekin.hal.certificate import dual_objective
from sparsekin.hal.curvature import Curvature
from sparsekin.hal.design import Design
from sparsekin.hal.path import lambda_max, walk
from sparsekin.hal.penalty import steepest
from sparsekin.hal.problem import make_problem
from sparsekin.hal.relax import relaxed
from sparsekin.hal.working_set import Look

SIZES = (70, 50)
NAMES = ("poisson", "offset", "efron", "breslow", "strata", "entry", "kept")


def case(name, ratio=0.0):
    rng = np.random.default_rng(NAMES.index(name))
    n = sum(SIZES)
    X = covariates(n, 2, rng)
    eta = 0.8 * np.sin(2 * X[:, 0]) + 0.4 * X[:, 1]
    offset, strata, ties, keep = [None] * 2, [None] * 2, "efron", None
    if name == "offset":
        offset = np.split(rng.normal(size=n), [SIZES[0]])
    if name in ("poisson", "offset"):
        y = rng.poisson(np.exp(0.5 + eta)).astype(float)
        family = "poisson"
    else:
        family, time = "cox", np.ceil(5 * rng.exponential(np.exp(-eta)))
        y = np.column_stack([time, rng.random(n) < 0.7]).astype(float)
    if name == "strata":
        strata = np.split(rng.integers(0, 2, n), [SIZES[0]])
    if name == "entry":
        y = np.column_stack([y[:, 0] - rng.choice([0.5, 1.5], n), y])
    if name == "breslow":
        ties = "breslow"
    if name == "kept":
        keep = rng.normal(size=(n, 1)) + 5.0
    blocks = own_blocks(X, y[:, -2] if y.ndim == 2 else y, SIZES, keep=keep)
    given = tuple(np.split(y, [SIZES[0]]))
    responses = Responses((family,) * 2, given, tuple(offset), tuple(strata), (None, None), ties)
    blocks = replace(blocks, responses=responses, intercept=family != "cox")
    basis = make_basis(X, all_terms(2, 2, 1, 6), blocks.feature_names)
    return make_problem(blocks, Design(basis, X), ratio, (family,) * 2)


def score(problem, k, point):
    """Slopes of the log likelihood over n by all functions and the kept column, at a point: statsmodels."""
    blocks, given = problem.blocks, problem.blocks.responses
    rows, y, n = blocks.rows[k], given.y[k], SIZES[k]
    phi = problem.design.columns(np.arange(problem.design.basis.size), rows.start, rows.stop)
    coef = np.zeros(phi.shape[1])
    coef[point.functions] = point.coef[:, k]
    Z, theta = np.column_stack([phi, blocks.keep[rows]]), np.concatenate([coef, point.keep_coef[:, k]])
    offset = None if given.offset[k] is None else given.offset[k]
    if given.families[k] == "poisson":
        model = sm.GLM(y, np.column_stack([Z, np.ones(n)]), sm.families.Poisson(), offset=offset)
        return model.score(np.append(theta, point.intercept[k])) / n
    entry = y[:, 0] + 2 if y.shape[1] == 3 else None
    model = sm.PHReg(
        y[:, -2] + 2, Z, status=y[:, -1], entry=entry, strata=given.strata[k], ties=given.ties, offset=offset
    )
    return model.score(theta) / n


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_optimality_by_the_scores_of_statsmodels(name, ratio):
    problem = case(name, ratio)
    top = lambda_max(problem)
    *_, point = walk(problem, np.geomspace(top, top / 30, 8), 1e-9)
    p = problem.design.basis.size
    assert point.gap <= 1e-9
    assert 3 <= len(point.functions) < p
    slopes = np.column_stack([score(problem, k, point) for k in range(2)])
    if len(slopes) > p:
        np.testing.assert_allclose(slopes[p:], 0.0, atol=1e-7)
    W = np.zeros((p, 2))
    W[point.functions] = point.coef
    sizes = np.abs(slopes[:p]) if ratio == 1 else np.linalg.norm(slopes[:p], axis=1)[:, None]
    assert sizes.max() <= point.lambda_ * (1 + 1e-3)
    norms = np.abs(W) if ratio == 1 else np.linalg.norm(W, axis=1)[:, None]
    inside = norms > 1e-3
    np.testing.assert_allclose(sizes[inside], point.lambda_, rtol=1e-2)
    direction = np.sign(W) if ratio == 1 else W / np.maximum(np.linalg.norm(W, axis=1), 1e-12)[:, None]
    strong = norms[:, 0] > 1e-2 if ratio == 0 else norms > 1e-2
    np.testing.assert_allclose(slopes[:p][strong], point.lambda_ * direction[strong], atol=1e-2 * point.lambda_)


@pytest.mark.parametrize("name", NAMES)
def test_no_point_has_less_than_the_bound(name):
    """Dual values at points far from the optimum never pass the optimum."""
    problem, rng = case(name), np.random.default_rng(0)
    lambda_ = lambda_max(problem) / 5
    *_, best = walk(problem, [lambda_max(problem) / 2, lambda_], 1e-10)
    for size in (0.0, 0.05, 0.3):
        W = size * rng.normal(size=(problem.design.basis.size, 2)) * (rng.random((problem.design.basis.size, 1)) < 0.2)
        fitted = problem.design.multiply(np.arange(len(W)), W)
        settled = [
            one.settle(fitted[k, rows], one.start)
            for k, (one, rows) in enumerate(zip(problem.curved, problem.blocks.rows, strict=True))
        ]
        look = Look(fitted, [s.residual for s in settled], np.array([s.loss for s in settled]), tuple(settled))
        most = steepest(problem.penalty, problem.gradient(look.residual))
        assert dual_objective(problem, look, most, lambda_) <= best.objective * (1 + 1e-9)
        value = look.loss + lambda_ * problem.penalty.value(W)
        assert best.objective <= value * (1 + 1e-9)


@pytest.mark.parametrize("name", ["offset", "strata", "entry", "kept"])
def test_products_in_pieces_are_those_of_the_hessian(name):
    problem, rng = case(name), np.random.default_rng(1)
    found = Curvature(problem)
    hessians = [one.curvature(rng.normal(size=n)) for one, n in zip(problem.curved, SIZES, strict=True)]
    found.renew(hessians)
    for ids in (np.array([5, 2, 9]), np.array([9, 12, 0, 2])):
        for k, gram in enumerate(found.of(ids)):
            rows = problem.blocks.rows[k]
            phi, Q = problem.design.columns(ids, rows.start, rows.stop), problem.Q[k]
            H = hessians[k].times(np.eye(SIZES[k]))
            G = H - H @ Q @ np.linalg.pinv(Q.T @ H @ Q) @ Q.T @ H
            np.testing.assert_allclose(gram, phi.T @ G @ phi, atol=1e-12)


@pytest.mark.parametrize("name", ["offset", "efron", "kept"])
def test_relaxed_is_maximum_likelihood(name):
    problem = case(name)
    *_, point = walk(problem, [lambda_max(problem) / 3], 1e-6)
    chosen = point.functions[:3]
    coef, intercept, keep = relaxed(
        problem.blocks, Design(problem.design.basis, problem.blocks.X), chosen, problem.families
    )
    at = replace(point, functions=chosen, coef=coef, intercept=intercept, keep_coef=keep)
    for k in range(2):
        slopes = score(problem, k, at)
        p = problem.design.basis.size
        np.testing.assert_allclose(slopes[chosen], 0.0, atol=1e-8)
        np.testing.assert_allclose(slopes[p:], 0.0, atol=1e-8)
