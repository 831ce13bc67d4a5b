"""Pool, share or separate for yes/no outcomes, counts and survival times, from the entrance to the new study."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from sparsekin import SparseMTL
from sparsekin.errors import OptionError
from sparsekin.l0.refits import read, refits
from sparsekin.l0.search import as_mask
from sparsekin.models.sparse.average import AverageResults
from sparsekin.models.sparse.dial import DialResults
from sparsekin.tuning.folds import training_blocks
from sparsekin.tuning.sparse.dial.average import weights_of
from sparsekin.tuning.sparse.dial.fit import mean_of, models_at
from sparsekin.tuning.sparse.dial.run import cross_validate_dial
from sparsekin.tuning.sparse.family_scoring import score_families
from sparsekin.tuning.sparse.scoring import Models

K, P = 3, 6
SIZES = (30, 40, 50)
TASKS = np.repeat(["A", "B", "C"], SIZES)
FOLDS = np.arange(len(TASKS)) % 3
TRIED: dict[str, Any] = {"s": [1, 2], "lambda_1": [0.02, 0.2], "lambda_z": [0.0, 0.02], "folds": FOLDS}


def data(family: str, q: int = 0, apart: float = 0.0) -> tuple[Any, np.ndarray, np.ndarray | None]:
    rng = np.random.default_rng(7)
    N = len(TASKS)
    X = 1 + rng.standard_normal((N, P)) * np.array([1, 2, 0.5, 1, 1, 3])
    site = np.unique(TASKS, return_inverse=True)[1]
    eta = X[:, 0] - 0.4 * X[:, 1] + apart * np.array([1.0, 0.0, -1.0])[site] * X[:, 3] + 0.4 * site - 1
    time, censored = rng.exponential(np.exp(-eta)), rng.exponential(2, N)
    y = {
        "binomial": (rng.random(N) < expit(eta)).astype(float),
        "poisson": rng.poisson(np.exp(0.5 * eta)).astype(float),
        "cox": np.column_stack([np.minimum(time, censored), time <= censored]).astype(float),
    }[family]
    return y, X, 3 * rng.standard_normal((N, q)) if q else None


@cache
def run(family: str, q: int = 0, apart: float = 0.0, **options: Any) -> tuple[SparseMTL, DialResults]:
    y, X, keep = data(family, q, apart)
    model = SparseMTL(y, X, TASKS, family=family, keep=keep)
    found = model.cross_validate(**(TRIED | options))
    assert isinstance(found, DialResults)
    return model, found


@pytest.mark.parametrize("family", ["binomial", "cox"])
def test_errors_are_those_of_the_same_settings_given_one_by_one(family: str) -> None:
    y, X, _ = data(family)
    _, found = run(family)
    table = found.table.iloc[:-1]
    model = SparseMTL(y, X, TASKS, family=family, standardize="pooled")
    asked: list[tuple[str, dict[str, Any]]] = [
        ("pool", {"lambda_2": np.inf, "lambda_z": 0.0}),
        ("share", {"lambda_2": 0.0}),
        ("separate", {"lambda_2": 0.0, "lambda_z": 0.0, "support": "independent"}),
    ]
    for name, options in asked:
        theirs = model.cross_validate(**(TRIED | {"task_weights": "rows", "effort": 0} | options)).table.iloc[:-1]
        own = table[(table["family"] == name) & ((name != "share") | (table["supports"] == "shared"))]
        both = theirs.merge(own, on=["s", "lambda_1", "lambda_2", "lambda_z"], suffixes=("", "_dial"))
        searched = both[both["lambda_1"] == both["searched"]]
        assert len(searched) >= 2
        np.testing.assert_allclose(searched["mean_dial"], searched["mean"], rtol=1e-6)


@pytest.mark.parametrize("scheme", ["within-task", "leave-one-task-out"])
@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_batches_are_judged_as_models_are_one_by_one(family: str, scheme: Any) -> None:
    options: dict[str, Any] = {"scheme": scheme} if scheme == "within-task" else {"scheme": scheme, "folds": 10}
    _, found = run(family, q=1, **options)
    run_errors, folds = found.errors, found.errors.folds
    blocks, dial = found.problem.blocks, found.dial
    again = cross_validate_dial(found.problem, dial, folds)
    training = again.training(1)
    for rows, at, one in models_at(training, again.searched[1], dial):
        models = []
        for i in at:
            coef = np.zeros((P, training.n_tasks))
            coef[one.columns] = one.coef[i]
            models.append(Models(one.intercept[i], coef, one.keep_coef[i]))
        judged = score_families(blocks, training_blocks(blocks, folds, 1), folds, 1, models)
        np.testing.assert_allclose(run_errors.sse[rows, 1], judged.sse, rtol=1e-9)
        assert run_errors.rank is not None
        np.testing.assert_allclose(run_errors.rank[rows, 1], judged.rank, rtol=1e-9)
        mean, share = mean_of(training, again.searched[1], dial, rows)
        np.testing.assert_allclose(mean.coef, np.mean([m.coef for m in models], axis=0), atol=1e-12)
        np.testing.assert_array_equal(share > 0, np.any([m.coef != 0 for m in models], axis=0))


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_an_average_predicts_by_the_mean_of_linear_predictors(family: str, tmp_path: Any) -> None:
    _, found = run(family, q=1)
    average = found.refit("average")
    assert isinstance(average, AverageResults)
    link = average.predict(type="link")
    members, weights = average.members, average.members["weight"].to_numpy()
    assert weights.sum() == pytest.approx(1)
    linear = np.zeros(len(TASKS))
    table = found.errors.settings
    for row, w in zip(found.average.settings[0], weights, strict=True):
        searched = found._supports(int(row), None)
        mask = as_mask(found.problem, searched)
        known = read(found.problem, np.flatnonzero(mask.any(axis=1)))
        one = refits(known, mask, table.lambda_1[[row]], table.lambda_2[[row]])
        for k, task in enumerate("ABC"):
            at = task == TASKS
            _, X, keep = data(family, 1)
            assert keep is not None
            eta = X[at][:, one.columns] @ one.coef[0][:, k] + keep[at] @ one.keep_coef[0][:, k] + one.intercept[0, k]
            linear[at] += w * eta
    np.testing.assert_allclose(link, linear, atol=1e-8)
    inverse = {"binomial": expit, "poisson": np.exp, "cox": np.exp}[family]
    np.testing.assert_allclose(average.predict(), inverse(linear), rtol=1e-7)
    assert average.families == (family,) * K
    assert len(members) == len(found.average)
    assert "Predictions are of the mean linear predictor" in str(average.summary())
    assert "explained" in average.glance()
    table, ratios = average.tidy(), average.tidy(exponentiate=True)
    np.testing.assert_allclose(ratios["estimate"], np.exp(table["estimate"]))
    assert {"term", "inclusion"} <= set(ratios)
    average.save(tmp_path / "average.npz")
    again = AverageResults.load(tmp_path / "average.npz")
    pd.testing.assert_series_equal(again.predict(), average.predict())
    assert str(again.summary()) == str(average.summary())
    if family == "cox":
        survival = average.predict(type="survival", times=[0.5, 1.0])
        assert ((survival >= 0) & (survival <= 1)).all().all()
        assert (survival[1.0] <= survival[0.5]).all()


def test_a_cut_average_has_intercepts_of_a_glm_with_an_offset() -> None:
    y, X, _ = data("binomial")
    _, found = run("binomial")
    average = found.refit("average")
    assert isinstance(average, AverageResults)
    cut = average.cut_to(1.0)
    assert (cut.coef != 0).sum() == K < (average.coef != 0).sum()
    for k, task in enumerate("ABC"):
        at = task == TASKS
        offset = X[at] @ cut.coef[:, k]
        glm = sm.GLM(y[at], np.ones(at.sum()), sm.families.Binomial(), offset=offset).fit(tol=1e-12)
        assert cut.intercept[k] == pytest.approx(glm.params[0], abs=1e-7)


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_best_is_fitted_again_by_its_setting(family: str) -> None:
    model, found = run(family)
    best = found.refit("best")
    again = model.fit(**found.best)
    assert again.objective == pytest.approx(best.objective, rel=1e-8)
    np.testing.assert_allclose(again.params, best.params, atol=1e-5)
    sparse = found.refit("1se")
    assert len(sparse.selected) <= len(best.selected)
    assert set(found.families.index) == {"pool", "share", "separate"}
    assert found.verdict in " ".join(str(found.summary()).split())


def test_values_that_are_apart_are_not_pooled() -> None:
    _, found = run("binomial", apart=2.5)
    assert found.judged.chosen in ("share", "separate")
    assert found.families.loc["pool", "difference"] > 0


def test_a_new_study_has_the_mean_of_the_intercepts_by_rows() -> None:
    y, X, _ = data("binomial")
    model, found = run("binomial", scheme="leave-one-task-out", folds=10, metric="auc")
    assert found.errors.folds.n_folds == K
    pooled = model.fit(s=2, lambda_1=0.02, lambda_2=np.inf)
    intercept = np.average(pooled.params.iloc[0], weights=SIZES)
    new = X[:5] + 1
    expected = expit(intercept + new @ pooled.params.iloc[1:, 0].to_numpy())
    np.testing.assert_allclose(pooled.predict(new, how="mean"), expected, atol=1e-12)
    average = found.refit("average")
    told = average.predict(new, how="mean")
    assert ((told > 0) & (told < 1)).all()
    held = TASKS == "C"
    one = SparseMTL(y[~held], X[~held], TASKS[~held], family="binomial", standardize="pooled")
    fit = one.fit(s=2, lambda_1=0.02, lambda_2=np.inf)
    at = found.table
    row = at[(at["family"] == "pool") & (at["s"] == 2) & (at["lambda_1"] == 0.02)].index[0]
    auc = roc_auc_score(y[held], fit.predict(X[held], how="mean"))
    assert found.per_task.loc[row, "C"] == pytest.approx(auc)


def test_tasks_of_several_families_share_or_are_apart() -> None:
    y, X, _ = data("binomial")
    count, _, _ = data("poisson")
    mixed = SparseMTL(
        np.where(TASKS == "A", count, y), X, TASKS, family={"A": "poisson", "B": "binomial", "C": "binomial"}
    )
    found = mixed.cross_validate(**TRIED)
    assert isinstance(found, DialResults)
    assert list(found.families.index) == ["share", "separate"]
    assert found.score == "relative deviance"
    assert found.refit("average").families == ("poisson", "binomial", "binomial")
    assert np.isfinite(found.table["lambda_2"]).all()
    with pytest.raises(OptionError, match="tasks are of several"):
        found.refit("average").predict(X[:3], how="mean")


@pytest.mark.parametrize(("family", "metric"), [("binomial", "auc"), ("binomial", "brier"), ("cox", "c_index")])
def test_other_metrics_choose_too(family: str, metric: Any) -> None:
    _, found = run(family, metric=metric)
    assert found.families["mean"].between(0, 1).all()
    worst = found.table.loc["null", "mean"]
    best = found.families.loc[found.judged.chosen, "mean"]
    assert best < worst if metric == "brier" else best > worst


def test_defaults_are_penalties_by_rows_and_curvature() -> None:
    y, X, _ = data("binomial")
    model = SparseMTL(y, X, TASKS, family="binomial")
    found = model.cross_validate(folds=3, rng=0)
    assert isinstance(found, DialResults)
    np.testing.assert_allclose(found.dial.ridges[:4], np.array([1, 4, 16, 64]) / 40)
    np.testing.assert_allclose(found.dial.links, [0, 0.007, 0.02, 0.07, 0.2, 2, np.inf])
    events = min(min(y[at].sum(), (1 - y[at]).sum()) for at in (task == TASKS for task in "ABC"))
    assert found.dial.shared.s.max() == min(P, int(events * 2 / 3) // 3)
    average = found.refit("average")
    assert isinstance(average, AverageResults)
    assert average.members["family"].iloc[-1] == "lasso"
    assert ((average.predict() > 0) & (average.predict() < 1)).all()
    nested = found.nested(folds=2, rng=0)
    assert (nested["error"] < nested["null"]).all()


def test_weights_of_deviances_are_those_of_errors_of_the_size_of_an_rmse() -> None:
    rmse = np.array([2.0, 2.06, 2.12])
    for metric in ("deviance", "brier", "relative deviance"):
        np.testing.assert_allclose(weights_of(rmse**2, metric), weights_of(rmse, "rmse"))
    found = weights_of(np.array([-0.8, -0.794, -0.7]), "auc")
    np.testing.assert_allclose(found[1] / found[0], np.exp(-1), rtol=1e-6)
    assert len(found) == 2
