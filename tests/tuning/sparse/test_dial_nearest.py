"""The best setting of a dial is, of those that are nearly as good, the one whose model is nearest to the average."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.tuning.sparse.dial.fit import mean_of

K, N, P = 3, 30, 8


def run_of(metric=None, unit=1.0, shared=False):
    rng = np.random.default_rng(3)
    task = np.repeat(np.arange(K), N)
    X, W = rng.standard_normal((K * N, P)) + task[:, None], rng.standard_normal((K * N, 1))
    y = X @ (0.5 * rng.standard_normal(P)) + W[:, 0] * task + task + 2 * rng.standard_normal(K * N)
    if shared:
        model = SparseMTL(y.reshape(K, N).T * np.array([1, 1, unit]), X[:N], scale_outcome=True)
    else:
        model = SparseMTL(unit * y, X, task, keep=W)
    return model, model.cross_validate(s=[2, 4, 8], lambda_1=[0, 0.4], folds=4, rng=0, metric=metric)


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
def test_only_settings_with_errors_within_a_hundredth_of_the_least_are_looked_at(metric):
    cv = run_of(metric)[1]
    error = np.sqrt(1 + cv.losses) if metric == "r2" else cv.losses
    np.testing.assert_array_equal(~np.isnan(cv.apart), error <= 1.01 * error.min())
    assert np.nanmin(cv.apart) == 1


@pytest.mark.parametrize("there", [False, True])
def test_best_is_of_the_family_of_the_verdict(there):
    cv = run_of()[1]
    own = cv.settings.family == ("pool", "share", "separate").index(cv.judged.chosen)
    apart = np.full(len(own), np.nan)
    mine, other = np.flatnonzero(own)[3], np.flatnonzero(~own)[2]
    apart[other] = 1.0
    if there:
        apart[mine] = 9.0
    assert replace(cv, apart=apart).best_index == (mine if there else cv.least_index)


def test_the_best_setting_predicts_most_like_the_average():
    model, cv = run_of()
    average, task = cv.refit("average"), np.repeat(np.arange(K), N)
    X, W = (
        V - np.array([V[task == k].mean(axis=0) for k in range(K)])[task] for V in (model.blocks.X, model.blocks.keep)
    )
    near, apart = np.flatnonzero(~np.isnan(cv.apart)), []
    for i in near:
        one = mean_of(cv.problem, cv.searched, cv.dial, np.array([i]))[0]
        apart.append(np.mean((X @ (one.coef - average.coef) + W @ (one.keep_coef - average.keep_coef)) ** 2))
    np.testing.assert_allclose(cv.apart[near], np.array(apart) / min(apart), rtol=1e-6)
    assert len(near) > 5
    assert cv.best == cv._setting(cv.best_index)


@pytest.mark.parametrize("shared", [False, True])
def test_units_of_outcomes_choose_nothing(shared):
    assert run_of(shared=shared)[1].best_index == run_of(unit=1000.0, shared=shared)[1].best_index


def test_the_null_model_is_best_where_nothing_predicts():
    rng = np.random.default_rng(1)
    cv = SparseMTL(rng.standard_normal(60), rng.standard_normal((60, 6)), np.repeat([0, 1], 30)).cross_validate(
        folds=4, rng=0
    )
    assert cv.least_index == cv.best_index == len(cv.settings)
