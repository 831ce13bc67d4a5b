"""Double selection adjusts for what confounds a kept term; its numbers are those of least squares on the union."""

import numpy as np
import statsmodels.api as sm

from inference.cases import ar1, problem_of
from sparsekin import SparseMTL
from sparsekin.inference.keep import as_outcome, double_selection


def confounded(seed=0, K=2, n=100, p=30, theta=0.3):
    """Six confounders: strong for the exposure, weak for the outcome."""
    rng = np.random.default_rng(seed)
    X = [ar1(rng, n, p) for _ in range(K)]
    gamma, beta = np.zeros(p), np.zeros(p)
    gamma[:12:2] = 0.5
    beta[:12:2] = 0.2
    D = [x @ gamma + rng.standard_normal(n) for x in X]
    y = [theta * d + x @ beta + rng.standard_normal(n) for d, x in zip(D, X, strict=True)]
    return X, y, np.concatenate(D)[:, None]


def test_least_squares_on_the_union():
    X, y, D = confounded()
    blocks = problem_of(X, y, 3, 0.1, keep=D).blocks
    chosen = {0: [1, 4], 1: [4, 7, 8]}
    calls = []

    def choose(given):
        calls.append(given)
        out = np.zeros((30, 2), bool)
        out[chosen[len(calls) - 1]] = True
        return out

    found = double_selection(blocks, choose)
    assert len(calls) == 2
    assert calls[0].keep.shape[1] == calls[1].keep.shape[1] == 0
    np.testing.assert_array_equal(np.concatenate(calls[1].y), D[:, 0])
    for k in range(2):
        fit = sm.OLS(y[k], np.column_stack([D[100 * k : 100 * k + 100], X[k][:, [1, 4, 7, 8]], np.ones(100)])).fit()
        np.testing.assert_allclose(
            [found.slope[0, k], found.se[0, k], found.pvalue[0, k]],
            [fit.params[0], fit.bse[0], fit.pvalues[0]],
            rtol=1e-8,
        )
        assert found.df[k] == fit.df_resid


def test_a_constant_term_and_few_rows_have_no_slope():
    X, y, D = confounded(n=12)
    D[:12] = 1.0
    found = double_selection(problem_of(X, y, 3, 0.1, keep=D).blocks, lambda given: np.ones((30, 2), bool))
    assert np.isnan(found.slope).all()


def test_outcomes_of_missing_rows_stay_out():
    X, y, D = confounded()
    weights = (np.where(np.arange(100) < 5, 0.0, 1.0), np.ones(100))
    blocks = problem_of(X, y, 3, 0.1, weights=weights, keep=D).blocks
    assert (as_outcome(blocks, D[:, 0]).y[0][:5] == 0).all()


def test_the_naive_interval_is_biased_and_this_one_is_not():
    naive, honest = [], []
    for seed in range(6):
        X, y, D = confounded(seed)
        model = SparseMTL(np.concatenate(y), np.vstack(X), np.repeat(["a", "b"], 100), keep=D)
        fit = model.fit(s=2, lambda_1=1e-3, lambda_z=0.05)
        naive += list(fit.params.iloc[1] - 0.3)
        honest += list(fit.double_selection(rng=seed)["estimate"] - 0.3)
    assert np.mean(naive) > 0.1
    assert abs(np.mean(honest)) < 0.08
