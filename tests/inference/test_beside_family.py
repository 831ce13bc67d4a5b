"""Slopes on held-out rows are those of statsmodels, one regression per column, for every family."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.duration.hazard_regression import PHReg

from inference.cases import problem_of
from sparsekin.data.blocks import Responses
from sparsekin.data.standardize import standardize
from sparsekin.inference.beside_family import contrasts_of_family, slopes_of_family
from sparsekin.inference.halves import draw_halves
from sparsekin.inference.split import complementary_halves
from sparsekin.l0.glm.descent import QUICK
from sparsekin.l0.problem import make_problem
from sparsekin.l0.solve import solve

FAMILIES = ("binomial", "poisson", "cox", "gaussian")


def outcome(rng, family, eta):
    if family == "binomial":
        return (rng.random(len(eta)) < 1 / (1 + np.exp(-eta))).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(0.5 * eta) * rng.gamma(3, 1 / 3, len(eta))).astype(float)
    if family == "cox":
        time, censored = rng.exponential(np.exp(-eta)), rng.exponential(2.0, len(eta))
        return np.column_stack([np.minimum(time, censored).round(2) + 0.01, time <= censored]).astype(float)
    return eta + rng.standard_normal(len(eta))


def planted(family, seed=0, n=120, K=2, p=8):
    rng = np.random.default_rng(seed)
    X = [rng.standard_normal((n, p)) * 3 + 1 for _ in range(K)]
    y = [outcome(rng, family, (x[:, 1] - 1) / 3 - (x[:, 4] - 1) / 3) for x in X]
    plain = [one if one.ndim == 1 else one[:, 0] for one in y]
    blocks = problem_of(X, plain, 2, 0.02).blocks
    given = Responses((family,) * K, tuple(y), (rng.standard_normal(n) / 4,) * K, (None,) * K, (None,) * K)
    blocks = replace(blocks, responses=given)
    return blocks, X, y


def by_statsmodels(family, y, Z, offset):
    if family == "cox":
        fit = PHReg(y[:, 0], Z, status=y[:, 1], ties="efron", offset=offset).fit()
        return fit.params[0], fit.bse[0]
    kinds = {"binomial": sm.families.Binomial(), "poisson": sm.families.Poisson(), "gaussian": sm.families.Gaussian()}
    made = sm.GLM(y, np.column_stack([Z, np.ones(len(Z))]), family=kinds[family], offset=offset)
    fit = made.fit(scale="X2" if family in ("poisson", "gaussian") else None, tol=1e-12)
    least = 1.0 if family == "poisson" else 0.0
    return fit.params[0], fit.bse[0] * np.sqrt(max(fit.scale, least) / fit.scale)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_column_beside_the_chosen_ones(family):
    blocks, X, y = planted(family)
    here = np.random.default_rng(1).random(120) < 0.6
    inside = np.isin(np.arange(8), [1, 5])
    found = slopes_of_family(blocks, 1, here, X[1], inside, np.ones((120, 1)))
    offset = blocks.offset_of(1)[here]
    for j in range(8):
        Z = np.column_stack([X[1][here, j], X[1][here][:, inside & (np.arange(8) != j)]])
        b, se = by_statsmodels(family, y[1][here], Z, offset)
        np.testing.assert_allclose([found.b[j], found.se[j]], [b, se], rtol=2e-6)
    spent = int(y[1][here, 1].sum()) - 2 if family == "cox" else here.sum() - 3
    assert found.df == spent


@pytest.mark.parametrize("family", ["binomial", "cox"])
def test_halves_have_their_share_of_events(family):
    blocks, _, y = planted(family)
    first, second = complementary_halves(blocks, None, np.random.default_rng(0))
    for k, rows in enumerate(blocks.rows):
        events = y[k] if y[k].ndim == 1 else y[k][:, 1]
        assert abs(events[first[rows]].sum() - events[second[rows]].sum()) <= 1


@pytest.mark.parametrize("family", FAMILIES[:3])
def test_what_is_planted_is_chosen(family):
    blocks, _, _ = planted(family)
    problem = make_problem(blocks, standardize(blocks), np.array([2, 2]), lambda_1=0.02, lambda_z=0.02)
    halves = draw_halves(problem, pairs=5, rng=0)
    assert set(np.argsort(-halves.frequency_any)[:2]) == {1, 4}
    half = halves.found[0]
    assert np.isfinite(half.slope).all()
    first, _ = complementary_halves(
        blocks, None, np.random.default_rng(int(np.random.default_rng(0).integers(2**63, size=5)[0]))
    )
    here = ~first[blocks.rows[1]]
    X = blocks.columns_of(1, half.features)
    alone = slopes_of_family(blocks, 1, here, X, half.support[:, 1], np.ones((120, 1)))
    np.testing.assert_array_equal(half.slope[:, 1], alone.b)


@pytest.mark.parametrize("family", FAMILIES[:3])
def test_the_short_list_of_halves_finds_what_the_long_one_does(family):
    blocks, _, _ = planted(family, n=60)
    problem = make_problem(blocks, standardize(blocks), np.array([3, 3]), lambda_1=0.02, lambda_z=0.02)
    long, short = (solve(problem, effort=0, shortlist=most).objective for most in (20, QUICK))
    assert long <= short * (1 + 1e-9)
    assert short <= 1.002 * long


def test_separated_rows_and_one_class_have_no_slope():
    blocks, X, y = planted("binomial")
    one = slopes_of_family(blocks, 0, y[0] > 0, X[0], np.zeros(8, bool), np.ones((120, 1)))
    assert np.isnan(one.b).all()
    X[0][:, 3] = np.where(y[0] > 0, 1.0, -1.0)
    found = slopes_of_family(blocks, 0, np.ones(120, bool), X[0], np.zeros(8, bool), np.ones((120, 1)))
    assert np.isnan(found.b[3])
    assert np.isfinite(np.delete(found.b, 3)).all()


def test_numbers_beyond_their_offset_that_do_not_vary_have_no_slope():
    rng = np.random.default_rng(0)
    X, days = rng.standard_normal((60, 2)), rng.uniform(1, 3, 60)
    for y, known in ((3.0 + days, False), (3.0 + days + X[:, 0], True)):
        blocks = problem_of([X], [y], 1, 0.0).blocks
        blocks = replace(blocks, responses=Responses(("gaussian",), (y,), (days,), (None,), (None,)))
        here, U, C = np.arange(60) >= 20, np.ones((60, 1)), np.eye(2)
        for found in (slopes_of_family(blocks, 0, here, X, np.zeros(2, bool), U),
                      contrasts_of_family(blocks, 0, here, X, U, C)):  # fmt: skip
            assert np.isfinite(found.b).all() == np.isfinite(found.se).all() == known
