"""The door R calls: replies equal what the Python interface gives, errors and warnings come as data."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL
from sparsekin.bridges.columns import door
from sparsekin.bridges.columns.wire import read, write
from sparsekin.errors import InterruptedWarning

FIT = {"support": "heterogeneous", "task_weights": "equal", "effort": 1}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((90, 7))
    task = np.tile(["c", "a", "b"], 30)
    y = 2 * X[:, 1] - X[:, 3] * (task == "a") + 0.3 * rng.standard_normal(90)
    return {"X": X, "y": y, "task": task, "w": rng.uniform(0.5, 2, 90), "keep": rng.standard_normal((90, 1))}


@pytest.fixture(scope="module")
def sent(data):
    return {
        "X": data["X"], "features": pd.Series([f"x{j}" for j in range(7)], dtype="str"), "keep": data["keep"],
        "keep_names": pd.Series(["age"], dtype="str"), "y": pd.DataFrame({"y": data["y"]}),
        "task": pd.Series(pd.Categorical(data["task"])), "task_name": "site", "weights": pd.Series(data["w"]),
        "intercept": True, "standardize": "within", "scale_outcome": False,
    }  # fmt: skip


@pytest.fixture(scope="module")
def model(data):
    names = [f"x{j}" for j in range(7)]
    return SparseMTL(
        data["y"], data["X"], data["task"], keep=pd.DataFrame({"age": data["keep"][:, 0]}), weights=data["w"],
        feature_names=names,
    )  # fmt: skip


def ask(method, /, **arguments):
    """Value of a reply, as R would read it."""
    buffers = []
    header = json.dumps(write(arguments, buffers))
    text, *out = door.call(method, header, *map(bytes, buffers))
    reply = json.loads(text)
    assert reply["ok"], reply
    return read(reply["value"], out)


def fails(method, **arguments):
    buffers = []
    header = json.dumps(write(arguments, buffers))
    (text,) = door.call(method, header, *buffers)
    reply = json.loads(text)
    assert not reply["ok"]
    return reply


def test_a_fit_is_that_of_the_python_interface(sent, model):
    reply, found = ask("fit", data=sent, options={**FIT, "s": 2, "lambda_z": 0.05}), model.fit(s=2, lambda_z=0.05)
    assert reply["tasks"] == ["a", "b", "c"]
    assert np.array_equal(reply["coef"], found.solution.coef)
    assert np.array_equal(reply["keep_coef"], found.solution.keep_coef)
    assert reply["intercept"].tolist() == found.solution.intercept.tolist()
    assert np.array_equal(reply["fitted"][:, 0], found.fittedvalues)
    assert [sent["features"][j - 1] for j in reply["ranked"]] == found.tidy().query("kind == 'candidate'")[
        "term"
    ].unique().tolist()
    assert reply["glance"]["objective"][0] == found.objective
    assert reply["homogeneity"]["mean_jaccard"] == found.homogeneity.mean_jaccard
    assert reply["stacking"] is None


def test_sizes_may_be_a_list_or_named_by_task(sent, model):
    found = model.fit(s={"a": 1, "b": 2, "c": 3})
    for s in (pd.Series([1, 2, 3]), {"a": 1, "b": 2, "c": 3}):
        assert np.array_equal(ask("fit", data=sent, options={**FIT, "s": s})["coef"], found.solution.coef)


def test_several_outcomes_without_intercept(sent, data):
    outcomes = pd.DataFrame({"u": data["y"], "v": data["X"][:, 0]})
    outcomes.loc[3, "u"] = np.nan
    several = {**sent, "y": outcomes, "task": None, "task_name": None, "keep": None, "intercept": False}
    reply = ask("fit", data=several, options={**FIT, "s": 2})
    assert reply["fitted"].shape == (90, 2)
    assert not reply["intercept"].any()
    assert reply["tasks"] == ["u", "v"]


def test_a_setting_of_a_path_can_be_fitted_again(sent, model):
    grid = {"s": pd.Series([1, 2]), "lambda_z": pd.Series([0.0, 0.1])}
    reply, found = ask("path", data=sent, options={**FIT, **grid}), model.path(s=[1, 2], lambda_z=[0.0, 0.1])
    assert reply["table"]["objective"].tolist() == found.table["objective"].tolist()
    assert reply["table"]["ebic"].tolist() == found.criterion().tolist()
    assert reply["intercept"][3].tolist() == found[3].solution.intercept.tolist()
    assert np.array_equal(reply["keep_coef"][3], found[3].solution.keep_coef)
    assert reply["selected"]["setting"].max() == 4
    setting = found.table.loc[3, ["s", "lambda_1", "lambda_2", "lambda_z"]].to_dict()
    again = ask("path_fit", data=sent, options=FIT, setting=setting, support=found[3].solution.support.astype(float))
    assert np.array_equal(again["coef"], found[3].solution.coef)


def test_a_refit_needs_only_what_the_reply_held(sent, model):
    grid = {"s": pd.Series([1, 2, 3]), "lambda_1": 0.0, "lambda_2": 0.0, "lambda_z": pd.Series([0.0, 0.1])}
    options = {**FIT, "metric": "rmse", "ensemble": "mean"}
    reply = ask("cross_validate", data=sent, options={**options, **grid, "folds": 3, "rng": 1})
    found = model.cross_validate(s=[1, 2, 3], lambda_z=[0.0, 0.1], folds=3, rng=1, lambda_1=0.0, lambda_2=0.0)
    assert reply["table"]["mean"].tolist() == found.table["mean"].tolist()
    assert (reply["best"] - 1, reply["best_1se"] - 1) == (found.best_index, found.best_1se_index)
    assert reply["folds"].tolist() == found.folds.tolist()
    for which in ("best", "1se"):
        again, fit = ask("refit", data=sent, options=options, state=reply["state"], which=which), found.refit(which)
        assert np.array_equal(again["coef"], fit.solution.coef)
        assert again["stacking"]["weights"].tolist() == fit.stacking.weights.tolist()


def test_a_dial_is_refitted_with_the_lasso_that_counts_in_its_average(sent, model):
    options = {"support": "heterogeneous", "task_weights": "auto", "effort": 1, "metric": "rmse", "ensemble": "mean"}
    auto = {"s": "auto", "lambda_1": 0.1, "lambda_2": "auto", "lambda_z": 0.0, "folds": 3, "rng": 1}
    reply = ask("cross_validate", data=sent, options=options | auto)
    cv = model.cross_validate(lambda_1=0.1, lambda_z=0.0, folds=3, rng=1)
    assert 10 < len(cv.dial.lasso) == len(reply["dial"]["lasso"])
    told = {"state": reply["state"], "dial": reply["dial"]}
    again, fit = ask("refit_dial", data=sent, options=options, which="average", **told), cv.refit("average")
    assert np.array_equal(again["coef"], fit.coef)
    assert again["members"]["family"].tolist() == fit.members["family"].tolist()


def test_a_fit_can_be_certified(sent, model):
    options = FIT | {"s": 2, "lambda_1": 0.05, "lambda_2": 0.0, "lambda_z": 0.1}
    found = ask("certify", data=sent, options=options, limits={"gap": 1e-4, "time_limit": 30.0})
    proven = model.fit(**options).certify().certificate
    assert found["certificate"]["status"] == proven.status == "optimal"
    assert found["certificate"]["bound"] == pytest.approx(proven.bound)


def test_a_fit_says_what_its_solver_proves(sent, model):
    options = {"s": 2, "lambda_1": 0.05}
    assert ask("fit", data=sent, options=options)["certificate"] is None
    relaxed = ask("fit", data=sent, options=options | {"solver": "relaxation"})
    np.testing.assert_allclose(relaxed["fractional"], model.fit(**options, solver="relaxation").fractional)
    proven = ask("fit", data=sent, options=options | {"solver": "scip", "gap": 1e-3, "time_limit": 30.0})
    assert proven["certificate"]["status"] == "optimal"
    assert proven["fractional"] is None
    assert relaxed["certificate"]["bound"] <= proven["certificate"]["objective"]


def test_intervals_are_those_of_the_fit(sent, model, data):
    options = FIT | {"s": 2, "lambda_1": 0.05, "lambda_2": 0.0, "lambda_z": 0.1}
    fit = model.fit(**options)
    asked = {"level": 0.9, "method": "double-selection", "terms": "keep", "rng": 1}
    ends = fit.conf_int(**asked).to_numpy()
    found = ask("conf_int", data=sent, options=options, **asked)
    np.testing.assert_allclose(found["low"], ends[:, ::2])
    np.testing.assert_allclose(found["high"], ends[:, 1::2])
    table = ask("double_selection", data=sent, options=options, level=0.9, folds=5, rng=1)
    np.testing.assert_allclose(table["conf_low"], found["low"].ravel())
    rows = {"X": data["X"][:5], "keep": data["keep"][:5], "task": pd.Series(data["task"][:5], dtype="str")}
    told = ask("prediction_intervals", data=sent, options=options, **rows, level=0.8)
    keep = pd.DataFrame({"age": rows["keep"][:, 0]})
    direct = fit.predict(rows["X"], task=data["task"][:5], keep=keep, interval="prediction", level=0.8)
    np.testing.assert_allclose(told["low"][:, 0], direct["lower"])
    np.testing.assert_allclose(told["high"][:, 0], direct["upper"])


def test_a_comparison(sent, model):
    grid = {"s": 2, "lambda_z": pd.Series([0.0, 0.1]), "folds": 3, "rng": 1}
    reply = ask("compare", data=sent, options=grid)
    found = model.compare(s=2, lambda_z=[0.0, 0.1], folds=3, rng=1)
    assert reply["table"]["mean"].tolist() == found.table["mean"].tolist()
    assert reply["table"]["method"].tolist() == found.table.index.tolist()
    assert list(reply["unavailable"]) == ["multi-task lasso"]


def test_the_data_are_not_changed(sent, data):
    before = {name: value.copy() for name, value in data.items()}
    ask("fit", data=sent, options={**FIT, "s": 2, "lambda_z": 0.05})
    assert all(np.array_equal(before[name], data[name]) for name in data)


def test_errors_on_purpose_come_as_data_without_a_traceback(sent):
    reply = fails("fit", data={**sent, "weights": -sent["weights"]}, options={**FIT, "s": 2})
    assert reply["type"] == "DataError"
    assert reply["message"] == "The weights (weights) are negative in 90 rows; they must be >= 0."
    reply = fails("fit", data=sent, options={**FIT, "s": -1})
    assert (reply["type"], reply["message"]) == ("OptionError", "s = -1 is not a whole number >= 0.")
    assert reply["traceback"] is None


def test_other_errors_come_with_a_traceback():
    reply = fails("fit", data=None, options={})
    assert reply["type"] == "InternalError"
    assert "read_model" in reply["traceback"]
    assert fails("no such method")["message"] == "KeyError: 'no such method'"


def test_warnings_of_ours_are_passed_on_and_others_are_not(monkeypatch):
    def warn(value):
        warnings.warn("stopped early", InterruptedWarning, stacklevel=1)
        warnings.warn("noise", DeprecationWarning, stacklevel=1)
        return value

    monkeypatch.setitem(door.METHODS, "echo", warn)
    reply = json.loads(door.call("echo", '{"value": 1}')[0])
    assert reply["warnings"] == [{"type": "InterruptedWarning", "message": "stopped early"}]


def test_ctrl_c_outside_a_search_comes_as_data(monkeypatch):
    def stop(value):
        raise KeyboardInterrupt

    monkeypatch.setitem(door.METHODS, "echo", stop)
    assert fails("echo", value=1)["type"] == "KeyboardInterrupt"


def test_the_version_is_that_of_the_package():
    import sparsekin

    assert ask("version") == {"version": sparsekin.__version__}


def test_what_is_held_out_and_judged_is_that_of_the_fit(sent, model, data):
    options = {**FIT, "s": 2, "lambda_1": 0.01, "lambda_2": 0.0, "lambda_z": 0.1}
    fit = model.fit(**options).hold_out(3, rng=1)
    reply = ask("hold_out", data=sent, options=options, asked={"folds": 3, "scheme": "within-task", "rng": 1})
    table = fit.performance.reset_index()
    assert reply["performance"]["rows"].tolist() == ["apparent", "out-of-fold"] * 3
    np.testing.assert_allclose(reply["performance"]["cal_slope"], table["cal_slope"], atol=1e-12)
    eta = fit.in_user_order(fit.by_row(list(fit.held_out.eta)), "eta").to_numpy()
    np.testing.assert_array_equal(reply["held_out"]["eta"][:, 0], eta)
    judged = ask("judge", data=sent, eta=pd.Series(eta))
    held = table[table["rows"] == "out-of-fold"]
    assert judged["task"].tolist() == held.iloc[:, 0].tolist()
    np.testing.assert_allclose(judged[["rmse", "cal_slope"]], held[["rmse", "cal_slope"]], atol=1e-12)


def test_alternatives_and_knockoffs_are_those_of_the_python_interface(sent, model, data):
    options = {**FIT, "s": 2, "lambda_1": 0.05, "lambda_2": 0.0, "lambda_z": 0.1}
    fit = model.fit(**options)
    for asked in ({"m": 3}, {"within": 4.0}):
        reply, found = ask("alternatives", data=sent, options=options, asked=asked), fit.alternatives(**asked)
        assert reply["said"]["status"] == found.attrs["status"]
        for name in found.columns:
            assert reply["table"][name].equals(found[name].reset_index(drop=True)), name
    bare = SparseMTL(data["y"], data["X"], data["task"], feature_names=[f"x{j}" for j in range(7)])
    plain = {**sent, "keep": None, "keep_names": pd.Series([], dtype="str"), "weights": None}
    found, reply = bare.knockoffs(draws=3, rng=0), ask("knockoffs", data=plain, options={"draws": 3, "rng": 0})
    assert reply["features"] == found.features
    assert reply["draws"] == 3
    np.testing.assert_array_equal(reply["share"], found.share)
    np.testing.assert_array_equal(reply["cells"] == 1, found.cells)


def test_studies_left_out_are_those_of_the_python_interface(sent, model):
    asked = {"s": [1, 2], "lambda_1": 0.01, "lambda_2": 0.0, "lambda_z": 0.0, "folds": 3, "rng": 0}
    found, reply = model.validate(**asked), ask("left_out", data=sent, options=asked)
    np.testing.assert_allclose(reply["pooled"]["pred_upper"], found.pooled["pred_upper"], atol=1e-12)
    assert reply["settings"]["features"].tolist() == found.settings["features"].tolist()
    np.testing.assert_array_equal(reply["eta"][:, 0], found.augment()[".linear"])
    assert reply["tidy"]["study"].isna().tolist() == (found.tidy()["type"] != "study").tolist()
