"""Cuts, adjusted p-values and partial conjunctions against statsmodels and by hand; noise is called noise."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from inference.cases import kindred, problem_of
from sparsekin.inference.discoveries import adjust, cutoff, discover, partial_conjunction
from sparsekin.inference.estimates import estimates_of
from sparsekin.inference.halves import draw_halves


@pytest.mark.parametrize("shape", [(7,), (5, 3), (0,), (1, 1)])
def test_adjusted_p_values(shape):
    p = np.random.default_rng(0).uniform(size=shape) ** 3
    if p.size:
        np.testing.assert_allclose(adjust(p).ravel(), multipletests(p.ravel(), method="fdr_bh")[1], rtol=1e-12)
    if p.size > 3:
        some = p.ravel().copy()
        some[1] = np.nan
        there = np.isfinite(some)
        np.testing.assert_allclose(adjust(some)[there], multipletests(some[there], method="fdr_bh")[1], rtol=1e-12)
        assert np.isnan(adjust(some)[1])


def test_partial_conjunction():
    p = np.array([[0.01, 0.5, 0.02], [0.04, np.nan, 0.001]])
    np.testing.assert_allclose(partial_conjunction(p, 1), [0.03, 0.003])
    np.testing.assert_allclose(partial_conjunction(p, 2), [0.04, 0.08])
    np.testing.assert_allclose(partial_conjunction(p, 3), [0.5, 1.0])


def test_a_cut_is_never_below_one_half_and_none_is_found_for_noise():
    frequency = np.zeros(200)
    frequency[:5] = 0.45
    assert cutoff(frequency, 5.0, 50, 0.1)[0] == np.inf
    frequency[:5] = 1.0
    tau, bound = cutoff(frequency, 5.0, 50, 0.1)
    assert 0.5 <= tau < 1
    assert bound <= 0.5


def test_true_features_are_found_where_they_are_and_noise_is_not():
    X, y, B = kindred(np.random.default_rng(1), n=100, p=60, s=3, q=4, low=0.5)
    found = estimates_of(draw_halves(problem_of(X, y, 4, 0.1), pairs=25, rng=0))
    chosen = discover(found, 25, 0.1)
    assert not B[found.features[chosen.features]].any(axis=1).sum() < 3
    assert not (chosen.cells & (B[found.features] == 0)).any()
    assert chosen.cells.sum() >= 8
    assert (discover(found, 25, 0.1, at_least=4).features <= chosen.features).all()
    noise = np.random.default_rng(2)
    nothing = estimates_of(draw_halves(problem_of(X, [noise.standard_normal(100) for _ in y], 4, 0.1), pairs=25, rng=0))
    assert not discover(nothing, 25, 0.1).features.any()
