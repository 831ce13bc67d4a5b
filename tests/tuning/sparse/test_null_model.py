"""The null model, means and always-in columns alone: what it is, where it stands, and that it can be chosen."""

import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.errors import DataError
from sparsekin.tuning.folds import make_folds
from sparsekin.tuning.sparse.cross_validate import cross_validate
from tuning.cv_cases import SETTINGS, made, prepared, problem_of


def null_by_lstsq(blocks, k, train, w):
    U = np.column_stack([np.ones(len(train)), blocks.keep_of(k)])
    root = np.sqrt(w[train])
    return U, np.linalg.lstsq(U[train] * root[:, None], blocks.y[k][train] * root)[0]


@pytest.mark.parametrize("case", [{}, {"weighted": True}, {"keep": True, "weighted": True}, {"shared": True}])
def test_null_errors_are_those_of_least_squares_on_the_training_rows(case):
    found = prepared(**case)
    blocks, folds = found.blocks, make_folds(found.blocks, folds=4, rng=0)
    errors = cross_validate(problem_of(found), SETTINGS, folds)
    for fold in range(4):
        for k in range(3):
            held = (folds.of_row == fold)[blocks.rows[k]]
            w = np.ones(len(held)) if blocks.weights[k] is None else blocks.weights[k]
            U, b = null_by_lstsq(blocks, k, ~held, w)
            left = (blocks.y[k] - U @ b)[held]
            assert errors.null_sse[fold, k] == pytest.approx(w[held] @ left**2)
            assert errors.null_sae[fold, k] == pytest.approx(w[held] @ abs(left))


def test_the_null_model_of_a_task_left_out_is_the_mean_of_the_others():
    found = prepared(keep=True)
    blocks, folds = found.blocks, make_folds(found.blocks, scheme="leave-one-task-out")
    errors = cross_validate(problem_of(found), SETTINGS, folds)
    b = [null_by_lstsq(blocks, k, np.ones(24, bool), np.ones(24))[1] for k in range(3)]
    for k in range(3):
        mean = np.mean([b[i] for i in range(3) if i != k], axis=0)
        left = blocks.y[k] - np.column_stack([np.ones(24), blocks.keep_of(k)]) @ mean
        assert errors.null_sse[k, k] == pytest.approx(left @ left)


def noise(seed=2):
    rng = np.random.default_rng(seed)
    return SparseMTL(rng.standard_normal(90), rng.standard_normal((90, 8)), np.repeat(["a", "b", "c"], 30))


@pytest.mark.parametrize("metric", ["rmse", "r2", "mae"])
def test_nothing_is_chosen_where_there_is_nothing(metric):
    cv = noise().cross_validate(folds=5, rng=0, metric=metric, lambda_1=0.0, lambda_2=0.0)
    assert cv.table.index[-1] == "null"
    assert cv.best == cv.best_1se == {"s": 0, "lambda_1": 0, "lambda_2": 0, "lambda_z": 0}
    assert cv.best_index == cv.best_1se_index == len(cv.table) - 1
    row = cv.glance().iloc[0]
    assert row["s_1se"] == 0
    assert row["estimate_best"] == row["estimate_null"]
    res = cv.refit("1se")
    assert res.selected == []
    assert res.objective == pytest.approx(sum(np.var(y) / 2 for y in res.blocks.y))
    np.testing.assert_allclose(res.predict(np.zeros((1, 8)), task=["b"])[0], res.blocks.y[1].mean())
    assert np.isfinite(res.predict(np.zeros((1, 8)), how="stack")[0])
    assert "No feature is selected in any task" in res.summary().as_text()
    assert len(res.tidy()) == 3
    assert "best, 1se, null" in cv.summary().as_text()


def test_nothing_is_chosen_only_when_it_was_asked_for():
    cv = noise().cross_validate(s=[1, 2], lambda_z=0, folds=5, rng=0, lambda_1=0.0, lambda_2=0.0)
    assert cv.best["s"] > 0
    assert cv.table["mean"].iloc[-1] < cv.table["mean"].iloc[cv.best_index]
    assert "No setting predicts better than the null model." in cv.summary().as_text()
    only = noise().cross_validate(s=0, folds=5, rng=0, stages=2, lambda_1=0.0, lambda_2=0.0)
    assert only.table.index.tolist() == ["null"]
    assert only.best["s"] == 0
    assert only.summary().as_text()


def test_the_path_has_the_empty_model():
    path = noise().path(s=[0, 1], lambda_z=[0, 0.1], bounds=True)
    assert path.table["s"].tolist() == [0, 1, 1]
    assert path.table["objective"][0] == pytest.approx(sum(np.var(y) / 2 for y in path.grid.problem.blocks.y))
    assert path.table["bound"][0] <= path.table["objective"][0] * (1 + 1e-9)
    assert set(path.coef_table()["setting"]) == {1, 2}
    assert path[0].selected == []
    assert len(noise().path(s=0).coef_table()) == 0
    assert noise().select().selected == []


@pytest.mark.parametrize("metric", ["rmse", "r2"])
def test_compare_has_the_null_model(metric):
    truth = made(n=40)
    model = SparseMTL(truth.y, truth.X, truth.task)
    run = {"s": [2], "lambda_z": 0.1, "folds": 4, "rng": 0, "metric": metric}
    found, cv = model.compare(**run), model.cross_validate(lambda_1=0.0, lambda_2=0.0, **run)
    assert found.table.index[0] == "null"
    assert found.table.loc["null", "mean"] == pytest.approx(cv.table.loc["null", "mean"])
    assert found.table.loc["null", "selected"] == 0


def test_a_task_that_does_not_vary_is_not_judged():
    truth = made(n=40)
    y = np.where(truth.task == truth.task[0], 98.6, truth.y)
    others = truth.task != truth.task[0]
    run = {"s": [1, 2], "lambda_z": 0.0, "folds": np.tile(np.arange(4), 30), "metric": "r2"}
    cv = SparseMTL(y, truth.X, truth.task).cross_validate(lambda_1=0.0, lambda_2=0.0, **run)
    assert cv.per_task.iloc[:, 0].isna().all()
    rest = SparseMTL(y[others], truth.X[others], truth.task[others])
    without = rest.cross_validate(lambda_1=0.0, lambda_2=0.0, **{**run, "folds": run["folds"][others]})
    np.testing.assert_allclose(cv.table["mean"], without.table["mean"])
    assert f"Not judged, because nothing in the outcome varies: {truth.task[0]}." in cv.summary().as_text()


@pytest.mark.parametrize("offset", [98.6, 1e8, 0.1])
def test_data_in_which_nothing_varies(offset):
    rng = np.random.default_rng(0)
    for scale_outcome in (False, True):
        model = SparseMTL(
            np.full(40, offset), rng.standard_normal((40, 3)), np.repeat([0, 1], 20), scale_outcome=scale_outcome
        )
        for metric in ("r2", "rmse"):
            with pytest.raises(DataError, match="one value in every task: there is nothing to predict"):
                model.cross_validate(s=[1], lambda_z=0, folds=4, rng=0, metric=metric, lambda_1=0.0, lambda_2=0.0)


def test_problems_in_which_the_always_in_terms_explain_all():
    truth, rng = made(n=40), np.random.default_rng(0)
    age = 50 + 10 * rng.standard_normal(120)
    y = np.where(truth.task == truth.task[0], 3 + 0.1 * age, truth.y)
    model = SparseMTL(y, truth.X, truth.task, keep=age[:, None], scale_outcome=True)
    cv = model.cross_validate(s=[1, 2], lambda_z=0.0, folds=4, rng=0, lambda_1=0.0, lambda_2=0.0)
    assert np.isnan(cv.null_error.iloc[0])
    assert cv.per_task.iloc[:, 0].isna().all()
    assert cv.table["mean"].iloc[-1] == pytest.approx(1.0)
