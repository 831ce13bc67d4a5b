"""What is reported of Y cannot be changed by coordinates, or by what K and H take from each other unseen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.planted import plant
from sparsekin import MixedForms


def fitted(algorithm, blind):
    """A fit by site; `blind`: neither X nor Z loads on the last coordinate."""
    planted = plant(3, n=60, widths=(3, 6, 0), d=2, missing=0.05)
    fit = MixedForms(*planted.tables[:2], task=np.arange(60) % 5).fit(
        d=3, algorithm=algorithm, ridge=0.1, tolerance=1e-5, max_sweeps=3000
    )
    if not blind:
        return fit
    beta, u = fit.solution.beta.copy(), fit.solution.u.copy()
    beta[:, 2] = u[:, 2] = 0.0
    return replace(fit, solution=replace(fit.solution, beta=beta, u=u))


@pytest.fixture(scope="module")
def fits():
    return {(name, blind): fitted(name, blind) for name in ("als", "em") for blind in (False, True)}


def moved(fit, R, N):
    """The fit with codes (k, h) -> R'(k + t, h - t), t = e_3 N'(k, h), loadings R^-1 times the old."""
    found, d = fit.solution, fit.d
    drift = np.eye(2 * d)
    drift[d - 1] += N
    drift[2 * d - 1] -= N
    T = np.kron(np.eye(2), R.T) @ drift
    codes = np.hstack([found.codes_fixed, found.codes_random]) @ T.T
    back = np.linalg.inv(R).T
    return replace(fit, solution=replace(
        found, codes_fixed=codes[:, :d], codes_random=codes[:, d:], basis=T @ found.basis,
        alpha=found.alpha @ back, beta=found.beta @ back, u=found.u @ back, slopes=found.slopes @ back,
    ))  # fmt: skip


def reported(fit):
    return {
        "shifts": fit.task_shifts, "explained": fit.variance_explained, "residual": fit.residual_variance,
        "predicted": fit.predict(), "own": fit.own_share,
        **{f"implied {name}": part for name, part in fit.implied_covariance.items()},
    }  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["als", "em"]), st.booleans(), st.integers(0, 10_000), st.sampled_from([0.0, 1.0, 30.0]))
def test_coordinates_change_nothing_that_is_reported(fits, algorithm, blind, seed, drift):
    rng, fit = np.random.default_rng(seed), fits[algorithm, blind]
    R = np.linalg.qr(rng.standard_normal((3, 3)))[0] * np.exp(rng.uniform(-2, 2, 3))
    other = moved(fit, R, blind * drift * rng.standard_normal(6))
    for (name, one), two in zip(reported(fit).items(), reported(other).values(), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-5, atol=1e-6 * max(1.0, np.nanmax(np.abs(one))), err_msg=name)


def test_the_drift_of_k_and_h_is_real(fits):
    """The mean of H alpha', which used to be reported, moves by any amount while the fit stays."""
    fit = fits["als", True]
    other = moved(fit, np.eye(3), 30.0 * np.ones(6))
    old, new = ((f.codes_random @ f.alpha.T).groupby(f.task_codes).mean() for f in (fit, other))
    assert np.abs(old - new).to_numpy().max() > 1.0
    np.testing.assert_allclose(other.fittedvalues, fit.fittedvalues, atol=1e-8)
    assert other.cancels
