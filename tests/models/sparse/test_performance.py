"""Apparent beside out-of-fold: the predictors are those of fits by hand, and everything carries them on."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, SparseMTL
from sparsekin.errors import DataError, OptionError
from sparsekin.models.sparse.results import SparseResults
from sparsekin.results.unavailable import Unavailable

N = 70
TASK = np.repeat(["A", "B", "C"], N)
FAMILIES = ["gaussian", "binomial", "poisson", "cox"]


def data(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3 * N, 5)) + 4
    eta = X[:, 1] - X[:, 3]
    time, censored = rng.exponential(np.exp(-eta)), rng.exponential(2.0, 3 * N)
    return X, {
        "gaussian": eta + rng.standard_normal(3 * N),
        "binomial": (rng.random(3 * N) < 1 / (1 + np.exp(-eta))).astype(float),
        "poisson": rng.poisson(np.exp(0.5 * eta)).astype(float),
        "cox": np.column_stack([np.minimum(time, censored) + 0.01, time <= censored]).astype(float),
    }


def settings():
    return {"s": 2, "lambda_1": 0.01, "lambda_z": 0.01}


@pytest.mark.parametrize("family", FAMILIES)
def test_held_out_predictors_are_those_of_fits_without_the_fold(family):
    X, y = data()
    fold = np.tile(np.arange(N) % 4, 3)
    offset = None if family == "gaussian" else np.linspace(-0.5, 0.5, 3 * N)
    fit = SparseMTL(y[family], X, TASK, family=family, offset=offset).fit(**settings())
    held = fit.hold_out(folds=fold).held_out
    for f in range(4):
        rest = fold != f
        given = None if offset is None else offset[rest]
        part = SparseMTL(y[family][rest], X[rest], TASK[rest], family=family, offset=given).fit(**settings())
        for k, task in enumerate("ABC"):
            kind = {} if family == "gaussian" else {"type": "link"}
            rows, seen = (task == TASK) & ~rest, (task == TASK) & rest
            eta = part.predict(X[rows], task=TASK[rows], **kind).to_numpy()
            if family == "cox":
                eta = eta - part.predict(X[seen], task=TASK[seen], **kind).mean()
            eta = eta if offset is None else eta + offset[rows]
            np.testing.assert_allclose(held.eta[k][fold[:N] == f], eta, atol=1e-7)


@pytest.mark.parametrize("family", ["binomial", "cox"])
def test_pooled_fits_are_held_out_too(family):
    X, y = data(8)
    fold, asked = np.tile(np.arange(N) % 3, 3), {"s": 2, "lambda_1": 0.01, "lambda_2": np.inf}
    held = SparseMTL(y[family], X, TASK, family=family).fit(**asked).hold_out(folds=fold).held_out
    rest = fold != 1
    part = SparseMTL(y[family][rest], X[rest], TASK[rest], family=family).fit(**asked)
    for k, task in enumerate("ABC"):
        rows, seen = (task == TASK) & ~rest, (task == TASK) & rest
        eta = part.predict(X[rows], task=TASK[rows], type="link").to_numpy()
        origin = part.predict(X[seen], task=TASK[seen], type="link").mean() if family == "cox" else 0.0
        np.testing.assert_allclose(held.eta[k][fold[:N] == 1], eta - origin, atol=1e-7)


@pytest.mark.parametrize("family", ["binomial", "cox"])
def test_a_task_left_out_is_predicted_by_the_mean_of_the_others(family):
    X, y = data(1)
    fit = SparseMTL(y[family], X, TASK, family=family).fit(**settings())
    found = fit.hold_out(scheme="leave-one-task-out")
    assert found.kinds == ("apparent", "task left out")
    text = " ".join(found.summary().as_text().split())
    assert ("how far it is off is cal. intercept, calibration in the large" in text) == (family == "binomial")
    assert "calibration in the large" not in " ".join(fit.hold_out(folds=3, rng=0).summary().as_text().split())
    for k, task in enumerate("ABC"):
        rest = task != TASK
        part = SparseMTL(y[family][rest], X[rest], TASK[rest], family=family)
        others = part.fit(**settings())
        eta = others.predict(X[~rest], how="mean", type="link")
        origin = others.predict(X[rest], how="mean", type="link").mean() if family == "cox" else 0.0
        np.testing.assert_allclose(found.held_out.eta[k], eta - origin, atol=1e-7)


@pytest.mark.parametrize("family", FAMILIES[1:])
def test_a_refit_carries_what_its_folds_say(family, tmp_path):
    X, y = data(2)
    cv = SparseMTL(y[family], X, TASK, family=family).cross_validate(
        s=[1, 2], lambda_1=0.01, lambda_2=0.0, lambda_z=[0, 0.02], folds=4, rng=0
    )
    fit = cv.refit()
    by_hand = SparseMTL(y[family], X, TASK, family=family).fit(**cv.best).hold_out(cv.folds.to_numpy())
    pd.testing.assert_frame_equal(fit.performance, by_hand.performance, atol=1e-7)
    table = fit.performance
    assert table.index.tolist() == [(task, kind) for task in "ABC" for kind in ("apparent", "out-of-fold")]
    assert (table.xs("apparent", level=1)["explained"] > table.xs("out-of-fold", level=1)["explained"]).all()
    assert (table["undefined"] == "").all()
    for column in {"auc", "brier", "dispersion", "concordance"} & set(table):
        apparent = table.xs("apparent", level=1)[column]
        np.testing.assert_allclose(apparent, fit.task_fit[column], atol=1e-12)
    fit.save(tmp_path / "fit.npz")
    pd.testing.assert_frame_equal(SparseResults.load(tmp_path / "fit.npz").performance, table)
    text = str(fit.summary())
    assert "out-of-fold" in text
    assert "without each of 4 folds" in text
    assert "-0.000" not in text


def test_mixed_families_have_the_columns_of_all():
    X, y = data(3)
    outcome = np.where(TASK == "A", y["binomial"], y["poisson"])
    families = {"A": "binomial", "B": "poisson", "C": "poisson"}
    table = SparseMTL(outcome, X, TASK, family=families).fit(s=2).hold_out(4, rng=0).performance
    assert {"auc", "brier", "brier_scaled", "dispersion", "cal_intercept", "cal_slope"} <= set(table)
    assert table.loc["A", "dispersion"].isna().all()
    assert table.loc["B", "auc"].isna().all()
    assert (table["undefined"] == "").all()


def test_hal_says_the_same_of_the_same_rows():
    X, y = data(4)
    cv = MTHAL(y["binomial"], X[:, [1, 3]], TASK, family="binomial", max_degree=1, knots=4).cross_validate(
        n_lambda=8, folds=4, rng=0, tolerance=1e-9
    )
    fit = cv.refit()
    table = fit.performance
    assert set(table.index.get_level_values(1)) == {"apparent", "out-of-fold"}
    errors, folds = cv.errors, cv.folds.to_numpy()
    for k, task in enumerate("ABC"):
        mine = folds[task == TASK]
        dev = 2 * np.logaddexp(0, np.where(y["binomial"][task == TASK] == 1, -1, 1) * fit.held_out.eta[k])
        sums = [dev[mine == f].sum() for f in range(4)]
        np.testing.assert_allclose(sums, errors.deviance[errors.best, :, k], rtol=1e-4)
    assert "out-of-fold" in str(fit.summary())
    assert isinstance(fit.hold_out, Unavailable)
    assert fit.relax().held_out is None


def test_without_held_out_rows_there_is_the_apparent_row_alone():
    X, y = data(5)
    fit = SparseMTL(y["binomial"], X, TASK, family="binomial").fit(s=1)
    assert fit.kinds == ("apparent",)
    assert len(fit.performance) == 3
    with pytest.raises(OptionError, match=r"rows='out-of-fold' is not there; this fit has 'apparent' \(no rows were"):
        fit.rows_of("out-of-fold")
    with pytest.raises(DataError, match="Task 'A' has one outcome only among the training rows of fold 0"):
        fit.hold_out(np.where(y["binomial"] == 1, 0, 1))


def test_no_feature_leaves_a_slope_that_is_said_to_be_missing():
    X, y = data(6)
    cv = SparseMTL(y["binomial"], X, TASK, family="binomial").cross_validate(s=[0, 1], lambda_2=0.0, folds=3, rng=0)
    fit = cv._at(len(cv.errors.settings))
    assert fit.performance["undefined"].unique().tolist() == ["cal_slope: the predictor does not vary"]
    assert "cal_slope: the predictor does not vary" in str(fit.summary())


def test_many_tasks_are_summed_up_by_quartiles():
    rng = np.random.default_rng(7)
    X, task = rng.standard_normal((14 * 30, 3)), np.repeat([f"site{k:02d}" for k in range(14)], 30)
    y = (rng.random(len(X)) < 1 / (1 + np.exp(-X[:, 0]))).astype(float)
    text = str(SparseMTL(y, X, task, family="binomial").fit(s=1, lambda_z=0.1).hold_out(3, rng=0).summary())
    assert text.count("three quarters") == 3
