"""Every loss is convex, at least 0 and a number, however far eta goes, whatever is tied or censored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsekin.losses.families import make_loss
from sparsekin.losses.refit import refit

FAMILIES = ("gaussian", "binomial", "poisson", "cox", "breslow", "entry", "strata")


@st.composite
def losses(draw):
    """A loss of few rows, with ties, zero weights and sometimes no information, and a generator."""
    name = draw(st.sampled_from(FAMILIES))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(2, 12))
    weights = rng.choice([0.0, 0.5, 1.0, 3.0], n)
    weights[0] = 1.0
    if name == "gaussian":
        y = rng.normal(size=n)
    elif name == "binomial":
        y = rng.choice([0.0, 1.0], n)
    elif name == "poisson":
        y = rng.poisson(1.0, n).astype(float)
    else:
        stop = rng.integers(1, draw(st.integers(2, 10)), n).astype(float)
        status = (rng.random(n) < draw(st.sampled_from([0.0, 0.5, 1.0]))).astype(float)
        start = [stop - rng.integers(1, 4, n)] if name == "entry" else []
        y = np.column_stack([*start, stop, status])
    options = {"strata": rng.integers(0, 3, n)} if name == "strata" else {}
    if name == "breslow":
        options["ties"] = "breslow"
    return make_loss(name if name in FAMILIES[:3] else "cox", y, weights, **options), rng


@settings(deadline=None, max_examples=150)
@given(losses(), st.sampled_from([1.0, 30.0, 1e3]))
def test_convex_nonnegative_and_finite(drawn, size):
    loss, rng = drawn
    n = len(loss.omega)
    a, b = size * rng.normal(size=(2, n))
    fa, fb, middle = loss.value(a), loss.value(b), loss.value((a + b) / 2)
    assert min(fa, fb, middle) >= 0
    if loss.family != "poisson" or size < 1e3:  # beyond exp(700) a mean is taken as that
        assert middle <= (fa + fb) / 2 * (1 + 1e-12) + 1e-12
    at = loss.quadratic_at(a)
    A = rng.normal(size=(n, 2))
    assert np.isfinite(at.value)
    for numbers in (at.residual, at.curvature.weights, at.curvature.times(A), at.curvature.gram(A)):
        assert np.isfinite(numbers).all()
    assert np.all(at.curvature.squares(A) >= 0)
    assert np.all(at.curvature.weights >= 0)
    if loss.family != "poisson" or size < 1e3:
        assert fb >= fa - at.residual @ (b - a) - 1e-9 * (1 + abs(fa))
    np.testing.assert_allclose(loss.omega @ loss.unit_deviance(a) / 2, fa, rtol=1e-9, atol=1e-12)


@settings(deadline=None, max_examples=80)
@given(losses(), st.sampled_from([0.0, 1e-3, 1.0]), st.sampled_from([1.0, 1e3]))
def test_refits_end_where_the_gradient_is_0(drawn, lambda_1, units):
    loss, rng = drawn
    n = len(loss.omega)
    X, U = units * rng.normal(size=(n, 2)), np.ones((n, 1 if loss.constants else 0))
    found = refit(loss, X, U, lambda_1 * units**2)
    assert np.isfinite([found.value, *found.coef, *found.keep, *found.eta]).all()
    assert found.value <= loss.value(np.zeros(n)) + 1e-12 * loss.scale
    if found.converged and not found.separated:
        slope = X.T @ found.at.residual - lambda_1 * units**2 * found.coef
        assert np.abs(slope).max() <= 1e-5 * units * loss.scale
        assert np.abs(U.T @ found.at.residual).max(initial=0.0) <= 1e-5 * loss.scale


@settings(deadline=None, max_examples=50)
@given(losses(), st.floats(0.01, 100.0))
def test_units_of_weights_and_times_do_not_matter(drawn, unit):
    loss, rng = drawn
    if loss.family == "cox":
        return
    again = make_loss(loss.family, loss.y, unit * loss.omega)
    eta = rng.normal(size=len(loss.omega))
    assert again.value(eta) == pytest.approx(loss.value(eta), rel=1e-12)


def test_all_censored_says_nothing():
    loss = make_loss("cox", np.array([[1.0, 0.0], [2.0, 0.0]]))
    at = loss.quadratic_at(np.array([3.0, -2.0]))
    assert at.value == 0
    assert not at.residual.any()
    assert not at.curvature.times(np.eye(2)).any()
    found = refit(loss, np.array([[1.0], [2.0]]), np.empty((2, 0)), 0.1)
    assert found.converged
    assert not found.coef.any()
