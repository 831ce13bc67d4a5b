"""Penalties between the group lasso and the lasso, monotone terms, and the undersmoothed lambda."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL
from sparsekin.errors import FormulaError, OptionError, SolverError
from sparsekin.hal.predict import mean_of


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    n = 200
    made = pd.DataFrame({"dose": rng.uniform(0, 10, n), "age": rng.uniform(20, 80, n), "site": ["A", "B"] * 100})
    bump = np.sin(made["dose"])  # up, down, up
    return made.assign(y=bump + 0.3 * made["dose"] + 0.02 * made["age"] + 0.2 * rng.normal(size=n))


def test_sparse_group_lies_between(frame):
    X = frame[["dose", "age"]]
    Y = np.column_stack([frame["y"], frame["age"] / 20, frame["y"] * 0 + np.sin(frame["age"])])

    def fit(penalty, l1_ratio=0.5):
        return MTHAL(Y, X, max_degree=1, penalty=penalty, l1_ratio=l1_ratio).fit(0.02)

    group, lasso, between = fit("l21"), fit("lasso"), fit("sparse-group")
    assert fit("sparse-group", 0.0).objective == pytest.approx(group.objective)
    assert fit("sparse-group", 1.0).objective == pytest.approx(lasso.objective)
    assert group.objective < between.objective < lasso.objective
    assert np.all(group.coef != 0)
    assert 0 < np.mean(between.coef == 0) <= np.mean(lasso.coef == 0)
    assert between.penalty == "sparse-group"
    assert "l1_ratio 0.5" in str(between.summary())
    with pytest.raises(OptionError, match=r"l1_ratio = 2 must be a number from 0 \(l21\) to 1 \(lasso\)"):
        fit("sparse-group", 2)


def two_tasks(related):
    rng = np.random.default_rng(5)
    X = rng.uniform(-2, 2, (150, 6))
    own = X[:, 0] if related else X[:, 1]
    return X, np.column_stack([np.sin(2 * X[:, 0]), -np.sin(2 * own)]) + 0.3 * rng.standard_normal((150, 2))


def test_ratios_are_judged_one_by_one():
    X, Y = two_tasks(related=False)

    def judge(ratio=None, **penalty):
        return MTHAL(Y, X, max_degree=1, **penalty).cross_validate(
            n_lambda=12, l1_ratio=ratio, folds=4, rng=0, linear=(None, 0.1)
        )

    cv = judge([0, 0.5, 1.0, 0.5])
    alone = [judge(), judge(penalty="sparse-group"), judge(penalty="lasso")]
    pd.testing.assert_frame_equal(cv.table, pd.concat([one.table for one in alone], ignore_index=True))
    np.testing.assert_array_equal(cv.per_task, np.vstack([one.per_task for one in alone]))
    best = min(alone, key=lambda one: one.table["mean"].min())
    assert (cv.best_l1_ratio, cv.best, cv.best_1se) == (best.best_l1_ratio, best.best, best.best_1se)
    assert cv.table["lambda"][list(cv.rows)].tolist() == [best.best["lambda_"], best.best_1se["lambda_"]]
    for which in ("best", "1se"):
        assert cv.refit(which).objective == best.refit(which).objective
    assert cv.refit().l1_ratio == cv.best_l1_ratio


def test_the_penalty_chosen_follows_the_tasks():
    for related in (True, False):
        X, Y = two_tasks(related)
        cv = MTHAL(Y, X, max_degree=1).cross_validate(n_lambda=20, l1_ratio=(0, 1), folds=5, rng=0)
        assert cv.best_l1_ratio == (0 if related else 1)


def test_ratios_that_cannot_be():
    X, Y = two_tasks(related=True)
    model = MTHAL(Y, X, max_degree=1)
    with pytest.raises(OptionError, match=r"l1_ratio = -0.1 must be a number from 0 \(l21\) to 1 \(lasso\)"):
        model.cross_validate(l1_ratio=(0, -0.1))
    with pytest.raises(OptionError, match="l1_ratio is empty; give at least one value"):
        model.cross_validate(l1_ratio=[])


@pytest.mark.parametrize("penalty", ["l21", "lasso", "sparse-group"])
@pytest.mark.parametrize(("order", "direction"), [(0, "i"), (0, "d"), (1, "i"), (1, "d")])
def test_monotone_terms_are_monotone_for_every_task(frame, penalty, order, direction):
    formula = f"y ~ h(dose, k=25, order={order}, monotone='{direction}') + h(age)"
    model = MTHAL.from_formula(formula, frame, "site", penalty=penalty)
    assert model.sections["monotone"].tolist() == [direction, ""]
    found = model.fit(1e-3)
    assert found.status == "converged"
    at = np.linspace(0, 10, 200)
    steps = np.diff(found.curve("dose", at).to_numpy(), axis=0) * (1 if direction == "i" else -1)
    assert (steps >= -1e-12).all()
    new = pd.DataFrame({"dose": at, "age": 50.0, "site": "A"})
    assert (np.diff(found.predict(new)) * (1 if direction == "i" else -1) >= -1e-12).all()
    free = MTHAL.from_formula(f"y ~ h(dose, k=25, order={order}) + h(age)", frame, "site", penalty=penalty).fit(1e-3)
    assert (np.diff(free.curve("dose", at).to_numpy(), axis=0) < 0).any()
    assert (np.diff(free.curve("dose", at).to_numpy(), axis=0) > 0).any()
    assert free.objective < found.objective


def test_monotone_binomial_and_pairs(frame):
    made = frame.assign(high=frame["y"] > frame["y"].median())
    found = MTHAL.from_formula(
        "high ~ h(dose, order=0, monotone='i') + h(dose, age, order=0, monotone='i')", made, "site", family="binomial"
    ).fit(5e-3)
    assert found.coef.min() >= 0
    grid = pd.DataFrame({"dose": np.linspace(0, 10, 50), "age": 60.0, "site": "B"})
    assert (np.diff(found.predict(grid)) >= -1e-12).all()


def test_steps_of_one_pattern_but_different_signs_both_stay():
    x = np.repeat([0.0, 1.0], 30)
    data = {"a": x, "b": x, "y": 1.0 - x + 0.01 * np.arange(60)}
    model = MTHAL.from_formula("y ~ h(a, order=0, monotone='i') + h(b, order=0)", data)
    assert model.fit(0.01).selected == ["b"]


def test_monotone_is_read_and_checked(frame):
    with pytest.raises(FormulaError, match=r"monotone = 'up' in .* must be 'i' \(increasing\), 'd' \(decreasing\)"):
        MTHAL.from_formula("y ~ h(dose, monotone='up')", frame, "site")
    plain = MTHAL.from_formula("y ~ h(dose, monotone='none')", frame, "site")
    assert "monotone" not in plain.sections.columns


def scores(fit, start):
    """|mean phi_j (y - f)| of the functions of `start` and its standard deviation, per task."""
    out = []
    for k, rows in enumerate(start.blocks.rows):
        X, keep = start.blocks.X[rows], start.blocks.keep[rows]
        values = []
        for one in (fit, start):
            r = one.blocks.y[k] - mean_of(one.families[k], one._linear(X, keep)[:, k])
            phi = np.column_stack([_column(start, j, X) for j in range(start.basis.size)])
            values.append(phi * r[:, None])
        out.append((np.abs(values[0].mean(axis=0)), values[1].std(axis=0), len(X)))
    return out


def _column(fit, j, X):
    columns, knots, orders = fit.basis.describe(j)
    return np.prod(
        [np.where(X[:, c] >= t, (X[:, c] - t) ** o, 0.0) for c, t, o in zip(columns, knots, orders, strict=True)],
        axis=0,
    )


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_undersmoothing_solves_the_scores_of_the_functions_first_selected(frame, family):
    made = frame if family == "gaussian" else frame.assign(y=(frame["y"] > frame["y"].median()).astype(float))
    model = MTHAL.from_formula("y ~ h(., order=0, k=10)", made, "site", family=family)
    cv = model.cross_validate(n_lambda=20, folds=3, rng=0)
    best, found = cv.refit(), cv.refit("undersmooth")
    assert found.lambda_ < best.lambda_
    before = model.fit(found.lambda_ / 1e-3 ** (1 / 19))  # the lambda tried just before

    def worst(fit):
        return max(np.max(mean / sd * np.sqrt(n) * np.log(n)) for mean, sd, n in scores(fit, best))

    assert worst(found) <= 1 + 1e-9
    assert worst(before) > 1
    assert found.status == "converged"


def test_undersmoothing_that_is_impossible_is_said(frame, monkeypatch):
    monkeypatch.setattr("sparsekin.hal.undersmooth.N_LAMBDA", 2)
    monkeypatch.setattr("sparsekin.hal.undersmooth.DOWN_TO", 0.99)
    cv = MTHAL.from_formula("y ~ h(., order=0)", frame, "site").cross_validate(n_lambda=40, folds=5, rng=0)
    with pytest.raises(SolverError, match=r"No lambda from .* down to .* solves the score equations .* times what"):
        cv.refit("undersmooth")


def test_adapted_penalties_follow_the_fit():
    rng = np.random.default_rng(8)
    X = rng.uniform(-2, 2, (160, 5))
    Y = np.column_stack([np.sin(2 * X[:, 0]), X[:, 0] * (X[:, 1] > 0)]) + 0.4 * rng.standard_normal((160, 2))
    model = MTHAL(Y, X, max_degree=2)
    first = model.cross_validate(n_lambda=30, folds=4, rng=0).refit()
    adapted = model.adapt(first)
    assert (model.sections["factor"] == 1.0).all()
    share = first.sections.iloc[:, 1:].mean(axis=1)
    factors = adapted.sections.set_index("section")["factor"]
    np.testing.assert_allclose(factors, 1.02 / (share.reindex(factors.index).fillna(0.0) + 0.02))
    np.testing.assert_array_equal(adapted.sections["functions"], model.sections["functions"])
    second = adapted.cross_validate(n_lambda=30, folds=4, rng=0).refit()
    assert second.status == "converged"
    assert set(second.sections.index) < set(first.sections.index)
    formula = " + ".join(
        f"h({one.section.replace(' x ', ', ')}, pf={one.factor!r})" for one in adapted.sections.itertuples()
    )
    frame = pd.DataFrame(X, columns=model.blocks.feature_names).assign(y1=Y[:, 0], y2=Y[:, 1])
    by_hand = MTHAL.from_formula(f"y1 + y2 ~ {formula}", frame).fit(second.lambda_, 1e-9, second.linear)
    assert second.objective == pytest.approx(by_hand.objective, rel=1e-5)
    with pytest.raises(OptionError, match="The fit has no function, so there is nothing to adapt to"):
        model.adapt(model.fit(2 * model.lambda_max))
    other = MTHAL(Y, X[:, :2]).fit(0.1)
    with pytest.raises(OptionError, match="The fit has the variables x1, x2 and this model x1, x2, x3, x4, x5; adapt"):
        model.adapt(other)


def test_a_column_whose_name_begins_like_a_factor_is_its_own_variable():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"temp": rng.choice(["hot", "cold"], 60), "temp[C]": rng.uniform(size=60), "y": 0.0})
    frame["y"] = rng.standard_normal(60) + frame["temp[C]"]
    names = {"temp": "state", "temp[C]": "degrees"}
    for text in ("y ~ h(.)", "y ~ h(temp) + h(`temp[C]`)", "y ~ h(temp, `temp[C]`)", "y ~ h(.) + h(., .)"):
        plain = text.replace("`temp[C]`", "degrees").replace("temp", "state")
        found = MTHAL.from_formula(text, frame)
        expected = MTHAL.from_formula(plain, frame.rename(columns=names))
        assert list(found.sections["knots"]) == list(expected.sections["knots"])
        np.testing.assert_array_equal(
            found.fit(lambda_=0.1).predict(frame), expected.fit(lambda_=0.1).predict(frame.rename(columns=names))
        )
