"""The one model for a task that was not seen: formulas, and what must not matter."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import sparse

from sparsekin import SparseMTL, moments
from sparsekin.l0.grid import cross
from sparsekin.l0.values import Batch
from sparsekin.tuning.folds import make_folds, training_blocks
from sparsekin.tuning.sparse.cross_validate import fit_grid
from sparsekin.tuning.sparse.dial.score import score_batches
from sparsekin.tuning.sparse.new_site import centre_of
from sparsekin.tuning.sparse.scoring import score
from tuning.cv_cases import prepared, problem_of

SIZES = (30, 60, 120, 15)


def sites(seed=0, sizes=SIZES, spread=2.0, slopes=0.5):
    """Sites of different sizes, middles, levels and slopes; x3 is noise, w are weights."""
    rng = np.random.default_rng(seed)
    parts = []
    for k, n in enumerate(sizes):
        X = rng.standard_normal((n, 4)) + rng.standard_normal(4)
        b = np.array([2.0, -1.0, 0.5, 0.0]) + slopes * rng.standard_normal(4) * [1, 1, 1, 0]
        y = 10 + spread * rng.standard_normal() + X @ b + rng.standard_normal(n)
        parts.append(pd.DataFrame(X, columns=["x0", "x1", "x2", "x3"]).assign(y=y, site=f"s{k}"))
    data = pd.concat(parts, ignore_index=True)
    return data.assign(w=rng.integers(1, 4, len(data)).astype(float))


@pytest.fixture(scope="module")
def data():
    return sites()


@pytest.fixture(scope="module")
def new():
    return sites(9, (12,)).assign(site="elsewhere")


def by_hand(fit, data, new, names, weights, how):
    """The formula on the tables a user sees."""
    coef = fit.params.loc[names].fillna(0.0).to_numpy()
    constant = fit.params.loc["Intercept"].to_numpy()
    shares = weights.groupby(data["site"]).sum().to_numpy() / weights.sum()
    X = new[names].to_numpy()
    if how == "pooled":
        return X @ coef @ shares + constant @ shares
    middle = np.average(data[names], axis=0, weights=weights)
    return shares @ (constant + middle @ coef) + (X - middle) @ coef.mean(axis=1)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("how", ["mean", "pooled"])
def test_it_is_the_mean_of_the_models_by_rows_in_the_middle_of_the_rows(data, new, how, weighted):
    names = ["x0", "x1", "x2", "x3"]
    w = data["w"] if weighted else pd.Series(1.0, data.index)
    model = SparseMTL.from_formula(
        "y ~ x0 + x1 + x2 + x3", data.assign(w=w), "site", keep=["x1"], weights="w" if weighted else None
    )
    fit = model.fit(s=2, lambda_1=0.1, lambda_z=0.1)
    np.testing.assert_allclose(fit.predict(new, how=how), by_hand(fit, data, new, names, w, how), rtol=1e-10)


@pytest.mark.parametrize("how", ["mean", "pooled"])
def test_a_constant_added_to_a_column_changes_nothing(data, new, how):
    def predicted(by):
        moved, there = (one.assign(x0=one["x0"] + by, x1=one["x1"] - by) for one in (data, new))
        return SparseMTL.from_formula("y ~ x0 + x1 + x2 + x3", moved, "site", keep=["x1"]).fit(3).predict(there, how)

    np.testing.assert_allclose(predicted(1000.0), predicted(0.0), atol=1e-8)


def test_equal_slopes_have_the_intercepts_weighted_by_rows(data, new):
    fit = SparseMTL.from_formula("y ~ x0 + x1", data, "site").fit(s=2, lambda_2=np.inf)
    peer = smf.ols("y ~ 0 + C(site) + x0 + x1", data).fit()
    level = np.average(peer.params.iloc[:4], weights=SIZES)
    expected = level + new[["x0", "x1"]].to_numpy() @ peer.params.iloc[4:].to_numpy()
    for how in ("mean", "pooled"):
        np.testing.assert_allclose(fit.predict(new, how=how), expected, rtol=1e-9)


def test_models_without_intercepts_have_their_mean(data, new):
    fit = SparseMTL.from_formula("y ~ 0 + x0 + x1", data, "site").fit(s=2)
    mean = fit.params.mean(axis=1)
    np.testing.assert_allclose(fit.predict(new, how="mean"), new[["x0", "x1"]] @ mean[["x0", "x1"]])


@pytest.mark.parametrize("formula", ["y ~ x0 + x1 + x2 + x3", "y ~ 0 + x0 + x1 + x2 + x3"])
def test_moments_say_what_rows_say(data, new, formula):
    other = SparseMTL.from_formula(formula, data, "site", weights="w").fit(s=3)
    fit = SparseMTL.from_moments(moments.from_frame(formula, data, "site", weights="w")).fit(s=3)
    for how in ("mean", "pooled"):
        np.testing.assert_allclose(fit.predict(new, how=how), other.predict(new, how=how), rtol=1e-8)


def test_sparse_columns_say_what_dense_ones_say():
    rng = np.random.default_rng(0)
    X, task = rng.standard_normal((90, 6)) * (rng.random((90, 6)) < 0.4), np.repeat(["a", "b"], [30, 60])
    y = X[:, 0] + (task == "b") * (3 + X[:, 1]) + 0.1 * rng.standard_normal(90)
    thin, full = (SparseMTL(y, one, task).fit(s=2).predict(X, how="mean") for one in (sparse.csr_array(X), X))
    np.testing.assert_allclose(thin, full, rtol=1e-10)


def test_many_models_at_once_say_what_each_says():
    found = prepared(weighted=True, keep=True)
    blocks = training_blocks(found.blocks, make_folds(found.blocks, scheme="leave-one-task-out"), 0)
    models = fit_grid(blocks, problem_of(found), cross([1, 3], [0.1], [0.0], [0.0]), 1)
    centre, parts = centre_of(blocks), ("intercept", "coef", "keep_coef")
    for many, *each in zip(
        centre.combine(*(np.stack([getattr(one, part) for one in models]) for part in parts)),
        *(centre.combine(*(getattr(one, part) for part in parts)) for one in models),
        strict=True,
    ):
        np.testing.assert_allclose(many, each, rtol=1e-12)


def test_the_dial_judges_as_explicit_grids_do():
    found = prepared(weighted=True, keep=True)
    folds = make_folds(found.blocks, scheme="leave-one-task-out")
    training = training_blocks(found.blocks, folds, 1)
    models = fit_grid(training, problem_of(found), cross([1, 3], [0.1], [0.0], [0.0]), 1)
    columns = np.arange(1, found.blocks.n_features)
    parts = [replace(one, coef=np.where(np.arange(len(one.coef))[:, None] > 0, one.coef, 0.0)) for one in models]
    batch = Batch(
        columns,
        *(np.stack(part) for part in zip(*((m.intercept, m.coef[1:], m.keep_coef) for m in parts), strict=True)),
    )
    one, other = (
        score_batches(
            found.blocks, training, folds, 1, iter([(np.arange(len(parts)), np.arange(len(parts)), batch)]), len(parts)
        ),
        score(found.blocks, training, folds, 1, parts),
    )
    np.testing.assert_allclose(one.sse, other.sse, rtol=1e-10)
    assert one.sse[:, 1].min() > 0


def test_rows_count_where_sites_are_of_very_different_sizes():
    """A site of 4 rows has an intercept that is mostly noise: by rows it does less harm. The truth has one level."""
    by_rows, equal = [], []
    for seed in range(20):
        data, new = (
            sites(at, sizes, spread=0.0, slopes=0.0) for at, sizes in ((seed, (4, 4, 80, 80)), (100 + seed, (99,)))
        )
        fit = SparseMTL.from_formula("y ~ x0 + x1 + x2", data, "site").fit(s=3, lambda_2=np.inf)
        truth = 10 + new[["x0", "x1", "x2"]] @ [2.0, -1.0, 0.5]
        slopes = fit.params.drop("Intercept").mean(axis=1)
        as_one = fit.params.loc["Intercept"].mean() + new[slopes.index] @ slopes
        by_rows.append(np.mean((truth - fit.predict(new, how="mean")) ** 2))
        equal.append(np.mean((truth - as_one) ** 2))
    assert np.mean(by_rows) < 0.7 * np.mean(equal)


def test_every_method_of_a_comparison_predicts_a_site_left_out(data):
    model = SparseMTL.from_formula("y ~ x0 + x1 + x2 + x3", data, "site", keep=["x2"])
    found = model.compare(s=[1, 2], lambda_z=[0.0], scheme="leave-one-task-out")
    assert found.table["mean"].notna().all()
    errors = []
    for site, held in data.groupby("site"):
        rest = data[data["site"] != site]
        each = [smf.ols("y ~ x2", one).fit().params for _, one in rest.groupby("site")]
        shares, middle = rest.groupby("site").size() / len(rest), rest["x2"].mean()
        level = sum(v * (b["Intercept"] + b["x2"] * middle) for v, b in zip(shares, each, strict=True))
        predicted = level + np.mean([b["x2"] for b in each]) * (held["x2"] - middle)
        errors.append(np.sqrt(np.mean((held["y"] - predicted) ** 2)))
    assert found.table.loc["null", "mean"] == pytest.approx(np.mean(errors))
