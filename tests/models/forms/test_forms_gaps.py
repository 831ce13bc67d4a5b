"""Gaps that depend on X: means are parameters, so that predictions are those of the whole population."""

import numpy as np
import pytest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

from sparsekin import MixedForms


def truncated(seed, n=400):
    """Y of unit variance from two factors of X, missing where X is large."""
    rng = np.random.default_rng(seed)
    codes = rng.standard_normal((n, 2))
    X = codes @ rng.standard_normal((2, 6)) + 0.4 * rng.standard_normal((n, 6))
    Y = codes @ np.array([[1.0, 0.5, -0.7], [0.3, -1.0, 0.8]]) + 0.3 * rng.standard_normal((n, 3))
    Y /= Y.std(axis=0)
    score = X[:, 0] / X[:, 0].std() + 0.3 * rng.standard_normal(n)
    gone = np.column_stack([score > 0.3, score > 0.8, score > 0.8])
    return Y, X, gone


def rmse(guess, Y, gone):
    return np.sqrt(np.mean((np.asarray(guess)[gone] - Y[gone]) ** 2))


@pytest.mark.parametrize("algorithm", ["als", "em"])
@pytest.mark.parametrize("seed", [0, 2])
def test_imputations_are_as_good_as_regressions(algorithm, seed):
    Y, X, gone = truncated(seed)
    given = np.where(gone, np.nan, Y)
    fit = MixedForms(given, X).fit(d=2, algorithm=algorithm)
    peer = IterativeImputer(random_state=0).fit_transform(np.hstack([given, X]))[:, :3]
    means = np.where(gone, np.nanmean(given, axis=0), Y)
    assert rmse(means, Y, gone) > 1.2
    room = 1.05 if algorithm == "em" else 1.3
    assert rmse(fit.impute()["y"], Y, gone) < room * rmse(peer, Y, gone)
    assert rmse(fit.predict(X), Y, gone) < room * rmse(peer, Y, gone)
    np.testing.assert_allclose(fit.impute()["y"].mean(), Y.mean(axis=0), atol=0.12)


def test_em_estimates_the_means_of_maximum_likelihood():
    """One response and one column of X: the mean of Y given monotone gaps has a closed form (Anderson 1957)."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal(300)
    X = np.column_stack([x + 0.3 * rng.standard_normal(300) for _ in range(4)])
    Y = np.column_stack([x + 0.5 * rng.standard_normal(300) for _ in range(3)])
    gone = X.mean(axis=1) > 0.4
    given = np.where(gone[:, None], np.nan, Y)
    fit = MixedForms(given, X).fit(d=1, algorithm="em", tolerance=1e-11)
    slopes = np.linalg.lstsq(np.column_stack([np.ones((~gone).sum()), X[~gone]]), Y[~gone], rcond=None)[0]
    closed = slopes[0] + X.mean(axis=0) @ slopes[1:]
    np.testing.assert_allclose(fit.problem.Y.center, closed, atol=0.06)
    assert (np.abs(np.nanmean(given, axis=0) - closed) > 0.2).all()
    np.testing.assert_allclose(fit.problem.X.center, X.mean(axis=0), atol=0.02)


@pytest.mark.parametrize("algorithm", ["als", "em"])
def test_a_site_without_outcomes_is_predicted_without_bias(algorithm):
    biases = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        site, X = np.arange(360) % 6, rng.standard_normal((360, 4))
        X[site == 5] += 2.0
        effect = np.array([0.4, -0.4, 0.2, -0.2, 0, 0])
        Y = X @ np.array([[0.6, 0.4, -0.3, 0.2], [0.1, 0.3, 0.5, -0.2]]).T + effect[site][:, None]
        Y += 0.4 * rng.standard_normal(Y.shape)
        given = np.where((site == 5)[:, None], np.nan, Y)
        fit = MixedForms(given, X, task=site).fit(d=4, algorithm=algorithm, tolerance=1e-6)
        new = fit.predict(X[site == 5], task=site[site == 5])
        np.testing.assert_allclose(new, fit.predict(X[site == 5]), atol=1e-10)
        biases.append((new - Y[site == 5]).mean().to_numpy())
        assert (fit.task_shifts.loc[5] == 0).all()
    assert np.abs(np.mean(biases, axis=0)).max() < 0.35


def test_complete_tables_keep_their_means():
    Y, X, _ = truncated(3)
    fit = MixedForms(Y, X).fit(d=2)
    np.testing.assert_allclose(fit.problem.Y.center, Y.mean(axis=0), atol=1e-12)
    assert not fit.solution.means.any()


@pytest.mark.parametrize("options", [{"orthogonal": True}, {"l1": 2.0}])
def test_means_are_estimated_with_every_penalty(options):
    Y, X, gone = truncated(0)
    fit = MixedForms(np.where(gone, np.nan, Y), X).fit(d=2, **options)
    assert rmse(fit.impute()["y"], Y, gone) < 0.6


def test_held_out_cells_are_predicted_around_estimated_means():
    Y, X, gone = truncated(0)
    cv = MixedForms(np.where(gone, np.nan, Y), X).cross_validate(d=[2], folds=3, rng=0)
    assert cv.table["y"].item() < 0.25
