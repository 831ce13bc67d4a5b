"""A model from moments gives the fits of the rows, and says what it cannot give."""

from functools import reduce
from operator import add

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL, SparseResults, datasets, moments
from sparsekin.errors import DataError, SparsekinError


def rows(n=40, p=12, K=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n * K, p)) @ np.linalg.cholesky(0.5 ** np.abs(np.subtract.outer(range(p), range(p)))).T
    X = X * np.geomspace(0.1, 10, p) + rng.uniform(-5, 5, p)
    task = np.repeat([f"site{k}" for k in range(K)], n)
    B = rng.standard_normal((p, K)) / np.geomspace(0.1, 10, p)[:, None]
    B[rng.permutation(p)[: p - 5]] = 0
    y = 3 + np.einsum("ij,ij->i", X, B.T[np.repeat(range(K), n)]) + rng.standard_normal(n * K)
    return y, X, task


def assert_same_fit(mine, other, tol=1e-9):
    """`mine` is from moments, `other` from rows."""
    pd.testing.assert_frame_equal(mine.support, other.support)
    assert abs(mine.objective - other.objective) <= tol * abs(other.objective)
    pd.testing.assert_frame_equal(mine.params, other.params, rtol=tol, atol=tol * 1e-3)
    pd.testing.assert_frame_equal(mine.task_fit, other.task_fit, rtol=tol, check_dtype=False)
    np.testing.assert_allclose(mine.standard.center, other.standard.center, rtol=tol)
    np.testing.assert_allclose(mine.standard.scale, other.standard.scale, rtol=tol)
    assert mine.constant_columns == other.constant_columns
    assert mine.nobs == (mine.n_obs.iloc[0] if mine.blocks.shared else mine.n_obs.sum())
    pd.testing.assert_series_equal(mine.n_obs, other.n_obs)


@pytest.mark.parametrize("support", ["heterogeneous", "common", "independent"])
@pytest.mark.parametrize("standardize", ["within", "pooled", False])
@pytest.mark.parametrize("weighted", [False, True])
def test_fits_are_those_of_the_rows(support, standardize, weighted):
    y, X, task = rows()
    given = {"weights": np.random.default_rng(1).integers(0, 4, len(y)).astype(float)} if weighted else {}
    given["keep"] = ["x2", "x7"]
    setting = {"s": 4, "lambda_1": 0.01, "support": support}
    if support == "heterogeneous":
        setting |= {"lambda_2": 0.05, "lambda_z": 0.1, "task_weights": "rows"}
    model = SparseMTL.from_moments(moments.from_arrays(y, X, task, **given), standardize=standardize)
    assert_same_fit(model.fit(**setting), SparseMTL(y, X, task, **given, standardize=standardize).fit(**setting))


def test_outcomes_can_be_scaled():
    y, X, task = rows()
    y[task == "site1"] *= 100
    model = SparseMTL.from_moments(moments.from_arrays(y, X, task), scale_outcome=True)
    assert_same_fit(model.fit(s=3), SparseMTL(y, X, task, scale_outcome=True).fit(s=3))


def test_several_outcomes_of_one_design():
    y, X, _ = rows()
    Y = np.column_stack([y, X[:, 3] - y, X[:, 1] + X[:, 2]]) + np.random.default_rng(2).standard_normal((120, 3))
    for given in ({}, {"weights": np.linspace(0.5, 2, 120), "keep": ["x1"]}):
        model = SparseMTL.from_moments(moments.from_arrays(Y, X, **given))
        mine, other = (m.fit(s=4, lambda_z=0.1, lambda_2=0.1) for m in (model, SparseMTL(Y, X, **given)))
        assert_same_fit(mine, other)
        pd.testing.assert_frame_equal(mine.predict(X[:5]), other.predict(X[:5]), rtol=1e-9)


def test_more_columns_than_rows():
    y, X, task = rows(n=30, p=80)
    setting = {"s": 6, "lambda_z": 0.05, "lambda_1": 1e-3}
    found = SparseMTL.from_moments(moments.from_arrays(y, X, task)).fit(**setting)
    assert_same_fit(found, SparseMTL(y, X, task).fit(**setting))


def test_all_columns_with_a_ridge():
    y, X, task = rows(n=9)
    found = SparseMTL.from_moments(moments.from_arrays(y, X, task)).fit(s=12, lambda_1=0.3, lambda_2=0.2)
    assert_same_fit(found, SparseMTL(y, X, task).fit(s=12, lambda_1=0.3, lambda_2=0.2))


def test_constant_columns_cannot_be_selected():
    y, X, task = rows()
    X[task == "site0", 4], X[:, 8] = 1e6 / 3, 0.1
    found = SparseMTL.from_moments(reduce(add, [moments.from_arrays(y[i::3], X[i::3], task[i::3]) for i in range(3)]))
    assert found.fit(s=4).constant_columns["site0"] == ["x5", "x9"]
    assert_same_fit(found.fit(s=12, lambda_1=0.1), SparseMTL(y, X, task).fit(s=12, lambda_1=0.1))


def test_no_intercept():
    y, X, task = rows()
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(1, 13)]).assign(y=y, site=task)
    found = SparseMTL.from_moments(moments.from_frame("y ~ . - 1", frame, "site")).fit(s=4)
    assert_same_fit(found, SparseMTL.from_formula("y ~ . - 1", frame, "site").fit(s=4))
    assert "Intercept" not in found.params.index


@pytest.mark.parametrize("loc", [1e6, 1e12])
def test_columns_far_from_zero_lose_nothing(loc):
    y, X, task = rows()
    X = X / np.geomspace(0.1, 10, 12) + loc
    parts = [moments.from_arrays(y[i::10], X[i::10], task[i::10]) for i in range(10)]
    setting = {"s": 4, "lambda_1": 0.01, "lambda_2": 0.05, "lambda_z": 0.1}
    found = SparseMTL.from_moments(reduce(add, parts)).fit(**setting)
    near = SparseMTL(y, X - loc, task).fit(**setting)  # the subtraction is exact
    assert abs(found.objective / near.objective - 1) < 1e-12
    np.testing.assert_allclose(found.solution.coef, near.solution.coef, rtol=1e-11, atol=1e-13)


def test_a_fold_taken_away_is_a_fit_of_the_rest():
    y, X, task = rows()
    fold = np.arange(len(y)) % 5 == 2
    rest = moments.from_arrays(y, X, task) - moments.from_arrays(y[fold], X[fold], task[fold])
    found = SparseMTL.from_moments(rest).fit(s=4, lambda_z=0.1)
    assert_same_fit(found, SparseMTL(y[~fold], X[~fold], task[~fold]).fit(s=4, lambda_z=0.1))


def test_too_few_rows_are_counted_in_rows_of_the_data():
    y, X, task = rows()
    few = np.r_[0:40, 40:43]
    with pytest.raises(DataError, match=r"^Task 'site1' has 3 complete rows but s = 5; lower s or drop the task\.$"):
        SparseMTL.from_moments(moments.from_arrays(y[few], X[few], task[few])).fit(s=5)


@pytest.fixture
def people():
    rng = np.random.default_rng(5)
    n = 90
    frame = pd.DataFrame(rng.standard_normal((n, 4)), columns=["age", "bmi", "crp", "ldl"])
    frame["sex"] = rng.choice(["f", "m", "x"], n)
    frame["site"] = np.repeat(["north", "south", "west"], n // 3)
    frame["y"] = frame["bmi"] + (frame["sex"] == "m") + frame["age"] * (frame["site"] == "west")
    frame["y"] += 0.3 * rng.standard_normal(n)
    return frame


FORMULA = "y ~ age + bmi + crp + ldl + sex + age:bmi"


def test_a_frame_is_predicted_by_name(people):
    found = SparseMTL.from_moments(moments.from_frame(FORMULA, people, "site", keep=["age"])).fit(s=2)
    other = SparseMTL.from_formula(FORMULA, people, "site", keep=["age"]).fit(s=2)
    assert_same_fit(found, other)
    new = people.iloc[::7].sample(frac=1, random_state=1)[people.columns[::-1]].drop(columns="y")
    for how in ("task", "mean"):
        pd.testing.assert_series_equal(found.predict(new, how=how), other.predict(new, how=how), rtol=1e-9)


def test_arrays_and_their_names_are_predicted():
    y, X, task = rows()
    X = pd.DataFrame(X, columns=[f"g{j}" for j in range(12)])
    found = SparseMTL.from_moments(moments.from_arrays(y, X, task, keep=["g2"])).fit(s=3)
    expected = SparseMTL(y, X, task, keep=["g2"]).fit(s=3).predict(X[:6], task="site2")
    pd.testing.assert_series_equal(found.predict(X.iloc[:6, ::-1], task="site2"), expected, rtol=1e-9)
    np.testing.assert_allclose(found.predict(X.to_numpy()[:6], task="site2"), expected, rtol=1e-9)


def test_always_in_columns_of_their_own_are_found_in_a_new_frame():
    y, X, task = rows()
    frame = pd.DataFrame(X, columns=[f"g{j}" for j in range(12)])
    kept, rest = frame[["g2"]], frame.drop(columns="g2")
    found = SparseMTL.from_moments(moments.from_arrays(y, rest, task, keep=kept)).fit(s=3)
    by_arrays = found.predict(rest.to_numpy()[:6], task="site2", keep=kept.to_numpy()[:6])
    np.testing.assert_allclose(found.predict(frame[:6], task="site2"), by_arrays, rtol=1e-12)
    with pytest.raises(DataError, match=r"lack columns the model was fitted with: 'g2'"):
        found.predict(rest[:6], task="site2")


def test_what_needs_rows_says_why(people):
    found = SparseMTL.from_moments(moments.from_frame(FORMULA, people, "site")).fit(s=2)
    for missing in (found.fittedvalues, found.resid, found.task_column, found.augment(), found.augment(people)):
        assert str(missing) == "Not available: the model was fitted from moments: the rows stayed at the sites"
        with pytest.raises(SparsekinError, match="fitted from moments"):
            missing + 1
    with pytest.raises(DataError, match="There are no rows to predict: the model was fitted from moments"):
        found.predict()
    with pytest.raises(DataError, match="There are no rows to predict"):
        found.predict(how="mean")


def test_tables_are_those_of_the_rows(people):
    found = SparseMTL.from_moments(moments.from_frame(FORMULA, people, "site")).fit(s=2, lambda_z=0.1)
    other = SparseMTL.from_formula(FORMULA, people, "site").fit(s=2, lambda_z=0.1)
    pd.testing.assert_frame_equal(found.tidy(), other.tidy(), rtol=1e-9)
    pd.testing.assert_frame_equal(
        found.glance().drop(columns="seconds"), other.glance().drop(columns="seconds"), rtol=1e-9, atol=1e-12
    )
    mine, theirs = (str(res.summary()).splitlines() for res in (found, other))
    assert [line for line in mine if "Status" not in line] == [line for line in theirs if "Status" not in line]
    assert repr(found) == repr(other)


def test_paths_and_criteria_are_those_of_the_rows(people):
    grid = {"s": range(1, 5), "lambda_z": [0.0, 0.05]}
    found = SparseMTL.from_moments(moments.from_frame(FORMULA, people, "site"))
    other = SparseMTL.from_formula(FORMULA, people, "site")
    pd.testing.assert_frame_equal(found.path(**grid).table, other.path(**grid).table, rtol=1e-9)
    pd.testing.assert_frame_equal(found.select(**grid).params, other.select(**grid).params, rtol=1e-9, atol=1e-12)
    for name in ("cross_validate", "compare"):
        with pytest.raises(DataError, match="holds rows out, and a model made from moments has none"):
            getattr(found, name)(**grid)


def test_plasma_proteins_of_few_people_per_genotype():
    frame = datasets.load_ad_biomarkers().drop(columns=["diagnosis", "Ab_42", "p_tau"])
    frame = frame[frame.groupby("genotype")["tau"].transform("size") > 10]
    setting, keep = {"s": 4, "lambda_z": 0.05, "lambda_1": 0.01}, ["age", "male"]
    found = SparseMTL.from_moments(moments.from_frame("tau ~ .", frame, "genotype", keep=keep))
    assert_same_fit(
        found.fit(**setting), SparseMTL.from_formula("tau ~ .", frame, "genotype", keep=keep).fit(**setting)
    )


def test_a_saved_fit_comes_back(people, tmp_path):
    found = SparseMTL.from_moments(moments.from_frame(FORMULA, people, "site", keep=["crp"])).fit(s=2)
    found.save(tmp_path / "fit.npz")
    again = SparseResults.load(tmp_path / "fit.npz")
    pd.testing.assert_frame_equal(again.params, found.params)
    pd.testing.assert_frame_equal(again.task_fit, found.task_fit)
    pd.testing.assert_series_equal(again.predict(people), found.predict(people))
    assert str(again.fittedvalues) == str(found.fittedvalues)
    assert again.nobs == 90
