import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from forms.planted import plant
from sparsekin import FormsResults, MixedForms, SparseMTL
from sparsekin.data.datasets import load_ad_biomarkers
from sparsekin.errors import DataError, FormulaError, InterruptedWarning, OptionError
from sparsekin.forms import als


def frame_of(seed=0, n=120, missing=0.05, d=2, sites=4):
    """y1..y3, x1..x8, z1..z5 from the model, site, and a factor."""
    planted = plant(seed, n=n, widths=(3, 8, 5), d=d, missing=missing)
    columns = {}
    for letter, table in zip("yxz", planted.tables, strict=True):
        columns |= {f"{letter}{j + 1}": table[:, j] for j in range(table.shape[1])}
    frame = pd.DataFrame(columns, index=[f"row{i}" for i in range(n)])
    frame["site"] = [f"site{i % sites}" for i in range(n)]
    frame["sex"] = pd.Categorical(np.where(np.arange(n) % 3 == 0, "f", "m"))
    return frame


@pytest.fixture(scope="module")
def frame():
    return frame_of()


@pytest.fixture(scope="module")
def fit(frame):
    return MixedForms.from_formula("y1 + y2 + y3 ~ x1 + x2 + x3 + x4 + x5 + x6 | z1 + z2 + z3 + z4", frame).fit(d=2)


@pytest.fixture(scope="module")
def by_site(frame):
    shifted = frame.copy()
    for j, shift in ((1, 3.0), (2, -2.0)):
        shifted[f"y{j}"] += np.where(shifted["site"] == "site1", shift, 0.0)
    return MixedForms.from_formula("y1 + y2 + y3 ~ x1 + x2 + x3 + x4 + x5 + x6", shifted, task="site").fit(d=2)


def test_names_and_shapes(fit, frame):
    assert list(fit.alpha.index) == ["y1", "y2", "y3"]
    assert fit.beta.shape == (6, 2)
    assert list(fit.u.index) == ["z1", "z2", "z3", "z4"]
    assert list(fit.codes_fixed.columns) == ["f1", "f2"]
    assert fit.codes_random.index.equals(frame.index)
    assert fit.status == "converged"
    assert repr(fit) == "<FormsResults of y1, y2, y3: d = 2, 120 rows, 3 Y + 6 X + 4 Z columns, converged>"


def test_arrays_and_formula_agree(fit, frame):
    y, x, z = (frame[[c for c in frame if c[0] == letter and c[1:].isdigit()]] for letter in "yxz")
    same = MixedForms(y, x.iloc[:, :6], z.iloc[:, :4]).fit(d=2)
    np.testing.assert_allclose(same.alpha, fit.alpha, atol=1e-10)
    assert list(same.beta.index) == [f"x{j}" for j in range(1, 7)]
    plain = MixedForms(y.to_numpy(), x.to_numpy()[:, :6], z.to_numpy()[:, :4]).fit(d=2)
    np.testing.assert_allclose(plain.alpha, fit.alpha, atol=1e-10)
    assert list(plain.u.index) == ["z1", "z2", "z3", "z4"]


def test_dot_stands_for_what_is_left(frame):
    few = frame[["y1", "y2", "x1", "x2", "x3", "z1", "z2", "z3"]]
    model = MixedForms.from_formula("y1 + y2 ~ . | z1 + z2 + z3", few).fit(d=2)
    assert list(model.beta.index) == ["x1", "x2", "x3"]


def test_factors_and_transforms_with_gaps(frame):
    gaps = frame.copy()
    gaps.loc["row3", "sex"] = np.nan
    model = MixedForms.from_formula("y1 + y2 ~ x1 + sex + I(x2 ** 2) | z1 + z2", gaps)
    fit = model.fit(d=1)
    assert set(fit.beta.index) == {"x1", "I(x2 ** 2)", "sex[T.m]"}
    seen = fit.problem.X.seen
    assert seen[3, list(fit.beta.index).index("sex[T.m]")] == 0
    assert np.isfinite(fit.predict(gaps).to_numpy()).all()


def test_the_user_frame_is_not_changed(frame):
    before = frame.copy(deep=True)
    MixedForms.from_formula("y1 ~ x1 + x2 | z1", frame).fit(d=1).predict(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_predict_of_the_fit_and_of_the_same_frame_agree(fit, frame):
    pd.testing.assert_frame_equal(fit.predict(), fit.predict(frame), check_names=False)


def test_without_z_rows_are_predicted_at_population_level(fit, frame):
    known, population = fit.predict(frame), fit.predict(frame.drop(columns=["z1"]))
    assert np.abs(known - population).to_numpy().max() > 0.1
    x_only = fit.translate(frame, from_="x", to="y")
    pd.testing.assert_frame_equal(population, x_only)
    errors = [np.nanmean((guess - frame[["y1", "y2", "y3"]]) ** 2) for guess in (known, population)]
    assert errors[0] < errors[1]


def test_an_unknown_task_is_predicted_at_population_level(by_site, frame):
    new = frame.assign(site="elsewhere")
    pd.testing.assert_frame_equal(by_site.predict(new), by_site.predict(frame.drop(columns="site")))


def test_task_shifts_show_the_shifted_site(by_site):
    shifts = by_site.task_shifts
    assert list(shifts.index) == ["site0", "site1", "site2", "site3"]
    contrast = shifts.loc["site1"] - shifts.drop("site1").mean()
    assert contrast["y1"] > 1.0
    assert contrast["y2"] < -0.6
    assert list(by_site.u.index) == [f"site[site{k}]" for k in range(4)]


def test_random_slopes_cross_terms_with_tasks(frame):
    fit = MixedForms.from_formula("y1 + y2 + y3 ~ x1 + x2 + x3", frame, task="site", random="1 + x1").fit(d=2)
    assert list(fit.u.index) == [f"site[site{k}]" for k in range(4)] + [f"x1:site[site{k}]" for k in range(4)]
    fit.predict(frame)
    only = MixedForms.from_formula("y1 + y2 + y3 ~ x1 + x2 + x3", frame, task="site", random="0 + x1").fit(d=2)
    assert list(only.u.index) == [f"x1:site[site{k}]" for k in range(4)]


def test_tasks_of_arrays(frame):
    y, x = frame[["y1", "y2"]].to_numpy(), frame[["x1", "x2", "x3"]].to_numpy()
    fit = MixedForms(y, x, task=frame["site"]).fit(d=2)
    named = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3", frame, task="site").fit(d=2)
    np.testing.assert_allclose(fit.alpha, named.alpha, atol=1e-9)
    np.testing.assert_allclose(fit.predict(x, task=frame["site"]), named.predict(frame), atol=1e-9)
    np.testing.assert_allclose(fit.predict(x), named.predict(frame.drop(columns="site")), atol=1e-9)


def test_no_random_block(frame):
    fit = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3 + x4", frame).fit(d=2)
    assert not fit.codes_random.to_numpy().any()
    assert fit.variance_explained.loc["y", "random"] == pytest.approx(0.0, abs=1e-12)
    assert fit.task_shifts is None
    assert "Loadings of Z" not in str(fit.summary())


def test_translate_between_any_two_blocks(fit, frame):
    for from_ in "xyz":
        for to in set("xyz") - {from_}:
            guess = fit.translate(frame, from_=from_, to=to)
            pd.testing.assert_frame_equal(guess, fit.translate(from_=from_, to=to), check_names=False)
    near = np.corrcoef(fit.translate(from_="x", to="y")["y1"], frame["y1"].fillna(0))[0, 1]
    assert near > 0.4


def test_transform_gives_the_codes_of_the_fit_again(fit, frame):
    again = fit.transform(frame)
    np.testing.assert_allclose(again.to_numpy()[:, :2], fit.codes_fixed, atol=2e-3)
    np.testing.assert_allclose(again.to_numpy()[:, 2:], fit.codes_random, atol=2e-3)
    assert list(again.columns) == ["fixed_f1", "fixed_f2", "random_f1", "random_f2"]
    pd.testing.assert_frame_equal(fit.transform().set_axis(again.columns, axis=1), fit.transform())
    assert not fit.transform(frame[[f"x{j}" for j in range(1, 7)]]).to_numpy()[:, 2:].any()


def test_impute_keeps_what_is_there_and_fills_the_rest(fit, frame):
    filled = fit.impute()
    assert list(filled) == ["y", "x", "z"]
    seen = frame["y1"].notna()
    np.testing.assert_allclose(filled["y"].loc[seen, "y1"], frame.loc[seen, "y1"])
    assert not any(table.isna().to_numpy().any() for table in filled.values())


@pytest.mark.parametrize("seed", [0, 1])
def test_imputation_within_five_percent_of_the_noise_floor(seed):
    """The floor is the error of imputing with the true loadings, codes and noise taken as known."""
    planted = plant(seed)
    filled = MixedForms(*planted.tables).fit(d=3).impute()
    gone = [np.isnan(table) for table in planted.tables]
    errors = [np.mean((filled[b].to_numpy()[m] - full[m]) ** 2 / full.var()) for b, m, full in
              zip("yxz", gone, planted.full, strict=True)]  # fmt: skip
    floor = [np.mean((true[m] - full[m]) ** 2 / full.var()) for true, m, full in
             zip(best_imputation(planted), gone, planted.full, strict=True)]  # fmt: skip
    counts = [m.sum() for m in gone]
    assert np.sqrt(np.average(errors, weights=counts) / np.average(floor, weights=counts)) < 1.05


def best_imputation(planted, noise=0.3, random=0.7):
    """Conditional means given the observed cells under the true model."""
    d = 3
    M = [np.hstack([planted.loadings[0]] * 2), np.hstack([planted.loadings[1], np.zeros((50, d))]),
         np.hstack([np.zeros((20, d)), planted.loadings[2]])]  # fmt: skip
    v = [(noise * signal.std()) ** 2 for signal in planted.signal]
    prior = np.diag([1.0] * d + [random**-2] * d)
    codes = np.empty((500, 2 * d))
    for i in range(500):
        system, right = prior.copy(), np.zeros(2 * d)
        for table, part, w in zip(planted.tables, M, v, strict=True):
            seen = ~np.isnan(table[i])
            system += part[seen].T @ part[seen] / w
            right += part[seen].T @ table[i, seen] / w
        codes[i] = np.linalg.solve(system, right)
    return [codes @ part.T for part in M]


def test_maximum_likelihood_imputes_better_and_within_two_percent_of_the_floor():
    planted = plant(0)
    gone = [np.isnan(table) for table in planted.tables]

    def error(tables):
        parts = zip(tables, gone, planted.full, strict=True)
        return np.sqrt(np.mean(np.concatenate([((table[m] - full[m]) / full.std()) ** 2 for table, m, full in parts])))

    model = MixedForms(*planted.tables)
    filled = {name: model.fit(d=3, algorithm=name).impute().values() for name in ("em", "als")}
    em, als_error = (error([table.to_numpy() for table in filled[name]]) for name in ("em", "als"))
    assert em < als_error
    assert em < 1.02 * error(best_imputation(planted))


def test_maximum_likelihood_does_all_the_rest(frame, tmp_path):
    """Variances of columns, codes of new rows, covariance, file, intervals."""
    formula = "y1 + y2 + y3 ~ x1 + x2 + x3 + x4 + x5 + x6 | z1 + z2 + z3 + z4"
    fit = MixedForms.from_formula(formula, frame).fit(d=2, algorithm="em")
    np.testing.assert_allclose(fit.transform(frame), fit.transform(), atol=1e-6)
    pd.testing.assert_frame_equal(fit.predict(), fit.predict(frame), check_names=False)
    total = fit.codes_fixed + fit.codes_random
    np.testing.assert_allclose(total.T @ total / len(total), np.eye(2), atol=1e-8)
    found = fit.implied_covariance
    np.testing.assert_allclose(np.diag(found["residual"]), fit.residual_variance.loc["y"])
    np.testing.assert_allclose(found["total"], frame[["y1", "y2", "y3"]].cov(), rtol=0.2, atol=0.3)
    fit.save(tmp_path / "fit.npz")
    again = FormsResults.load(tmp_path / "fit.npz")
    pd.testing.assert_frame_equal(again.predict(frame), fit.predict(frame))
    pd.testing.assert_series_equal(again.residual_variance, fit.residual_variance)
    assert "Algorithm:" in str(fit.summary())
    boot = fit.bootstrap(8, rng=0).intervals
    assert ((boot["conf_low"] <= boot["estimate"] + 0.2) & (boot["estimate"] - 0.2 <= boot["conf_high"])).mean() > 0.9


def test_variance_explained_adds_up(fit):
    shares = fit.variance_explained
    np.testing.assert_allclose(shares["fixed"] + shares["random"], shares["explained"])
    np.testing.assert_allclose(shares["explained"] + shares["residual"], 1.0)
    left = fit.resid.to_numpy()
    y = fit.fittedvalues.to_numpy() + left
    direct = 1 - np.nansum((left / fit.problem.Y.scale) ** 2) / np.nansum(((y - fit.problem.Y.center) / fit.problem.Y.scale) ** 2)  # fmt: skip  # noqa: E501
    assert shares.loc["y", "explained"] == pytest.approx(direct)
    assert (shares.loc[["x", "z"], "explained"] > 0.5).all()


def test_implied_covariance_is_near_the_sample_covariance():
    planted = plant(5, n=2000, widths=(4, 30, 20), d=2, missing=0.0)
    fit = MixedForms(*planted.full).fit(d=2)
    found = fit.implied_covariance
    np.testing.assert_allclose(sum(found[k] for k in ("fixed", "random", "joint", "residual")), found["total"])
    np.testing.assert_allclose(found["total"], np.cov(planted.full[0].T, bias=True), rtol=0.05, atol=0.05)
    np.testing.assert_allclose(np.diag(fit.implied_correlation), 1.0)
    alpha = planted.loadings[0]
    np.testing.assert_allclose(found["fixed"], alpha @ alpha.T, rtol=0.25, atol=0.3)
    np.testing.assert_allclose(found["random"], 0.49 * alpha @ alpha.T, rtol=0.35, atol=0.3)


def test_cross_validation_finds_the_planted_dimension():
    planted = plant(1, n=150, widths=(6, 15, 12), d=2, missing=0.0)
    cv = MixedForms(*planted.full).cross_validate(d=range(1, 5), folds=4, rng=0)
    assert list(cv.table.columns) == ["d", "mean", "std_error", "y", "x", "z"]
    assert cv.best == 2
    assert cv.best_1se == 2
    assert cv.refit().d == 2
    assert repr(cv) == "<FormsCV: d = 1, 2, 3, 4; best 2, one standard error 2>"
    same = MixedForms(*planted.full).cross_validate(d=range(1, 5), folds=4, rng=0, n_jobs=2)
    pd.testing.assert_frame_equal(cv.table, same.table)


def test_indicators_of_tasks_are_not_held_out(frame):
    cv = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3", frame, task="site").cross_validate(d=[1, 2], folds=2, rng=1)
    assert cv.table["z"].isna().all()
    assert cv.table["mean"].notna().all()


def regression(seed=0, n=200):
    """Y = X B + site + noise: nothing latent, so that Y needs more dimensions than cells do."""
    rng = np.random.default_rng(seed)
    X, site = rng.standard_normal((n, 6)), np.arange(n) % 4
    Y = X @ rng.standard_normal((6, 2)) + rng.standard_normal((4, 2))[site] + 0.5 * rng.standard_normal((n, 2))
    return Y, X, site.astype(str)


@pytest.mark.parametrize("algorithm", ["als", "em"])
def test_dimensions_for_predicting_y(algorithm):
    Y, X, site = regression()
    cv = MixedForms(Y, X, task=site).cross_validate(d=[1, 6], folds=3, rng=0, target="y", algorithm=algorithm)
    assert cv.best == 6
    assert cv.table[["x", "z"]].isna().all(axis=None)
    np.testing.assert_allclose(cv.table["mean"], cv.table["y"])
    assert cv.refit().algorithm == algorithm


def test_errors_of_y_are_those_of_held_out_rows():
    Y, X, site = regression()
    Y[::7, 0] = np.nan
    cv = MixedForms(Y, X, task=site).cross_validate(d=2, folds=4, rng=5, target="y")
    fold_of = np.random.default_rng(5).permutation(np.arange(200) % 4)
    errors = []
    for fold in range(4):
        train, test = fold_of != fold, fold_of == fold
        guess = MixedForms(Y[train], X[train], task=site[train]).fit(d=2, tolerance=1e-6, max_sweeps=500)
        left = (Y[test] - guess.predict(X[test], task=site[test])) / np.nanstd(Y, axis=0)
        errors.append(np.nanmean(left.to_numpy() ** 2))
    np.testing.assert_allclose(cv.table["mean"], np.mean(errors), rtol=1e-6)
    np.testing.assert_allclose(cv.table["std_error"], np.std(errors, ddof=1) / 2, rtol=1e-6)


@pytest.mark.parametrize("target", ["cells", "y"])
@pytest.mark.parametrize(("calls_before", "folds_done"), [(5, 2), (1, None)])
def test_ctrl_c_keeps_finished_folds(monkeypatch, target, calls_before, folds_done):
    from sparsekin.tuning import cells

    calls, whole = [], cells.solve

    def stop(*args, **kwargs):
        calls.append(1)
        if len(calls) > calls_before:
            raise KeyboardInterrupt
        return whole(*args, **kwargs)

    Y, X, site = regression()
    model = MixedForms(Y, X, task=site)
    everything = model.cross_validate(d=[1, 2], folds=4, rng=0, target=target)
    monkeypatch.setattr(cells, "solve", stop)
    if folds_done is None:
        with pytest.raises(KeyboardInterrupt):
            model.cross_validate(d=[1, 2], folds=4, rng=0, target=target)
        return
    with pytest.warns(InterruptedWarning, match=f"{folds_done} of 4 folds are finished; tables use those"):
        cv = model.cross_validate(d=[1, 2], folds=4, rng=0, target=target)
    np.testing.assert_array_equal(cv.errors.mse, everything.errors.mse[:, :folds_done])
    assert cv.best in (1, 2)


def test_ctrl_c_inside_a_fit_drops_its_fold(monkeypatch):
    calls = []

    def stop(problem, point, patterns, whole=als.sweep):
        calls.append(1)
        if len(calls) > 300:
            raise KeyboardInterrupt
        return whole(problem, point, patterns)

    Y, X, site = regression()
    model = MixedForms(Y, X, task=site)
    monkeypatch.setattr(als, "sweep", stop)
    with pytest.warns(InterruptedWarning, match="folds are finished"):
        cv = model.cross_validate(d=1, folds=40, rng=0, target="y")
    assert 1 <= cv.errors.mse.shape[1] < 40
    assert np.isfinite(cv.table["mean"]).all()


def test_one_finished_fold_has_no_standard_error():
    from sparsekin.tuning.cells import CellErrors

    errors = CellErrors(np.array([1, 2]), np.array([[[1.0, 2, 3]], [[0.5, 2, 3]]]))
    assert np.isnan(errors.std_error).all()
    assert (errors.best, errors.best_1se) == (2, 2)


def test_bootstrap_intervals_are_aligned_and_cover():
    planted = plant(2, n=300, widths=(4, 12, 10), d=2, missing=0.02)
    fit = MixedForms(*planted.tables).fit(d=2)
    boot = fit.bootstrap(40, rng=3, level=0.9)
    found = boot.intervals
    assert list(found.columns) == ["block", "term", "factor", "estimate", "conf_low", "conf_high"]
    inside = (found["conf_low"] <= found["estimate"]) & (found["estimate"] <= found["conf_high"])
    assert inside.mean() > 0.9
    assert (found["conf_high"] - found["conf_low"]).max() < 0.5
    again = fit.bootstrap(40, rng=3, level=0.9, n_jobs=2).intervals
    pd.testing.assert_frame_equal(found, again)
    assert repr(boot) == "<FormsBootstrap: 40 replicates, 90 % intervals>"


def test_bootstrap_within_tasks(by_site):
    assert np.isfinite(by_site.bootstrap(5, rng=0).loadings).all()


def test_summary_shows_everything_and_renders(by_site, fit):
    text = str(by_site.summary())
    for part in ("Linear mixed form", "Variance explained", "Loadings of Y (alpha)", "Loadings of X (beta)",
                 "Loadings of Z (u)", "Shift by site", "Variance of Y implied", "Correlation implied",
                 "cells missing", "No standard errors"):  # fmt: skip
        assert part in text
    assert max(map(len, text.splitlines())) <= 100
    for document in (fit.summary(), by_site.summary()):
        assert "<table" in document.as_html()
        assert "tabular" in document.as_latex()
        assert "alpha" in document.as_csv()


def test_constant_columns_are_named_in_the_summary(frame):
    fit = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + flat | z1 + z2", frame.assign(flat=2.0)).fit(d=1)
    assert "Constant, so without loadings: flat." in str(fit.summary())
    assert not fit.beta.loc["flat"].any()


def test_tables(fit, frame):
    tidy = fit.tidy()
    assert list(tidy.columns) == ["block", "term", "factor", "estimate"]
    assert len(tidy) == (3 + 6 + 4) * 2
    row = tidy[(tidy.block == "x") & (tidy.term == "x3") & (tidy.factor == "f2")]
    assert row["estimate"].item() == fit.beta.loc["x3", "f2"]
    glance = fit.glance()
    assert glance.shape[0] == 1
    assert glance["n_missing"].item() == int(frame.filter(regex=r"^(y\d|x[1-6]|z[1-4])").isna().to_numpy().sum())
    augmented = fit.augment(frame)
    assert list(augmented.columns[: frame.shape[1]]) == list(frame.columns)
    assert {".fixed_f1", ".random_f2", ".fitted_y1", ".resid_y3"} <= set(augmented.columns)
    np.testing.assert_allclose(augmented[".fitted_y1"] + augmented[".resid_y1"], frame["y1"])
    with pytest.raises(DataError, match="data has 3 rows, but the model was fitted to 120"):
        fit.augment(frame.head(3))


@pytest.mark.parametrize("which", ["fit", "by_site"])
def test_save_and_load(which, request, tmp_path, frame):
    fit = request.getfixturevalue(which)
    fit.save(tmp_path / "fit.npz")
    again = FormsResults.load(tmp_path / "fit.npz")
    assert str(again.summary()) == str(fit.summary())
    pd.testing.assert_frame_equal(again.predict(frame), fit.predict(frame))
    pd.testing.assert_frame_equal(again.codes_fixed, fit.codes_fixed)
    with np.load(tmp_path / "fit.npz", allow_pickle=False) as file:
        assert all(array.dtype != object for array in file.values())


def test_save_and_load_of_sparse_blocks(tmp_path):
    rng = np.random.default_rng(0)
    X = sparse.random_array((50, 9), density=0.3, rng=rng, format="csr")
    fit = MixedForms(rng.standard_normal((50, 2)), X).fit(d=2)
    fit.save(tmp_path / "fit.npz")
    again = FormsResults.load(tmp_path / "fit.npz")
    np.testing.assert_allclose(again.predict(X), fit.predict(X))
    np.testing.assert_allclose(again.predict(X.toarray()), fit.predict(X))


def test_load_refuses_other_files(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(DataError, match="is not a saved sparsekin fit"):
        FormsResults.load(tmp_path / "text")
    SparseMTL(rng.standard_normal(20), rng.standard_normal((20, 3))).fit(s=1).save(tmp_path / "other.npz")
    with pytest.raises(DataError, match="another kind of sparsekin fit"):
        FormsResults.load(tmp_path / "other.npz")


def test_published_is_offered(frame):
    model = MixedForms.from_formula("y1 + y2 + y3 ~ x1 + x2 + x3 + x4 | z1 + z2 + z3", frame)
    published, als_fit = model.fit(d=2, algorithm="published"), model.fit(d=2, weights="equal", ridge=0)
    assert published.algorithm == "published"
    assert als_fit.objective < published.objective


def test_orthogonal_and_l1(frame):
    model = MixedForms.from_formula("y1 + y2 + y3 ~ x1 + x2 + x3 + x4 + x5 | z1 + z2 + z3 + z4", frame)
    L = model.fit(d=2, orthogonal=True).alpha.to_numpy()
    np.testing.assert_allclose(L.T @ L, np.eye(2), atol=1e-8)
    assert (model.fit(d=2, l1=40.0).beta == 0).to_numpy().any()


def test_ctrl_c_keeps_the_best_so_far(frame, monkeypatch):
    calls = []

    def stop(problem, point, patterns, whole=als.sweep):
        calls.append(1)
        if len(calls) > 10:
            raise KeyboardInterrupt
        return whole(problem, point, patterns)

    monkeypatch.setattr(als, "sweep", stop)
    with pytest.warns(InterruptedWarning, match="best solution so far is kept"):
        fit = MixedForms.from_formula("y1 + y2 ~ x1 + x2 | z1 + z2", frame).fit(d=2)
    assert fit.status == "interrupted"
    assert "interrupted" in str(fit.summary())


def test_ad_biomarkers():
    data = load_ad_biomarkers()
    formula = "tau + p_tau + Ab_42 ~ . - diagnosis"
    fit = MixedForms.from_formula(formula, data, task="genotype").fit(d=2)
    assert fit.status == "converged"
    assert fit.task_shifts.loc["E4E4", "tau"] > fit.task_shifts.loc["E3E3", "tau"]


def test_predictions_survive_where_x_and_z_tell_their_codes_badly_apart():
    """K and H come out negatively correlated here: predicting with independent codes has a negative R2."""
    data, names = load_ad_biomarkers().drop(columns="diagnosis"), ["tau", "p_tau", "Ab_42"]
    scores = []
    for seed in range(3):
        test = np.random.default_rng(seed).random(len(data)) < 0.2
        fit = MixedForms.from_formula("tau + p_tau + Ab_42 ~ .", data[~test], task="genotype").fit(d=2)
        left = data.loc[test, names] - fit.predict(data[test])
        around = data.loc[test, names] - data.loc[~test, names].mean()
        scores.append(1 - (left**2).sum() / (around**2).sum())
    assert np.mean(scores) > 0.3


BAD_FIT = [
    ({"d": 0}, OptionError, "d = 0 is not a positive integer"),
    ({"d": 2.0}, OptionError, "d = 2.0 is not a positive integer"),
    ({"d": 12}, DataError, "d = 12, but X and Z have only 5 independent columns together; set d to 5 or lower"),
    ({"d": 2, "algorithm": "svd"}, OptionError, "algorithm = 'svd' is not one of 'als', 'em', 'published'"),
    ({"d": 2, "algorithm": "em", "l1": 1}, OptionError, "algorithm='em' has neither l1 nor orthonormal loadings"),
    ({"d": 2, "algorithm": "em", "orthogonal": True}, OptionError, "algorithm='em' has neither l1 nor"),
    ({"d": 2, "weights": "rows"}, OptionError, "weights = 'rows' is not one of"),
    ({"d": 2, "ridge": -1}, OptionError, "ridge = -1 must be finite and not negative"),
    ({"d": 2, "l1": 1, "ridge": 0}, OptionError, "l1 > 0 needs ridge > 0"),
    ({"d": 2, "l1": 1, "orthogonal": True}, OptionError, "contradict each other"),
    ({"d": 2, "orthogonal": True, "algorithm": "published"}, OptionError, "has no orthonormal loadings"),
    ({"d": 3, "orthogonal": True}, DataError, "at least d = 3 independent columns in each block, but Y has 2"),
    ({"d": 2, "starts": 0}, OptionError, "starts = 0 is not a positive integer"),
    ({"d": 2, "max_sweeps": 0}, OptionError, "max_sweeps = 0 is not a positive integer"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD_FIT)
def test_bad_options(frame, options, error, message):
    model = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3 | z1 + z2", frame)
    with pytest.raises(error, match=message):
        model.fit(**options)


BAD_FORMULA = [
    ("y1 ~ 1", {}, FormulaError, "names no column of X"),
    ("y1 ~ x1 | 1", {}, FormulaError, "names no column of Z after the '|'"),
    ("y1 ~ x1 | w", {}, FormulaError, "'w' in the formula is not a column"),
    ("y1 + x9 ~ x1", {}, FormulaError, "'x9' in the formula is not a column"),
    (3, {}, FormulaError, "The formula must be text"),
    ("y1 ~ x1", {"task": "sight"}, FormulaError, "task = 'sight' is not a column of the data. Did you mean 'site'"),
    ("sex ~ x1", {}, DataError, "Outcome 'sex' is not numeric"),
    ("y1 ~ x1 + site", {"task": "site"}, FormulaError, "'site' is the task column"),
    ("y1 ~ gone + x1", {}, DataError, "Column 'gone' of X has no observed value; leave it out"),
    ("y1 ~ big + x1", {}, DataError, "Column 'big' of X holds infinite values"),
    ("y1 ~ I(gone) + x1", {}, DataError, "No row has a value in all of 'gone'"),
]


@pytest.mark.parametrize(("formula", "options", "error", "message"), BAD_FORMULA)
def test_bad_formulas(frame, formula, options, error, message):
    wide = frame.assign(gone=np.nan, big=np.where(np.arange(len(frame)) == 3, np.inf, frame["x1"]))
    with pytest.raises(error, match=message.replace("|", r"\|").replace("(", r"\(")):
        MixedForms.from_formula(formula, wide, **options)


def test_bad_arrays():
    rng = np.random.default_rng(0)
    Y, X = rng.standard_normal((20, 2)), rng.standard_normal((20, 4))
    for arguments, message in (
        ((Y, X[:10]), "X has 10 rows, Y has 20"),
        ((Y, X, X[:10]), "Z has 10 rows, Y has 20"),
        ((Y, X, None, ["a"] * 3), "task must have one label for each of the 20 rows"),
        ((Y, np.empty((20, 0))), "X has no columns"),
        ((Y, X * np.where(np.arange(4) == 1, np.nan, 1)), "Column 'x2' of X has no observed value"),
        ((Y, sparse.csr_array(X * np.nan)), "X is sparse and holds values that are not finite"),
    ):
        with pytest.raises(DataError, match=message):
            MixedForms(*arguments)
    with pytest.raises(DataError, match="All columns of X and Z are constant"):
        MixedForms(Y, np.ones((20, 2))).fit(d=1)
    with pytest.raises(DataError, match="d = 3 needs more than 3 rows; the data have 3"):
        MixedForms(Y[:3], X[:3]).fit(d=3)


def test_bad_new_data(fit, frame):
    with pytest.raises(DataError, match="The data lack columns the model was fitted with: 'x6'"):
        fit.predict(frame.drop(columns="x6"))
    with pytest.raises(OptionError, match="Z= is for models fitted to arrays"):
        fit.predict(frame, Z=np.zeros((120, 4)))
    with pytest.raises(OptionError, match="from_ and to are both 'x'"):
        fit.translate(from_="x", to="x")
    with pytest.raises(OptionError, match="to = 'w' is not one of"):
        fit.translate(to="w")
    with pytest.raises(DataError, match="Column 'x1' of X holds infinite values"):
        fit.predict(frame.assign(x1=np.inf))
    with pytest.raises(OptionError, match="n = 0 is not a positive integer"):
        fit.bootstrap(0)
    with pytest.raises(OptionError, match="level = 95 is not between 0 and 1"):
        fit.bootstrap(5, level=95)


def test_bad_new_arrays():
    rng = np.random.default_rng(0)
    Y, X, Z = (rng.standard_normal((30, p)) for p in (2, 4, 3))
    own, tasks = MixedForms(Y, X, Z).fit(d=1), MixedForms(Y, X, task=["a", "b", "c"] * 10).fit(d=1)
    none = MixedForms(Y, X).fit(d=1)
    for call, error, message in (
        (lambda: own.predict(X[:, :2]), DataError, "X has 2 columns; the model was fitted with 4"),
        (lambda: own.predict(X, task=["a"] * 30), OptionError, "task= has no use here"),
        (lambda: tasks.predict(X, Z=Z), OptionError, "give task=, not Z="),
        (lambda: own.predict(X, Z=Z[:5]), OptionError, "Z has 5 rows, X has 30"),
        (lambda: own.transform(X, Y=Y[:5]), OptionError, "Y has 5 rows, X has 30"),
        (lambda: tasks.predict(X, task=["a"]), DataError, "task has 1 labels for 30 rows"),
        (lambda: none.translate(from_="x", to="z"), OptionError, "no block 'z'"),
    ):
        with pytest.raises(error, match=message):
            call()
    np.testing.assert_allclose(own.transform(X, Y=Y, Z=Z), own.transform(), atol=2e-3)


def test_bad_cross_validation(frame):
    model = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3 | z1 + z2", frame)
    for options, error, message in (
        ({"d": [1, 0]}, OptionError, "d = 0 is not a positive integer"),
        ({"d": [1, 9]}, DataError, "d = 9, but X and Z have only 5"),
        ({"folds": 1, "d": 1}, OptionError, "folds = 1 is not an integer of at least 2"),
        ({"d": []}, OptionError, "d names no dimension to try"),
        ({"target": "z"}, OptionError, "target = 'z' is not one of 'cells', 'y'"),
        ({"algorithm": "published"}, OptionError, "algorithm = 'published' is not one of 'als', 'em'"),
    ):
        with pytest.raises(error, match=message):
            model.cross_validate(**options)
    with pytest.raises(OptionError, match="choice = 'least' is not one of"):
        model.cross_validate(d=[1], folds=2, rng=0).refit("least")
