"""Lines beside curves: what cross-validation makes of linear and of curved truths, and how fits name them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import MultiTaskLassoCV
from sklearn.model_selection import KFold

from sparsekin import MTHAL
from sparsekin.errors import OptionError
from sparsekin.models.hal.results import HALResults
from sparsekin.tuning.hal.cross_validate import past_the_best


def tasks(f, n, d, seed, K=3, noise=0.5):
    """Rows, noisy outcomes, new rows and their means; every outcome scaled to variance 1."""
    rng = np.random.default_rng(seed)
    B = np.sqrt(0.7) * rng.normal(size=(d, 1)) + np.sqrt(0.3) * rng.normal(size=(d, K))
    X, new = rng.uniform(-2, 2, (n, d)), rng.uniform(-2, 2, (1000, d))
    truth, mean = f(new, B), f(X, B)
    scale = truth.std(axis=0)
    return X, mean / scale + noise * rng.normal(size=mean.shape), new, truth / scale


def linear(X, B):
    return X @ B


def curved(X, B):
    return np.column_stack([np.sin(2 * X[:, 0]), np.abs(X[:, 1])]) @ B[:2] + X[:, 1:] @ B[1:] / 4


def error(fit, new, truth):
    return float(np.mean((np.asarray(fit.predict(new)) - truth) ** 2))


@pytest.mark.parametrize(("n", "d", "units"), [(100, 3, 1.0), (100, 5, 12.5), (150, 6, 0.01)])
def test_a_linear_truth_is_found_as_well_as_by_the_multi_task_lasso(n, d, units):
    ours, theirs, before = 0.0, 0.0, 0.0
    for seed in range(2):
        X, Y, new, truth = tasks(linear, n, d, seed)
        lasso = MultiTaskLassoCV(cv=KFold(5, shuffle=True, random_state=seed)).fit(X, Y)
        theirs += float(np.mean((lasso.predict(new) - truth) ** 2))
        model = MTHAL(Y, 50 + units * X, max_degree=2)
        cv = model.cross_validate(n_lambda=40, folds=5, rng=seed)
        assert units < 1 or cv.best_linear is not None
        ours += error(cv.refit(), 50 + units * new, truth)
        plain = model.cross_validate(n_lambda=40, folds=5, rng=seed, linear=None)
        before += error(plain.refit(), 50 + units * new, truth)
    assert ours <= 1.3 * theirs
    assert units < 1 or before > 1.4 * theirs  # in small units products are penalised more than lines as it is


@pytest.mark.parametrize("choice", [1.0, 0.3, 0.1])
def test_a_curved_truth_is_found_with_lines_at_a_penalty_of_their_own(choice):
    X, Y, new, truth = tasks(curved, 100, 4, 1)
    model = MTHAL(Y, X, max_degree=2)
    whole, own = (model.cross_validate(n_lambda=40, folds=5, rng=0, linear=one) for one in (None, choice))
    assert own.table["mean"].min() < 1.05 * whole.table["mean"].min()
    assert error(own.refit(), new, truth) < 1.25 * error(whole.refit(), new, truth)


def test_the_end_of_a_path_is_not_looked_for_before_curves_come_in():
    mean, lambdas = np.concatenate([[2.0, 1.0], np.full(18, 1.01)]), np.geomspace(1, 0.01, 20)
    assert past_the_best(lambdas, mean, np.full(20, 0.1))
    assert not past_the_best(lambdas, mean, np.full(20, 0.1), start=19)


def test_forms_are_named():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.uniform(-2, 2, (300, 3)), columns=["dose", "age", "bmi"])
    frame["site"] = np.repeat(["A", "B"], 150)
    frame["y"] = 2 * np.abs(frame["dose"]) + frame["age"] + 0.3 * rng.normal(size=300)
    model = MTHAL.from_formula("y ~ h(dose) + h(age) + h(bmi, order=0)", frame, task="site")
    fit = model.fit(0.05, linear=0.1)
    assert fit.forms["form"].drop("bmi", errors="ignore").to_dict() == {"dose": "curved", "age": "linear"}
    assert fit.forms.loc["age", "knots"] == 0
    assert np.isnan(fit.forms.loc["age", "first_knot"])
    assert fit.forms.loc["dose", "first_knot"] > frame["dose"].min()
    text = str(fit.summary())
    assert "lines have a penalty of their own, 0.1" in " ".join(text.split())
    line = next(one for one in text.splitlines() if one.startswith("age"))
    assert "linear" in line
    tidy = fit.tidy().drop_duplicates("term").set_index("term")
    assert tidy.loc[tidy["section"] == "age", "form"].tolist() == ["linear"]
    assert (tidy.loc[tidy["kind"] != "function", "form"] == "").all()
    many = model.fit(0.002)
    assert many.forms.loc["bmi", "form"] == "steps"


def test_straight_pairs_are_linear_and_bent_ones_curved():
    X = np.random.default_rng(0).uniform(0, 1, (80, 2))
    pair = MTHAL.from_formula("y ~ h(a, b, k=1)", {"a": X[:, 0], "b": X[:, 1], "y": X[:, 0] * X[:, 1]}).fit(1e-4)
    assert pair.forms["form"].tolist() == ["linear", "linear"]
    bent = MTHAL.from_formula("y ~ h(a, k=5, order=2)", {"a": X[:, 0], "y": X[:, 0] ** 2}).fit(1e-5)
    assert bent.forms["form"].tolist() == ["curved"]


def test_best_is_what_fit_takes_and_files_keep_it(tmp_path):
    X, Y, new, _ = tasks(linear, 80, 3, 5)
    model = MTHAL(Y, X, max_degree=2)
    cv = model.cross_validate(n_lambda=20, folds=4, rng=0)
    fit = cv.refit()
    assert fit.linear == cv.best["linear"] == cv.best_linear
    assert model.fit(**cv.best).objective == pytest.approx(fit.objective, rel=1e-5)
    assert cv.table["linear"].isna().sum() > 0
    assert set(cv.table["linear"].dropna()) == {0.3, 0.1}
    assert "as others" in str(cv.summary())
    fit.save(tmp_path / "fit.npz")
    found = HALResults.load(tmp_path / "fit.npz")
    assert found.linear == fit.linear
    np.testing.assert_array_equal(found.predict(new), fit.predict(new))
    assert float(found.glance()["linear"][0]) == fit.linear
    path = model.path(n_lambda=5, linear=0.1)
    assert path[2].objective == pytest.approx(model.fit(path[2].lambda_, linear=0.1).objective, rel=1e-5)


def test_lambdas_given_are_judged_as_they_were():
    X, Y, *_ = tasks(linear, 80, 3, 5)
    found = MTHAL(Y, X, max_degree=1).cross_validate([0.1, 0.01], folds=4, rng=0)
    assert found.table["linear"].isna().all()
    assert len(found.table) == 2


def test_steps_have_no_lines():
    X, Y, *_ = tasks(linear, 80, 3, 5)
    model = MTHAL(Y, X, order=0, max_degree=1)
    with pytest.raises(OptionError, match=r"linear = 0.1 is about lines, and this basis has none: order 0 makes steps"):
        model.fit(0.1, linear=0.1)
    with pytest.raises(OptionError, match=r"order 0 makes steps only. Use order=1"):
        model.cross_validate(linear=(None, 0.3))
    assert model.cross_validate(n_lambda=5, folds=3, rng=0).best_linear is None


@pytest.mark.parametrize("wrong", [0, -0.1, 2, True, "lines", float("nan")])
def test_penalties_that_cannot_be(wrong):
    X, Y, *_ = tasks(linear, 60, 2, 5)
    model = MTHAL(Y, X, max_degree=1)
    for call in (lambda: model.fit(0.1, linear=wrong), lambda: model.cross_validate(linear=(None, wrong))):
        with pytest.raises(OptionError, match=r"linear = .* must be a number above 0, at most 1"):
            call()
    with pytest.raises(OptionError, match="linear is empty; give at least one value, or 'auto'"):
        model.cross_validate(linear=[])
