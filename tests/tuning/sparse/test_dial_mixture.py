"""The average of a dial is a mean over its families and lassos, each by how good it is on held-out rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Lasso

from sparsekin import SparseMTL
from sparsekin.models.sparse.average import AverageResults
from sparsekin.tuning.sparse.dial.average import Average
from sparsekin.tuning.sparse.dial.fit import mean_of, search_dial
from sparsekin.tuning.sparse.dial.mixture import mix
from sparsekin.tuning.sparse.dial.run import as_one_task

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


def test_lassos_are_judged_on_folds_that_had_no_say_in_their_weights(cv):
    X, y, task = weak()
    fold, losses = cv.folds.to_numpy(), np.empty((len(cv.dial.lasso), 4))
    predicted = np.empty((len(cv.dial.lasso), len(y)))
    assert 0.05 <= cv.dial.lasso.min() < 0.06
    assert cv.dial.lasso.max() == 1
    for f in range(4):
        out = fold == f
        for i, share in enumerate(cv.dial.lasso):
            slopes, levels = lasso(X[~out], y[~out], task[~out], share)
            own = X @ slopes + levels[task]
            predicted[i, out], losses[i, f] = own[out], loss_of(own, y, task, out)
    part = next(one for one in cv.averages if one.family == "lasso")
    whole = weights_of(losses.mean(axis=1))
    assert set(part.rows) == set(np.flatnonzero(whole))
    np.testing.assert_allclose(part.weights, whole[part.rows], rtol=0.02)
    expected = [
        loss_of(weights_of(np.delete(losses, f, axis=1).mean(axis=1)) @ predicted, y, task, fold == f) for f in range(4)
    ]
    np.testing.assert_allclose(part.losses, expected, rtol=5e-4)


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
