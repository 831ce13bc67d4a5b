"""The average of a dial is a mean over its families and lassos, each by how good it is on held-out rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Lasso

from sparsekin import SparseMTL
from sparsekin.models.sparse.average import AverageResults
from sparsekin.tuning.folds import training_blocks
from sparsekin.tuning.sparse.dial.average import Average, chosen_averages, judge_families
from sparsekin.tuning.sparse.dial.fit import mean_of
from sparsekin.tuning.sparse.dial.mixture import mix
from sparsekin.tuning.sparse.dial.run import as_one_task
from sparsekin.tuning.sparse.dial.search import search_dial
from sparsekin.tuning.sparse.dial.settings import FAMILIES
from sparsekin.tuning.sparse.training import like

K, N, P = 3, 30, 8


def weak(seed: int = 0):
    """Three sites of one truth, every feature a weak effect."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(K), N)
    X = rng.standard_normal((K * N, P)) * rng.uniform(0.5, 3, P) + task[:, None]
    return X, X @ (0.4 * rng.standard_normal(P)) + task + 3 * rng.standard_normal(K * N), task


@pytest.fixture(scope="module")
def cv():
    X, y, task = weak()
    return SparseMTL(y, X, task).cross_validate(lambda_1=0.4, lambda_z=0.0, folds=4, rng=0)


def lasso(X, y, task, share):
    """Slopes and intercepts of one lasso with an intercept per task, by scikit-learn; columns in units of their sd."""
    means, level = (np.array([v[task == k].mean(axis=0) for k in range(K)]) for v in (X, y))
    A, left = (X - means[task]) / X.std(axis=0), y - level[task]
    alpha = share * np.abs(A.T @ left).max() / len(y)
    slopes = Lasso(alpha=alpha, fit_intercept=False, tol=1e-10, max_iter=100_000).fit(A, left).coef_ / X.std(axis=0)
    return slopes, level - means @ slopes


def test_the_average_is_the_weighted_mean_of_families_and_of_the_lasso_of_scikit_learn(cv):
    X, y, task = weak()
    fit = cv.refit("average")
    mean = [one.losses.mean() for one in cv.average.parts]
    raw = np.exp(-(np.array(mean) / min(mean) - 1) / 0.01)
    np.testing.assert_allclose(cv.average.weights, raw / raw.sum())
    families = [one.family for one in cv.average.parts]
    assert families[0] == cv.judged.chosen
    assert "lasso" in families
    assert fit.members["weight"].sum() == pytest.approx(1)
    part, w = cv.average.lasso
    found = [lasso(X, y, task, share) for share in cv.dial.lasso[part.rows]]
    slopes, levels = (part.weights @ np.array([one[i] for one in found]) for i in (0, 1))
    selected = part.weights @ np.array([one[0] != 0 for one in found])
    last = fit.members.iloc[-1]
    assert (last["family"], last["s"], last["weight"]) == ("lasso", np.sum(slopes != 0), w)
    found = search_dial(cv.problem, as_one_task(cv.problem, cv.dial), cv.dial, 1)
    others, share = mean_of(cv.problem, found, cv.dial, *cv.average.settings)
    np.testing.assert_allclose(fit.coef, others.coef + w * slopes[:, None], atol=1e-4)
    np.testing.assert_allclose(fit.intercept, others.intercept + w * levels, atol=1e-3)
    np.testing.assert_allclose(fit.inclusion, share + w * selected[:, None])


def loss_of(predicted, y, task, out):
    return np.mean([np.sqrt(np.mean((y - predicted)[out & (task == k)] ** 2)) for k in range(K)])


def weights_of(losses):
    raw = np.exp(-(losses / losses.min() - 1) / 0.03)
    return np.where(raw > 0.01, raw, 0) / raw[raw > 0.01].sum()


def lassos_of(X, y, task, fold, shares):
    """Predictions of held-out rows by each share of alpha_max (m, N), and losses of the folds (m, F)."""
    F = fold.max() + 1
    predicted, losses = np.empty((len(shares), len(y))), np.empty((len(shares), F))
    for f in range(F):
        out = fold == f
        for i, share in enumerate(shares):
            slopes, levels = lasso(X[~out], y[~out], task[~out], share)
            own = X @ slopes + levels[task]
            predicted[i, out], losses[i, f] = own[out], loss_of(own, y, task, out)
    return predicted, losses


def test_lassos_are_judged_on_folds_that_had_no_say_in_their_weights(cv):
    X, y, task = weak()
    fold = cv.folds.to_numpy()
    assert 0.05 <= cv.dial.lasso.min() < 0.06
    assert cv.dial.lasso.max() == 1
    predicted, losses = lassos_of(X, y, task, fold, cv.dial.lasso)
    part = next(one for one in cv.averages if one.family == "lasso")
    whole = weights_of(losses.mean(axis=1))
    assert set(part.rows) == set(np.flatnonzero(whole))
    np.testing.assert_allclose(part.weights, whole[part.rows], rtol=0.02)
    expected = [
        loss_of(weights_of(np.delete(losses, f, axis=1).mean(axis=1)) @ predicted, y, task, fold == f) for f in range(4)
    ]
    np.testing.assert_allclose(part.losses, expected, rtol=5e-4)


@pytest.mark.parametrize(("s", "rel"), [("auto", 5e-4), ([1, 3, 6], 1e-9)])
def test_a_comparison_judges_the_same_mean_in_each_fold_by_what_the_others_say(s, rel):
    X, y, task = weak()
    model, fold = SparseMTL(y, X, task), np.tile(np.arange(3), K * N // 3)
    options = {"s": s, "lambda_z": 0.0, "folds": fold, "rng": 0}
    cv, compared = model.cross_validate(**options), model.compare(**options)
    losses, family = cv.per_fold.to_numpy()[:-1], cv.settings.family
    predicted, lost = lassos_of(X, y, task, fold, cv.dial.lasso)
    for f in range(3):
        left = np.delete(losses, f, axis=1).mean(axis=1)
        training = like(cv.problem, training_blocks(cv.problem.blocks, cv.errors.folds, f))
        searched = search_dial(training, as_one_task(training, cv.dial), cv.dial, 1)
        means = [replace(one, losses=np.delete(one.losses, f)) for one in cv.averages]
        made, level, first = [], [], []
        if s == "auto":
            made, level = [weights_of(np.delete(lost, f, axis=1).mean(axis=1)) @ predicted], [means[-1].losses.mean()]
            first = [False]
        for name, one in chosen_averages(means).items():
            own = np.flatnonzero(family == FAMILIES.index(name))
            rows = own[np.argsort(left[own], kind="stable")][: one.n]
            mean, _ = mean_of(training, searched, cv.dial, rows, weights_of(left[rows]))
            made.append(np.einsum("ij,ji->i", X, mean.coef[:, task]) + mean.intercept[task])
            level.append(one.losses.mean())
            first.append(name == judge_families(means).chosen)
        raw = np.exp(-(np.array(level) / min(level) - 1) / 0.01)
        raw[(raw <= 0.01) & ~np.array(first)] = 0
        expected = loss_of(raw @ np.array(made) / raw.sum(), y, task, fold == f)
        assert compared.per_fold["dial, averaged"].iloc[f] == pytest.approx(expected, rel=rel)
    assert compared.table.loc["dial, averaged", "settings"] == len(cv.settings) + len(cv.dial.lasso)


def made(family, losses, n=1):
    return Average(family, n, np.array([7]), np.ones(1), np.asarray(losses, float))


def test_families_that_are_much_worse_do_not_count_and_that_of_the_verdict_always_does():
    found = mix([made("pool", [1.0, 1.1]), made("share", [1.01, 1.11]), made("separate", [1.3, 1.3])], "rmse")
    assert [one.family for one in found.parts] == ["pool", "share"]
    raw = np.exp([0, -(1.06 / 1.05 - 1) / 0.01])
    np.testing.assert_allclose(found.weights, raw / raw.sum())
    noisy = mix([made("pool", [1.0, 2.0]), made("share", [1.2, 1.5])], "rmse")
    assert [one.family for one in noisy.parts] == ["pool", "share"]
    assert noisy.weights[0] < 0.01 < noisy.weights[1]
    assert len(mix([made("share", [0.0, 0.0])], "rmse")) == 1


@pytest.mark.parametrize("case", ["sizes given", "sparse X", "outcomes of one X"])
def test_no_lasso_where_sizes_are_given_or_it_cannot_be(case):
    X, y, task = weak()
    values = {"lambda_1": 0.4, "lambda_z": 0.0, "folds": 3, "rng": 0}
    model = SparseMTL(y, sparse.csc_array(X) if case == "sparse X" else X, task)
    if case == "outcomes of one X":
        model = SparseMTL(y.reshape(K, N).T, X[:N])
    cv = model.cross_validate(s=[2, 4] if case == "sizes given" else "auto", **values)
    assert "lasso" not in cv.refit("average").members["family"].tolist()


def test_an_average_with_a_lasso_is_saved_summarised_and_judged(cv, tmp_path):
    fit = cv.refit("average")
    fit.save(tmp_path / "average.npz")
    again = AverageResults.load(tmp_path / "average.npz")
    assert again.members.equals(fit.members)
    assert fit.glance()["lasso"].item() == 1
    assert "1 lasso" in fit.summary().as_text()
    assert f"lasso {cv.average.lasso[1]:.2f}" in " ".join(cv.summary().as_text().split())
    found = cv.nested(2, rng=0)
    assert (found["error"] < found["null"]).all()
