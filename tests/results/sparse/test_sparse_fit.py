import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse

from results.stand_in import fit_arrays, fit_frame
from sparsekin.errors import DataError, OptionError
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.unavailable import Unavailable


def clinic(seed=0, n=72):
    """Three sites side by side row by row, a labelled index, one value missing, chol constant within south."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((n, 4)), columns=["age", "bmi", "crp", "chol"])
    frame["site"] = np.tile(["north", "south", "west"], n // 3)
    frame.loc[frame["site"] == "south", "chol"] = 0.0
    frame["sbp"] = 120 + 3 * frame["age"] + 2 * frame["bmi"] + rng.standard_normal(n)
    frame.index = pd.Index([f"p{i:03d}" for i in range(n)], name="person")
    frame.loc["p004", "crp"] = np.nan
    return frame


@pytest.fixture(scope="module")
def data():
    return clinic()


@pytest.fixture(scope="module")
def fit(data):
    return fit_frame(SparseFit, "sbp ~ .", data, task="site", keep=["age"], missing="drop")


def least_squares(fit, data, site):
    rows = data.dropna()[data.dropna()["site"] == site]
    columns = ["age", *fit.support.index[fit.support[site]]]
    return sm.OLS(rows["sbp"], sm.add_constant(rows[columns])).fit()


def test_params_rows_and_columns(fit):
    assert list(fit.params.index) == ["Intercept", "age", "bmi", "crp", "chol"]
    assert list(fit.params.columns) == ["north", "south", "west"]
    assert fit.params.columns.name == "site"


@pytest.mark.parametrize("site", ["north", "south", "west"])
def test_everything_per_task_is_what_least_squares_says(fit, data, site):
    peer = least_squares(fit, data, site)
    mine = fit.params[site]
    np.testing.assert_allclose(mine[mine != 0].to_numpy(), peer.params.to_numpy())
    np.testing.assert_allclose(fit.fittedvalues[peer.fittedvalues.index], peer.fittedvalues)
    np.testing.assert_allclose(fit.resid[peer.resid.index], peer.resid)
    row = fit.task_fit.loc[site]
    assert (row["n"], row["selected"]) == (peer.nobs, 2)
    assert row["r2"] == fit.rsquared[site] == pytest.approx(peer.rsquared)
    assert row["resid_sd"] == fit.resid_sd[site] == pytest.approx(np.sqrt(peer.scale))
    assert row["rmse"] == fit.rmse[site] == pytest.approx(np.sqrt(np.mean(peer.resid**2)))


def test_rows_come_back_on_the_users_index_in_the_users_order(fit, data):
    kept = data.index.drop("p004")
    assert fit.fittedvalues.index.equals(kept)
    assert fit.resid.index.equals(kept)
    assert fit.task_column.tolist() == data.loc[kept, "site"].tolist()
    assert fit.nobs == 71
    assert fit.n_obs.to_dict() == {"north": 24, "south": 23, "west": 24}


def test_tasks_side_by_side_in_another_order_than_their_names():
    data = clinic().dropna().sort_values("site", ascending=False)
    fit = fit_frame(SparseFit, "sbp ~ .", data, task="site")
    assert [rows.start for rows in fit.blocks.rows] != sorted(rows.start for rows in fit.blocks.rows)
    pd.testing.assert_series_equal(fit.predict(data), fit.fittedvalues, check_names=False)
    assert fit.task_column.tolist() == data["site"].tolist()


def test_support_and_selected(fit):
    assert fit.support.dtypes.unique().tolist() == [np.dtype(bool)]
    assert fit.selected == [name for name in fit.support.index if fit.support.loc[name].any()]
    assert not fit.support.loc["chol", "south"]
    assert fit.constant_columns == {"south": ["chol"]}
    assert fit.homogeneity.sizes.tolist() == [2, 2, 2]


def test_changing_what_is_handed_out_leaves_the_fit_alone(fit):
    before, params, support = fit.params, fit.params, fit.support
    params.iloc[:] = 0.0
    support.iloc[:] = True
    pd.testing.assert_frame_equal(fit.params, before)
    assert not fit.support.all().all()


def test_solver_report_and_no_naive_inference(fit):
    assert (fit.bound, fit.gap, fit.status, fit.swap_gain, fit.swap_optimal) == (None, None, "converged", 0.25, False)
    assert fit.objective == fit.solution.objective
    assert fit.se_kind == "none"
    for nothing in (fit.bse, fit.pvalues, fit.conf_int()):
        assert isinstance(nothing, Unavailable)


@pytest.mark.parametrize(("status", "gain", "optimal"), [("swap-optimal", 0.0, True), ("converged", None, None)])
def test_swap_optimal(data, status, gain, optimal):
    changes = {"status": status, "swap_gain": gain}
    fit = fit_frame(SparseFit, "sbp ~ .", data, task="site", missing="drop", changes=changes)
    assert fit.swap_optimal is optimal


def test_repr_is_one_line(fit):
    assert repr(fit) == "<SparseFit of sbp by site: 3 tasks, 71 rows, 3 of 3 candidates selected, converged>"


def test_predict_by_task_mean_and_label(fit, data):
    new = data.drop(columns="sbp").iloc[[7, 0, 4, 2]]
    by_task = fit.predict(new)
    np.testing.assert_allclose(by_task.iloc[[0, 1, 3]], fit.fittedvalues[new.index[[0, 1, 3]]])
    assert by_task.index.equals(new.index)
    assert np.isnan(by_task["p004"])
    elsewhere = new.assign(site="east").iloc[[0, 1, 3]]
    each = np.column_stack([fit.predict(elsewhere, task=site) for site in ("north", "south", "west")])
    shares = fit.n_obs.to_numpy() / fit.nobs
    np.testing.assert_allclose(fit.predict(elsewhere, how="pooled"), each @ shares)
    names = ["age", "bmi", "crp", "chol"]
    middle = data.dropna()[names].mean().to_numpy()
    coef, constant = fit.params.drop("Intercept").to_numpy(), fit.params.loc["Intercept"].to_numpy()
    level = shares @ (constant + middle @ coef)
    one = level + (elsewhere[names].to_numpy() - middle) @ coef.mean(axis=1)
    np.testing.assert_allclose(fit.predict(elsewhere, how="mean"), one)
    np.testing.assert_allclose(fit.predict(elsewhere, task=["west", "north", "south"]), each[[0, 1, 2], [2, 0, 1]])


def test_predict_without_new_rows(fit, data):
    np.testing.assert_allclose(fit.predict(), fit.fittedvalues)
    pd.testing.assert_series_equal(fit.predict(how="mean"), fit.predict(data.dropna(), how="mean"), check_names=False)


def test_a_row_without_a_task_is_nan(fit, data):
    new = data.iloc[:3].astype({"site": object})
    new.iloc[1, new.columns.get_loc("site")] = None
    assert fit.predict(new).isna().tolist() == [False, True, False]


def test_predict_messages(fit, data):
    new = data.iloc[:3]
    with pytest.raises(
        DataError, match=r"not fitted to task 'east' \(it knows 'north', 'south', 'west'\); use how=\"mean\""
    ):
        fit.predict(new.assign(site="east"))
    with pytest.raises(DataError, match=r"add the column 'site', pass task=... or use how=\"mean\""):
        fit.predict(new.drop(columns="site"))
    with pytest.raises(DataError, match="task has 2 labels for 3 rows; give one label, or one per row"):
        fit.predict(new, task=["north", "south"])
    with pytest.raises(OptionError, match="how = 'median' is not one of 'task', 'mean'"):
        fit.predict(new, how="median")


def test_arrays_with_a_keep_array_and_new_rows():
    rng = np.random.default_rng(3)
    X, U = rng.standard_normal((40, 5)), rng.standard_normal((40, 1))
    y = X[:, 2] + U[:, 0] + 0.1 * rng.standard_normal(40)
    task = np.repeat([10, 20], 20)
    fit = fit_arrays(SparseFit, y, X, task, keep=U, s=1)
    np.testing.assert_allclose(fit.predict(X, task=task, keep=U), fit.fittedvalues)
    with pytest.raises(DataError, match=r"The new rows have no task: pass task=... or use how=\"mean\""):
        fit.predict(X, keep=U)


def test_sparse_columns_give_what_dense_ones_give():
    rng = np.random.default_rng(4)
    X = sparse.random(60, 6, density=0.5, random_state=rng)
    y, task = X.toarray()[:, 1] * 3 + rng.standard_normal(60), np.repeat(["a", "b"], 30)
    thin, full = fit_arrays(SparseFit, y, X, task), fit_arrays(SparseFit, y, X.toarray(), task)
    pd.testing.assert_series_equal(thin.fittedvalues, full.fittedvalues)
    np.testing.assert_allclose(thin.predict(X, task=task), full.predict(X.toarray(), task=task))


@pytest.fixture(scope="module")
def labels():
    data = clinic(5).drop(columns="site").dropna()
    data["dbp"] = 80 - data["crp"]
    data.loc["p010", "dbp"] = np.nan
    return data, fit_frame(SparseFit, "sbp + dbp ~ age + bmi + crp", data, s=1, missing="drop")


def test_several_outcomes_have_a_column_each(labels):
    data, fit = labels
    assert list(fit.predict(data.iloc[:5]).columns) == list(fit.fittedvalues.columns) == ["sbp", "dbp"]
    assert fit.n_obs.to_dict() == {"sbp": 71, "dbp": 70}
    assert fit.resid["dbp"].isna().sum() == 1
    np.testing.assert_allclose(fit.predict(data), fit.fittedvalues)
    assert fit.task_column is None
    complete = data.dropna()
    peer = sm.OLS(complete["dbp"], sm.add_constant(complete["crp"])).fit()
    assert fit.resid_sd["dbp"] == pytest.approx(np.sqrt(peer.scale), abs=1e-9)


def test_a_missing_covariate_gives_a_row_of_nan(labels):
    data, fit = labels
    new = data.iloc[:3].copy()
    new.iloc[1, new.columns.get_loc("crp")] = np.nan
    assert fit.predict(new).isna().all(axis=1).tolist() == [False, True, False]


def test_the_mean_of_different_outcomes_is_refused(labels):
    with pytest.raises(
        OptionError, match="how='mean' averages models of one outcome; here the tasks are outcomes: sbp, dbp"
    ):
        labels[1].predict(labels[0], how="mean")


def test_weights_and_no_intercept_match_weighted_least_squares():
    data = clinic(6).dropna()
    weights = np.random.default_rng(0).integers(1, 4, len(data)).astype(float)
    fit = fit_frame(SparseFit, "sbp ~ age + bmi - 1", data, s=2, weights=weights)
    peer = sm.WLS(data["sbp"], data[["age", "bmi"]], weights=weights).fit()
    assert list(fit.params.index) == ["age", "bmi"]
    np.testing.assert_allclose(fit.params.iloc[:, 0], peer.params)
    assert fit.rsquared.iloc[0] == pytest.approx(peer.rsquared)
    assert fit.resid_sd.iloc[0] == pytest.approx(np.sqrt(peer.scale))
    assert fit.rmse.iloc[0] == pytest.approx(np.sqrt(np.average(peer.resid**2, weights=weights)))


def test_no_spare_rows_and_constant_outcome_are_nan():
    X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 0.5]])
    fit = fit_arrays(SparseFit, np.array([1.0, 2.0, 4.0]), X, s=2)
    assert np.isnan(fit.resid_sd.iloc[0])
    assert fit.rsquared.iloc[0] == pytest.approx(1.0)
    flat = fit_arrays(SparseFit, np.ones(4), np.arange(8.0).reshape(4, 2) ** 2, s=1)
    assert np.isnan(flat.rsquared.iloc[0])
