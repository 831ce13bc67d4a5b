"""Folds that leave a task, or a level, with nothing to learn from; new tasks; Ctrl-C along a path."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from sparsekin import MTHAL
from sparsekin.errors import DataError, DataWarning, InterruptedWarning, OptionError, SolverError
from sparsekin.hal.path import walk


@pytest.fixture(scope="module")
def trial():
    rng = np.random.default_rng(7)
    n = 180
    made = pd.DataFrame({
        "age": rng.uniform(20, 80, n), "ward": rng.choice(["a", "b", "icu"], n, p=[0.5, 0.4, 0.1]),
        "site": np.repeat(["A", "B"], n // 2),
    })  # fmt: skip
    ill = rng.random(n) < expit(-1 + 0.03 * (made["age"] - 50))
    icu = made.index[made["ward"] == "icu"]
    ill[icu] = False
    ill[icu[[0, -1]]] = True
    return made.assign(ill=ill, score=made["age"] / 10 + rng.normal(size=n), fold=np.arange(n) % 3)


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_a_fold_that_takes_all_rows_of_a_task_is_refused(trial, family):
    model = MTHAL(trial["ill"] * 1.0, trial[["age"]], trial["site"], family=family)
    with pytest.raises(DataError, match=r"Task 'B' keeps 0 training rows in fold 1; give folds that leave it some"):
        model.cross_validate(folds=np.where(trial["site"] == "B", 1, np.arange(len(trial)) % 2 * 2))
    with pytest.raises(DataError, match=r"Task 'A' keeps 0 training rows in fold"):
        model.cross_validate(folds=2, groups=trial["site"])
    Y = np.column_stack([trial["score"], np.where(trial["fold"] == 2, trial["score"], np.nan)])
    with pytest.raises(DataError, match=r"Outcome 'y2' keeps 0 training rows in fold 2"):
        MTHAL(Y, trial[["age"]]).cross_validate(folds=trial["fold"].to_numpy())


def without_functions(rows, y, train):
    """Log odds with the ridge, by scikit-learn: C = 1 on columns without correlation, of variance 1."""
    U = pd.get_dummies(rows["ward"]).to_numpy(float)[:, 1:]
    center = U[train].mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(U[train].T, ddof=0))
    Z = (U - center) @ vectors / np.sqrt(values)
    found = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(Z[train], y[train])
    return found.decision_function(Z)


def test_a_level_without_events_in_a_fold_is_held_finite_and_named(trial):
    rows = trial[trial["site"] == "A"].reset_index(drop=True)
    y, fold = rows["ill"].to_numpy(float), rows["fold"].to_numpy()
    first = int(fold[np.flatnonzero((rows["ward"] == "icu") & rows["ill"])[0]])
    model = MTHAL.from_formula("ill ~ h(age) + ward", rows, family="binomial")
    text = rf"Fold {first}: .* task 'ill' no row with ward = 'icu' \(\d+ rows\) has the outcome 1\. .* a ridge worth"
    with pytest.warns(DataWarning, match=text):
        found = model.cross_validate([10.0, 0.05, 0.01], folds=fold)
    eta = without_functions(rows, y, fold != first)
    held = fold == first
    expected = np.mean(-2 * np.log(np.where(y == 1, expit(eta), expit(-eta)))[held])
    assert found.errors.deviance[0, first, 0] / held.sum() == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(found.table["mean"]).all()


@pytest.mark.parametrize("penalty", ["l21", "lasso"])
def test_certificates_hold_with_a_ridge(trial, penalty):
    model = MTHAL.from_formula("ill ~ h(age) + ward", trial, "site", family="binomial", penalty=penalty)
    stays = ~(trial["ward"].eq("icu") & trial["ill"]).to_numpy()[model._prepared.row_positions]
    weights = tuple(1.0 * stays[rows] for rows in model.blocks.rows)
    problem = model._problem.on(replace(model.blocks, weights=weights))
    assert problem.held == [0, 1]
    for point in walk(problem, model.lambda_max * np.geomspace(0.9, 0.01, 6), 1e-9):
        assert -1e-14 <= point.gap <= 1e-9


def test_a_level_without_events_at_all_is_refused_by_name(trial):
    rows = trial.assign(ill=trial["ill"] & (trial["ward"] != "icu"))
    with pytest.raises(DataError, match=r"In task 'A' no row with ward = 'icu' \(\d+ rows\) has the outcome 1, so the"):
        MTHAL.from_formula("ill ~ h(age) + ward", rows, "site", family="binomial")
    reference = trial.assign(ill=trial["ill"] | (trial["ward"] == "a"))
    with pytest.raises(DataError, match=r"no row with ward neither 'b' nor 'icu' \(\d+ rows\) has the outcome 0"):
        MTHAL.from_formula("ill ~ h(age) + ward", reference, "site", family="binomial")
    x = np.arange(20.0)
    with pytest.raises(DataError, match=r"the outcome is 1 only where u is not below 8, so the terms without"):
        MTHAL(x >= 8, x[:, None] % 5, keep=pd.DataFrame({"u": x}), family="binomial")


def test_rows_of_a_new_task_by_the_mean_of_the_task_models(trial):
    trial = trial.iloc[40:]
    fit = MTHAL.from_formula("score ~ h(age)", trial, "site").fit(0.05)
    new = trial.head(5).assign(site="C")
    with pytest.raises(DataError, match=r"not fitted to task 'C' .* use how=\"mean\""):
        fit.predict(new)
    each = np.column_stack([fit.predict(new.assign(site=site)) for site in "AB"])
    rows = trial["site"].value_counts()[["A", "B"]].to_numpy()
    assert rows.tolist() == [50, 90]
    np.testing.assert_allclose(fit.predict(new, how="mean"), each @ rows / rows.sum(), rtol=1e-12)
    ill = MTHAL.from_formula("ill ~ h(age)", trial, "site", family="binomial").fit(0.02)
    each = np.column_stack([ill.predict(new.assign(site=site)) for site in "AB"])
    np.testing.assert_allclose(ill.predict(new, how="mean"), expit(logit(each) @ rows / rows.sum()), rtol=1e-9)
    assert ill.predict(how="mean").shape == (len(trial),)
    with pytest.raises(OptionError, match="the tasks are outcomes"):
        MTHAL(trial[["score", "age"]], trial[["age"]]).fit(0.5).predict(how="mean")
    with pytest.raises(OptionError, match="how='stack' needs stacking weights"):
        fit.predict(new, how="stack")


def test_bounds_weigh_rows_as_cov_wt_does(trial):
    w = np.random.default_rng(0).uniform(0.1, 3, len(trial))
    y, X = trial["score"].to_numpy(), trial[["age"]]
    room = 2 * np.sqrt(np.cov(y, aweights=w))
    for scale in (1.0, 1e-6):
        bounds = MTHAL(y, X, weights=scale * w).fit(0.1).bounds[:, 0]
        np.testing.assert_allclose(bounds, [y.min() - room, y.max() + room], rtol=1e-12)
    spoilt, v = np.append(y, y.max()), np.append(w, 1e-30)
    heavy = MTHAL(spoilt, np.append(X, [[50.0]], axis=0), weights=v).fit(0.1).bounds[:, 0]
    np.testing.assert_allclose(heavy, [y.min() - room, y.max() + room], rtol=1e-9)


def test_ctrl_c_keeps_the_lambdas_of_a_path(trial, monkeypatch):
    from sparsekin.models.hal import tuning

    walk = tuning.walk

    def interrupted(problem, lambdas, tolerance):
        for i, point in enumerate(walk(problem, lambdas, tolerance)):
            if i == stop:
                raise KeyboardInterrupt
            yield point

    monkeypatch.setattr(tuning, "walk", interrupted)
    model = MTHAL(trial["score"], trial[["age"]])
    stop = 4
    with pytest.warns(InterruptedWarning, match="The path was interrupted: 4 of 20 lambdas are finished"):
        path = model.path(n_lambda=20)
    assert len(path) == 4
    assert path[3].status == "converged"
    stop = 0
    with pytest.raises(SolverError, match="Ctrl-C came before any lambda was finished"):
        model.path(n_lambda=20)


def test_ctrl_c_keeps_what_all_folds_had_finished_of_four_lambdas(trial, monkeypatch):
    from sparsekin.tuning.hal import cross_validate as room

    walk, calls = room.walk, []

    def interrupted(*args):
        for point in walk(*args):
            calls.append(1)
            if len(calls) == 3 * 4 + 2 * 4 + 3:  # the third lambda of the second round, in the last fold
                raise KeyboardInterrupt
            yield point

    monkeypatch.setattr(room, "walk", interrupted)
    with pytest.warns(InterruptedWarning, match="6 of 20 lambdas are finished"):
        found = MTHAL(trial["score"], trial[["age"]]).cross_validate(n_lambda=20, folds=3, rng=0, linear=None)
    assert len(found.table) == 6


def test_ctrl_c_while_folds_of_the_second_penalty_are_made_keeps_the_first(trial, monkeypatch):
    from sparsekin.tuning.hal import cross_validate as room

    start, made = room._Fold.__init__, []

    def interrupted(self, *args):
        made.append(1)
        if len(made) > 4:
            raise KeyboardInterrupt
        start(self, *args)

    monkeypatch.setattr(room._Fold, "__init__", interrupted)
    with pytest.warns(InterruptedWarning, match="2 of 4 lambdas are finished"):
        found = MTHAL(trial["score"], trial[["age"]]).cross_validate([0.5, 0.1], l1_ratio=(0, 1), folds=3, rng=0)
    assert found.table["l1_ratio"].tolist() == [0.0, 0.0]


def test_a_fold_that_leaves_one_outcome_names_fold_and_task():
    rng = np.random.default_rng(1)
    X, site, fold = rng.normal(size=(60, 2)), np.repeat(["A", "B"], 30), np.arange(60) % 3
    y = (X[:, 0] + rng.normal(size=60) > 0).astype(float)
    y[:30], fold[[3, 5]] = 0, 1
    y[[3, 5]] = 1
    model = MTHAL(y, X, site, family="binomial", max_degree=1)
    with pytest.warns(DataWarning, match="Fold 1: the training rows of task 'A' all have the same outcome, from which"):
        model.cross_validate(n_lambda=3, folds=fold)
