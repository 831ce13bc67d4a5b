import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import sparsekin
from sparsekin import SparseMTL, SparseResults
from sparsekin.data.profile import unpenalised_columns
from sparsekin.errors import DataError, OptionError
from sparsekin.l0.problem import make_problem, objective


def sites(n=24, seed=0):
    """Three sites of n rows; bmi counts everywhere, crp in siteA and siteB, ldl in siteC."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((3 * n, 5)), columns=["age", "bmi", "crp", "ldl", "tsh"])
    frame["site"] = np.repeat(["siteA", "siteB", "siteC"], n)
    third = np.where(frame["site"] == "siteC", frame["ldl"], frame["crp"])
    frame["y"] = 1 + frame["age"] + 2 * frame["bmi"] - third + 0.1 * rng.standard_normal(3 * n)
    return frame


@pytest.fixture(scope="module")
def data():
    return sites()


@pytest.fixture(scope="module")
def model(data):
    return SparseMTL.from_formula("y ~ .", data=data, task="site", keep=["age"])


def test_it_finds_the_supports(model):
    res = model.fit(s=2)
    assert isinstance(res, SparseResults)
    found = {task: set(res.support.index[res.support[task]]) for task in res.support}
    assert found == {"siteA": {"bmi", "crp"}, "siteB": {"bmi", "crp"}, "siteC": {"bmi", "ldl"}}
    assert res.homogeneity.core == ("bmi",)
    assert res.swap_optimal


def test_objective_and_coefficients_solve_the_problem_that_was_asked(model):
    res = model.fit(s=2, lambda_1=0.3, lambda_2=0.2, lambda_z=0.1, task_weights="rows")
    problem = make_problem(
        res.blocks, res.standard, res.s, lambda_1=0.3, lambda_2=0.2, lambda_z=0.1, task_weights=res.task_weights
    )
    at = res.solution.coef_standardized
    assert res.objective == pytest.approx(objective(problem, at, res.solution.support), rel=1e-12)
    nudge = np.where(res.solution.support, 1e-4, 0.0)
    assert objective(problem, at + nudge, res.solution.support) > res.objective
    assert objective(problem, at - nudge, res.solution.support) > res.objective
    for k in range(3):
        left = res.resid.to_numpy()[res.blocks.rows[k]]
        np.testing.assert_allclose(unpenalised_columns(res.blocks, k).T @ left, 0, atol=1e-9)


def test_arrays_frames_and_formulas_agree(data, model):
    by_formula = model.fit(s=2, lambda_z=0.1)
    X = data[["bmi", "crp", "ldl", "tsh"]]
    for given, options in (
        (X, {}),
        (X.to_numpy(), {"feature_names": list(X)}),
        (sparse.csr_array(X.to_numpy()), {"feature_names": list(X)}),
    ):
        res = SparseMTL(data["y"], given, data["site"], keep=data[["age"]], **options).fit(s=2, lambda_z=0.1)
        np.testing.assert_allclose(res.params.to_numpy(), by_formula.params.to_numpy(), atol=1e-9)
        assert list(res.params.index) == list(by_formula.params.index)


def test_task_weights(data):
    uneven = data.drop(index=data.index[:12])
    model = SparseMTL.from_formula("y ~ .", uneven, "site")
    np.testing.assert_allclose(model.fit(s=1, task_weights="rows").task_weights, np.array([12, 24, 24]) * 3 / 60)
    np.testing.assert_array_equal(model.fit(s=1).task_weights, 1.0)


@pytest.mark.parametrize(
    ("s", "sizes"),
    [
        (2, [2, 2, 2]),
        ([1, 2, 3], [1, 2, 3]),
        ({"siteC": 1, "siteA": 3, "siteB": 2}, [3, 2, 1]),
        (99, [4, 4, 4]),
        (np.int64(2), [2, 2, 2]),
        (np.array([1, 1, 2]), [1, 1, 2]),
    ],
)
def test_sizes(model, s, sizes):
    res = model.fit(s=s, lambda_1=0.01)
    assert res.s.tolist() == sizes
    assert (res.homogeneity.sizes <= sizes).all()


@pytest.mark.parametrize("s", [-1, 2.5, 2.0, "2", True, None, [1, 2, -1], {"siteA": 1, "siteB": 1, "siteC": 1.5}])
def test_s_that_is_no_size(model, s):
    with pytest.raises(OptionError, match=r"s = .* is not a whole number >= 0\."):
        model.fit(s=s)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"s": [1, 2]}, "s has 2 values for 3 tasks; give one number, or one per task"),
        ({"s": {"siteA": 1}}, "s has no value for task 'siteB', 'siteC'; give one for every task"),
        ({"s": {"siteZ": 1}}, "s names task 'siteZ', which the data do not have; they have 'siteA', 'siteB', 'siteC'"),
        ({"support": "all"}, "support = 'all' is not one of 'heterogeneous', 'common', 'independent'"),
        ({"task_weights": "n"}, "task_weights = 'n' is not one of 'auto', 'equal', 'rows'"),
        ({"effort": 3}, "effort = 3 is not one of 0, 1, 2"),
        ({"effort": True}, "effort = True is not one of 0, 1, 2"),
        ({"lambda_1": -1}, "lambda_1 = -1 must be finite and not negative"),
        ({"lambda_2": "a"}, "lambda_2 = 'a' is not a number"),
        ({"lambda_z": np.inf}, "lambda_z = inf must be finite and not negative"),
        (
            {"support": "independent", "lambda_z": 0.5},
            "support='independent' shares nothing between tasks, so lambda_z = 0.5 has no meaning; set lambda_z=0",
        ),
        ({"support": "independent", "lambda_2": 1}, "so lambda_2 = 1 has no meaning"),
        (
            {"support": "common", "s": [1, 2, 2]},
            "support='common' selects the same features in every task, but s differs: 1 for 'siteA', 2 for 'siteB'",
        ),
    ],
)
def test_option_messages(model, options, message):
    with pytest.raises(OptionError) as error:
        model.fit(**{"s": 2, **options})
    assert message in str(error.value)


@pytest.mark.parametrize("options", [{"standardize": "columns"}, {"standardize": True}, {"scale_outcome": "yes"}])
def test_model_options(data, options):
    name = next(iter(options))
    with pytest.raises(OptionError, match=f"{name} = .* is not one of"):
        SparseMTL.from_formula("y ~ .", data, "site", **options)


def few(data, **rows):
    return pd.concat([data[data["site"] == site].head(rows.get(site, 24)) for site in ("siteA", "siteB", "siteC")])


@pytest.mark.parametrize(
    ("rows", "s", "keep", "message"),
    [
        ({"siteB": 3}, 5, (), "'siteB' has 3 complete rows but s = 5; lower s or drop the task."),
        ({"siteB": 1}, 2, (), "'siteB' has 1 complete row but s = 2; lower s or drop the task."),
        ({"siteB": 3}, 3, (), "'siteB' has 3 complete rows but s = 3 besides the intercept; lower s or drop the task."),
        (
            {"siteB": 4},
            3,
            ("age",),
            "has 4 complete rows but s = 3 besides the intercept and the always-in terms; lower s",
        ),
        (
            {"siteA": 2, "siteC": 2},
            3,
            (),
            "Task 'siteA' has 2 complete rows but s = 3; lower s or drop the task. The same",
        ),
        ({"siteA": 2, "siteC": 2}, 3, (), "The same holds for 'siteC'."),
    ],
)
def test_tasks_with_too_few_rows(data, rows, s, keep, message):
    model = SparseMTL.from_formula("y ~ .", few(data, **rows), "site", keep=keep)
    with pytest.raises(DataError) as error:
        model.fit(s=s)
    assert message in str(error.value)


def test_few_rows_are_enough_for_every_feature_under_a_ridge(data):
    model = SparseMTL.from_formula("y ~ .", few(data, siteB=3), "site")
    with pytest.raises(DataError, match="Task 'siteB' has 3 complete rows but s = 5"):
        model.fit(s=9)
    assert model.fit(s=9, lambda_1=0.1).homogeneity.sizes["siteB"] == 5
    assert model.fit(s={"siteA": 5, "siteB": 2, "siteC": 5}).homogeneity.sizes["siteB"] == 2


def test_outcomes_with_too_few_rows(data):
    sparse_outcome = data.assign(z=np.where(np.arange(len(data)) < 2, data["y"], np.nan)).drop(columns="site")
    model = SparseMTL.from_formula("y + z ~ .", sparse_outcome)
    with pytest.raises(DataError, match="Outcome 'z' has 2 complete rows but s = 4; lower s or drop the outcome"):
        model.fit(s=4)


def test_one_task_with_sharing_penalties_is_fine(data):
    alone = SparseMTL.from_formula("y ~ .", data[data["site"] == "siteA"].drop(columns="site"))
    plain = alone.fit(s=3)
    np.testing.assert_allclose(alone.fit(s=3, lambda_z=5.0, lambda_2=2.0).params, plain.params, atol=1e-9)
    assert np.isnan(plain.homogeneity.mean_jaccard)
    assert plain.summary().title == "L0 regression"
    assert "homogeneity" not in plain.summary().as_text()
    assert repr(plain).startswith("<SparseResults of y: 1 task, 24 rows")


def test_common_and_large_lambda_z_share_the_support(model):
    common = model.fit(s=2, support="common")
    assert common.support.nunique(axis=1).eq(1).all()
    assert model.fit(s=2, lambda_z=1e3).objective == pytest.approx(common.objective)
    assert common.summary().title == "Common-support L0 regression"


def test_independent_is_each_task_by_itself(data, model):
    together = model.fit(s=2, support="independent")
    for site in ("siteA", "siteB", "siteC"):
        alone = SparseMTL.from_formula("y ~ . - site", data[data["site"] == site], keep=["age"]).fit(s=2)
        np.testing.assert_allclose(together.params[site], alone.params.iloc[:, 0], atol=1e-9)


def test_dropped_rows_and_the_users_frame(data):
    gaps = data.copy()
    gaps.loc[[0, 30], "tsh"] = np.nan
    before = gaps.copy()
    with pytest.raises(DataError, match="Missing values in 2 of 72 rows: tsh"):
        SparseMTL.from_formula("y ~ .", gaps, "site")
    model = SparseMTL.from_formula("y ~ .", gaps, "site", missing="drop")
    assert model.ledger.describe() == "2 of 72 rows dropped: tsh (2)"
    assert model.design.feature_names == model.blocks.feature_names
    assert model.fit(s=1).nobs == 70
    pd.testing.assert_frame_equal(gaps, before)


def test_results_have_tables_pictures_and_files(model, data, tmp_path):
    res = model.fit(s=2, lambda_z=0.1)
    text = res.summary().as_text()
    assert "swap-optimal: no single add, drop or swap improves it" in text
    assert len(res.glance()) == 1
    assert set(res.tidy()["kind"]) == {"intercept", "keep", "candidate"}
    assert ".fitted" in res.augment(data)
    assert res.plot_support().get_xlabel() == "site"
    res.save(tmp_path / "fit.npz")
    again = SparseResults.load(tmp_path / "fit.npz")
    assert again.summary().as_text() == text
    pd.testing.assert_series_equal(again.predict(data), res.predict(data))


def test_results_are_frozen_and_print_as_one_line(model):
    res = model.fit(s=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        res.lambda_z = 1.0
    assert repr(res).startswith("<SparseResults of y by site: 3 tasks, 72 rows, ")


def test_the_public_names():
    assert sparsekin.SparseMTL is SparseMTL
    assert sparsekin.SparseResults is SparseResults
