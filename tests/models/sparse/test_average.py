"""An average is the mean of its members; small coefficients are left out of its reading, and of it where asked for."""

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse

from contract.made import average
from sparsekin import SparseMTL, SparseResults, moments
from sparsekin.errors import DataError, OptionError, SparsekinError
from sparsekin.models.sparse.average import AverageResults, average_of
from sparsekin.results.unavailable import Unavailable

SETTINGS = [{"s": 4, "lambda_1": 0.3}, {"s": 2}, {"s": 3, "lambda_2": 1.0}, {"s": 4}]


def sites(seed=0, n=90):
    """Three sites side by side, a value missing, weights, an always-in column; x0 strong, x1 weak, x2 in one site."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.standard_normal((n, 6)), columns=[f"x{j}" for j in range(6)])
    data["age"] = rng.normal(50, 5, n)
    data["site"] = np.tile(["north", "south", "west"], n // 3)
    data["w"] = rng.integers(1, 4, n).astype(float)
    data["y"] = 20 + 3 * data["x0"] + 0.3 * data["x1"] + (data["site"] == "west") * data["x2"] + 0.1 * data["age"]
    data["y"] += 0.5 * rng.standard_normal(n)
    data.index = [f"p{i:02d}" for i in range(n)]
    data.loc["p07", "x3"] = np.nan
    return data


@pytest.fixture(scope="module")
def data():
    return sites()


@pytest.fixture(scope="module")
def model(data):
    return SparseMTL.from_formula("y ~ . - w", data, "site", keep=["age"], weights="w", missing="drop")


@pytest.fixture(scope="module")
def found(model):
    return average(model, SETTINGS)


@pytest.fixture(scope="module")
def fits(model):
    return [model.fit(**setting) for setting in SETTINGS]


def mean(values):
    return sum(values) / len(values)


def test_predictions_are_the_means_of_predictions(data, found, fits):
    new = data.drop(columns="y").iloc[[5, 0, 7, 44]]
    pd.testing.assert_series_equal(found.predict(new), mean([fit.predict(new) for fit in fits]))
    pd.testing.assert_series_equal(found.predict(), mean([fit.predict() for fit in fits]))
    pd.testing.assert_series_equal(found.fittedvalues, mean([fit.fittedvalues for fit in fits]))
    pd.testing.assert_series_equal(found.resid, mean([fit.resid for fit in fits]))
    east = new.assign(site="east")
    pd.testing.assert_series_equal(found.predict(east, "mean"), mean([fit.predict(east, "mean") for fit in fits]))
    west = found.predict(east, task="west")
    pd.testing.assert_series_equal(west, mean([fit.predict(east, task="west") for fit in fits]))
    with pytest.raises(DataError, match=r"not fitted to task 'east'.*use how=\"mean\""):
        found.predict(east)


def test_coefficients_and_shares_are_means(found, fits):
    pd.testing.assert_frame_equal(found.params, mean([fit.params for fit in fits]))
    expected = mean([fit.support.astype(float) for fit in fits])
    pd.testing.assert_frame_equal(found.inclusion_weights, expected)
    assert set(found.inclusion_weights.loc["x0"]) == {1.0}
    assert {0.25, 0.5, 0.75} & set(expected.to_numpy().ravel())
    assert found.nobs == fits[0].nobs == 89
    pd.testing.assert_series_equal(found.n_obs, fits[0].n_obs)


def test_half_of_two_members(model):
    both = average(model, [{"s": 2}, {"s": 1}])
    assert set(both.inclusion_weights.loc["x0"]) == {1.0}
    assert sorted(np.unique(both.inclusion)) == [0.0, 0.5, 1.0]


def test_the_cut_is_a_share_of_the_largest_coefficient_times_sd(data, found):
    rows = data.dropna()
    for site in ("north", "south", "west"):
        mine = rows[rows["site"] == site]
        features = list(found.support.index)
        centred = mine[features] - np.average(mine[features], axis=0, weights=mine["w"])
        sd = np.sqrt(np.average(centred**2, axis=0, weights=mine["w"]))
        size = np.abs(found.params.loc[features, site]) * sd
        for cut in (0.0, 0.05, 0.2, 1.0):
            read = found.at_cut(cut)
            expected = (size > 0) & (size >= cut * size.max() * (1 - 1e-12))
            pd.testing.assert_series_equal(read.support[site], expected, check_names=False)
            assert read.homogeneity.sizes[site] == read.task_fit.loc[site, "selected"] == expected.sum()
    assert found.at_cut(0.0).selected == [name for name in found.support.index if found.params.loc[name].any()]
    assert found.at_cut(1.0).selected == ["x0"]
    assert found.cut == 0.05
    np.testing.assert_array_equal(found.at_cut(1.0).predict(), found.predict())


def test_units_do_not_decide_what_is_small(data):
    other = data.assign(x1=1e6 * data["x1"], x2=1e-7 * data["x2"], y=1e3 * data["y"] + 5)
    for options in ({}, {"standardize": "pooled", "scale_outcome": True}):
        models = [SparseMTL.from_formula("y ~ . - w", one, "site", missing="drop", **options) for one in (data, other)]
        supports = [average(one, SETTINGS).at_cut(cut).support for cut in (0.05, 0.15) for one in models]
        pd.testing.assert_frame_equal(supports[0], supports[1])
        pd.testing.assert_frame_equal(supports[2], supports[3])
        assert supports[2].to_numpy().sum() < supports[0].to_numpy().sum()


def test_cut_to_leaves_small_coefficients_out_and_fits_intercepts_again(data, found):
    read = found.cut_to(0.15)
    kept = found.at_cut(0.15).support
    assert kept.to_numpy().sum() < (found.coef != 0).sum()
    features = list(kept.index)
    pd.testing.assert_frame_equal(read.params.loc[features], found.params.loc[features].where(kept, 0.0))
    pd.testing.assert_series_equal(read.params.loc["age"], found.params.loc["age"])
    rows = data.dropna()
    for site in read.task_index:
        mine = rows[rows["site"] == site]
        rest = mine[features] @ read.params.loc[features, site] + mine["age"] * read.params.loc["age", site]
        peer = sm.WLS(mine["y"] - rest, np.ones(len(mine)), weights=mine["w"]).fit()
        assert read.params.loc["Intercept", site] == pytest.approx(peer.params.iloc[0], rel=1e-12)
        np.testing.assert_allclose(read.predict(mine), rest + peer.params.iloc[0], rtol=1e-12)
        assert read.rmse[site] == pytest.approx(np.sqrt(np.average(peer.resid**2, weights=mine["w"])), rel=1e-10)
    assert (read.cut, read.predicts_cut, found.predicts_cut) == (0.15, True, False)
    pd.testing.assert_frame_equal(found.at_cut(0.15).cut_to().params, read.params)
    pd.testing.assert_frame_equal(read.cut_to().params, read.params)
    pd.testing.assert_frame_equal(read.inclusion_weights, found.inclusion_weights)
    np.testing.assert_allclose(found.cut_to(0.0).predict(), found.predict())


def test_cut_to_a_number_of_features(found):
    everything = len(found.selected)
    last = found
    for most in range(everything + 2, 0, -1):
        read = found.cut_to(features=most)
        assert len(read.selected) == min(most, everything)
        assert set(read.selected) <= set(last.selected)
        assert (read.cut, read.predicts_cut) == (0, True)
        last = read
    pd.testing.assert_frame_equal(found.cut_to(features=everything).params, found.cut_to().params)
    for wrong in (0, 2.5, True, "all"):
        with pytest.raises(OptionError, match=r"features = .* is not a whole number of 1 or more"):
            found.cut_to(features=wrong)
    with pytest.raises(OptionError, match="give one of them"):
        found.cut_to(0.1, features=3)


def test_a_feature_that_is_kept_is_kept_in_every_task():
    """With a cut of each task's own, the last of so many features would be left in one task alone."""
    rng = np.random.default_rng(0)
    task, X = np.repeat(np.arange(4), 40), rng.standard_normal((160, 12))
    y = X[:, :5].sum(axis=1) + 0.3 * rng.standard_normal(160)
    mean = average(SparseMTL(y, X, task), [{"s": 12, "lambda_2": np.inf}, {"s": 8, "lambda_2": 1.0}])
    for most in range(1, 6):
        read = mean.cut_to(features=most)
        assert read.support.iloc[:5].sum().sum() == 4 * most == read.support.sum().sum()
        assert (read.support.sum(axis=1).isin([0, 4])).all()


def test_without_an_intercept_none_is_fitted(data):
    bare = average(SparseMTL.from_formula("y ~ . - w - 1", data, "site", missing="drop"), SETTINGS)
    assert "Intercept" not in bare.params.index
    read = bare.cut_to(0.3)
    features = list(read.support.index)
    mine = data.dropna().query("site == 'north'")
    np.testing.assert_allclose(read.predict(mine), mine[features] @ read.params.loc[features, "north"])


def test_moments_give_what_rows_give():
    data = sites().dropna()
    X, y, task = data[["x0", "x1", "x2", "x3", "age"]], data["y"].to_numpy(), data["site"].to_numpy()
    given = {"keep": ["age"], "weights": data["w"].to_numpy()}
    rows = average(SparseMTL(y, X, task, **given), SETTINGS)
    sent = average(SparseMTL.from_moments(moments.from_arrays(y, X, task, **given)), SETTINGS)
    for mine, other in ((sent, rows), (sent.cut_to(0.2), rows.cut_to(0.2))):
        pd.testing.assert_frame_equal(mine.params, other.params, rtol=1e-8, atol=1e-10)
        pd.testing.assert_frame_equal(mine.task_fit, other.task_fit, rtol=1e-8, check_dtype=False)
        assert isinstance(mine.fittedvalues, Unavailable)
        assert isinstance(mine.augment(), Unavailable)
    with pytest.raises(DataError, match="There are no rows to predict"):
        sent.predict()


def test_several_outcomes_and_sparse_columns():
    data = sites(1).drop(columns=["site", "w"]).dropna()
    data["z"] = data["x4"] - data["x5"]
    data.loc["p10", "z"] = np.nan
    model = SparseMTL.from_formula("y + z ~ .", data, missing="drop")
    found, fits = average(model, SETTINGS), [model.fit(**one) for one in SETTINGS]
    pd.testing.assert_frame_equal(found.predict(data), mean([fit.predict(data) for fit in fits]))
    assert found.cut_to(0.5).resid["z"].isna().sum() == 1
    assert found.cut_to(0.5).resid.mean().abs().max() < 1e-12
    with pytest.raises(OptionError, match="how='mean' averages models of one outcome"):
        found.predict(data, how="mean")
    X = data[["x0", "x1", "x2"]].to_numpy() * (data[["x0", "x1", "x2"]] > 0)
    full, thin = (
        average(SparseMTL(data["y"].to_numpy(), one, np.arange(len(data)) % 2), SETTINGS[:2])
        for one in (X.to_numpy(), sparse.csr_array(X.to_numpy()))
    )
    np.testing.assert_allclose(thin.cut_to(0.2).predict(), full.cut_to(0.2).predict())


def test_a_column_that_is_constant_in_a_task_is_compared_by_its_scale_elsewhere(data):
    """Where all tasks have one coefficient vector, it has a coefficient in that task too."""
    pooled = data.assign(x1=1e6 * data["x1"].where(data["site"] != "north", 3.0))
    model = SparseMTL.from_formula("y ~ . - w", pooled, "site", missing="drop", standardize="pooled")
    one = average(model, [{"s": 2, "support": "common"}])
    slopes = np.repeat([[3.0], [3e-7], [0.0], [0.0], [0.0], [0.0], [0.0]], 3, axis=1)
    assert list(one.support.index[:2]) == ["x0", "x1"]
    tied = dataclasses.replace(one, coef=slopes)
    assert tied.support.loc["x1"].all()
    assert not tied.at_cut(0.2).support.loc["x1"].any()
    assert tied.constant_columns == {}


def test_how_well_each_task_is_fitted(data, found):
    rows = data.dropna()
    fitted = found.predict(rows)
    for site in found.task_index:
        mine = rows["site"] == site
        w, y, f = rows.loc[mine, "w"], rows.loc[mine, "y"], fitted[mine]
        assert found.rmse[site] == pytest.approx(np.sqrt(np.average((y - f) ** 2, weights=w)))
        around = np.average((y - np.average(y, weights=w)) ** 2, weights=w)
        assert found.rsquared[site] == pytest.approx(1 - found.rmse[site] ** 2 / around)
    assert found.task_fit["resid_sd"].isna().all()
    assert "no residual degrees of freedom" in found.resid_sd.reason


@pytest.mark.parametrize(
    "name", ["objective", "bound", "gap", "status", "swap_gain", "swap_optimal", "fractional", "bse", "pvalues"]
)
def test_what_only_one_fit_has_says_why_it_is_not_there(found, name):
    assert isinstance(getattr(found, name), Unavailable)
    if name not in ("bse", "pvalues", "fractional"):
        assert "best_member" in str(getattr(found, name))


def test_what_is_called_raises_the_reason(found):
    for verb in (found.certify, found.bound_root, found.alternatives):
        with pytest.raises(SparsekinError, match="average of several settings"):
            verb()
    assert isinstance(found.conf_int(), Unavailable)
    with pytest.raises(OptionError, match=r"how='stack' needs stacking weights.*average of several.*use how='mean'"):
        found.predict(how="stack")


@pytest.mark.parametrize("cut", [-0.1, 1.5, np.nan, np.inf, "5 %", None, True, [0.1]])
def test_a_cut_is_a_share(found, cut):
    with pytest.raises(OptionError, match=r"cut = .* must be a number from 0 \(every coefficient\) to 1"):
        found.at_cut(cut)
    if cut is not None:
        with pytest.raises(OptionError, match="cut = "):
            found.cut_to(cut)


def test_it_is_saved_and_read(found, tmp_path):
    found = dataclasses.replace(found, cut=0.2, members=found.members.assign(lambda_2=[0.0, np.inf, 1.0, 0.0]))
    for name, one in (("with", found), ("without", dataclasses.replace(found.cut_to(), best_member=None))):
        one.save(tmp_path / name)
        again = AverageResults.load(tmp_path / name)
        assert repr(again) == repr(one)
        pd.testing.assert_frame_equal(again.members, one.members)
        pd.testing.assert_frame_equal(again.tidy(), one.tidy())
        pd.testing.assert_series_equal(again.resid, one.resid)
        np.testing.assert_array_equal(again.intercept, one.intercept)
        assert (again.verdict, again.cut) == (one.verdict, 0.2)
        assert str(again.summary()) == str(one.summary())
    again = AverageResults.load(tmp_path / "with").best_member
    assert isinstance(again, SparseResults)
    pd.testing.assert_frame_equal(again.tidy(), found.best_member.tidy())
    pd.testing.assert_series_equal(again.resid, found.best_member.resid)
    assert repr(again) == repr(found.best_member)
    assert AverageResults.load(tmp_path / "without").best_member is None


def test_files_of_one_kind_are_not_read_as_another(found, fits, tmp_path):
    found.save(tmp_path / "average")
    fits[0].save(tmp_path / "fit")
    with pytest.raises(DataError, match=r"a fit of another kind; read it with AverageResults\.load"):
        SparseResults.load(tmp_path / "average")
    with pytest.raises(DataError, match=r"a fit of another kind; read it with SparseResults\.load"):
        AverageResults.load(tmp_path / "fit")


def test_a_best_member_with_a_certificate_and_stacking_comes_back(tmp_path, model):
    best = model.cross_validate(s=[1, 2], lambda_1=0.1, lambda_2=0.0, lambda_z=0.0, folds=3, rng=0).refit().bound_root()
    found = dataclasses.replace(average(model, SETTINGS), best_member=best)
    found.save(tmp_path / "one")
    again = AverageResults.load(tmp_path / "one").best_member
    assert again.certificate == best.certificate
    np.testing.assert_array_equal(again.stacking.weights, best.stacking.weights)


def test_handing_out_leaves_the_average_alone(found):
    before = found.params
    for frame in (found.params, found.support, found.inclusion_weights, found.task_fit):
        frame.iloc[:] = frame.iloc[0, 0]
    pd.testing.assert_frame_equal(found.params, before)
    assert found.inclusion.max() == 1.0
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).predict(), found.predict())


def test_members_and_models_go_together(model, fits):
    found = average(model, SETTINGS)
    with pytest.raises(ValueError, match="argument"):
        average_of(model._prepared, fits[0].standard, found.members, [fits[0].solution], "")


def test_repr_is_one_line(found):
    assert repr(found.at_cut(1.0)) == (
        "<AverageResults of y by site: 3 tasks, 89 rows, mean of 4 settings, 1 of 6 candidates above the cut of 1>"
    )
    assert repr(found.best_member).startswith("<SparseResults of y by site")


def test_pooled_and_separate_members_together(data):
    """A column, candidate or kept, that is constant in a site has a coefficient there in a pooled member only."""
    one = data.assign(
        x1=data["x1"].where(data["site"] != "north", 3.0), age=data["age"].where(data["site"] != "north", 1)
    )
    model = SparseMTL.from_formula("y ~ . - w", one, "site", keep=["age"], missing="drop", standardize="pooled")
    found = average(model, [{"s": 3, "lambda_2": np.inf, "task_weights": "rows"}, {"s": 3}])
    pool, alone = found.best_member, model.fit(s=3)
    assert pool.params.loc["x1", "north"] != 0
    assert found.params.loc["x1", "north"] == pytest.approx(pool.params.loc["x1", "north"] / 2)
    assert np.isnan(alone.params.loc["age", "north"])
    assert found.params.loc["age", "north"] == pytest.approx(pool.params.loc["age", "north"] / 2)
    rows = one.dropna()
    np.testing.assert_allclose(found.predict(rows), (pool.predict(rows) + alone.predict(rows)) / 2)
    assert found.at_cut(0.01).support.loc["x1"].all()
    assert "x1" not in found.constant_columns.get("north", [])
    assert "lambda_2: 0 to inf" in " ".join(str(found.summary()).split())
