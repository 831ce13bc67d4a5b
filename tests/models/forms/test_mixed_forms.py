import numpy as np
import pandas as pd
import pytest

from forms.planted import plant
from sparsekin import FormsResults, MixedForms
from sparsekin.data.datasets import load_ad_biomarkers
from sparsekin.errors import InterruptedWarning
from sparsekin.forms import als


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
    np.testing.assert_allclose(np.diag(found["residual"]), fit.residual_variance.loc["y"], rtol=0.2)
    np.testing.assert_allclose(found["total"], frame[["y1", "y2", "y3"]].cov(), rtol=0.2, atol=0.3)
    fit.save(tmp_path / "fit.npz")
    again = FormsResults.load(tmp_path / "fit.npz")
    pd.testing.assert_frame_equal(again.predict(frame), fit.predict(frame))
    pd.testing.assert_series_equal(again.residual_variance, fit.residual_variance)
    assert "Algorithm:" in str(fit.summary())
    boot = fit.bootstrap(8, rng=0).intervals
    assert ((boot["conf_low"] <= boot["estimate"] + 0.2) & (boot["estimate"] - 0.2 <= boot["conf_high"])).mean() > 0.9


@pytest.mark.filterwarnings("ignore:The fit stopped at max_sweeps")
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
