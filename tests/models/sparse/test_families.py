"""SparseMTL of yes/no outcomes, counts and survival times: what goes in, and what a fit says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.metrics import brier_score_loss, roc_auc_score

from sparsekin import SparseMTL
from sparsekin.errors import DataError, DataWarning, OptionError, SolverError
from sparsekin.models.sparse.results import SparseResults
from sparsekin.results.unavailable import Unavailable

N, TASKS = 60, np.repeat(["A", "B"], 60)


def data(seed: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((2 * N, 6))
    eta = X[:, 1] - X[:, 3]
    time, censored = rng.exponential(np.exp(-eta)), rng.exponential(1.5, 2 * N)
    return X, {
        "binomial": (rng.random(2 * N) < 1 / (1 + np.exp(-eta))).astype(float),
        "poisson": rng.poisson(np.exp(0.5 * eta + 0.2)).astype(float),
        "cox": np.column_stack([np.round(np.minimum(time, censored), 1) + 0.1, time <= censored]).astype(float),
    }


def fitted(family: str, **options: Any) -> SparseResults:
    X, y = data()
    return SparseMTL(y[family], X, TASKS, family=family, **options).fit(s=2, lambda_z=0.02)


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_a_fit_finds_what_tasks_share(family: str, tmp_path: Any) -> None:
    found = fitted(family)
    assert found.selected == ["x2", "x4"]
    assert found.lambda_1 == pytest.approx(1 / N)
    assert found.families == (family, family)
    assert (found.deviance < found.null_deviance).all()
    assert isinstance(found.rsquared, Unavailable)
    assert isinstance(found.rmse, Unavailable)
    assert isinstance(found.resid_sd, Unavailable)
    assert isinstance(found.new_site, Unavailable)
    text = str(found.summary())
    assert f"family='{family}'" in text
    assert "ev/feature" in text
    assert "least squares" not in text
    assert found.glance()["explained"].item() == pytest.approx(found.task_fit["explained"].mean())
    found.save(tmp_path / "fit.npz")
    again = SparseResults.load(tmp_path / "fit.npz")
    pd.testing.assert_frame_equal(again.task_fit, found.task_fit)
    pd.testing.assert_series_equal(again.fittedvalues, found.fittedvalues)
    assert str(again.summary()) == text


@pytest.mark.parametrize(
    ("family", "model"), [("binomial", sm.families.Binomial()), ("poisson", sm.families.Poisson())]
)
def test_without_a_ridge_a_full_model_is_that_of_statsmodels(family: str, model: Any) -> None:
    X, y = data(1)
    rng = np.random.default_rng(2)
    weights, offset, keep = rng.integers(1, 4, 2 * N).astype(float), rng.standard_normal(2 * N), X[:, :1]
    found = SparseMTL(
        y[family], X[:, 1:4], TASKS, family=family, weights=weights, offset=offset, keep=keep
    ).fit(3, lambda_1=0)  # fmt: skip
    for task in ("A", "B"):
        rows = task == TASKS
        design = sm.add_constant(X[rows, :4])
        there = sm.GLM(
            y[family][rows], design, family=model, freq_weights=weights[rows], offset=offset[rows]
        ).fit(tol=1e-14, maxiter=200)  # fmt: skip
        np.testing.assert_allclose(found.params[task], there.params, atol=1e-8)
        assert found.deviance[task] == pytest.approx(there.deviance, rel=1e-9)
        np.testing.assert_allclose(found.fittedvalues[rows], there.fittedvalues, atol=1e-8)
        np.testing.assert_allclose(
            found.predict(X[rows, 1:4], task=task, keep=X[rows, :1], type="link"), design @ there.params, atol=1e-8
        )


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_without_a_ridge_a_full_cox_model_is_that_of_statsmodels(ties: Any) -> None:
    X, y = data(3)
    strata = np.random.default_rng(4).integers(0, 2, 2 * N)
    found = SparseMTL(y["cox"], X[:, :3], TASKS, family="cox", strata=strata, ties=ties).fit(3, lambda_1=0)
    assert "Intercept" not in found.params.index
    for task in ("A", "B"):
        rows = task == TASKS
        there = sm.PHReg(
            y["cox"][rows, 0], X[rows, :3], status=y["cox"][rows, 1], strata=strata[rows], ties=ties
        ).fit()  # fmt: skip
        np.testing.assert_allclose(found.params[task], there.params, atol=1e-7)
        null = sm.PHReg(y["cox"][rows, 0], X[rows, :3], status=y["cox"][rows, 1], strata=strata[rows], ties=ties)
        fall = found.null_deviance[task] - found.deviance[task]
        assert fall == pytest.approx(2 * (there.llf - null.loglike(np.zeros(3))), rel=1e-8)


def test_predictions_have_the_scale_asked_for() -> None:
    X, _ = data()
    found = fitted("binomial")
    link = found.predict(X[:5], task="A", type="link")
    np.testing.assert_allclose(found.predict(X[:5], task="A"), 1 / (1 + np.exp(-link)))
    pooled = found.predict(X[:5], how="mean", type="link")
    np.testing.assert_allclose(found.predict(X[:5], how="mean"), 1 / (1 + np.exp(-pooled)))
    assert found.predict().between(0, 1).all()
    pd.testing.assert_series_equal(found.predict(), found.fittedvalues, check_names=False)
    with pytest.raises(OptionError, match="type='risk' is not for binomial outcomes; use 'response' or 'link'"):
        found.predict(X[:5], task="A", type="risk")
    counts = fitted("poisson")
    np.testing.assert_allclose(counts.predict(X[:5], task="A"), np.exp(counts.predict(X[:5], task="A", type="link")))


def test_survival_is_by_the_baseline_of_the_task() -> None:
    X, y = data()
    found = fitted("cox")
    link = found.predict(X[:4], task="A", type="link")
    np.testing.assert_allclose(found.predict(X[:4], task="A"), np.exp(link))
    at = [0.0, 0.3, 1.0]
    survival = found.predict(X[:4], task="A", type="survival", times=at)
    rows = TASKS == "A"
    time, died = y["cox"][rows].T
    eta = found.predict(X[rows], task="A", type="link").to_numpy()
    order = np.argsort(time)
    hazard = 0.0
    expected = {0.0: 0.0}
    for t in np.unique(time[died == 1]):
        dead, risk = np.exp(eta[(time == t) & (died == 1)]), np.exp(eta[time >= t]).sum()
        hazard += sum(1 / (risk - i / len(dead) * dead.sum()) for i in range(len(dead)))
        expected[t] = hazard
    for t in at:
        H = max((h for when, h in expected.items() if when <= t), default=0.0)
        np.testing.assert_allclose(survival[t], np.exp(-H * np.exp(link)), rtol=1e-10)
    assert len(order) == N
    with pytest.raises(OptionError, match="baseline hazard of a task"):
        found.predict(X[:4], how="mean", type="survival", times=[1])
    with pytest.raises(OptionError, match="times="):
        found.predict(X[:4], task="A", type="survival")
    with pytest.raises(OptionError, match="times="):
        found.predict(X[:4], task="A", times=[1])
    with pytest.raises(OptionError, match="times = 'soon' must be numbers of at least 0"):
        found.predict(X[:4], task="A", type="survival", times="soon")
    left = found.resid.to_numpy()[rows]
    seen = [max((h for when, h in expected.items() if when <= t), default=0.0) for t in time]
    np.testing.assert_allclose(left[died == 0], -(seen * np.exp(eta))[died == 0], rtol=1e-9)
    np.testing.assert_allclose(left.sum(), 0, atol=1e-9)


def test_apparent_measures_are_those_of_scikit_learn() -> None:
    _, y = data()
    found = fitted("binomial")
    for task in ("A", "B"):
        rows = task == TASKS
        truth, mean = y["binomial"][rows], found.fittedvalues[rows]
        assert found.task_fit.loc[task, "auc"] == pytest.approx(roc_auc_score(truth, mean))
        assert found.task_fit.loc[task, "brier"] == pytest.approx(brier_score_loss(truth, mean))


def test_ratios_are_exponentials() -> None:
    found = fitted("cox")
    table, ratios = found.tidy(), found.tidy(exponentiate=True)
    np.testing.assert_allclose(ratios["estimate"], np.exp(table["estimate"]))
    sure = found.stability(10, rng=0)
    table, ratios = sure.tidy(), sure.tidy(exponentiate=True)
    for name in ("estimate_heldout", "conf_low", "conf_high"):
        assert table[name].notna().any()
        np.testing.assert_allclose(ratios[name], np.exp(table[name]))
    assert ratios["std_error"].equals(table["std_error"])
    X, y = data()
    with pytest.raises(OptionError, match="not for gaussian tasks"):
        SparseMTL(y["poisson"], X, TASKS).fit(1).tidy(exponentiate=True)


def test_text_trials_and_structured_arrays_are_read() -> None:
    X, y = data()
    yes = np.where(y["binomial"] == 1, "yes", "no")
    text = SparseMTL(yes, X, TASKS, family="binomial").fit(2)
    np.testing.assert_allclose(text.params, SparseMTL(y["binomial"], X, TASKS, family="binomial").fit(2).params)
    assert "The odds are those of yes." in str(text.summary())
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(1, 7)]).assign(site=TASKS, ill=yes)
    named = SparseMTL.from_formula("ill ~ .", frame, task="site", family="binomial").fit(2)
    np.testing.assert_allclose(named.params, text.params)
    trials = np.column_stack([3 * y["binomial"], 3 - 3 * y["binomial"]])
    np.testing.assert_allclose(
        SparseMTL(trials, X, TASKS, family="binomial").fit(2).params, text.params, atol=1e-10
    )  # fmt: skip
    times = np.array([(bool(d), t) for t, d in y["cox"]], dtype=[("event", "?"), ("time", float)])
    a, b = (SparseMTL(one, X, TASKS, family="cox").fit(2) for one in (times, y["cox"]))
    np.testing.assert_allclose(a.params, b.params)
    entered = np.column_stack([np.zeros(2 * N), y["cox"]])
    np.testing.assert_allclose(SparseMTL(entered, X, TASKS, family="cox").fit(2).params, b.params, atol=1e-10)


def test_exposure_is_a_logged_offset() -> None:
    X, y = data()
    time = np.random.default_rng(0).uniform(0.5, 2, 2 * N)
    a = SparseMTL(y["poisson"], X, TASKS, family="poisson", exposure=time).fit(2)
    b = SparseMTL(y["poisson"], X, TASKS, family="poisson", offset=np.log(time)).fit(2)
    pd.testing.assert_frame_equal(a.params, b.params)
    np.testing.assert_allclose(a.predict(), a.predict(X, task=TASKS) * time)


def test_an_offset_of_numbers_is_no_reason_for_a_ridge() -> None:
    X, _ = data()
    known, noise = np.random.default_rng(0).normal(size=(2, 2 * N))
    y = np.asarray(X)[:, 1] + noise + known
    with_offset = SparseMTL(y, X, TASKS, offset=known).fit(2, lambda_1="auto")
    without = SparseMTL(y - known, X, TASKS).fit(2, lambda_1="auto")
    assert with_offset.lambda_1 == without.lambda_1 == 0.0
    np.testing.assert_allclose(with_offset.params, without.params, rtol=1e-6)


def test_tasks_may_be_of_different_families() -> None:
    X, y = data()
    both = np.concatenate([y["binomial"][:N], y["poisson"][N:]])
    found = SparseMTL(both, X, TASKS, family={"A": "binomial", "B": "poisson"}).fit(2, lambda_z=1.0)
    assert found.selected == ["x2", "x4"]
    assert found.predict(X[:3], task="A").between(0, 1).all()
    with pytest.raises(OptionError, match="averages models of one family"):
        found.predict(X[:3], how="mean")
    two = SparseMTL(np.column_stack([y["binomial"], y["poisson"]]), X, family=["binomial", "poisson"]).fit(2)
    assert two.predict(X[:3]).shape == (3, 2)
    np.testing.assert_allclose(two.predict(), two.fittedvalues)


def test_squared_errors_beside_deviances_count_by_residual_variance() -> None:
    X, y = data()
    rng = np.random.default_rng(1)
    level = X[:N, 1] - X[:N, 3] + 0.5 * rng.standard_normal(N)
    fits = [
        SparseMTL(
            np.concatenate([scale * level, y["binomial"][N:]]), X, TASKS, family={"A": "gaussian", "B": "binomial"}
        ).fit(2, lambda_z=0.05)
        for scale in (1.0, 1000.0)
    ]  # fmt: skip
    for fit, scale in zip(fits, (1.0, 1000.0), strict=True):
        assert fit.task_weights[1] == 1
        assert 1 / fit.task_weights[0] == pytest.approx((0.5 * scale) ** 2, rel=0.35)
    np.testing.assert_array_equal(fits[0].support, fits[1].support)
    text = str(fits[0].summary())
    assert "Squared errors count by one over the residual variance" in text
    assert "task_weights='equal'" in text


def test_paths_and_criteria_are_of_deviances() -> None:
    X, y = data()
    path = SparseMTL(y["binomial"], X, TASKS, family="binomial").path(s=[0, 1, 2], lambda_z=[0.0, 0.02, 1.0])
    assert set(path.table["lambda_1"]) == {1 / N}
    chosen = path.select(gamma=0.0)
    assert chosen.selected == ["x2", "x4"]
    values = path.criterion(gamma=0.0)
    at = int(np.flatnonzero((path.table["s"] == 1) & (path.table["lambda_z"] == 0))[0])
    fit = path[at]
    assert values[at] == pytest.approx(fit.deviance.sum() + 2 * 2 * math.log(N))


@pytest.mark.parametrize(
    ("family", "change", "message"),
    [
        ("poisson", lambda y: y - 5, "Task 'A' is poisson, but its outcome holds -"),
        ("binomial", lambda y: y * (TASKS == "B"), "Task 'A' is binomial, but its outcome is 0 in every row"),
        ("binomial", lambda y: y + 1, "Task 'A' is binomial, but its outcome holds 1, 2"),
        ("cox", lambda y: y * [1, 0], "Task 'A' has no events among its 60 rows"),
        ("cox", lambda y: y * [0, 1], "Task 'A' has the survival time 0"),
        ("cox", lambda y: y[:, 0], "y has shape (120,)"),
    ],
)
def test_outcomes_that_cannot_be_are_refused(family: str, change: Any, message: str) -> None:
    X, y = data()
    with pytest.raises(DataError) as told:
        SparseMTL(change(y[family]), X, TASKS, family=family)
    assert message in str(told.value)


def test_what_is_not_there_says_so() -> None:
    X, y = data()
    model = SparseMTL(y["binomial"], X, TASKS, family="binomial")
    with pytest.raises(OptionError, match="gaussian outcomes so far"):
        model.fit(2, solver="relaxation")
    with pytest.raises(OptionError, match="scale_outcome"):
        SparseMTL(y["binomial"], X, TASKS, family="binomial", scale_outcome=True)
    with pytest.raises(OptionError, match="exposure= is for family='poisson'"):
        SparseMTL(y["binomial"], X, TASKS, family="binomial", exposure=np.ones(2 * N))
    with pytest.raises(OptionError, match="strata= is for cox"):
        SparseMTL(y["binomial"], X, TASKS, family="binomial", strata=np.ones(2 * N))
    with pytest.raises(DataError, match="exposure holds 0"):
        SparseMTL(y["poisson"], X, TASKS, family="poisson", exposure=np.zeros(2 * N))


def test_bounds_of_the_root_are_proven() -> None:
    X, y = data()
    for family in ("binomial", "poisson", "cox"):
        model = SparseMTL(y[family], X, TASKS, family=family)
        found = model.fit(2, lambda_1=0.1, lambda_z=0.02).bound_root()
        assert found.bound is not None
        assert 0.9 * found.objective < found.bound <= found.objective
        assert "Lower bound" in str(found.summary())
    path = model.path([1, 2], lambda_1=0.1, lambda_z=[0.0, 0.02], bounds=True)
    assert (path.table["bound"] <= path.table["objective"]).all()
    assert (path.table["gap"] < 0.1).all()


@pytest.mark.parametrize(
    "settings", [{}, {"lambda_z": 0.02}, {"support": "common"}, {"lambda_2": 0.1}, {"lambda_2": np.inf}], ids=str
)
@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_proofs_and_lists_whatever_tasks_share(family: str, settings: dict[str, Any]) -> None:
    X, y = data()
    fit = SparseMTL(y[family], X, TASKS, family=family).fit(2, lambda_1=0.1, **settings)
    proven = fit.certify()
    assert proven.status == "optimal"
    assert proven.gap is not None
    assert proven.certificate is not None
    assert proven.gap <= 1e-4
    assert 0 <= proven.certificate.share < 0.01
    assert "of what columns explain" in str(proven.summary())
    others = fit.alternatives(3)
    assert others["proven"].all()
    assert (np.diff(others["objective"], prepend=proven.objective) >= -1e-12).all()


def test_proofs_need_a_ridge_and_are_trees() -> None:
    X, y = data()
    model = SparseMTL(y["poisson"], X, TASKS, family="poisson")
    bare, fit = model.fit(1, lambda_1=0), model.fit(1)
    for call in (bare.certify, bare.bound_root, bare.alternatives):
        with pytest.raises(OptionError, match="need lambda_1 > 0"):
            call()
    with pytest.raises(OptionError, match="method='outer-approximation' is for gaussian outcomes"):
        fit.certify(method="outer-approximation")


def test_separation_without_a_ridge_names_task_and_columns() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    y = (X[:, 2] > 0).astype(float)
    y[30:] = rng.integers(0, 2, 30)
    model = SparseMTL(y, X, np.repeat(["A", "B"], 30), family="binomial")
    with pytest.raises(SolverError, match="In task 'A' x3 separates the outcome"):
        model.fit(1, lambda_1=0)
    ridged = model.fit(1)
    assert ridged.separated == (True, False)
    assert "The selected features separate the outcome in A" in str(ridged.summary())


def test_an_early_death_of_the_highest_risk_is_separation_too() -> None:
    x = np.arange(12.0)
    y = np.column_stack([20 - x, np.ones(12)])
    X = np.column_stack([x, np.random.default_rng(1).standard_normal(12)])
    with pytest.raises(SolverError, match="x1 separates the outcome"):
        SparseMTL(y, X, family="cox").fit(1, lambda_1=0)
    y[:, 0] = np.random.default_rng(2).permutation(y[:, 0])
    assert SparseMTL(y, X, family="cox").fit(1, lambda_1=0).separated == (False,)


def test_few_events_are_told() -> None:
    rng = np.random.default_rng(0)
    y = np.zeros(100)
    y[:6] = 1
    with pytest.warns(DataWarning, match="has 6 events for 3 selected features, fewer than 5 each"):
        SparseMTL(y, rng.standard_normal((100, 8)), family="binomial").fit(3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("unit", [1e-4, 1e5])
def test_the_unit_of_a_number_beside_other_outcomes_does_not_matter(unit):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(150, 6))
    ill, weight = X[:, 0] + rng.normal(size=150) > 0, X[:, 0] - 0.7 * X[:, 1] + rng.normal(size=150)
    visits = rng.poisson(np.exp(0.4 * X[:, 0]))
    found = []
    for one in (1.0, unit):
        y = np.column_stack([ill, one * weight, visits]).astype(float)
        model = SparseMTL(y, X, family=["binomial", "gaussian", "poisson"])
        cv = model.cross_validate(folds=3, rng=1, effort=0)
        fit = model.fit(s=2, lambda_1=0.05, lambda_z=0.01)
        found.append((fit, fit.certify(), cv.refit("best"), cv.refit("average"), cv))
    for here, there in zip(*found, strict=True):
        if hasattr(here, "params"):
            divided = there.params.to_numpy() / [1.0, unit, 1.0]
            np.testing.assert_allclose(divided, here.params.to_numpy(), rtol=1e-6, atol=1e-8)
    assert found[1][0].objective == pytest.approx(found[0][0].objective, rel=1e-9)
    assert found[1][1].certificate.bound == pytest.approx(found[0][1].certificate.bound, rel=1e-6)
    assert found[1][4].verdict == found[0][4].verdict
    assert found[0][0].task_fit["explained"].iloc[1] > 0.5  # far from shrunk to nothing
