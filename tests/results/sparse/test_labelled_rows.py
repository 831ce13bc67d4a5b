"""What a fit expects of a new study, and labelled rows of it: shrunken, never the raw mean."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from contract.made import average
from sparsekin import SparseMTL, moments
from sparsekin.errors import DataError, OptionError
from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.sparse.new_site import shrinkage, spread_of

SIZES = (30, 60, 120, 25)


def sites(seed=0, sizes=SIZES, spread=1.0, level=None):
    rng = np.random.default_rng(seed)
    parts = []
    for k, n in enumerate(sizes):
        X = rng.standard_normal((n, 3)) + rng.standard_normal(3)
        at = 10 + spread * rng.standard_normal() if level is None else level
        y = at + X @ [2.0, -1.0, 0.0] + rng.standard_normal(n)
        parts.append(pd.DataFrame(X, columns=["x0", "x1", "x2"]).assign(y=y, site=f"s{k}"))
    data = pd.concat(parts, ignore_index=True)
    return data.assign(w=rng.integers(1, 4, len(data)).astype(float))


@pytest.fixture(scope="module")
def data():
    return sites()


@pytest.fixture(scope="module")
def new():
    return sites(5, (40,), level=16.0).assign(site="east")


@pytest.fixture(scope="module")
def fit(data):
    return SparseMTL.from_formula("y ~ x0 + x1 + x2", data, "site").fit(s=2, lambda_z=0.1)


def by_hand(fit, data, weights):
    """Levels, rows, s^2 and tau^2 from the tables of the fit."""
    names = ["x0", "x1", "x2"]
    middle, N = np.average(data[names], axis=0, weights=weights), len(data)
    levels = fit.params.loc["Intercept"].to_numpy() + middle @ fit.params.loc[names].to_numpy()
    n = weights.groupby(data["site"]).sum().to_numpy() * N / weights.sum()
    used = (fit.params != 0).to_numpy().sum()
    within = np.sum(weights * fit.resid**2) / weights.sum() * N / (N - used)
    apart = n @ (levels - np.average(levels, weights=n)) ** 2
    between = max(0.0, (apart - (len(n) - 1) * within) / (N - n @ n / N))
    return levels, n, within, between


@pytest.mark.parametrize("weighted", [False, True])
def test_spread_and_labelled_rows_by_hand(data, new, weighted):
    w = data["w"] if weighted else pd.Series(1.0, data.index)
    column = "w" if weighted else None
    fit = SparseMTL.from_formula("y ~ x0 + x1 + x2", data, "site", weights=column).fit(s=2, lambda_z=0.1)
    levels, n, within, between = by_hand(fit, data, w)
    found = fit.new_site
    np.testing.assert_allclose(found.levels, levels)
    np.testing.assert_allclose(found.n, n)
    assert found.level == pytest.approx(np.average(levels, weights=n))
    assert found.sd_between**2 == pytest.approx(between)
    assert found.sd_within**2 == pytest.approx(within)
    assert between > 0
    for how in ("mean", "pooled"):
        plain = fit.predict(new, how=how)
        for m in (1, 5, 40):
            raw = (new["y"] - plain)[:m].mean()
            moved = fit.predict(new, how=how, labelled=new[:m]) - plain
            np.testing.assert_allclose(moved, raw * between / (between + within / m))
            assert 0 < moved.iloc[0] < raw


def test_weights_in_other_units_say_the_same(data, new):
    one, other = (
        SparseMTL.from_formula("y ~ x0 + x1 + x2", data.assign(w=c * data["w"]), "site", weights="w").fit(2)
        for c in (1.0, 1000.0)
    )
    assert one.new_site.sd_between == pytest.approx(other.new_site.sd_between)
    np.testing.assert_allclose(*(fit.predict(new, "mean", labelled=new[:3]) for fit in (one, other)))


def test_many_rows_approach_their_mean_and_none_say_nothing():
    assert shrinkage(0.5, 2.0, 10**9) == pytest.approx(1.0)
    assert shrinkage(0.5, 2.0, 0) == 0.0
    assert shrinkage(0.0, 0.0, 3) == 0.0
    assert spread_of(np.full(4, 3.0), np.array(SIZES, float), 1.0).between == 0.0


def test_the_spread_is_found():
    between = [SparseMTL.from_formula("y ~ x0 + x1", sites(seed, (20, 40) * 10, 1.5), "site").fit(2).new_site.sd_between
               for seed in range(5)]  # fmt: skip
    assert np.mean(between) == pytest.approx(1.5, rel=0.15)


def test_shrunken_beats_raw_and_none_where_sites_differ_as_much_as_rows():
    plain, shrunken, raw = [], [], []
    for seed in range(40):
        data, rng = sites(seed, (40,) * 8, 0.5), np.random.default_rng(seed)
        one = sites(500 + seed, (103,), level=10 + 0.5 * rng.standard_normal())
        new, labelled = one[3:], one[:3]
        fit = SparseMTL.from_formula("y ~ x0 + x1", data, "site").fit(2, lambda_2=np.inf)
        left = new["y"] - fit.predict(new, "mean")
        plain.append(left.mean() ** 2)
        raw.append((left.mean() - (labelled["y"] - fit.predict(labelled, "mean")).mean()) ** 2)
        shrunken.append((new["y"] - fit.predict(new, "mean", labelled=labelled)).mean() ** 2)
    assert np.mean(shrunken) < 0.9 * min(np.mean(plain), np.mean(raw))


def test_parameters_of_one_vector_are_counted_once(data):
    fit = SparseMTL.from_formula("y ~ x0 + x1", data, "site").fit(s=2, lambda_2=np.inf)
    assert fit.new_site.sd_within**2 == pytest.approx(smf.ols("y ~ C(site) + x0 + x1", data).fit().mse_resid)


def test_moments_arrays_and_averages_say_what_frames_say(data, new, fit):
    sent = SparseMTL.from_moments(moments.from_frame("y ~ x0 + x1 + x2", data, "site")).fit(s=2, lambda_z=0.1)
    columns = ["x0", "x1", "x2"]
    arrays = SparseMTL(data["y"].to_numpy(), data[columns].to_numpy(), data["site"].to_numpy()).fit(2, lambda_z=0.1)
    expected = fit.predict(new, "mean", labelled=new[:5])
    np.testing.assert_allclose(sent.predict(new, "mean", labelled=new[:5]), expected)
    pair = (new["y"].to_numpy()[:5], new[columns].to_numpy()[:5])
    np.testing.assert_allclose(arrays.predict(new[columns].to_numpy(), "mean", labelled=pair), expected)
    model = SparseMTL.from_formula("y ~ x0 + x1 + x2", data, "site")
    mean = average(model, [{"s": 2}, {"s": 3}])
    assert mean.predict(new, "mean", labelled=new[:5]).mean() > mean.predict(new, "mean").mean()


def test_rows_that_are_not_complete_are_left_out_and_formulas_make_the_outcome(data, new):
    fit = SparseMTL.from_formula("np.log(y + 20) ~ x0 + x1", data, "site").fit(2)
    gaps = new[:6].copy()
    gaps.loc[0, "x0"] = gaps.loc[1, "y"] = np.nan
    np.testing.assert_allclose(fit.predict(new, "mean", labelled=gaps), fit.predict(new, "mean", labelled=new[2:6]))


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda new: new.drop(columns="y"), DataError, "Of the labelled rows: The outcome 'y' is not there"),
        (lambda new: new[:0], DataError, "Of the labelled rows: The data have no rows"),
        (
            lambda new: new.assign(y=np.nan),
            DataError,
            "None of the 40 labelled rows has 'y' and all columns of the fit",
        ),
        (lambda new: new.assign(y="high"), DataError, "Outcome 'y' is not numeric"),
        (lambda new: new.drop(columns="x0"), DataError, "Of the labelled rows: .*'x0'"),
        (lambda new: new.assign(site=["east", "north"] * 20), DataError, "of tasks 'east', 'north'; give those of one"),
        (lambda new: new.assign(site="north"), DataError, "labelled rows are of 'north', but some new rows of east"),
        (lambda new: (new["y"], new[["x0"]]), DataError, "labelled is a tuple, and the model was fitted to a frame"),
    ],
)
def test_bad_labelled_rows_are_refused(fit, new, change, error, text):
    with pytest.raises(error, match=text):
        fit.predict(new, "mean", labelled=change(new))


def test_what_labelled_rows_cannot_do(fit, data, new):
    with pytest.raises(OptionError, match='labelled rows are of a study the fit has not seen; use how="mean"'):
        fit.predict(data, labelled=new)
    bare = SparseMTL.from_formula("y ~ 0 + x0 + x1", data, "site").fit(2)
    with pytest.raises(OptionError, match=r"the models have no intercepts; leave labelled out"):
        bare.predict(new, "mean", labelled=new)
    one = SparseMTL.from_formula("y ~ x0 + x1", data.assign(site="s"), "site").fit(2)
    assert isinstance(one.new_site, Unavailable)
    with pytest.raises(OptionError, match="need several tasks with rows of their own"):
        one.predict(new, "mean", labelled=new)
    full = SparseMTL.from_formula("y ~ x0 + x1", data.groupby("site").head(3), "site").fit(2)
    assert np.isnan(full.new_site.sd_within)
    with pytest.raises(OptionError, match="no residual degrees of freedom"):
        full.predict(new, "mean", labelled=new)
    X, two = data[["x0", "x1"]].to_numpy(), data[["y", "w"]].to_numpy()
    arrays = SparseMTL(data["y"].to_numpy(), X, data["site"].to_numpy()).fit(1)
    with pytest.raises(DataError, match=r"give labelled=\(y, X\)"):
        arrays.predict(X, "mean", labelled=data)
    with pytest.raises(DataError, match="Of the labelled rows: y has 2 columns; the model has one outcome"):
        arrays.predict(X, "mean", labelled=(two, X))
    with pytest.raises(OptionError, match="averages models of one outcome"):
        SparseMTL(two, X).fit(1).predict(X, "mean", labelled=(two, X))
    with pytest.raises(dataclasses.FrozenInstanceError):
        fit.new_site.level = 0.0


def test_the_summary_names_it_from_three_tasks_on(fit, data):
    line = f"sd between sites {fit.new_site.sd_between:.4g}, of rows {fit.new_site.sd_within:.4g}."
    text = " ".join(str(fit.summary()).split())
    assert f"New site: {fit.new_site.level:.4g} at the means of all rows, {line}" in text
    two = SparseMTL.from_formula("y ~ x0 + x1", data[data["site"] < "s2"], "site").fit(2)
    assert "New site" not in str(two.summary())


def test_an_interval_by_hand(fit, new):
    found, predicted = fit.new_site, fit.predict(new, "mean")
    tau2, s2, K = found.sd_between**2 * 1.25, found.sd_within**2, 4
    for m, level in ((0, tau2), (5, 1 / (1 / tau2 + 5 / s2))):
        V = level + s2
        half = stats.t.ppf(0.9, (K - 1) * V**2 / level**2) * np.sqrt(V)
        out = found.interval(predicted, 0.8, labelled=m)
        np.testing.assert_allclose(out["upper"] - out["predicted"], half)
        np.testing.assert_allclose(out["predicted"] - out["lower"], half)
        assert out.index.equals(new.index)
    for level in (0, 1, "high", True):
        with pytest.raises(OptionError, match=r"level = .* must be a number between 0 and 1"):
            found.interval(predicted, level)
    with pytest.raises(OptionError, match="labelled = -1 must be the number of labelled rows"):
        found.interval(predicted, labelled=-1)


@pytest.mark.parametrize("m", [0, 3])
def test_intervals_hold_what_they_say(m):
    """Of rows of sites that are drawn as those of the fit were: 95 %, within three standard errors of 80 sites."""
    inside = []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        data = sites(seed, (25, 50) * 4, 1.0)
        new = sites(900 + seed, (60 + m,), level=10 + rng.standard_normal())
        fit = SparseMTL.from_formula("y ~ x0 + x1", data, "site").fit(2, lambda_2=np.inf)
        predicted = fit.predict(new[m:], "mean", labelled=new[:m] if m else None)
        out = fit.new_site.interval(predicted, labelled=m)
        inside.append(new["y"][m:].between(out["lower"], out["upper"]).mean())
    error = np.std(inside) / np.sqrt(len(inside))
    assert np.mean(inside) == pytest.approx(0.95, abs=3 * error)
    assert error < 0.02
