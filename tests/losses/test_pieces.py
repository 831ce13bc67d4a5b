"""Values, gradients and curvatures of every loss agree with each other and with their definitions."""

import numpy as np
import pytest
from scipy.special import gammaln

from losses.cases import NAMES, case
from sparsekin.losses.base import RowCurvature
from sparsekin.losses.profiled import profiled
from sparsekin.losses.refit import null_model


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def differences(f, eta, h=1e-5):
    return np.array([(f(eta + h * e) - f(eta - h * e)) / (2 * h) for e in np.eye(len(eta))])


def test_derivatives(name):
    one = case(name)
    loss, rng = one.loss(), np.random.default_rng(1)
    eta = loss.offset + rng.normal(size=len(one.X))
    at = loss.quadratic_at(eta)
    np.testing.assert_allclose(at.residual, -differences(loss.value, eta), atol=1e-10)
    H = -differences(loss.residual, eta)
    np.testing.assert_allclose(at.curvature.times(one.X), H @ one.X, atol=1e-10)
    np.testing.assert_allclose(at.curvature.times(eta), H @ eta, atol=1e-10)
    np.testing.assert_allclose(at.curvature.gram(one.X), one.X.T @ H @ one.X, atol=1e-9)
    np.testing.assert_allclose(at.curvature.squares(one.X), np.diag(one.X.T @ H @ one.X), atol=1e-9)
    G = H - H @ one.U @ np.linalg.pinv(one.U.T @ H @ one.U) @ one.U.T @ H
    followed = profiled(at.curvature, one.U)
    np.testing.assert_allclose(followed.times(one.X), G @ one.X, atol=1e-9)
    np.testing.assert_allclose(followed.gram(one.X), one.X.T @ G @ one.X, atol=1e-9)
    np.testing.assert_allclose(followed.squares(one.X), np.diag(one.X.T @ G @ one.X), atol=1e-9)


def test_pieces_are_those_of_one_pass(name):
    one = case(name)
    loss = one.loss()
    at = loss.quadratic_at(loss.offset)
    assert loss.value(loss.offset) == at.value
    np.testing.assert_array_equal(loss.residual(loss.offset), at.residual)
    np.testing.assert_array_equal(loss.curvature(loss.offset).weights, at.curvature.weights)
    np.testing.assert_allclose(loss.omega @ loss.unit_deviance(loss.offset) / 2, at.value, rtol=1e-13)


@pytest.mark.parametrize("spread", [1.0, 30.0, 600.0])
def test_newtons_method_sees_the_same_loss(name, spread):
    one = case(name)
    loss = one.loss()
    eta = loss.offset + spread * np.random.default_rng(3).normal(size=len(one.X))
    if name == "poisson":
        eta = np.minimum(eta, 20.0)
    at = loss.quadratic_at(eta)
    value, residual, weights = loss.native.at(eta)
    np.testing.assert_allclose(value, at.value, rtol=1e-12)
    size = np.abs(at.residual).max() + at.curvature.weights.max()
    np.testing.assert_allclose(residual, at.residual, rtol=1e-11, atol=1e-14 * size)
    np.testing.assert_allclose(weights, at.curvature.weights, rtol=1e-11, atol=1e-14 * size)


def test_weights_scale_away_and_0_is_not_there(name):
    one = case(name)
    loss, rng = one.loss(), np.random.default_rng(2)
    eta = rng.normal(size=len(one.X))
    there = one.weights > 0
    options = {key: value[there] if key == "strata" else value for key, value in one.options.items()}
    few = type(one)(one.family, one.y[there], one.X[there], 7 * one.weights[there], one.offset[there], options).loss()
    a, b = loss.quadratic_at(eta), few.quadratic_at(eta[there])
    np.testing.assert_allclose(a.value, b.value, rtol=1e-12)
    np.testing.assert_allclose(a.residual[there], b.residual, atol=1e-14)
    assert not a.residual[~there].any()
    np.testing.assert_allclose(loss.scale, few.scale, rtol=1e-12)


def test_factor_multiplies_everything(name):
    one = case(name)
    a, b = one.loss().quadratic_at(one.offset), one.loss(factor=3.0).quadratic_at(one.offset)
    np.testing.assert_allclose(b.value, 3 * a.value)
    np.testing.assert_allclose(b.residual, 3 * a.residual, atol=1e-15)
    np.testing.assert_allclose(b.curvature.times(one.X), 3 * a.curvature.times(one.X), atol=1e-15)


def test_no_gradient_in_constants_of_cox():
    one = case("strata")
    at = one.loss().quadratic_at(one.offset)
    for g in range(3):
        stratum = (one.options["strata"] == g).astype(float)
        assert abs(stratum @ at.residual) < 1e-15
        np.testing.assert_allclose(at.curvature.times(stratum), 0.0, atol=1e-16)
    assert null_model(one.loss(), np.ones((60, 1))).value == pytest.approx(at.value)


@pytest.mark.parametrize("name", ["cox", "breslow", "untied", "strata", "entry", "entry strata breslow"])
def test_cox_is_its_definition(name):
    """The log partial likelihood and its largest value, by a loop over event times."""
    one = case(name)
    eta = one.X @ [1.0, 0.5, -1.0]
    w, status = one.weights, one.y[:, -1] * (one.weights > 0)
    stop, strata = one.y[:, -2], one.options.get("strata", np.zeros(60))
    start = one.y[:, 0] if one.y.shape[1] == 3 else np.zeros(60)
    log_pl = saturated = 0.0
    for g in np.unique(strata):
        for t in np.unique(stop[(status == 1) & (strata == g)]):
            dead = (stop == t) & (status == 1) & (strata == g)
            risk = (start < t) & (stop >= t) & (strata == g)
            d, W = dead.sum(), w[dead].sum()
            log_pl += w[dead] @ eta[dead]
            whole, own = w[risk] @ np.exp(eta[risk]), w[dead] @ np.exp(eta[dead])
            if one.options.get("ties") == "breslow":
                log_pl -= W * np.log(whole)
                saturated -= W * np.log(W)
            else:
                log_pl -= W / d * sum(np.log(whole - i / d * own) for i in range(d))
                saturated -= W * np.log(W / d) + W / d * gammaln(d + 1)
    assert one.loss().value(eta) == pytest.approx((saturated - log_pl) / w.sum(), rel=1e-12)


def test_a_distant_group_needs_units_of_its_own():
    """Suffix sums and the tree agree; far apart only the tree can say what is left."""
    one = case("cox")
    loss = one.loss()
    eta = 5 * one.X[:, 0]
    near = loss.quadratic_at(eta)
    far = eta.copy()
    far[np.argmin(one.y[:, 0])] += 1e3
    split = case("entry")
    assert np.isfinite(loss.value(far))
    sets = loss.events.risk_sets
    log_q = eta + loss.events.log_w
    tree = sets._tree(log_q)
    suffix = sets.shares(eta, loss.events.log_w)
    np.testing.assert_allclose(tree.log_sums, suffix.log_sums, rtol=1e-13)
    np.testing.assert_allclose(tree.over(one.X), suffix.over(one.X), atol=1e-13)
    C = np.random.default_rng(0).normal(size=(len(suffix.log_sums), 2))
    np.testing.assert_allclose(tree.back(C), suffix.back(C), atol=1e-13)
    assert near.value > 0
    assert split.loss().events.risk_sets.order is None


def test_times_that_differ_by_rounding_are_tied():
    y = np.column_stack([np.array([0.1 + 0.2, 0.3, 0.5, 0.7, 0.9]), [1, 1, 1, 0, 1.0]])
    exact = y.copy()
    exact[0, 0] = 0.3
    eta = np.array([0.3, -0.2, 1.0, 0.0, 0.5])
    one, other = case("cox"), case("cox")
    values = [
        type(one)("cox", times, one.X[:5], other.weights[4:9], np.zeros(5)).loss().value(eta) for times in (y, exact)
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-14)
    small = exact * [1e-9, 1.0]
    assert type(one)("cox", small, one.X[:5], other.weights[4:9], np.zeros(5)).loss().value(eta) == pytest.approx(
        values[1], rel=1e-14
    )


def test_row_curvature_is_a_diagonal():
    A = np.arange(6.0).reshape(3, 2)
    curvature = RowCurvature(np.array([1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(curvature.times(A), np.diag(curvature.weights) @ A)
