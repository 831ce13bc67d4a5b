"""SparseMTL.path, select, cross_validate and compare, as a user meets them."""

import doctest
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from sparsekin import SparseMTL, SparseResults, moments
from sparsekin.data.simulate import simulate_shared_supports
from sparsekin.errors import DataError, InterruptedWarning, MissingExtraError, OptionError, SolverError
from sparsekin.models.sparse import tuning


def simulated(shared=False, **options):
    return simulate_shared_supports(
        **({"n_tasks": 3, "n": 40, "p": 30, "s": 3, "q": 4, "rng": 0, "shared_X": shared} | options)
    )


@pytest.fixture(scope="module")
def model():
    truth = simulated()
    return SparseMTL(truth.y, truth.X, truth.task)


@pytest.fixture(scope="module")
def cv(model):
    return model.cross_validate(s=range(1, 6), folds=5, rng=0, lambda_1=0.0, lambda_2=0.0)


def test_examples():
    found = doctest.testmod(tuning)
    assert (found.attempted > 5, found.failed) == (True, 0)


# What raises errors in the published package.


def test_automatic_grid_runs():
    frame = simulated().frame()
    cv = SparseMTL.from_formula("y ~ .", frame, task="task").cross_validate(rng=0, lambda_1=0.0, lambda_2=0.0)
    assert cv.best["s"] == cv.best_1se["s"] == 3
    assert cv.table["lambda_z"].nunique() == 10
    assert cv.table["s"].nunique() > 5
    assert cv.table["mean"].notna().all()


def test_multi_label_cv_runs():
    frame = simulated(shared=True).frame()
    frame.loc[3, "y2"] = np.nan
    outcomes = SparseMTL.from_formula("y1 + y2 + y3 ~ .", frame, missing="drop")
    cv = outcomes.cross_validate(s=range(1, 6), rng=0, lambda_1=0.0, lambda_2=0.0)
    assert cv.best_1se["s"] == 3
    assert list(cv.per_task) == ["y1", "y2", "y3"]
    assert cv.errors.weight.sum(axis=0).tolist() == [40, 39, 40]
    assert cv.refit("1se").stacking is None


def test_leave_one_study_out_cv_runs():
    frame = simulated(n_tasks=4).frame()
    model = SparseMTL.from_formula("y ~ .", frame, task="task")
    cv = model.cross_validate(s=[1, 2, 3], scheme="leave-one-task-out", lambda_1=0.0, lambda_2=0.0)
    assert cv.per_fold.shape == (len(cv.table), 4)
    np.testing.assert_allclose(np.diag(cv.errors.weight), 40)
    new = frame.drop(columns="task").head()
    for how in ("mean", "stack"):
        assert cv.refit().predict(new, how=how).notna().all()


# cross_validate


def test_it_finds_the_size_and_the_supports(model, cv):
    truth = simulated()
    assert cv.best_1se["s"] == 3
    res = cv.refit("1se")
    assert isinstance(res, SparseResults)
    np.testing.assert_array_equal(res.solution.support, truth.support)
    assert (res.lambda_z, int(res.s[0])) == (cv.best_1se["lambda_z"], 3)
    assert cv.refit("best").lambda_z == cv.best["lambda_z"]


def test_the_table_is_what_the_folds_say(cv):
    table = cv.table
    assert list(table) == [
        "s", "lambda_1", "lambda_2", "lambda_z", "mean", "std_error", "selected", "mean_jaccard", "folds", "metric"
    ]  # fmt: skip
    np.testing.assert_allclose(table["mean"], cv.per_fold.mean(axis=1))
    np.testing.assert_allclose(table["std_error"], cv.per_fold.sem(axis=1))
    np.testing.assert_allclose(cv.per_task.mean(axis=1), table["mean"])
    assert table["mean"].idxmin() == cv.best_index
    np.testing.assert_array_equal(table["selected"], table["s"])
    near = table["mean"] <= table["mean"].min() + table["std_error"][cv.best_index]
    assert cv.best_1se["s"] == table["s"][near].min()


def test_folds_can_be_given_again(model, cv):
    again = model.cross_validate(s=range(1, 6), folds=cv.folds, lambda_1=0.0, lambda_2=0.0)
    pd.testing.assert_frame_equal(again.table, cv.table)
    assert cv.folds.value_counts().tolist() == [24] * 5


def test_folds_of_a_frame_with_dropped_rows_stand_on_its_index():
    frame = simulated().frame()
    frame.index = [f"row{i}" for i in range(120)]
    frame.loc["row5", "x2"] = np.nan
    model = SparseMTL.from_formula("y ~ .", frame, task="task", missing="drop")
    cv = model.cross_validate(
        s=2, lambda_z=0.1, folds=KFold(4, shuffle=True, random_state=0), lambda_1=0.0, lambda_2=0.0
    )
    assert cv.folds.index.equals(frame.index)
    assert cv.folds["row5"] == -1
    assert (cv.folds >= 0).sum() == 119
    again = model.cross_validate(s=2, lambda_z=0.1, folds=cv.folds, lambda_1=0.0, lambda_2=0.0)
    np.testing.assert_array_equal(again.errors.sse, cv.errors.sse)


def test_rng_makes_it_reproducible(model):
    one, same, other = (
        model.cross_validate(s=2, lambda_z=0.1, folds=4, rng=seed, lambda_1=0.0, lambda_2=0.0).folds
        for seed in (1, 1, 2)
    )
    assert one.equals(same)
    assert not one.equals(other)


@pytest.mark.parametrize("metric", ["rmse", "r2", "mae"])
def test_metrics(model, metric):
    cv = model.cross_validate(s=range(1, 6), lambda_z=1.0, folds=5, metric=metric, rng=0, lambda_1=0.0, lambda_2=0.0)
    assert cv.best_1se["s"] == 3
    assert (cv.table["mean"].idxmax() if metric == "r2" else cv.table["mean"].idxmin()) == cv.best_index


def test_two_stages_refine_around_the_winner_on_the_same_folds(model):
    run = {"s": [1, 3, 6], "lambda_z": [0, 0.01, 1, 100], "folds": 5, "rng": 0}
    one, two = (
        model.cross_validate(lambda_1=0.0, lambda_2=0.0, **run),
        model.cross_validate(lambda_1=0.0, lambda_2=0.0, **run, stages=2),
    )
    both = two.table.merge(one.table, on=["s", "lambda_1", "lambda_2", "lambda_z"])
    assert len(both) == len(one.table) < len(two.table)
    np.testing.assert_allclose(both["mean_x"], both["mean_y"], rtol=0.05)
    assert not two.table.duplicated(["s", "lambda_1", "lambda_2", "lambda_z"]).any()
    assert two.table["mean"].min() <= one.table["mean"].min()
    assert one.folds.equals(two.folds)
    single = model.cross_validate(s=3, lambda_z=0.1, folds=5, rng=0, stages=2, lambda_1=0.0, lambda_2=0.0)
    assert single.table.index.tolist() == [0, "null"]


def test_groups_are_held_out_together(model):
    patient = np.random.default_rng(0).integers(0, 30, 120)
    cv = model.cross_validate(s=2, lambda_z=0.1, folds=4, groups=patient, rng=0, lambda_1=0.0, lambda_2=0.0)
    assert cv.folds.groupby(patient).nunique().eq(1).all()


def test_the_choice_carries_stacking_weights_through_files(model, cv, tmp_path):
    res = cv.refit()
    assert res.stacking.weights.shape == (3,)
    new = simulated().X_test[:5]
    expected = res.stacking.intercept + sum(
        w * res.predict(new, task=k).to_numpy() for k, w in enumerate(res.stacking.weights)
    )
    np.testing.assert_allclose(res.predict(new, how="stack"), expected)
    np.testing.assert_allclose(res.predict(how="stack").iloc[:2], res.predict(simulated().X[:2], how="stack"))
    res.save(tmp_path / "fit.npz")
    again = SparseResults.load(tmp_path / "fit.npz")
    np.testing.assert_array_equal(again.predict(new, how="stack"), res.predict(new, how="stack"))
    with pytest.raises(OptionError, match="how='stack' needs stacking weights, which come from cross-validation"):
        model.fit(2).predict(new, how="stack")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"metric": "mse"}, OptionError, "metric = 'mse' is not one of 'rmse', 'r2', 'mae'"),
        ({"stages": 3}, OptionError, "stages = 3 is not one of 1, 2"),
        ({"ensemble": "median"}, OptionError, "ensemble = 'median' is not one of 'mean', 'stack'"),
        ({"support": "shared"}, OptionError, "support = 'shared' is not one of"),
        ({"task_weights": "n"}, OptionError, "task_weights = 'n' is not one of"),
        ({"effort": 9}, OptionError, "effort = 9 is not one of 0, 1, 2"),
        ({"s": 30, "folds": 2}, DataError, "Task 0 keeps 20 training rows in fold 0 but s = 30"),
        ({"s": 29, "folds": 3}, DataError, "Task 0 keeps 26 training rows in fold 0 but s = 29; lower s, use more"),
    ],
)
def test_what_cannot_be_validated_says_why(model, options, error, message):
    with pytest.raises(error, match=message):
        model.cross_validate(**({"s": 2, "lambda_1": 0.0, "lambda_2": 0.0, "lambda_z": 0.1, "rng": 0} | options))


def test_all_features_need_a_ridge(model):
    with pytest.raises(DataError, match="keeps 20 training rows"):
        model.cross_validate(s=[2, 30], lambda_1=[0, 1], lambda_z=0, folds=2, rng=0, lambda_2=0.0)
    cv = model.cross_validate(s=[2, 30], lambda_1=[0.1, 1], lambda_z=0, folds=2, rng=0, lambda_2=0.0)
    assert cv.table["selected"].tolist() == [2, 30, 2, 30, 0]


def test_moments_have_no_rows_to_hold_out():
    truth = simulated()
    found = SparseMTL.from_moments(moments.from_arrays(truth.y, truth.X, truth.task))
    for method in (found.cross_validate, found.compare):
        with pytest.raises(DataError, match=re.escape("a model made from moments has none; use select(), or path()")):
            method(s=2)
    direct = SparseMTL(truth.y, truth.X, truth.task)
    run = {"s": range(1, 6), "lambda_z": [0, 0.1, 1]}
    np.testing.assert_allclose(found.path(**run).criterion(), direct.path(**run).criterion(), rtol=1e-8)
    np.testing.assert_array_equal(found.select(**run).support, direct.select(**run).support)


# path and select


def test_path_rows_are_the_fits(model):
    path = model.path(s=[2, 3], lambda_1=[0, 0.1], lambda_z=[0, 0.5, 50])
    assert len(path) == len(path.table) == 12
    assert list(path.table) == [
        "s", "lambda_1", "lambda_2", "lambda_z", "objective", "selected", "union", "core", "mean_jaccard"
    ]  # fmt: skip
    for i in (0, 7, 11, -1):
        row, res = path.table.iloc[i], path[i]
        assert isinstance(res, SparseResults)
        assert (int(res.s[0]), res.lambda_1, res.lambda_z) == (row["s"], row["lambda_1"], row["lambda_z"])
        assert res.objective == pytest.approx(row["objective"])
        same = res.homogeneity
        assert (len(same.union), len(same.core)) == (row["union"], row["core"])
        assert same.mean_jaccard == pytest.approx(row["mean_jaccard"])
        assert res.objective <= model.fit(int(row["s"]), row["lambda_1"], 0.0, row["lambda_z"]).objective * 1.01
    long = path.coef_table()
    last = long[long["setting"] == 11].pivot(index="term", columns="task", values="estimate")
    expected = path[11].params.loc[last.index]
    np.testing.assert_allclose(last.to_numpy(), expected.to_numpy())
    pd.testing.assert_frame_equal(path.tidy(), long)


def test_supports_become_common_at_the_end_of_an_automatic_path(model):
    path = model.path(s=3)
    assert len(path) == 20
    ends = path.table.iloc[[0, -1]]
    assert ends["lambda_z"].iloc[0] == 0
    assert ends["mean_jaccard"].iloc[0] < 1
    assert ends["mean_jaccard"].iloc[1] == 1
    assert path.table["objective"].is_monotonic_increasing


def test_an_automatic_lambda_2_goes_from_separate_to_pooled_without_a_search_of_its_own(model):
    links = [0, 0.03, 0.1, 0.3, 1, 10, np.inf]
    path = model.path(s=[2, 4], lambda_2="auto", lambda_z=[0, 0.5])
    table = path.table
    assert table.groupby(["s", "lambda_z"])["lambda_2"].apply(list).tolist() == [links] * 4
    ends = model.path(s=[2, 4], lambda_2=[0, np.inf], lambda_z=[0, 0.5])
    at = table["lambda_2"].isin([0, np.inf]).to_numpy()
    np.testing.assert_array_equal(table["objective"][at], ends.table["objective"])
    for i in (5, 9, 20):
        assert path[i].objective == pytest.approx(table["objective"][i])
        found = path.at(**table.loc[i, ["lambda_1", "lambda_2", "lambda_z"]], s=int(table["s"][i]))
        assert found.objective == path[i].objective
    chosen = model.select(s=[2, 4], lambda_2="auto", lambda_z=[0, 0.5])
    assert chosen.objective == path[int(path.criterion().argmin())].objective
    alone = model.path(s=2, lambda_2="auto", support="independent")
    assert alone.table["lambda_2"].tolist() == [0]
    assert alone.table["objective"].tolist() == model.path(s=2, support="independent").table["objective"].tolist()


def test_one_score_is_selected_where_tasks_are_one():
    rng = np.random.default_rng(0)
    X, task = rng.standard_normal((120, 10)), np.repeat([0, 1, 2], 40)
    slopes = np.array([1.0, -1.0, 0.7])
    pooled = SparseMTL(X[:, :3] @ slopes + task + 0.5 * rng.standard_normal(120), X, task)
    found = pooled.select(s=range(1, 6), lambda_2="auto")
    assert (found.lambda_2, found.selected) == (np.inf, ["x1", "x2", "x3"])
    own = np.column_stack([slopes, -slopes, 2 * slopes])
    apart = SparseMTL(np.einsum("ij,ji->i", X[:, :3], own[:, task]) + 0.5 * rng.standard_normal(120), X, task)
    assert apart.select(s=range(1, 6), lambda_2="auto").lambda_2 == 0
    Y = X[:, :2] @ rng.standard_normal((2, 3)) + 0.3 * rng.standard_normal((120, 3))
    assert np.isfinite(SparseMTL(Y, X).path(s=2, lambda_2="auto").table["lambda_2"]).all()


def test_no_such_setting(model):
    path = model.path(s=2, lambda_z=[0, 1])
    with pytest.raises(IndexError, match="The path has 2 settings, numbered 0 to 1; there is none numbered 2"):
        path[2]
    assert len(list(path)) == 2


def test_an_interrupted_path(model, monkeypatch):
    whole = tuning.solve_grid

    def interrupted(*args, **options):
        grid = whole(*args, **options)
        grid.finished[1:] = False
        return grid

    monkeypatch.setattr(tuning, "solve_grid", interrupted)
    with pytest.warns(InterruptedWarning, match="The path was interrupted: 1 of 3 settings are finished"):
        path = model.path(s=2, lambda_z=[0, 1, 2])
    assert path.table["union"].notna().tolist() == [True, False, False]
    assert path.coef_table()["setting"].unique().tolist() == [0]
    assert path.select().lambda_z == 0
    with pytest.raises(SolverError, match="Ctrl-C came before setting 2 was solved"):
        path[2]
    path.grid.finished[0] = False
    assert len(path.coef_table()) == 0
    with pytest.raises(SolverError, match="The criterion is finite at no setting"):
        path.select()


def test_ebic_selects_the_truth():
    truth = simulated(n=100, rng=1)
    model = SparseMTL(truth.y, truth.X, truth.task)
    res = model.select(s=range(1, 10))
    np.testing.assert_array_equal(res.solution.support, truth.support)

    wide = simulated(n_tasks=4, n=60, p=100, s=5, q=8)
    loose, strict = (
        SparseMTL(wide.y, wide.X, wide.task).select(s=range(1, 13), gamma=gamma).s[0] for gamma in (0.0, 1.0)
    )
    assert strict < 8 < loose  # BIC overfits when the best of many subsets is looked for
    values = model.path(s=range(1, 10)).criterion()
    assert values.name == "ebic"
    assert values.idxmin() == values.to_numpy().argmin()
    with pytest.raises(OptionError, match="criterion = 'aic' is not one of 'ebic'"):
        model.select(criterion="aic")


def test_bars(model, capsys, monkeypatch):
    model.path(s=2, lambda_z=[0, 1], progress=True)
    assert "settings" in capsys.readouterr().err
    monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
    with pytest.raises(MissingExtraError, match=r'pip install "sparsekin\[progress\]"'):
        model.path(s=2, lambda_z=[0, 1], progress=True)


# compare


def test_methods_are_compared_on_the_same_folds(model):
    comparison = model.compare(s=range(1, 6), folds=5, rng=0)
    table, folds = comparison.table, comparison.per_fold
    assert table.index.tolist() == [
        "null", "pooled lasso", "pooled ridge", "pooled L0", "pretrained lasso", "shared supports", "common support",
        "dial, averaged", "lasso per task", "ridge per task", "independent L0",
    ]  # fmt: skip
    assert list(comparison.unavailable) == ["multi-task lasso"]
    np.testing.assert_allclose(table["mean"], folds.mean())
    best = table["mean"].idxmin()
    assert best == comparison.methods.best
    assert best in ("shared supports", "independent L0", "common support", "dial, averaged")
    gap = folds["ridge per task"] - folds[best]
    assert table.loc["ridge per task", "difference"] == pytest.approx(gap.mean())
    assert table.loc["ridge per task", "difference_se"] == pytest.approx(gap.std(ddof=1) * np.sqrt(1 / 5 + 1 / 4))
    assert table.loc[best, "difference"] == table.loc[best, "difference_se"] == 0
    assert table.loc["ridge per task", "selected"] == table.loc["ridge per task", "union"] == 30
    assert (table["union"] >= table["selected"]).all()
    assert (
        table.loc[["pooled lasso", "pooled L0"], "union"] == table.loc[["pooled lasso", "pooled L0"], "selected"]
    ).all()
    assert table.loc["lasso per task", "union"] > table.loc["lasso per task", "selected"]
    assert (table["seconds"] > 0).all()
    runs = {run.name: run for run in comparison.runs}
    cv = model.cross_validate(s=range(1, 6), lambda_1=0.0, lambda_2=0.0, folds=5, rng=0)
    np.testing.assert_allclose(runs["shared supports"].errors.sse, cv.errors.sse, rtol=1e-12)
    lambda_1 = [0, 0.02, 0.1, 0.4, 1.5, 6]
    alone = model.cross_validate(
        s=range(1, 6), lambda_1=lambda_1, lambda_2=0.0, folds=5, rng=0, lambda_z=0, support="independent"
    )
    np.testing.assert_allclose(runs["independent L0"].errors.sse, alone.errors.sse, rtol=1e-12)
    assert repr(comparison) == "<Comparison of 12 methods by rmse>"


def test_pooled_sizes_follow_the_rows_of_all_tasks():
    truth = simulated(n_tasks=4)
    auto = SparseMTL(truth.y, truth.X, truth.task).compare(lambda_z=0, folds=2, rng=0)
    given = SparseMTL(truth.y, truth.X, truth.task).compare(s=[1, 2], lambda_z=0, folds=2, rng=0)

    def most(comparison, name):
        return next(run for run in comparison.runs if run.name == name).errors.settings.s.max()

    n = len(truth.y)
    assert most(auto, "independent L0") == n // 4 // 3
    assert most(auto, "pooled L0") == min(n // 3, truth.X.shape[1], 50)
    assert most(given, "pooled L0") == 2


@pytest.mark.parametrize("shape", ["pooled", "separate"])
def test_the_verdict_finds_what_was_planted(shape):
    rng = np.random.default_rng(1)
    task, X = np.repeat(np.arange(4), 40), rng.standard_normal((160, 12))
    one = np.where(np.arange(12) < 4, 1.0, 0.0)
    coef = (
        np.tile(one[:, None], 4)
        if shape == "pooled"
        else np.column_stack([np.roll(one, 4 * k) * 2 * (-1) ** k for k in range(4)])
    )
    y = (
        np.einsum("ij,ij->i", X, coef[:, task].T)
        + 3.0 * task
        + (4.0 if shape == "pooled" else 1.0) * rng.standard_normal(160)
    )
    comparison = SparseMTL(y, X, task).compare(s=[2, 4], lambda_z=[0, 0.1], folds=5, rng=0)
    judged = comparison.families
    if shape == "pooled":
        assert judged.chosen == judged.indistinct[0] == "pooling"
        assert "separate models are worse" in comparison.verdict.lower()
    else:
        assert "pooling" not in judged.indistinct
        assert "pooling is worse" in comparison.verdict.lower()
    assert comparison.glance().loc[0, "chosen"] == judged.chosen


def test_boosting_is_asked_for(model):
    comparison = model.compare(s=2, lambda_z=0.1, folds=2, rng=0, boosting=True)
    row = comparison.table.loc["gradient boosting"]
    assert row["family"] == "boosting"
    assert np.isnan(row["selected"])
    assert np.isnan(row["union"])
    assert row["settings"] == 10
    with pytest.raises(OptionError, match="boosting"):
        model.compare(boosting="yes")


def test_why_methods_cannot_be_used():
    truth = simulate_shared_supports(n_tasks=3, n=40, p=8, s=2, q=3, shared_X=True, rng=0)
    comparison = SparseMTL(truth.y, truth.X).compare(s=[1, 2], lambda_z=0, folds=3, rng=0, boosting=True)
    why = "the tasks are different outcomes"
    assert comparison.unavailable == dict.fromkeys(
        ("pooled lasso", "pooled ridge", "pooled L0", "pretrained lasso", "gradient boosting"), why
    )
    assert "multi-task lasso" in comparison.table.index
    single = SparseMTL(truth.y[:, 0], truth.X).compare(s=[1, 2], folds=3, rng=0)
    assert set(single.unavailable.values()) == {"the data have one task"}
    assert single.table.index.tolist() == ["null", "shared supports", "lasso per task", "ridge per task"]


def test_pretraining_starts_from_the_pooled_lasso_that_is_best_on_the_other_folds(model, monkeypatch):
    from sparsekin.tuning.sparse.baselines import squares as room

    starts, fit = [], room.fit_pretrained

    def spy(training, problem, settings, start):
        starts.append(start.lambda_1.item())
        return fit(training, problem, settings, start)

    monkeypatch.setattr(room, "fit_pretrained", spy)
    comparison = model.compare(s=2, lambda_z=0, folds=4, rng=0)
    pooled = next(run.errors for run in comparison.runs if run.name == "pooled lasso")
    rmse = np.sqrt(pooled.sse / pooled.weight).mean(axis=2)
    others = [np.delete(rmse, f, axis=1).mean(axis=1).argmin() for f in range(4)]
    assert starts == pooled.settings.lambda_1[others].tolist()


@pytest.mark.parametrize("metric", ["r2", "mae"])
def test_other_metrics_and_schemes(metric):
    truth = simulated(n_tasks=4)
    comparison = SparseMTL(truth.y, truth.X, truth.task).compare(
        s=[2, 3], lambda_z=[0, 1], scheme="leave-one-task-out", metric=metric
    )
    assert comparison.table["mean"].notna().all()
    assert len(comparison.per_fold) == 4
