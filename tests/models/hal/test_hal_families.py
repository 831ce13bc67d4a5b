"""Binomial and mixed tasks as a user meets them."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from sparsekin import MTHAL, HALResults
from sparsekin.errors import DataError, DataWarning, OptionError, SolverError


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    n = 400
    made = pd.DataFrame({
        "age": rng.uniform(20, 80, n), "bmi": rng.uniform(18, 40, n), "crp": rng.normal(size=n),
        "sex": rng.choice(["f", "m"], n), "site": rng.choice(["A", "B"], n),
    })  # fmt: skip
    odds = -1.5 + 3.0 * (made["age"] >= 50) + 0.5 * (made["sex"] == "m")
    ill = rng.random(n) < expit(odds)
    score = 20.0 * odds + rng.normal(0, 10, n)
    return made.assign(p=expit(odds), ill=ill, state=np.where(ill, "yes", "no"), score=score)


@pytest.fixture(scope="module")
def fit(frame):
    model = MTHAL.from_formula("state ~ h(age, order=0) + h(bmi, order=0) + sex", frame, "site", family="binomial")
    return model.cross_validate(n_lambda=30, folds=5, rng=0).refit()


def test_probabilities_are_near_the_true_ones(fit, frame):
    assert fit.status == "converged"
    assert fit.gap <= 1e-6
    found = fit.predict(frame)
    assert found.between(0, 1).all()
    assert np.mean((found - frame["p"]) ** 2) < 0.01
    assert fit.variables.index[0] == "age"
    np.testing.assert_allclose(fit.predict(), fit.predict(frame))
    np.testing.assert_allclose(logit(found), fit.predict(frame, type="link"))
    np.testing.assert_allclose(fit.predict(type="link"), fit.predict(frame, type="link"))
    np.testing.assert_allclose(fit.fittedvalues + fit.resid, frame["ill"])


def test_deviance_is_that_of_the_rows(fit, frame):
    table, p = fit.task_fit, fit.fittedvalues
    for site, rows in frame.groupby("site"):
        one = np.where(rows["ill"], p[rows.index], 1 - p[rows.index])
        share = rows["ill"].mean()
        null = -2 * (share * np.log(share) + (1 - share) * np.log(1 - share))
        assert table.loc[site, "deviance"] == pytest.approx(-2 * np.log(one).mean())
        assert table.loc[site, "dev_ratio"] == pytest.approx(1 + 2 * np.log(one).mean() / null)
        assert table.loc[site, "auc"] == pytest.approx(roc_auc_score(rows["ill"], p[rows.index]))
        assert table.loc[site, "brier"] == pytest.approx(np.mean((rows["ill"] - p[rows.index]) ** 2))
    assert fit.glance()["family"][0] == "binomial"
    assert fit.glance()["deviance"][0] == pytest.approx((table["deviance"] * table["n"]).sum())


def test_summary_says_what_is_modelled(fit):
    text = str(fit.summary())
    assert "Coefficients are log odds of 'yes' against 'no'." in text
    assert "share explained" in text


@pytest.mark.parametrize("column", ["state", "ill", "number", "categorical"])
def test_two_levels_may_be_text_true_and_false_or_numbers(frame, fit, column):
    made = frame.assign(
        number=frame["ill"].astype(int), categorical=pd.Categorical(frame["state"], categories=["yes", "no"])
    )
    model = MTHAL.from_formula(f"{column} ~ h(age, order=0) + h(bmi, order=0) + sex", made, "site", family="binomial")
    found = model.fit(fit.lambda_)
    expected = 1 - fit.fittedvalues if column == "categorical" else fit.fittedvalues
    np.testing.assert_allclose(found.fittedvalues, expected, atol=1e-3)
    assert found.levels == {"state": (("no", "yes"),) * 2, "categorical": (("yes", "no"),) * 2}.get(column, (None,) * 2)


def test_arrays_of_text(frame):
    X = frame[["age", "bmi"]].to_numpy()
    one = MTHAL(frame["state"].to_numpy(), X, frame["site"], family="binomial", max_degree=1).fit(0.02)
    other = MTHAL(frame["ill"].to_numpy(), X, frame["site"], family="binomial", max_degree=1).fit(0.02)
    assert one.objective == other.objective
    assert one.levels == (("no", "yes"),) * 2


def test_missing_text_outcomes_are_dropped(frame):
    made = frame.assign(state=frame["state"].where(frame.index >= 20))
    model = MTHAL.from_formula("state ~ h(age)", made, "site", family="binomial", missing="drop")
    assert model.blocks.n_obs.sum() == 380
    with pytest.raises(DataError, match="state"):
        MTHAL.from_formula("state ~ h(age)", made, "site", family="binomial")


def mixed(frame, **options):
    Y = frame[["score", "ill"]].astype(float)
    family = {"score": "gaussian", "ill": "binomial"}
    return MTHAL(Y, frame[["age", "bmi"]], family=family, order=0, max_degree=1, **options)


def test_families_may_be_mixed(frame):
    cv = mixed(frame).cross_validate(n_lambda=25, folds=5, rng=0)
    assert cv.metric == "relative deviance"
    assert cv.table["mean"][0] == pytest.approx(1.0, abs=0.05)
    assert cv.per_task["score"].iloc[0] == pytest.approx(frame["score"].std(), rel=0.05)
    fit = cv.refit()
    assert np.all(np.any(fit.coef != 0, axis=1))
    assert fit.predict(frame[["age", "bmi"]])["ill"].between(0, 1).all()
    assert np.corrcoef(fit.fittedvalues["score"], frame["score"])[0, 1] > 0.8
    assert np.isinf(fit.bounds[:, 1]).all()
    assert np.isfinite(fit.bounds[:, 0]).all()
    assert fit.glance()["family"][0] == "mixed"
    assert "log odds of 1 in task 'ill'" in str(fit.summary())


def test_units_of_a_gaussian_outcome_do_not_matter_where_outcomes_are_scaled(frame):
    one, other = mixed(frame).fit(0.05), mixed(frame.assign(score=frame["score"] / 1000)).fit(0.05)
    np.testing.assert_allclose(other.coef[:, 0] * 1000, one.coef[:, 0], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(other.coef[:, 1], one.coef[:, 1], rtol=1e-6, atol=1e-8)
    assert one.objective == pytest.approx(other.objective)
    free = mixed(frame, scale_outcome=False).fit(0.05)
    assert free.objective > 5 * one.objective


def test_scaled_outcomes_of_one_scale_are_the_unscaled_problem(frame):
    X, y = frame[["age", "bmi"]], frame["score"] / frame["score"].std(ddof=0)
    Y = np.column_stack([y, 100 * y])
    one = MTHAL(Y, X, max_degree=1, scale_outcome=True).fit(0.1)
    other = MTHAL(np.column_stack([y, y]), X, max_degree=1).fit(0.1)
    np.testing.assert_allclose(one.coef, other.coef * [1, 100], atol=1e-8)
    np.testing.assert_allclose(one.fittedvalues, other.fittedvalues * [1, 100], atol=1e-6)


def test_held_out_deviance_is_that_of_a_fit_without_the_rows(frame):
    part = frame.head(150)
    fold = np.arange(150) % 3
    X, y = part[["age", "bmi"]].to_numpy(), part["ill"].to_numpy(float)
    found = MTHAL(y, X, knots=6, max_degree=1, family="binomial").cross_validate([0.05, 0.01], folds=fold)
    assert found.metric == "deviance"
    for i, lambda_ in enumerate([0.05, 0.01]):
        total = 0.0
        for f in range(3):
            weights = (fold != f).astype(float)
            fit = MTHAL(y, X, knots=6, max_degree=1, family="binomial", weights=weights).fit(lambda_)
            p = np.asarray(fit.predict(X))[fold == f]
            total += -2 * np.mean(np.log(np.where(y[fold == f] == 1, p, 1 - p))) / 3
        assert found.table["mean"][i] == pytest.approx(total, rel=1e-3)


def test_a_fold_may_lose_one_of_the_two_outcomes():
    rng = np.random.default_rng(3)
    X = rng.uniform(size=(60, 2))
    y = np.zeros(60)
    y[:3] = 1
    fold = np.where(np.arange(60) < 3, 0, 1 + np.arange(60) % 2)
    with pytest.warns(DataWarning, match="Fold 0: the training rows of task 'y' all have the same outcome"):
        found = MTHAL(y, X, family="binomial", max_degree=1).cross_validate([0.2, 0.05], folds=fold)
    assert np.isfinite(found.table["mean"]).all()
    assert found.errors.deviance[0, 0, 0] == pytest.approx(-2 * 3 * np.log(0.5 / 58))


def test_relaxed_refit_is_maximum_likelihood(fit, frame):
    found = fit.relax()
    assert found.status == "relaxed"
    assert (found.task_fit["deviance"] <= fit.task_fit["deviance"]).all()
    for k, rows in enumerate(found.blocks.rows):
        r = found.blocks.y[k] - expit(found._linear(found.blocks.X, found.blocks.keep)[rows, k])
        assert abs(r.sum()) < 1e-6
        assert np.abs(found.blocks.keep[rows].T @ r).max() < 1e-6


def test_perfect_separation_is_fitted_but_not_relaxed():
    x = np.linspace(0, 1, 60)[:, None]
    fit = MTHAL((x[:, 0] > 0.5).astype(float), x, family="binomial", order=0).fit(1e-3)
    assert fit.status == "converged"
    assert np.isfinite(fit.params.to_numpy()).all()
    with pytest.raises(SolverError, match="tell some outcomes of task"):
        fit.relax()


def test_always_in_columns_that_separate_are_refused(frame):
    with pytest.raises(DataError, match=r"In task 'y' .* so the terms without a penalty have no finite"):
        MTHAL(frame["ill"].to_numpy(float), frame[["age"]], keep=frame[["ill"]].astype(float), family="binomial")


def test_far_predictions_do_not_overflow():
    x = np.linspace(-1, 1, 200)[:, None]
    fit = MTHAL((x[:, 0] > np.sin(40 * x[:, 0])) * 1.0, x, family="binomial").fit(1e-4)
    found = fit.predict(np.array([[1e6], [-1e6]]))
    assert found.between(0, 1).all()


def test_saved_and_loaded(fit, frame, tmp_path):
    fit.save(tmp_path / "fit.npz")
    back = HALResults.load(tmp_path / "fit.npz")
    pd.testing.assert_series_equal(back.predict(frame), fit.predict(frame))
    assert back.levels == fit.levels
    assert back.families == fit.families
    assert str(back.summary()) == str(fit.summary())


@pytest.mark.parametrize(
    ("y", "family", "error", "message"),
    [
        ("score", "binomial", DataError, r"Task 'A' is binomial, but its outcome holds .*code it as 0 and 1"),
        ("state", "gaussian", OptionError, "Outcome 'state' is text .*give family='binomial'"),
        ("sixes", "binomial", DataError, r"must have two levels; it has 3: "),
        ("one", "binomial", DataError, r"Task 'A' is binomial, but its outcome is 1 in every row"),
        ("ill", "probit", OptionError, r"family = 'probit' is not one of 'gaussian', 'binomial', 'poisson', 'cox'"),
        ("ill", {"A": "binomial"}, OptionError, "family does not say what task 'B' is"),
        ("ill", {"A": "binomial", "C": "binomial"}, OptionError, "family names 'C'; the tasks are 'A'"),
        ("ill", ["binomial"], OptionError, "family has 1 values for 2 tasks"),
        ("state", {"A": "gaussian", "B": "binomial"}, OptionError, "Outcome 'state' is text .*not 'gaussian'"),
    ],
)
def test_what_is_wrong_is_said(frame, y, family, error, message):
    made = frame.assign(sixes=np.arange(400) % 3, one=1.0)
    made["sixes"] = made["sixes"].map({0: "a", 1: "b", 2: "c"})
    with pytest.raises(error, match=message):
        MTHAL.from_formula(f"{y} ~ h(age)", made, "site", family=family)


def test_predict_type_is_checked(fit):
    with pytest.raises(OptionError, match="type = 'odds' is not one of 'response', 'link'"):
        fit.predict(type="odds")
