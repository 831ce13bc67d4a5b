"""Shifts and variances that the share of K and H cannot change, and responses that codes follow."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.datasets import load_iris, load_wine

from sparsekin import MixedForms
from sparsekin.errors import DataWarning, UnsettledWarning

_DATA = Path("shared") / "data" / "ilea_school.csv.gz"
ILEA = next((p / _DATA for p in Path(__file__).resolve().parents if (p / _DATA).exists()), _DATA)


def schools(seed=0, n_tasks=72, each=12, p=4, spread=0.0):
    """A random intercept per school, one response; `spread`: how far the school means of X differ."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, 2 * each, n_tasks) if spread > 0 else each
    task = rng.permutation(np.repeat(np.arange(n_tasks), sizes))
    X = rng.standard_normal((len(task), p)) + spread * rng.standard_normal((n_tasks, p))[task]
    y = (
        X @ np.array([0.5, -0.3, 0.2, 0.1])
        + 0.6 * rng.standard_normal(n_tasks)[task]
        + 0.7 * rng.standard_normal(len(task))
    )
    return y, X, task


def mixed_model(y, X, task):
    found = sm.MixedLM(y, sm.add_constant(X, has_constant="add"), groups=task).fit()
    return found, pd.Series({k: float(v.iloc[0]) for k, v in found.random_effects.items()})


@pytest.mark.filterwarnings("ignore:Heywood case")
@pytest.mark.parametrize(("algorithm", "d", "spread"), [
    ("als", 1, 0), ("als", 2, 0.7), ("als", 4, 0.7), ("als", 4, 1.5), ("als", 5, 1.5),
    ("em", 2, 0), ("em", 2, 0.7), ("em", 4, 1.5), ("em", 5, 1.5),
])  # fmt: skip
def test_shifts_are_those_of_a_mixed_model(algorithm, d, spread):
    y, X, task = schools(spread=spread)
    _, blups = mixed_model(y, X, task)
    fit = MixedForms(y, X, task=task).fit(d=d, algorithm=algorithm, tolerance=1e-6)
    shifts = fit.task_shifts["y"]
    assert np.corrcoef(shifts[blups.index], blups)[0, 1] >= 0.9
    middle = np.tile(X.mean(axis=0), (72, 1))
    there, anywhere = fit.predict(middle, task=np.arange(72)), fit.predict(middle)
    np.testing.assert_allclose(shifts, (there - anywhere)["y"], atol=1e-10)


def standardised(load, column):
    data = load()
    table = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    return table[:, column], np.delete(table, column, axis=1), data.target


@pytest.mark.filterwarnings("ignore:Heywood case", "ignore::statsmodels.tools.sm_exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("load", "column", "algorithm", "d", "within"), [
    (load_iris, 0, "als", 3, 0.01), (load_iris, 0, "em", 3, 0.01), (load_iris, 0, "als", 2, 0.15),
    (load_iris, 0, "em", 1, 0.15), (load_wine, 0, "als", 12, 0.01), (load_wine, 9, "em", 12, 0.01),
    (load_wine, 2, "als", 8, 0.1), (load_wine, 0, "em", 2, 0.15),
])  # fmt: skip
def test_shifts_are_at_equal_x_where_x_tells_the_task(load, column, algorithm, d, within):
    """E[Y | X] is over all tasks: around it, species of iris had no shifts, and wines a sixth of theirs."""
    y, X, task = standardised(load, column)
    _, blups = mixed_model(y, X, task)
    fit = MixedForms(y, X, task=task).fit(d=d, algorithm=algorithm, tolerance=1e-6)
    np.testing.assert_allclose(fit.task_shifts["y"], blups.sort_index(), atol=within)
    middle = np.tile(X.mean(axis=0), (3, 1))
    difference = fit.predict(middle, task=np.arange(3)) - fit.predict(middle, how="mean")
    np.testing.assert_allclose(fit.task_shifts["y"], difference["y"], atol=1e-10)
    assert fit.implied_covariance["total"].loc["y", "y"] == pytest.approx(1, abs=0.1)


@pytest.mark.filterwarnings("ignore:Heywood case")
@pytest.mark.parametrize(("algorithm", "d"), [("als", 1), ("als", 3), ("em", 1), ("em", 3)])
def test_slopes_within_tasks_may_run_against_those_between(algorithm, d):
    """Simpson's paradox: y falls with x in every task, and rises from task to task."""
    rng = np.random.default_rng(8)
    task = np.repeat(np.arange(30), 20)
    level = 2 * rng.standard_normal(30)
    X = level[task, None] + rng.standard_normal((600, 3))
    y = 3 * level[task] - X.sum(axis=1) / 3 + 0.5 * rng.standard_normal(600)
    model, blups = mixed_model(y, X, task)
    fit = MixedForms(y, X, task=task).fit(d=d, algorithm=algorithm, tolerance=1e-6)
    assert np.corrcoef(fit.task_shifts["y"], blups)[0, 1] > 0.99
    assert fit.task_shifts["y"].std() == pytest.approx(blups.std(), rel=0.1)
    rise = fit.predict(np.ones((1, 3)))["y"].iloc[0] - fit.predict(np.zeros((1, 3)))["y"].iloc[0]
    assert rise == pytest.approx(model.fe_params[1:].sum(), abs=0.2)
    assert fit.translate(np.ones((1, 3)))["y"].iloc[0] > fit.translate(np.zeros((1, 3)))["y"].iloc[0]
    explained = fit.variance_explained.loc["y"]
    assert explained["fixed"] > 0.3
    assert explained["random"] > 0


@pytest.mark.skipif(not ILEA.exists(), reason="ilea_school.csv.gz is not here")
@pytest.mark.filterwarnings("ignore:Heywood case", "ignore::statsmodels.tools.sm_exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("algorithm", "d", "columns"), [
    ("als", 4, slice(0, 8)), ("als", 8, slice(0, 8)), ("als", 9, slice(3, 12)), ("em", 4, slice(0, 8)),
    ("als", 7, slice(0, 21)),
])  # fmt: skip
def test_shifts_of_real_schools_are_those_of_a_mixed_model(algorithm, d, columns):
    data = pd.read_csv(ILEA)
    data = data[data["school"].isin(data["school"].unique()[:72])]
    X = data.filter(regex=r"^x\d+$")
    X = X.loc[:, X.nunique() > 1].iloc[:, columns].to_numpy(float)
    y, task = data["score"].to_numpy(float), data["school"].to_numpy()
    _, blups = mixed_model(y, X, task)
    fit = MixedForms(y, X, task=task).fit(d=d, algorithm=algorithm, tolerance=1e-5)
    assert np.corrcoef(fit.task_shifts["y"][blups.index], blups)[0, 1] >= 0.9


@pytest.mark.parametrize("algorithm", ["als", "em"])
def test_what_a_response_has_left_is_what_a_mixed_model_has_left(algorithm):
    """All of it used to be "explained": a code followed the response."""
    y, X, task = schools(1, n_tasks=20, each=30)
    model, _ = mixed_model(y, X, task)
    with pytest.warns(DataWarning, match="Heywood case: with d = 1 codes follow a response"):
        one = MixedForms(y, X, task=task).fit(d=1, algorithm=algorithm, tolerance=1e-6)
    assert one.status == "converged, Heywood case"
    assert one.heywood == ["y"]
    text = str(one.summary())
    assert "Heywood case: codes follow y" in text
    assert "own share: y 0.9" in text
    assert one.solution.noise[0] >= 0.005
    assert one.variance_explained.loc["y", "residual"] > 0.4
    full = fit_quietly(MixedForms(y, X, task=task), d=5, algorithm=algorithm, tolerance=1e-6)
    assert full.residual_variance["y", "y"] == pytest.approx(model.scale, rel=0.1)
    assert one.residual_variance["y", "y"] == pytest.approx(model.scale, rel=0.35)


def fit_quietly(model, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(**options)


def test_explained_is_what_predictions_explain():
    y, X, task = schools(2, n_tasks=10, each=20)
    fit = fit_quietly(MixedForms(y, X, task=task), d=3)
    around = np.sum((y - y.mean()) ** 2)
    by_both = 1 - np.sum((y - fit.predict()["y"]) ** 2) / around
    by_x = 1 - np.sum((y - fit.translate(from_="x", to="y")["y"]) ** 2) / around
    found = fit.variance_explained.loc["y"]
    np.testing.assert_allclose(found, [by_both, by_x, by_both - by_x, 1 - by_both], atol=1e-10)
    np.testing.assert_allclose(fit.residual_variance["y", "y"], np.mean((y - fit.predict()["y"]) ** 2))


def test_implied_parts_are_those_of_the_joint_normal():
    """By block formulas on the (q + p_x + p_z) covariance that the fit implies, which no coordinates enter."""
    y, X, task = schools(3, n_tasks=6, each=30)
    Y = np.column_stack([y, X[:, 0] - y + np.random.default_rng(0).standard_normal(len(y))])
    Z = (task[:, None] == np.arange(6)).astype(float)
    fit = fit_quietly(MixedForms(Y, X, Z), d=2, algorithm="em")
    found, S, d = fit.solution, fit.solution.basis @ fit.solution.basis.T, 2
    M = np.vstack(
        [np.hstack([found.alpha] * 2), np.hstack([found.beta, 0 * found.beta]), np.hstack([0 * found.u, found.u])]
    )
    whole = M @ S @ M.T + np.diag(found.column_noise)
    scale = np.concatenate([block.scale for block in fit.problem.blocks])
    whole *= np.outer(scale, scale)
    q, p = 2, 4
    by_x, by_both = (
        whole[:q, at] @ np.linalg.solve(whole[at, at], whole[at, :q]) for at in (slice(q, q + p), slice(q, None))
    )
    parts = fit.implied_covariance
    for name, truth in (("total", whole[:q, :q]), ("fixed", by_x), ("random", by_both - by_x)):
        np.testing.assert_allclose(parts[name], truth, rtol=1e-6, atol=1e-9)
    own = 1 - found.column_noise[:q] * scale[:q] ** 2 * np.diag(np.linalg.inv(whole))[:q]
    np.testing.assert_allclose(fit.own_share, own, rtol=1e-6, atol=1e-9)
    assert d == fit.d


def test_random_slopes_shift_at_the_mean_of_their_column():
    rng = np.random.default_rng(4)
    data = pd.DataFrame(rng.standard_normal((200, 3)) + np.array([0, 3.0, 0]), columns=["x1", "x2", "x3"])
    data["site"] = np.arange(200) % 4
    data["y"] = data["x1"] + data["x2"] * np.array([0.5, 1, 1.5, 2])[data["site"]] + 0.3 * rng.standard_normal(200)
    fit = fit_quietly(MixedForms.from_formula("y ~ x1 + x2 + x3", data, task="site", random="1 + x2"), d=3)
    middle = pd.DataFrame([data[["x1", "x2", "x3"]].mean()] * 4)
    there = fit.predict(middle.assign(site=range(4)))["y"].to_numpy()
    np.testing.assert_allclose(fit.task_shifts["y"], there - fit.predict(middle)["y"].to_numpy(), atol=1e-10)


@pytest.mark.parametrize("algorithm", ["als", "em", "published"])
def test_a_fit_that_stops_at_its_limit_says_so(algorithm):
    rng = np.random.default_rng(0)
    model = MixedForms(rng.standard_normal((40, 3)), rng.standard_normal((40, 6)))
    with pytest.warns(UnsettledWarning, match="stopped at max_sweeps = 2, before it settled"):
        model.fit(d=2, max_sweeps=2, tolerance=0.0, algorithm=algorithm)


def test_k_and_h_that_cancel_are_said_to():
    """A factor of X and Z that Y does not share: K and H take it with opposite signs."""
    rng = np.random.default_rng(5)
    c = rng.standard_normal((300, 2))
    X, Z = (c @ rng.standard_normal((2, 5)) + 0.1 * rng.standard_normal((300, 5)) for _ in range(2))
    y = c[:, 0] + 0.3 * rng.standard_normal(300)
    fit = fit_quietly(MixedForms(np.column_stack([y, y + 0.3 * rng.standard_normal(300)]), X, Z), d=2)
    assert fit.cancels == ("they nearly cancel in Y" in str(fit.summary()))


def test_a_response_that_is_predicted_well_can_have_a_heywood_case_too():
    """Investment of eleven firms (Grunfeld): value, capital and firm explain 95 %, a code takes the rest."""
    data = sm.datasets.grunfeld.load_pandas().data
    model = MixedForms.from_formula("invest ~ value + capital", data, task="firm")
    with pytest.warns(
        DataWarning, match="beyond what X and Z say of it.*predictions, shifts and the variance of Y are"
    ):
        found = model.fit(d=3, algorithm="em", tolerance=1e-5)
    assert found.heywood == ["invest"]
    design = pd.get_dummies(data["firm"], dtype=float).join(data[["value", "capital"]])
    ols = sm.OLS(data["invest"], design).fit()
    left = data["invest"] - found.predict(data)["invest"]
    assert 1 - left.var() / data["invest"].var() >= ols.rsquared - 0.02
    assert found.variance_explained.loc["y", "explained"] >= ols.rsquared - 0.02
