"""The highly adaptive lasso as R calls it: replies equal what the Python interface gives."""

import json

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL
from sparsekin.bridges.columns import door
from sparsekin.bridges.columns.hal import in_r
from sparsekin.bridges.columns.wire import read, write

FORMULA = "y ~ h(age, k=12) + h(bmi, order=0) + h(ward, age) + sexM"


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    n = 150
    data = pd.DataFrame({"age": rng.uniform(30, 75, n), "bmi": rng.uniform(18, 40, n)})
    data["ward"] = pd.Categorical(rng.choice(["u", "v", "w x"], n))
    data["sexM"] = rng.integers(0, 2, n).astype(float)
    data["site"] = pd.Categorical(rng.choice(["north", "south"], n))
    data["y"] = np.maximum(data["age"] - 50, 0) + 3 * (data["bmi"] > 30) + (data["ward"] == "v") + data["sexM"]
    data["y"] += 0.5 * rng.standard_normal(n)
    return data


def ask(method, **arguments):
    """Value of a reply, as R would read it."""
    buffers = []
    text, *out = door.call(method, json.dumps(write(arguments, buffers)), *map(bytes, buffers))
    reply = json.loads(text)
    assert reply["ok"], reply
    return read(reply["value"], out)


def same_fit(reply, found):
    assert np.array_equal(reply["coef"], found.coef)
    assert np.array_equal(reply["keep_coef"], found.keep_coef)
    assert reply["intercept"].tolist() == found.intercept.tolist()
    assert reply["fitted"].ravel().tolist() == found.fittedvalues.tolist()
    assert reply["glance"]["objective"][0] == pytest.approx(found.objective, nan_ok=True)
    assert np.array_equal(reply["effects"], found.variation.to_numpy())


def test_a_fit_is_that_of_the_python_interface(frame):
    weights = np.linspace(0.5, 2, len(frame))
    sent = {"formula": FORMULA, "data": frame, "task": "site", "weights": weights, "order": 1, "penalty": "lasso"}
    found = MTHAL.from_formula(FORMULA, frame, "site", weights=weights, penalty="lasso").fit(0.05)
    reply = ask("hal_fit", model=sent, options={"lambda_": 0.05, "tolerance": 1e-6})
    same_fit(reply, found)
    assert reply["features"] == ["age", "bmi", "wardv", "wardw x"]
    assert "(age - " in reply["terms"][0]
    assert reply["variables"]["names"] == in_r(found.variables.index, found.design)
    relaxed = ask("hal_fit", model=sent, options={"lambda_": 0.05}, relaxed=True)
    same_fit(relaxed, found.relax())


def test_functions_are_written_down_in_full(frame):
    found = MTHAL.from_formula(FORMULA, frame, "site").fit(0.05)
    reply = ask("hal_fit", model={"formula": FORMULA, "data": frame, "task": "site"}, options={"lambda_": 0.05})
    X, table = found.blocks.X, reply["functions"]
    assert len(reply["terms"]) == table["term"].max() == found.basis.size
    linear = np.zeros((len(X), 2))
    for j, rows in table.groupby("term"):
        above = X[:, rows["variable"] - 1] - rows["knot"].to_numpy()
        values = np.prod((above >= 0) * above ** rows["order"].to_numpy(), axis=1)
        linear += np.outer(values, reply["coef"][j - 1])
    linear += found.blocks.keep @ reply["keep_coef"] + np.asarray(reply["intercept"])
    in_order = np.empty(len(frame))
    in_order[found.row_positions] = np.concatenate([linear[rows, k] for k, rows in enumerate(found.blocks.rows)])
    assert np.ptp(in_order) > 1
    np.testing.assert_allclose(in_order, reply["fitted"].ravel(), rtol=1e-10)


def test_several_outcomes(frame):
    data = frame.assign(z=np.where(np.arange(150) < 9, np.nan, frame["age"] / 10)).drop(columns="site")
    reply = ask("hal_fit", model={"formula": "y + z ~ h(age)", "data": data, "task": None}, options={"lambda_": 0.1})
    assert reply["tasks"] == ["y", "z"]
    assert reply["fitted"].shape == (150, 2)


def test_a_path_and_its_fits(frame):
    model = {"formula": FORMULA, "data": frame, "task": "site"}
    options = {"lambdas": pd.Series([2.0, 0.5, 0.1]), "tolerance": 1e-6}
    reply, found = ask("hal_path", model=model, options=options), MTHAL.from_formula(FORMULA, frame, "site").path(
        [2.0, 0.5, 0.1]
    )  # fmt: skip
    assert reply["table"]["objective"].tolist() == found.table["objective"].tolist()
    assert np.array_equal(reply["variation"], found.variation_by_variable.to_numpy())
    same_fit(ask("hal_path_fit", model=model, options=options, at=2), found[1])


def test_cross_validation_comes_with_its_fits(frame):
    options = {"n_lambda": 12, "folds": 3, "rng": 1}
    reply = ask("hal_cross_validate", model={"formula": FORMULA, "data": frame, "task": "site"}, options=options)
    found = MTHAL.from_formula(FORMULA, frame, "site").cross_validate(n_lambda=12, folds=3, rng=1)
    assert reply["table"]["mean"].tolist() == found.table["mean"].tolist()
    assert reply["table"]["lambda"][reply["best"] - 1] == found.best["lambda_"]
    assert reply["table"]["lambda"][reply["best_1se"] - 1] == found.best_1se["lambda_"]
    assert reply["folds"].tolist() == found.folds.tolist()
    for which in ("best", "1se"):
        same_fit(reply["fits"][which], found.refit(which))


def test_an_undersmoothed_fit(frame):
    model = {"formula": "y ~ h(age) + h(bmi, order=0)", "data": frame, "task": None}
    ours = MTHAL.from_formula(model["formula"], frame)
    cv = ours.cross_validate(n_lambda=20, folds=3, rng=1)
    reply, found = ask("hal_undersmooth", model=model, options=cv.best), ours.undersmooth(**cv.best)
    same_fit(reply, found)
    assert found.lambda_ == pytest.approx(cv.refit("undersmooth").lambda_)


def test_errors_on_purpose_come_as_data(frame):
    buffers = []
    sent = {"model": {"formula": "y ~ h(age, knots=3)", "data": frame}, "options": {"lambda_": 1.0}}
    (text,) = door.call("hal_fit", json.dumps(write(sent, buffers)), *buffers)
    reply = json.loads(text)
    assert (reply["type"], reply["traceback"]) == ("FormulaError", None)
    assert reply["message"].startswith("'knots' in 'h(age, knots=3)' is not one of k, order")


def test_levels_are_named_as_in_r_and_no_other_column_is():
    frame = pd.DataFrame({"y": [1.0, 2, 4, 3], "ward": list("uvuv"), "a[1] b": 1.0, "ward[C]": [1.0, 2, 3, 5]})
    design = MTHAL.from_formula("y ~ h(.)", frame)._prepared.design
    assert design.feature_names == ("ward[T.v]", "a[1] b", "ward[C]")
    assert in_r(design.feature_names, design) == ["wardv", "a[1] b", "ward[C]"]
