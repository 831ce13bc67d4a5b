"""Rows drawn again are whole-numbered weights, and the search on them is that of the fit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from inference.cases import kindred, problem_of
from inference.test_beside_family import planted
from sparsekin import SparseMTL, moments
from sparsekin.data.standardize import standardize
from sparsekin.errors import InterruptedWarning, OptionError
from sparsekin.inference import bootstrap as room
from sparsekin.inference.bootstrap import counts_of, redraw
from sparsekin.l0.problem import make_problem
from sparsekin.l0.solve import solve


def test_every_task_has_as_many_rows_as_before():
    X, y, _ = kindred(np.random.default_rng(0), K=3, n=30, p=6, s=2, q=2)
    problem = problem_of(X, y, 2, 0.1)
    counts = counts_of(problem, None, np.random.default_rng(0))
    assert [counts[rows].sum() for rows in problem.blocks.rows] == [30, 30, 30]
    assert counts.max() > 1
    assert 0.5 < (counts > 0).mean() < 0.75  # 1 - 1/e
    groups = np.arange(90) // 5
    whole = counts_of(problem, groups, np.random.default_rng(0))
    assert all(len(set(whole[groups == g])) == 1 for g in range(18))
    weighted = problem_of(X, y, 2, 0.1, weights=(np.r_[0.0, np.ones(29)], None, None))
    assert counts_of(weighted, None, np.random.default_rng(0))[0] == 0


def test_classes_keep_their_numbers():
    blocks, _, y = planted("binomial")
    problem = make_problem(blocks, standardize(blocks), np.array([1, 1]), lambda_1=0.1)
    counts = counts_of(problem, None, np.random.default_rng(0))
    for rows, one in zip(blocks.rows, y, strict=True):
        assert counts[rows] @ one == one.sum()


def test_a_draw_is_the_fit_of_rows_repeated():
    X, y, _ = kindred(np.random.default_rng(1), K=2, n=30, p=6, s=2, q=2)
    problem = problem_of(X, y, 2, 0.1)
    found = redraw(problem, rng=3)
    assert found.coef.shape == (200, len(found.features), 2)
    for b in (0, 7):
        seed = int(np.random.default_rng(3).integers(2**63, size=200)[b])
        counts = counts_of(problem, None, np.random.default_rng(seed)).astype(int)
        repeated = problem_of(
            [x.repeat(counts[rows], axis=0) for x, rows in zip(X, problem.blocks.rows, strict=True)],
            [one.repeat(counts[rows]) for one, rows in zip(y, problem.blocks.rows, strict=True)], 2, 0.1,
        )  # fmt: skip
        again = solve(repeated)
        np.testing.assert_allclose(found.coef[b], again.coef[found.features], rtol=1e-8, atol=1e-10)


@pytest.fixture(scope="module")
def fit():
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.standard_normal((120, 8)), columns=list("abcdefgh"))
    y = X["a"] - X["d"] + rng.standard_normal(120)
    return SparseMTL(y, X, np.repeat(["u", "v"], 60)).fit(s=2, lambda_1=0.01, lambda_z=0.1)


def test_percentiles_in_the_users_names(fit):
    ends = fit.conf_int(method="bootstrap", rng=1)
    assert list(ends.columns) == [("u", "lower"), ("u", "upper"), ("v", "lower"), ("v", "upper")]
    assert (ends.xs("lower", axis=1, level=1).loc["a"] > 0.3).all()
    assert (ends.xs("upper", axis=1, level=1).loc["d"] < -0.3).all()
    pd.testing.assert_frame_equal(ends, fit.conf_int(method="bootstrap", rng=1, n_jobs=2))
    problem = problem_of([fit.blocks.X_of(k) for k in range(2)], list(fit.blocks.y), 2, 0.1, lambda_1=0.01)
    drawn = redraw(problem, rng=1)
    at = np.searchsorted(drawn.features, 0)
    assert ends.loc["a", ("u", "lower")] == pytest.approx(np.quantile(drawn.coef[:, at, 0], 0.025))


def test_intervals_are_in_the_units_of_the_data(fit):
    """Around the slopes of the fit, whatever a column is measured in."""
    scale = np.array([1e3, 1, 1, 1e-3, 1, 1, 1, 1])
    X = np.vstack([fit.blocks.X_of(k) for k in range(2)]) * scale
    other = SparseMTL(np.concatenate(fit.blocks.y), X, np.repeat(["u", "v"], 60)).fit(s=2, lambda_1=0.01, lambda_z=0.1)
    ends, rescaled = (one.conf_int(method="bootstrap", rng=1).to_numpy() for one in (fit, other))
    np.testing.assert_allclose(rescaled * scale[:, None], ends, rtol=1e-6, atol=1e-9)
    b = other.params.iloc[1:].to_numpy()
    assert (rescaled[[0, 3]][:, ::2] < b[[0, 3]]).all()
    assert (b[[0, 3]] < rescaled[[0, 3]][:, 1::2]).all()


def test_one_split_is_least_squares_on_the_rows_it_did_not_see(fit):
    sure = fit.stability(pairs=10, rng=0)
    ends, half = sure.conf_int(method="split"), sure.halves.found[0]
    names = list(fit.blocks.feature_names)
    assert np.isfinite(ends).all(axis=1)[[names[j] for j in half.features]].all()
    assert np.isfinite(ends).any(axis=1).sum() == len(half.features)
    middle = (ends["u", "lower"] + ends["u", "upper"]) / 2
    np.testing.assert_allclose(middle.dropna(), half.slope[:, 0])
    wide = ends["u", "upper"] - ends["u", "lower"]
    assert wide["a"] > (sure.conf_int()["u", "upper"] - sure.conf_int()["u", "lower"])["a"]


def test_what_does_not_go_together_is_named(fit):
    with pytest.raises(OptionError, match="kept terms go with method = 'double-selection'"):
        fit.conf_int(method="double-selection")
    with pytest.raises(OptionError, match="candidates with 'halves', 'split' or 'bootstrap'"):
        fit.conf_int(terms="keep")
    with pytest.raises(OptionError, match="'jackknife'"):
        fit.conf_int(method="jackknife")
    with pytest.raises(OptionError, match="No term is always in the model"):
        fit.conf_int(terms="keep", method="double-selection")
    with pytest.raises(OptionError, match="level"):
        fit.conf_int(95, method="bootstrap")
    assert "stability()" in fit.conf_int(method="split").reason
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.standard_normal((60, 3)), columns=["y", "a", "b"]).assign(site=np.repeat(["u", "v"], 30))
    total = moments.from_frame("y ~ a + b", data, task="site")
    with pytest.raises(OptionError, match="cannot be drawn again"):
        SparseMTL.from_moments(total).fit(s=1).conf_int(method="bootstrap")


def test_kept_terms_as_intervals():
    rng = np.random.default_rng(7)
    X = rng.standard_normal((200, 6))
    age = X[:, 0] + rng.standard_normal(200)
    y = 0.5 * age + X[:, 0] + rng.standard_normal(200)
    model = SparseMTL(y, X, np.repeat(["u", "v"], 100), keep=pd.DataFrame({"age": age}))
    fit = model.fit(s=1, lambda_1=0.01)
    ends, table = fit.conf_int(terms="keep", method="double-selection"), fit.double_selection(rng=0)
    assert ends.index.tolist() == ["age"]
    np.testing.assert_array_equal(ends.loc["age"], table[["conf_low", "conf_high"]].to_numpy().ravel())
    assert ends.loc["age", ("u", "lower")] < 0.5 < ends.loc["age", ("u", "upper")]


def test_interrupted_draws_are_used(fit, monkeypatch):
    real, seen = room.solve, []

    def stop(problem, **options):
        seen.append(1)
        found = real(problem, **options)
        return replace(found, status="interrupted") if len(seen) > 20 else found

    monkeypatch.setattr(room, "solve", stop)
    with pytest.warns(InterruptedWarning, match="20 of 200 draws"):
        assert np.isfinite(fit.conf_int(method="bootstrap").loc["a"]).all()
