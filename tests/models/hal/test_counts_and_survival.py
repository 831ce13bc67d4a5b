"""MTHAL of counts and survival times: entrances agree, predictions on every scale, errors held out, files."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.metrics import brier_score_loss, roc_auc_score

from sparsekin import MTHAL
from sparsekin.errors import DataError, DataWarning, OptionError
from sparsekin.results.hal.fit import HALFit
from sparsekin.tuning.hal.boosting import _stages, can_boost

N = 160


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    age, bmi = rng.uniform(30, 70, N).round(1), rng.uniform(18, 40, N).round(1)
    eta = 1.2 * (age > 50) + 0.05 * (bmi - 29)
    days, time = rng.uniform(0.5, 3, N), rng.exponential(np.exp(-eta))
    stop = np.minimum(time, rng.exponential(1.5, N)) + 0.01
    trials = rng.integers(1, 6, N)
    return pd.DataFrame({
        "age": age, "bmi": bmi, "site": np.repeat(["A", "B"], N // 2), "days": days,
        "cases": rng.poisson(days * np.exp(eta - 0.5)), "time": stop, "dead": (time <= stop).astype(int),
        "entry": stop * rng.uniform(0, 0.5, N), "ill": rng.binomial(trials, 1 / (1 + np.exp(1 - eta))),
        "trials": trials, "sex": rng.choice(["f", "m"], N),
    })  # fmt: skip


def model(frame, formula, **options):
    return MTHAL.from_formula(formula, frame, "site", **options)


def fitted(frame, formula, share=20, **options):
    made = model(frame, formula, **options)
    return made.fit(made.lambda_max / share)


@pytest.fixture(scope="module")
def survival(frame):
    return fitted(frame, "Surv(time, dead) ~ h(age, k=8) + h(bmi, k=8)")


def test_formula_and_arrays_agree(frame, survival):
    X = frame[["age", "bmi"]].to_numpy()
    arrays = MTHAL(frame[["time", "dead"]].to_numpy(), X, frame["site"], max_degree=1, knots=8, family="cox")
    one = arrays.fit(arrays.lambda_max / 20)
    np.testing.assert_allclose(one.objective, survival.objective, rtol=1e-10)
    assert survival.families == ("cox", "cox")
    rates = fitted(frame, "cases ~ h(age, k=8) + offset(log(days))", family="poisson")
    exposed = fitted(frame, "cases ~ h(age, k=8)", family="poisson", exposure=frame["days"])
    arrays = MTHAL(
        frame["cases"],
        frame[["age"]],
        frame["site"],
        max_degree=1,
        knots=8,
        family="poisson",
        offset=np.log(frame["days"]),
    )
    assert rates.objective == exposed.objective
    np.testing.assert_allclose(arrays.fit(arrays.lambda_max / 20).objective, rates.objective, rtol=1e-10)


def test_successes_and_failures_are_rows_of_yes_and_no(frame):
    frame = frame.assign(age=(frame["age"] // 5) * 5)
    trials = fitted(frame, "cbind(ill, trials - ill) ~ h(age, k='full') + sex", family="binomial")
    counts = np.column_stack([frame["ill"], frame["trials"] - frame["ill"]])
    rows = np.repeat(np.arange(N), counts.sum(axis=1))
    yes = np.concatenate([np.repeat([1, 0], one) for one in counts])
    long = fitted(frame.iloc[rows].assign(yes=yes), "yes ~ h(age, k='full') + sex", family="binomial")
    np.testing.assert_allclose(trials.params.loc[long.params.index], long.params, atol=1e-4)
    np.testing.assert_allclose(trials.lambda_, long.lambda_, rtol=1e-8)


def test_scales_of_predictions(frame, survival):
    link = survival.predict(type="link")
    np.testing.assert_allclose(survival.predict(), np.exp(link))
    np.testing.assert_allclose(survival.predict(frame, type="risk"), survival.fittedvalues)
    np.testing.assert_allclose(survival.predict(frame, how="mean", type="link").mean(), link.mean(), atol=0.5)
    curves = survival.predict(frame, type="survival", times=[0.0, 0.5, 1.0])
    assert list(curves.columns) == [0.0, 0.5, 1.0]
    assert np.all(curves[0.0] == 1)
    pd.testing.assert_frame_equal(curves, survival.predict(type="survival", times=[0.0, 0.5, 1.0]))
    mine = (frame["site"] == "B").to_numpy()
    time, dead, eta = (one.to_numpy()[mine] for one in (frame["time"], frame["dead"], link))
    hazard = sum(1 / np.exp(eta[time >= t]).sum() for t in time[(dead == 1) & (time <= 0.5)])
    np.testing.assert_allclose(curves[0.5][mine], np.exp(-hazard * np.exp(eta)), rtol=1e-10)
    rates = fitted(frame, "cases ~ h(age, k=8) + offset(log(days))", family="poisson")
    np.testing.assert_allclose(rates.predict(), rates.predict(frame))  # the offset of the formula is read
    np.testing.assert_allclose(rates.predict(frame, type="link"), np.log(rates.predict(frame)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "response"}, "type='response' is not for cox outcomes; use 'risk' or 'link' or 'survival'"),
        ({"type": "survival"}, "times= goes with type"),
        ({"times": 1.0}, "times= goes with type"),
        ({"type": "survival", "times": [-1.0]}, "must be numbers of at least 0"),
        ({"type": "survival", "times": "soon"}, "must be numbers of at least 0"),
        ({"type": "survival", "times": 1.0, "how": "mean"}, "needs the baseline hazard of a task"),
        ({"type": "odds"}, "type = 'odds' is not one of"),
    ],
)
def test_scales_that_are_not_there(survival, options, message):
    with pytest.raises(OptionError, match=message):
        survival.predict(**options)


def test_residuals_of_survival_are_martingales(frame, survival):
    for task in "AB":
        mine = (frame["site"] == task).to_numpy()
        assert abs(survival.resid[mine].sum()) < 1e-8
    assert survival.resid.max() <= 1


def test_held_out_survival_is_what_rows_add_to_the_likelihood(frame):
    made = model(frame, "Surv(time, dead) ~ h(age, k=4)", ties="breslow")
    folds = np.arange(N) % 4
    found = made.cross_validate(lambdas=[made.lambda_max / 5], folds=folds)
    total = 0.0
    for fold in range(4):
        kept = frame[folds != fold]
        cut = MTHAL.from_formula("Surv(time, dead) ~ h(age, k=4)", kept, "site", ties="breslow")
        assert cut.blocks.n_obs.sum() == len(kept)
        for task in "AB":
            mine, others = frame["site"] == task, (frame["site"] == task) & (folds != fold)
            eta = eta_without(made, fold, folds, frame)
            total += (
                2
                * (loglik(kept_rows(frame, others), eta[others]) - loglik(frame[mine], eta[mine]))
                / ((mine & (folds == fold)).sum() * 8)
            )
    assert found.table["mean"].iloc[0] == pytest.approx(total, rel=1e-6)


def kept_rows(frame, rows):
    return frame[rows]


def loglik(frame, eta):
    """Log partial likelihood less that of the saturated model (Breslow)."""
    model = sm.PHReg(frame["time"], eta[:, None], status=frame["dead"], ties="breslow")
    tied = frame["time"][frame["dead"] == 1].value_counts()
    return model.loglike(np.ones(1)) + float((tied * np.log(tied)).sum())


def eta_without(made, fold, folds, frame, lambda_=None):
    from sparsekin.hal.path import walk
    from sparsekin.tuning.folds import Folds, training_blocks

    place = made._prepared.row_positions
    blocks = training_blocks(made.blocks, Folds(folds[place], 4, "within-task"), fold)
    *_, point = walk(made._problem.on(blocks), [lambda_ or made.lambda_max / 5], 1e-9)
    eta = np.empty(N)
    for k, rows in enumerate(made.blocks.rows):
        eta[place[rows]] = point.fitted[k, rows] + point.intercept[k]
    return eta


def test_tables_files_and_comparisons(frame, survival, tmp_path):
    assert "logs of hazard ratios (ties: efron)" in str(survival.summary())
    assert list(survival.task_fit.columns) == ["n", "functions", "deviance", "dev_ratio", "concordance"]
    assert survival.task_fit["dev_ratio"].between(0, 1).all()
    assert "Intercept" not in survival.params.index
    survival.save(tmp_path / "fit.npz")
    back = type(survival).load(tmp_path / "fit.npz")
    assert str(back.summary()) == str(survival.summary())
    pd.testing.assert_series_equal(back.predict(), survival.predict())
    assert isinstance(back, HALFit)
    pd.testing.assert_frame_equal(survival.augment(frame)[frame.columns], frame)
    assert "logs of rate ratios" in str(fitted(frame, "cases ~ h(age)", family="poisson").summary())


@pytest.mark.slow
def test_comparisons(frame):
    compared = model(frame, "Surv(time, dead) ~ h(age, k=4)").compare(n_lambda=5, folds=2, rng=0, linear=None)
    assert "boosting" not in compared.table.index
    rates = model(frame, "cases ~ h(age, k=4)", family="poisson").compare(n_lambda=5, folds=2, rng=0, linear=None)
    assert rates.table.loc["boosting", "mean"] < rates.table.loc["null", "mean"]


def test_trees_are_compared_where_they_have_the_loss(frame):
    assert not can_boost(model(frame, "Surv(time, dead) ~ h(age, k=4)")._problem)
    assert not can_boost(model(frame, "cbind(ill, trials - ill) ~ h(age, k=4)", family="binomial")._problem)
    assert not can_boost(model(frame, "cases ~ h(age, k=4) + offset(days)", family="poisson")._problem)
    rates = model(frame, "cases ~ h(age, k=4)", family="poisson")._problem
    assert can_boost(rates)
    y, X = frame["cases"].to_numpy(float), frame[["age", "bmi"]].to_numpy()
    first = next(_stages(X, y, np.ones(N), X, "poisson", categorical=False))
    assert np.exp(first).mean() == pytest.approx(y.mean(), rel=0.1)


def test_entry_and_strata_change_the_risk_sets(frame, survival):
    late = fitted(frame, "Surv(entry, time, dead) ~ h(age, k=8) + h(bmi, k=8)")
    strata = fitted(frame, "Surv(time, dead) ~ h(age, k=8) + h(bmi, k=8) + strata(sex)")
    assert len({late.objective, strata.objective, survival.objective}) == 3
    assert strata.predict(type="survival", times=1.0).notna().all(axis=None)
    new = frame.assign(sex="x")
    with pytest.raises(DataError, match="Task 'A' has no baseline hazard in stratum 'x'"):
        strata.predict(new, type="survival", times=1.0)


@pytest.mark.parametrize(
    ("formula", "options", "error", "message"),
    [
        (
            "Surv(time, dead) ~ h(age)",
            {"family": "binomial"},
            OptionError,
            "is survival times, which need family='cox'",
        ),
        ("cbind(ill, trials) ~ h(age)", {}, ValueError, "which need family='binomial', not 'gaussian'"),
        ("cases ~ h(age)", {"family": "cox"}, DataError, "Task 'A' is cox, but its outcome has 1 column"),
        ("cases ~ h(age) + strata(sex)", {"family": "poisson"}, OptionError, "is for cox tasks: rows"),
        ("age ~ h(bmi) + offset(days)", {}, OptionError, "Task 'A' is gaussian and has an offset; subtract it"),
        ("Surv(time, trials) ~ h(age)", {}, DataError, "The status of task 'A' holds 1, 2, 3, 4, ...; code it as 1"),
        ("Surv(dead, dead) ~ h(age)", {}, DataError, "Task 'A' has the survival time 0 in"),
        ("Surv(time, entry, dead) ~ h(age)", {}, DataError, "every row must stop after it starts"),
        ("I(bmi - 30) ~ h(age)", {"family": "poisson"}, DataError, r"Task 'A' is poisson, but its outcome holds -"),
    ],
)
def test_what_is_wrong_is_said(frame, formula, options, error, message):
    with pytest.raises(error, match=message):
        model(frame, formula, **options)


@pytest.mark.parametrize(
    ("formula", "options", "metric"),
    [
        ("Surv(time, dead) ~ h(age, k=4)", {}, "c_index"),
        ("dead ~ h(age, k=4)", {"family": "binomial"}, "auc"),
        ("dead ~ h(age, k=4)", {"family": "binomial"}, "brier"),
    ],
)
def test_other_scores_of_held_out_rows(frame, formula, options, metric):
    made, folds = model(frame, formula, **options), np.arange(N) % 4
    lambdas = [made.lambda_max / 2, made.lambda_max / 50]
    found = made.cross_validate(lambdas=lambdas, folds=folds, metric=metric)
    assert found.metric == metric
    wanted = []
    for fold in range(4):
        eta = eta_without(made, fold, folds, frame, lambdas[1])
        for task in "AB":
            held = ((frame["site"] == task) & (folds == fold)).to_numpy()
            died, time, score = frame["dead"].to_numpy()[held], frame["time"].to_numpy()[held], eta[held]
            if metric == "auc":
                wanted.append(roc_auc_score(died, score))
            elif metric == "brier":
                wanted.append(brier_score_loss(died, 1 / (1 + np.exp(-score))))
            else:
                pairs = [(i, j) for i in np.flatnonzero(died) for j in range(len(time)) if time[j] > time[i]]
                wanted.append(np.mean([(score[i] > score[j]) + 0.5 * (score[i] == score[j]) for i, j in pairs]))
    assert found.table["mean"].iloc[1] == pytest.approx(np.mean(wanted), abs=1e-6)
    best = np.argmin(found.table["mean"]) if metric == "brier" else np.argmax(found.table["mean"])
    assert found.best["lambda_"] == pytest.approx(lambdas[best])
    assert found.summary().as_text()


@pytest.mark.parametrize(
    ("formula", "family", "metric", "message"),
    [
        ("Surv(time, dead) ~ h(age)", "cox", "auc", "metric='auc' is not for cox outcomes; use 'deviance', 'c_index'"),
        ("cases ~ h(age)", "poisson", "brier", "is not for poisson outcomes; use 'deviance'"),
        ("bmi ~ h(age)", "gaussian", "deviance", "is not for gaussian outcomes; leave it out"),
    ],
)
def test_metrics_that_are_not_there(frame, formula, family, metric, message):
    with pytest.raises(OptionError, match=message):
        model(frame, formula, family=family).cross_validate(folds=3, metric=metric)


@pytest.mark.parametrize(
    ("formula", "family"), [("Surv(time, died) ~ h(age, k=3)", "cox"), ("died ~ h(age, k=3)", "poisson")]
)
def test_a_fold_that_leaves_no_event_is_named(frame, formula, family):
    rare = frame.assign(died=0)
    rare.loc[[3, 5, 100, 121, 140], "died"] = 1
    folds = np.where(rare.index < 10, 0, 1 + np.arange(N) % 2)
    made = model(rare, formula, family=family)
    with pytest.warns(
        DataWarning, match="Fold 0: the training rows of task 'A' have no event, .*leave events in each task"
    ):
        found = made.cross_validate(folds=folds, n_lambda=3, linear=None)
    assert np.isfinite(found.table["mean"]).all()
