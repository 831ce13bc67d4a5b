"""MTHAL.compare: each row computed by hand on the same folds, and what is made of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import MultiTaskLasso

from sparsekin import MTHAL
from sparsekin.errors import InterruptedWarning, OptionError, SolverError
from sparsekin.tuning.hal.boosting import LEAVES, RATE, ROUNDS


def data(kind, n=90, d=2, K=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (n, d))
    mean = X @ rng.normal(size=(d, K)) if kind == "linear" else np.abs(X[:, [0]]) @ np.full((1, K), 1.5)
    return X, mean + 0.4 * rng.normal(size=(n, K))


FOLD = np.arange(90) % 3


def on_the_other_folds(cells):
    """(F,) from (m, F): each fold at the setting with the least mean over the others."""
    F = cells.shape[1]
    return np.array([cells[np.argmin(np.delete(cells, f, 1).mean(axis=1)), f] for f in range(F)])


@pytest.fixture(scope="module", params=["linear", "curved"])
def compared(request):
    X, Y = data(request.param)
    return request.param, X, Y, MTHAL(Y, X, max_degree=1).compare(n_lambda=25, folds=FOLD)


def relative(rmse, Y):
    """Root mean squares over those of the outcomes' means, as in cross_validate."""
    return (rmse / Y.std(axis=0)).mean(axis=-1)


def test_null_is_the_mean_of_the_training_rows(compared):
    _, _, Y, found = compared
    rmse = [np.sqrt(np.mean((Y[f == FOLD] - Y[f != FOLD].mean(axis=0)) ** 2, axis=0)) for f in range(3)]
    np.testing.assert_allclose(found.per_fold["null"], relative(np.array(rmse), Y), rtol=1e-9)


def test_the_multi_task_lasso_is_that_of_scikit_learn(compared):
    _, X, Y, found = compared
    Z, C = (X - X.mean(axis=0)) / X.std(axis=0), Y - Y.mean(axis=0)
    alphas = np.linalg.norm(Z.T @ C, axis=1).max() / len(X) * np.geomspace(1, 1e-4, 100)
    cells = np.empty((100, 3))
    for f in range(3):
        out = f == FOLD
        for i, alpha in enumerate(alphas):
            fit = MultiTaskLasso(alpha=alpha, tol=1e-9, max_iter=100_000).fit(Z[~out], Y[~out])
            cells[i, f] = relative(np.sqrt(np.mean((Y[out] - fit.predict(Z[out])) ** 2, axis=0)), Y)
    np.testing.assert_allclose(found.per_fold["multi-task lasso"], on_the_other_folds(cells), rtol=1e-5)


def test_boosting_is_that_of_scikit_learn(compared):
    kind, X, Y, found = compared
    if kind == "linear":
        return
    cells = np.empty((len(LEAVES) * len(ROUNDS), 3, 2))
    for f in range(3):
        out = f == FOLD
        for k in range(2):
            made = []
            for leaves in LEAVES:
                fit = HistGradientBoostingRegressor(
                    learning_rate=RATE, max_iter=max(ROUNDS), max_leaf_nodes=leaves, min_samples_leaf=10,
                    early_stopping=False, random_state=0,
                ).fit(X[~out], Y[~out, k])  # fmt: skip
                stages = list(fit.staged_predict(X[out]))
                made += [np.sqrt(np.mean((Y[out, k] - stages[rounds - 1]) ** 2)) for rounds in ROUNDS]
            cells[:, f, k] = made
    own = np.column_stack([on_the_other_folds(cells[:, :, k]) for k in range(2)])
    np.testing.assert_allclose(found.per_fold["boosting"], relative(own, Y), rtol=1e-6)


def test_our_own_rows_are_cross_validation(compared):
    _, X, Y, found = compared
    cv = MTHAL(Y, X, max_degree=1).cross_validate(n_lambda=25, folds=FOLD)
    np.testing.assert_allclose(found.per_fold["MTHAL"], on_the_other_folds(cv.per_fold.to_numpy()), rtol=1e-6)


def test_differences_are_to_the_best_with_corrected_errors(compared):
    kind, _, _, found = compared
    folds, table = found.per_fold, found.table
    best = folds.mean().idxmin()
    gaps = folds.sub(folds[best], axis=0)
    np.testing.assert_allclose(table["difference"], gaps.mean(), atol=1e-12)
    np.testing.assert_allclose(table["difference_se"], gaps.std(ddof=1) * np.sqrt(1 / 3 + 1 / 2), atol=1e-12)
    assert list(table.index) == ["null", "multi-task lasso", "lasso per task", "MTHAL", "HAL per task", "boosting"]
    assert ("Lines are enough" if kind == "linear" else "Curves are worth it") in found.verdict
    text = " ".join(str(found.summary()).split())
    assert found.verdict in text
    assert list(found.tidy()["method"]) == list(table.index)
    assert found.glance()["best"][0] == best
    assert found.plot_comparison().get_yticklabels()[0].get_text() == "null"


def test_tasks_with_rows_of_their_own_binomial_ones_and_one_task():
    X, Y = data("curved")
    site = np.repeat(["A", "B", "C"], 30)
    found = MTHAL((Y[:, 0] > 1.5) * 1.0, X, site, family="binomial", max_degree=1).compare(n_lambda=6, folds=3, rng=0)
    assert found.metric == "deviance"
    assert np.isfinite(found.table["mean"]).all()
    assert found.table["mean"].idxmin() != "null"
    one = MTHAL(Y[:, 0], X, order=0, max_degree=1).compare(n_lambda=6, folds=3, rng=0)
    assert list(one.table.index) == ["null", "lasso", "MTHAL", "boosting"]


def test_missing_outcomes_are_held_out_of_nothing():
    X, Y = data("linear")
    some = pd.DataFrame(Y, columns=["a", "b"]).mask(np.random.default_rng(0).random(Y.shape) < 0.2)
    found = MTHAL(some, X, max_degree=1, missing="drop").compare(n_lambda=10, folds=3, rng=0)
    assert np.isfinite(found.table["mean"]).all()


def test_one_fold_is_refused_and_ctrl_c_keeps_what_is_finished(monkeypatch):
    from sparsekin.tuning.hal import compare as room

    X, Y = data("linear")
    model = MTHAL(Y, X, max_degree=1)
    with pytest.raises(OptionError, match="compare needs at least 2 folds"):
        model.compare(folds=np.where(FOLD == 0, 0, -1))
    judge, calls = room.judge_all, []

    def interrupted(*args, **options):
        calls.append(1)
        return ([], False) if len(calls) == stop else judge(*args, **options)

    monkeypatch.setattr(room, "judge_all", interrupted)
    stop = 3
    with pytest.warns(InterruptedWarning, match="comparison was interrupted: 2 of 6 methods are finished") as caught:
        found = model.compare(n_lambda=10, folds=3, rng=0)
    assert caught[0].filename == __file__
    assert list(found.table.index) == ["null", "multi-task lasso"]
    calls.clear()
    stop = 1
    with pytest.raises(SolverError, match="No method was finished"):
        model.compare(n_lambda=10, folds=3, rng=0)
