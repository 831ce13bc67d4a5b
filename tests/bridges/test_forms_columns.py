"""Linear mixed forms as R calls them: replies equal what the Python interface gives."""

import json

import numpy as np
import pandas as pd
import pytest

from sparsekin import MixedForms
from sparsekin.bridges.columns import door
from sparsekin.bridges.columns.wire import read, write

FORMULA = "y1 + y2 ~ x1 + x2 + x3"


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(8)
    n = 120
    K, site = rng.standard_normal((n, 2)), np.arange(n) % 3
    H = np.array([[1.0, -1], [0, 0.5], [-1, 0]])[site]
    noise = 0.3 * rng.standard_normal((n, 5))
    data = pd.DataFrame(K @ rng.standard_normal((2, 3)) + noise[:, :3], columns=["x1", "x2", "x3"])
    data[["y1", "y2"]] = (K + H) @ rng.standard_normal((2, 2)) + noise[:, 3:]
    data["site"] = pd.Categorical.from_codes(site, ["north", "south", "west"])
    data.loc[:5, "y1"] = np.nan
    data.loc[7, "x2"] = np.nan
    return data


def ask(method, **arguments):
    """Value of a reply, as R would read it."""
    buffers = []
    text, *out = door.call(method, json.dumps(write(arguments, buffers)), *map(bytes, buffers))
    reply = json.loads(text)
    assert reply["ok"], reply
    return read(reply["value"], out)


@pytest.mark.parametrize(
    ("formula", "task", "random"),
    [(FORMULA, "site", "1"), (FORMULA, "site", "1 + x3"), ("y1 + y2 ~ x1 | x2 + x3", None, "1"), (FORMULA, None, "1")],
)
def test_a_fit_is_that_of_the_python_interface(frame, formula, task, random):
    sent = {"formula": formula, "data": frame, "task": task, "random": random}
    found = MixedForms.from_formula(formula, frame, task, random=random).fit(d=1, ridge=0.5)
    reply = ask("forms_fit", model=sent, options={"d": 1, "ridge": 0.5})
    for block, loadings in zip("yxz", (found.alpha, found.beta, found.u), strict=True):
        assert np.array_equal(reply["loadings"][block], loadings.to_numpy())
        assert reply["names"][block] == [str(name) for name in loadings.index]
    assert np.array_equal(reply["codes_fixed"], found.codes_fixed.to_numpy())
    assert np.array_equal(reply["implied_covariance"]["total"], found.implied_covariance["total"].to_numpy())
    assert reply["residual_variance"].tolist() == found.residual_variance.tolist()
    assert reply["glance"]["objective"][0] == found.objective
    assert (reply["task_shifts"] is None) == (task is None)


def test_what_a_reply_holds_is_enough_to_decode(frame):
    found = MixedForms.from_formula(FORMULA, frame, "site").fit(d=2)
    reply = ask("forms_fit", model={"formula": FORMULA, "data": frame, "task": "site"}, options={"d": 2})
    codes = np.asarray(reply["codes_fixed"]) + np.asarray(reply["codes_random"])
    values = codes @ reply["loadings"]["y"].T * np.asarray(reply["scale"]["y"]) + np.asarray(reply["center"]["y"])
    np.testing.assert_allclose(values, found.fittedvalues.to_numpy(), rtol=1e-12)


def test_cross_validation_and_bootstrap(frame):
    model = {"formula": FORMULA, "data": frame, "task": "site", "random": "1"}
    options = {"d": pd.Series([1, 2]), "folds": 2, "rng": 1, "ridge": 2.0}
    reply = ask("forms_cross_validate", model=model, options=options)
    ours = MixedForms.from_formula(FORMULA, frame, "site")
    found = ours.cross_validate([1, 2], folds=2, rng=1, ridge=2.0)
    assert reply["table"]["mean"].tolist() == found.table["mean"].tolist()
    assert (reply["best"], reply["best_1se"]) == (found.best["d"], found.best_1se["d"])
    by_row = ask("forms_cross_validate", model=model, options={"d": 1, "folds": 2, "rng": 1, "target": "y"})
    assert by_row["table"]["mean"].tolist() == ours.cross_validate(1, folds=2, rng=1, target="y").table["mean"].tolist()
    again = ask("forms_bootstrap", model=model, options={"d": 1}, resampling={"n": 5, "rng": 1, "level": 0.9})
    intervals = ours.fit(d=1).bootstrap(5, rng=1, level=0.9).intervals
    assert again["intervals"]["conf_low"].tolist() == intervals["conf_low"].tolist()


def test_errors_on_purpose_come_as_data(frame):
    buffers = []
    sent = {"model": {"formula": FORMULA, "data": frame, "task": "site"}, "options": {"d": 9}}
    (text,) = door.call("forms_fit", json.dumps(write(sent, buffers)), *buffers)
    reply = json.loads(text)
    assert (reply["type"], reply["traceback"]) == ("DataError", None)
    assert "set d to" in reply["message"]
