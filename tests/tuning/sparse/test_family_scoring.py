"""Cross-validation of yes/no outcomes, counts and survival times, against numbers computed elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.metrics import brier_score_loss, log_loss, mean_poisson_deviance, roc_auc_score

from models.sparse.test_families import TASKS, N, data
from sparsekin import SparseMTL
from sparsekin.errors import DataError, OptionError
from sparsekin.tuning.family_metrics import auc, concordance

FOLDS = np.arange(2 * N) % 3


def run(family: str, **options: Any) -> Any:
    X, y = data(5)
    model = SparseMTL(y[family], X, TASKS, family=family)
    return model.cross_validate(s=[2], lambda_1=0.05, lambda_2=0.0, lambda_z=[0.02], folds=FOLDS, **options)


def refitted(family: str, fold: int) -> Any:
    X, y = data(5)
    rows = fold != FOLDS
    return SparseMTL(y[family][rows], X[rows], TASKS[rows], family=family).fit(2, lambda_1=0.05, lambda_z=0.02)


@pytest.mark.parametrize(
    ("family", "metric", "judge"),
    [
        ("binomial", "deviance", lambda y, mean: 2 * log_loss(y, mean, labels=[0, 1])),
        ("binomial", "auc", roc_auc_score),
        ("binomial", "brier", brier_score_loss),
        ("poisson", "deviance", mean_poisson_deviance),
    ],
)
def test_a_cell_is_what_scikit_learn_says_of_the_held_out_rows(family: str, metric: Any, judge: Any) -> None:
    X, y = data(5)
    found = run(family, metric=metric).per_task.iloc[0]
    for task in ("A", "B"):
        cells = []
        for fold in range(3):
            rows = (fold == FOLDS) & (task == TASKS)
            cells.append(judge(y[family][rows], refitted(family, fold).predict(X[rows], task=task)))
        assert found[task] == pytest.approx(np.mean(cells), rel=1e-6)


def test_the_deviance_of_a_survival_cell_is_that_of_all_rows_less_that_of_the_training_rows() -> None:
    X, y = data(5)
    cv = run("cox")
    fit = refitted("cox", 0)
    mine = TASKS == "A"
    eta = fit.predict(X[mine], task="A", type="link").to_numpy()[:, None]
    time, died = y["cox"][mine].T
    train = FOLDS[mine] != 0

    def likelihood(rows: np.ndarray) -> float:
        return float(sm.PHReg(time[rows], eta[rows], status=died[rows], ties="efron").loglike(np.ones(1)))

    def saturated(rows: np.ndarray) -> float:
        counts = np.unique(time[rows][died[rows] == 1], return_counts=True)[1]
        return -float(sum(np.log(np.arange(1, d + 1)).sum() for d in counts))

    every = np.ones(N, bool)
    deviance = 2 * (saturated(every) - likelihood(every)) - 2 * (saturated(train) - likelihood(train))
    assert cv.errors.sse[0, 0, 0] == pytest.approx(deviance, rel=1e-6)
    assert cv.errors.weight[0, 0] == died[~train].sum()


def pair_by_pair(time: np.ndarray, score: np.ndarray, died: np.ndarray, groups: np.ndarray) -> float:
    """Harrell's C: pairs in which the one with the event is known to have been first."""
    right = pairs = 0.0
    for i in np.flatnonzero(died):
        for j in range(len(time)):
            if groups[i] == groups[j] and (time[i] < time[j] or (time[i] == time[j] and not died[j])):
                pairs += 1
                right += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
    return right / pairs


def test_concordance_is_harrells_within_strata() -> None:
    rng = np.random.default_rng(0)
    time, score = rng.integers(1, 12, 80).astype(float), rng.integers(0, 9, 80).astype(float)
    died, strata = rng.random(80) < 0.6, rng.integers(0, 2, 80)
    y = np.column_stack([time, died])
    assert concordance(y, score) == pytest.approx(pair_by_pair(time, score, died, np.zeros(80)))
    assert concordance(y, score, strata) == pytest.approx(pair_by_pair(time, score, died, strata))


def test_weights_of_rows_are_rows_to_the_auc() -> None:
    rng = np.random.default_rng(1)
    y, score, times = rng.integers(0, 2, 40).astype(float), rng.integers(0, 6, 40).astype(float), rng.integers(1, 4, 40)
    whole = roc_auc_score(np.repeat(y, times), np.repeat(score, times))
    assert auc(y, score, times.astype(float)) == pytest.approx(whole)
    assert np.isnan(auc(np.ones(5), np.arange(5.0)))


def test_folds_have_their_share_of_events_and_the_choice_is_refitted() -> None:
    X, y = data(5)
    model = SparseMTL(y["binomial"], X, TASKS, family="binomial")
    cv = model.cross_validate(s=[1, 2], lambda_1=0.05, lambda_2=0.0, lambda_z=[0.1], folds=4, rng=0, metric="auc")
    events = [y["binomial"][(cv.folds == fold) & (TASKS == "A")].sum() for fold in range(4)]
    assert max(events) - min(events) <= 1
    assert cv.table.loc["null", "mean"] == 0.5
    assert cv.best["s"] == 2
    assert cv.refit().selected == ["x2", "x4"]
    assert "by AUC" in str(cv.summary())
    one_out = model.cross_validate(s=[2], lambda_1=0.05, lambda_2=0.0, lambda_z=[0.1], scheme="leave-one-task-out")
    assert one_out.table["mean"].iloc[0] < one_out.table.loc["null", "mean"]
    assert one_out.refit().families == ("binomial", "binomial")


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_the_level_of_a_study_left_out_is_free_in_its_deviance(family: str) -> None:
    X, y = data(5)
    kind = {"binomial": sm.families.Binomial(), "poisson": sm.families.Poisson()}[family]
    asked = {"s": [2], "lambda_1": 0.05, "lambda_2": 0.0, "lambda_z": [0.0], "scheme": "leave-one-task-out"}
    model = SparseMTL(y[family], X, TASKS, family=family)
    cv = model.cross_validate(**asked)
    other, own = TASKS == "A", TASKS == "B"
    alone = SparseMTL(y[family][other], X[other], TASKS[other], family=family).fit(2, lambda_1=0.05)
    eta = alone.predict(X[own], how="mean", type="link").to_numpy()
    level = sm.GLM(y[family][own], np.ones((own.sum(), 1)), kind, offset=eta).fit(tol=1e-13)
    assert cv.errors.sse[0, 1, 1] == pytest.approx(level.deviance, rel=1e-8)
    null = sm.GLM(y[family][own], np.ones((own.sum(), 1)), kind).fit(tol=1e-13)
    assert cv.errors.null_sse[1, 1] == pytest.approx(null.deviance, rel=1e-8)
    assert "its level (log odds, or log rate) is free" in str(cv.summary())
    moved = SparseMTL(y[family], X, TASKS, family=family, offset=np.where(own, 2.5, -0.5)).cross_validate(**asked)
    np.testing.assert_allclose(moved.table["mean"], cv.table["mean"], rtol=1e-6)
    compared = model.compare(s=2, lambda_z=0.0, scheme="leave-one-task-out")
    assert "its level (log odds, or log rate) is free" in str(compared.summary())
    within = model.cross_validate(**asked | {"scheme": "within-task"}, folds=3, rng=0)
    assert "free" not in str(within.summary())


def test_survival_times_have_no_level_that_could_be_free() -> None:
    X, y = data(5)
    model = SparseMTL(y["cox"], X, TASKS, family="cox")
    asked = {"s": 2, "lambda_1": 0.05, "lambda_z": 0.0, "scheme": "leave-one-task-out"}
    for found in (model.compare(**asked), model.cross_validate(**asked, lambda_2=0.0)):
        assert "free" not in str(found.summary())


def test_brier_scores_of_a_study_left_out_count_its_level() -> None:
    X, y = data(5)
    asked = {"s": [2], "lambda_1": 0.05, "lambda_2": 0.0, "lambda_z": [0.0], "scheme": "leave-one-task-out"}
    cv = SparseMTL(y["binomial"], X, TASKS, family="binomial").cross_validate(**asked, metric="brier")
    other, own = TASKS == "A", TASKS == "B"
    alone = SparseMTL(y["binomial"][other], X[other], TASKS[other], family="binomial").fit(2, lambda_1=0.05)
    mean = alone.predict(X[own], how="mean")
    assert cv.per_task["B"].iloc[0] == pytest.approx(brier_score_loss(y["binomial"][own], mean), rel=1e-8)
    assert "free" not in str(cv.summary())


def test_what_cannot_be_asked_says_so() -> None:
    X, y = data(5)
    model = SparseMTL(y["binomial"], X, TASKS, family="binomial")
    with pytest.raises(OptionError, match="metric='rmse' is not for binomial outcomes; use 'deviance', 'auc', 'brier'"):
        model.cross_validate(metric="rmse")
    with pytest.raises(OptionError, match="metric = 'auc' is not one of"):
        SparseMTL(y["poisson"], X, TASKS).cross_validate(metric="auc")
    both = SparseMTL(np.where(TASKS == "A", y["binomial"], y["poisson"]), X, TASKS, family=["binomial", "poisson"])
    with pytest.raises(OptionError, match="ensemble='stack' weighs models of one family; here tasks are binomial, po"):
        both.cross_validate(ensemble="stack")
    rare = np.zeros(2 * N)
    rare[[0, N]] = 1
    with pytest.raises(DataError, match="Task 'A' has one outcome only among the training rows of fold 0"):
        SparseMTL(rare, X, TASKS, family="binomial").cross_validate(folds=FOLDS)
