"""lambda_2 = inf as a user meets it: one regression with an intercept per task, in every table and file."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsekin import SparseMTL, SparseResults, moments
from sparsekin.data.standardize import standardize
from sparsekin.errors import DataError, OptionError
from sparsekin.l0.problem import make_problem, objective
from sparsekin.models.sparse import checks

FEATURES = ["bmi", "crp", "ldl", "tsh"]


def sites(seed=0, sizes=(20, 35, 28), keep_by_site=False):
    """Sites of different sizes, levels, spreads and noise; age and sex are always in."""
    rng = np.random.default_rng(seed)
    parts = []
    for k, n in enumerate(sizes):
        part = pd.DataFrame(rng.normal(0, 1 + k, (n, 4)), columns=FEATURES)
        part["age"], part["sex"] = rng.normal(50, 8, n), rng.integers(0, 2, n).astype(float)
        if keep_by_site and k == 0:
            part["sex"] = 1.0
        part["w"] = rng.uniform(0.5, 2, n)
        part["y"] = 5 * k + part["bmi"] - 0.5 * part["crp"] + 0.1 * part["age"] + part["sex"] + rng.normal(0, 1 + k, n)
        parts.append(part.assign(site=f"site{k}"))
    return pd.concat(parts, ignore_index=True).sample(frac=1, random_state=1).reset_index(drop=True)


def model_of(data, weights=None, **options):
    return SparseMTL.from_formula(
        "y ~ bmi + crp + ldl + tsh + age + sex", data, "site", keep=["age", "sex"], weights=weights, **options
    )


@pytest.fixture(scope="module")
def data():
    return sites()


@pytest.fixture(scope="module")
def pooled(data):
    return model_of(data).fit(s=2, lambda_2=math.inf)


def expected_by_site(fitted, names):
    """(term, site) table from a statsmodels fit with C(site)."""
    sites_of = [f"site{k}" for k in range(3)]
    out = {site: [fitted.params["Intercept"] + fitted.params.get(f"C(site)[T.{site}]", 0.0)] for site in sites_of}
    return pd.DataFrame({site: out[site] + [fitted.params[name] for name in names] for site in sites_of})


@pytest.mark.parametrize("lambda_2", [math.inf, np.inf, np.float32("inf"), "inf"])
def test_it_is_one_regression_with_an_intercept_per_site(data, lambda_2):
    found = model_of(data).fit(s=2, lambda_2=lambda_2)
    fitted = smf.ols("y ~ C(site) + age + sex + bmi + crp", data).fit()
    names = ["age", "sex", "bmi", "crp"]
    assert found.selected == ["bmi", "crp"]
    np.testing.assert_allclose(found.params.loc[["Intercept", *names]], expected_by_site(fitted, names), rtol=1e-10)
    np.testing.assert_allclose(found.fittedvalues, fitted.fittedvalues, rtol=1e-10)
    np.testing.assert_allclose(found.resid, fitted.resid, atol=1e-10)
    assert found.status == "swap-optimal"


def test_weights_are_those_of_weighted_least_squares(data):
    found = model_of(data, weights="w").fit(s=2, lambda_2=math.inf)
    fitted = smf.wls("y ~ C(site) + age + sex + bmi + crp", data, weights=data["w"]).fit()
    np.testing.assert_allclose(found.fittedvalues, fitted.fittedvalues, rtol=1e-10)


def test_equal_weights_of_tasks_are_obeyed(data):
    found = model_of(data).fit(s=2, lambda_2=math.inf, task_weights="equal")
    fitted = smf.wls(
        "y ~ C(site) + age + sex + bmi + crp", data, weights=1 / data.groupby("site")["y"].transform("size")
    ).fit()
    np.testing.assert_allclose(found.fittedvalues, fitted.fittedvalues, rtol=1e-10)
    assert "task_weights='equal'" in found.summary().as_text()


@pytest.mark.parametrize("mode", ["within", "pooled", False])
def test_the_ridge_acts_on_one_scale(data, mode):
    found = model_of(data, standardize=mode).fit(s=4, lambda_1=0.5, lambda_2=math.inf)
    sd = np.ones(4) if mode is False else data[FEATURES].std(ddof=0).to_numpy()
    free = np.column_stack([pd.get_dummies(data["site"]).astype(float), data[["age", "sex"]]])
    A = np.column_stack([data[FEATURES] / sd, free])
    penalty = np.diag(np.r_[np.full(4, 0.5 * len(data)), np.zeros(free.shape[1])])  # rows: 1/(2N) RSS + lambda_1/2 b'b
    b = np.linalg.solve(A.T @ A + penalty, A.T @ data["y"])
    np.testing.assert_allclose(found.params.loc[FEATURES, "site1"], b[:4] / sd, rtol=1e-9)
    np.testing.assert_allclose(found.params.loc[["age", "sex"], "site0"], b[-2:], rtol=1e-9)


def test_moments_give_the_fit_of_the_rows(data):
    arrays = [data["y"].to_numpy(), data[FEATURES].to_numpy() + 100, data["site"].to_numpy()]
    keep = data[["age", "sex"]].to_numpy()
    rows = SparseMTL(*arrays, keep=keep).fit(s=2, lambda_1=0.1, lambda_2=math.inf)
    sums = SparseMTL.from_moments(moments.from_arrays(*arrays, keep=keep)).fit(s=2, lambda_1=0.1, lambda_2=math.inf)
    np.testing.assert_allclose(sums.params, rows.params, rtol=1e-8)
    assert sums.objective == pytest.approx(rows.objective, rel=1e-9)


def test_what_a_kept_column_is_where_one_site_cannot_tell(pooled):
    data = sites(keep_by_site=True)
    model = model_of(data)
    apart, found = model.fit(s=2), model.fit(s=2, lambda_2=math.inf)
    fitted = smf.ols("y ~ C(site) + age + sex + bmi + crp", data).fit()
    assert np.isnan(apart.params.loc["sex", "site0"])
    np.testing.assert_allclose(found.params.loc["sex"], fitted.params["sex"], rtol=1e-10)
    assert found.inestimable == {}
    assert not found.tidy()["estimate"].isna().any()
    data["sex"] = (data["site"] == "site1").astype(float)
    explained = model_of(data).fit(s=2, lambda_2=math.inf)
    assert explained.params.loc["sex"].isna().all()
    assert explained.inestimable == {f"site{k}": ["sex"] for k in range(3)}


def test_degrees_of_freedom_are_shared_by_rows(data, pooled):
    fitted = smf.ols("y ~ C(site) + age + sex + bmi + crp", data).fit()
    n = data.groupby("site").size()
    spare = n - 1 - 4 * n / len(data)
    squares = (fitted.resid**2).groupby(data["site"]).sum()
    np.testing.assert_allclose(pooled.resid_sd, np.sqrt(squares / spare), rtol=1e-10)
    assert spare.sum() == pytest.approx(fitted.df_resid)


def test_the_criterion_counts_one_vector_and_an_intercept_per_site(data):
    path = model_of(data).path(s=[1, 2], lambda_2=[0, math.inf], lambda_z=0.0)
    fitted = smf.ols("y ~ C(site) + age + sex + bmi + crp", data).fit()
    n = data.groupby("site").size()
    mse = (fitted.resid**2).groupby(data["site"]).mean()
    expected = (n * np.log(mse)).sum() + np.log(n).sum() + 4 * np.log(len(data)) + 2 * np.log(6)
    at = (path.table["s"] == 2) & np.isinf(path.table["lambda_2"])
    assert path.criterion()[at].item() == pytest.approx(expected, rel=1e-10)


def test_summary_and_tables_say_what_was_used(pooled):
    text = " ".join(pooled.summary().as_text().split())
    assert "Pooled L0 regression" in text
    assert "lambda_2 = inf: one coefficient vector, of kept terms too, for all tasks; each task has its own" in text
    assert "standardize='pooled', scale_outcome=False, task_weights='rows'" in text
    assert pooled.glance()["lambda_2"].item() == np.inf
    assert pooled.homogeneity.mean_jaccard == 1.0
    tidy = pooled.tidy()
    assert (tidy[tidy["term"] != "Intercept"].groupby("term")["estimate"].nunique() == 1).all()
    assert pooled.plot_support() is not None


def test_a_file_gives_it_back(pooled, tmp_path):
    pooled.save(tmp_path / "fit.npz")
    again = SparseResults.load(tmp_path / "fit.npz")
    assert again.lambda_2 == np.inf
    pd.testing.assert_frame_equal(again.params, pooled.params)
    assert again.summary().as_text() == pooled.summary().as_text()
    assert again.certify().objective == pytest.approx(pooled.objective, rel=1e-12)


def test_proofs(data, pooled):
    proven = pooled.certify()
    assert proven.status == "optimal"
    assert proven.bound <= pooled.objective * (1 + 1e-12)
    assert proven.objective == pytest.approx(proven.certificate.objective, rel=1e-12)
    assert 0 < pooled.bound_root().bound <= pooled.objective * (1 + 1e-12)
    others = pooled.alternatives(2)
    ssr = {
        (a, b): smf.ols(f"y ~ C(site) + age + sex + {a} + {b}", data).fit().ssr
        for i, a in enumerate(FEATURES) for b in FEATURES[i + 1 :]
    }  # fmt: skip
    K, N = 3, len(data)
    np.testing.assert_allclose(others["objective"], np.array(sorted(ssr.values())[1:3]) * K / (2 * N), rtol=1e-9)
    relaxed = model_of(data).fit(s=2, lambda_1=0.1, lambda_2=math.inf, solver="relaxation")
    assert (relaxed.fractional.nunique(axis=1) == 1).all()
    assert relaxed.bound <= model_of(data).fit(s=2, lambda_1=0.1, lambda_2=math.inf).objective * (1 + 1e-12)
    tree = model_of(data).fit(s=2, lambda_1=0.1, lambda_2=math.inf, solver="scip", method="outer-approximation")
    assert tree.status == "optimal"


@pytest.mark.parametrize("ensemble", ["mean", "stack"])
@pytest.mark.parametrize("scheme", ["within-task", "leave-one-task-out"])
def test_cross_validation_judges_it_beside_others(data, scheme, ensemble):
    model = model_of(data)
    cv = model.cross_validate(
        s=[2], lambda_1=[0.0, 0.1], lambda_2=[0, 1, math.inf], lambda_z=[0, 0.1], folds=4, scheme=scheme,
        ensemble=ensemble, rng=0,
    )  # fmt: skip
    table = cv.table
    tied = table[np.isinf(table["lambda_2"]) & (table["lambda_1"] == 0)]
    assert len(tied) == 2
    assert tied["mean"].nunique() == 1
    folds, expected = cv.folds, []
    for fold in sorted(set(folds)):
        train, test = data[folds != fold], data[folds == fold]
        share = data["site"].value_counts() / train["site"].value_counts()  # a site weighs what it does in all rows
        fitted = smf.wls("y ~ C(site) + age + sex + bmi + crp", train, weights=train["site"].map(share)).fit()
        if scheme == "within-task":
            errors = (test["y"] - fitted.predict(test)) ** 2
        else:
            known = [f"site{k}" for k in range(3) if f"site{k}" in set(train["site"])]
            each = [fitted.predict(test.assign(site=name)) for name in known]
            rows = train["site"].value_counts()[known]
            errors = (test["y"] - np.average(each, axis=0, weights=rows)) ** 2
        expected.append(np.sqrt(errors.groupby(test["site"]).mean()).mean())
    if scheme == "within-task" or ensemble == "mean":
        assert tied["mean"].iloc[0] == pytest.approx(np.mean(expected), rel=1e-9)
    refit = cv.refit()
    assert refit.standard.mode == "pooled"
    cv.summary().as_text()
    cv.glance()
    cv.plot_cv()


def test_only_infinity(data):
    model = model_of(data)
    cv = model.cross_validate(lambda_2=math.inf, folds=4, rng=0)
    assert set(cv.table["lambda_z"]) == {0.0}
    assert cv.table["s"].max() == 4  # more than a third of the smallest task allows is not needed here
    chosen = cv.refit()
    assert chosen.pooled or chosen.s.max() == 0
    assert model.select(lambda_2=math.inf, lambda_z=0.0).pooled
    two = model.cross_validate(s=2, lambda_2=[0.1, math.inf], lambda_z=0, folds=4, stages=2, rng=0)
    assert np.isfinite(two.table["mean"]).all()
    assert np.isfinite(
        model.cross_validate(s=2, lambda_2=math.inf, lambda_z=0, folds=4, stages=2, rng=0).table["mean"]
    ).all()


def test_paths_draw_and_find_infinity(data):
    path = model_of(data).path(s=2, lambda_2=[0, 0.1, 10, math.inf], lambda_z=0.0, bounds=True)
    found = path.at(lambda_2=math.inf)
    assert found.pooled
    assert (path.table["bound"] <= path.table["objective"] * (1 + 1e-9)).all()
    ax = path.plot_path(x="lambda_2")
    assert [text.get_text() for text in ax.get_xticklabels()][-1] == "∞"
    assert np.isfinite(ax.get_xlim()).all()
    for frame in (path.table, path.coef_table()):
        assert np.isinf(frame["lambda_2"]).any()
    with pytest.raises(OptionError, match=r"lambda_2 is one of 0, 0\.1, 10, inf"):
        path.at(lambda_2=7.0)


def test_predictions_of_a_new_site(data, pooled):
    new = data.assign(site="elsewhere")
    mean = pooled.predict(new, how="mean")
    fitted = smf.ols("y ~ C(site) + age + sex + bmi + crp", data).fit()
    each = [fitted.predict(data.assign(site=f"site{k}")) for k in range(3)]
    rows = [sum(data["site"] == f"site{k}") for k in range(3)]
    np.testing.assert_allclose(mean, np.average(each, axis=0, weights=rows), rtol=1e-10)
    np.testing.assert_allclose(pooled.predict(new, how="pooled"), mean, rtol=1e-12)


def test_more_features_than_the_smallest_task_has_rows():
    rng = np.random.default_rng(3)
    X, task = rng.standard_normal((60, 12)), np.repeat(["a", "b", "c"], [40, 14, 6])
    y = X @ rng.standard_normal(12) + 0.1 * rng.standard_normal(60)
    model = SparseMTL(y, X, task)
    with pytest.raises(DataError, match="Task 'c' has 6 complete rows but s = 9"):
        model.fit(s=9)
    found = model.fit(s=12, lambda_2=math.inf)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(12)]).assign(y=y, task=task)
    fitted = smf.ols("y ~ C(task) + " + " + ".join(f"x{j}" for j in range(12)), frame).fit()
    np.testing.assert_allclose(found.params.iloc[1:, 2], fitted.params.iloc[3:], rtol=1e-9)
    assert model.path(lambda_2=math.inf).table["s"].max() == 12


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"s": {"site0": 1, "site1": 2, "site2": 2}, "lambda_2": math.inf}, OptionError,
         "lambda_2 = inf selects the same features in every task, but s differs: 1 for 'site0', 2 for 'site1'"),
        ({"s": 2, "lambda_2": math.inf, "support": "independent"}, OptionError, "so lambda_2 = inf has no meaning"),
        ({"s": 2, "lambda_2": -math.inf}, OptionError, "lambda_2 = -inf must not be negative"),
        ({"s": 2, "lambda_2": math.nan}, OptionError, "lambda_2 = nan is not a number"),
        ({"s": 2, "lambda_1": math.inf}, OptionError, "lambda_1 = inf must be finite and not negative"),
        ({"s": 2, "lambda_z": math.inf}, OptionError, "lambda_z = inf must be finite and not negative"),
    ],
)  # fmt: skip
def test_messages(data, options, error, message):
    with pytest.raises(error, match=message):
        model_of(data).fit(**options)


def test_too_few_rows_in_all():
    rng = np.random.default_rng(0)
    model = SparseMTL(rng.standard_normal(8), rng.standard_normal((8, 9)), ["a"] * 4 + ["b"] * 4)
    with pytest.raises(
        DataError, match="all tasks together have 8 rows but s = 7 besides an intercept per task; lower"
    ):
        model.fit(s=7, lambda_2=math.inf)
    with pytest.raises(DataError, match="have 6 rows outside fold 0 but s = 5"):
        model.cross_validate(s=5, lambda_2=math.inf, folds=4, rng=0)


def test_what_is_too_large_to_stack(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 4))
    monkeypatch.setattr(checks, "MOST_CELLS", 300)
    shared = SparseMTL(rng.standard_normal((30, 3)), X)
    with pytest.raises(DataError, match=r"stacks rows and intercepts of 3 outcomes: .* use a large finite lambda_2"):
        shared.fit(s=2, lambda_2=math.inf)
    assert shared.fit(s=2, lambda_2=1e5).params.shape == (5, 3)
    rows = SparseMTL(rng.standard_normal(30), X, np.arange(30) % 6)
    with pytest.raises(DataError, match=r"of 6 tasks: "):
        rows.path(s=2, lambda_2=[0, math.inf])


def test_outcomes_of_one_design():
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.standard_normal((40, 3)), columns=["a", "b", "c"])
    data["u"], data["v"] = data["a"] + rng.standard_normal(40), 5 + data["a"] + rng.standard_normal(40)
    data.loc[3, "v"] = np.nan
    found = SparseMTL.from_formula("u + v ~ a + b + c", data, missing="drop").fit(s=3, lambda_2=math.inf)
    long = data.melt(["a", "b", "c"], ["u", "v"], "task", "y").dropna()
    fitted = smf.ols("y ~ C(task) + a + b + c", long).fit()
    np.testing.assert_allclose(found.params.loc[["a", "b", "c"], "v"], fitted.params[["a", "b", "c"]], rtol=1e-10)
    assert found.params.loc["Intercept", "u"] == pytest.approx(fitted.params["Intercept"], rel=1e-10)


def test_settings_without_infinity_are_what_they_were(data):
    model = model_of(data)
    a, b = model.fit(s=2, lambda_2=0.3), model.fit(s=2, lambda_2=0.3, task_weights="equal")
    np.testing.assert_array_equal(a.params, b.params)
    assert a.standard.mode == "within"
    keep_apart = a.params.loc["age"]
    assert keep_apart.nunique() == 3


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000), K=st.integers(2, 5), p=st.integers(2, 6), q=st.integers(0, 2),
    lambda_1=st.sampled_from([0.0, 0.01, 1.0]), weighted=st.booleans(), how=st.sampled_from(["equal", "rows"]),
)  # fmt: skip
def test_the_way_to_infinity_is_continuous_and_monotone(seed, K, p, q, lambda_1, weighted, how):
    """Over lambda_2 on one scale: F rises to F at infinity, the spread falls to 0, coefficients come to the limit."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(p + q + 4, 30, K)
    task = np.repeat(np.arange(K), sizes)
    X = rng.standard_normal((len(task), p)) * rng.uniform(0.5, 2, p)
    y = X @ rng.normal(0, 1, p) + task + rng.standard_normal(len(task))
    weights = rng.uniform(0.5, 2, len(task)) if weighted else None
    model = SparseMTL(y, X, task, weights=weights, standardize="pooled")
    limit = model.fit(s=p, lambda_1=lambda_1, lambda_2=math.inf, task_weights=how)
    spread, values = [], []
    for lambda_2 in (0, 0.1, 1, 10, 1e3, 1e6):
        found = model.fit(s=p, lambda_1=lambda_1, lambda_2=lambda_2, task_weights=how)
        b = found.solution.coef_standardized
        spread.append(np.sum((b - b.mean(axis=1, keepdims=True)) ** 2))
        values.append(found.objective)
    assert np.all(np.diff(spread) <= 1e-9)
    assert np.all(np.diff([*values, limit.objective]) >= -1e-9 * values[-1])
    scale = np.abs(limit.solution.coef_standardized).max()
    np.testing.assert_allclose(b, limit.solution.coef_standardized, atol=1e-4 * scale)
    problem = make_problem(
        limit.blocks, standardize(limit.blocks, "pooled"), limit.s, lambda_1=lambda_1, lambda_2=math.inf,
        task_weights=limit.task_weights,
    )  # fmt: skip
    assert objective(problem, limit.solution.coef_standardized) == pytest.approx(limit.objective, rel=1e-9)
