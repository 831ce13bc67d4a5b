"""An average crosses to R whole: what R builds of the reply says what Python says."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import needs_r, run_r
from contract.made import average
from sparsekin import SparseMTL
from sparsekin.bridges.columns import replies
from sparsekin.bridges.columns.wire import read, write

SETTINGS = [{"s": 3, "lambda_1": 0.2}, {"s": 1}, {"s": 2, "lambda_z": 0.1}]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.standard_normal((90, 5)), columns=[f"x{j}" for j in range(5)])
    frame["site"] = np.tile(["a", "b", "c"], 30)
    frame["y"] = 2 * frame["x0"] - 0.4 * frame["x1"] * (frame["site"] == "b") + 0.3 * rng.standard_normal(90)
    return frame


@pytest.fixture(scope="module")
def found(data):
    made = average(SparseMTL.from_formula("y ~ .", data, "site", keep=["x4"]), SETTINGS).at_cut(0.1)
    made.members["lambda_2"] = [0.0, np.inf, 1.0]
    return made


def test_a_reply_has_what_the_average_has(found):
    buffers = []
    header = json.loads(json.dumps(write(replies.average(found), buffers)))
    reply = read(header, [bytes(part) for part in buffers])
    np.testing.assert_array_equal(reply["coef"], found.coef)
    np.testing.assert_array_equal(reply["inclusion"], found.inclusion)
    np.testing.assert_array_equal(reply["support"] == 1, found.estimates.support)
    assert reply["members"]["lambda_2"].tolist() == [0.0, np.inf, 1.0]
    assert (reply["verdict"], reply["cut"], reply["predicts_cut"]) == (found.verdict, 0.1, False)
    assert reply["best"]["options"]["lambda_1"] == 0.2
    names = [found.blocks.feature_names[j - 1] for j in reply["order"]]
    assert names == found.tidy().query("kind == 'candidate'")["term"].unique().tolist()


@needs_r
def test_r_says_what_python_says(data, found, tmp_path):
    buffers = []
    value = write(replies.average(found), buffers)
    for i, part in enumerate(buffers):
        (tmp_path / f"reply.{i}").write_bytes(bytes(part))
    (tmp_path / "reply.json").write_text(json.dumps({"value": value, "n": len(buffers)}))
    data.to_csv(tmp_path / "data.csv", index=False, float_format="%.17g")
    run_r(Path(__file__).with_name("average_case.R"), tmp_path / "data.csv", tmp_path / "reply", tmp_path / "out.json")
    theirs = json.loads((tmp_path / "out.json").read_text())
    assert theirs["class"] == ["sparse_mtl_average", "sparse_mtl"]

    def numbers(name, inside=theirs):
        return np.array([np.nan if one == "NA" else float(one) for one in inside[name]])

    np.testing.assert_allclose(numbers("coef"), found.params.to_numpy().ravel(order="F"), rtol=1e-12)
    np.testing.assert_allclose(numbers("predicted"), found.predict(data), rtol=1e-12)
    np.testing.assert_allclose(numbers("fitted"), found.fittedvalues, rtol=1e-12)
    np.testing.assert_allclose(numbers("best"), found.best_member.params.to_numpy().ravel(order="F"), rtol=1e-12)
    assert numbers("lambda_2").tolist() == [0.0, np.inf, 1.0]
    assert float(theirs["best_setting"]) == 0.2
    assert theirs["selected"] == found.selected
    mine, other = found.tidy(), theirs["tidy"]
    assert other["term"] == mine["term"].replace("Intercept", "(Intercept)").tolist()
    for name in ("task", "selected", "kind"):
        assert other[name] == mine[name].tolist()
    for name in ("estimate", "estimate_standardized", "inclusion", "n_tasks"):
        np.testing.assert_allclose(numbers(name, other), mine[name], rtol=1e-12)
    glance = found.glance().iloc[0].rename({"r2": "r.squared"})
    assert set(theirs["glance"]) == set(glance.index)
    for name, value in glance.items():
        assert theirs["glance"][name] == pytest.approx(value)
    said = " ".join(" ".join(theirs["summary"]).split())
    for wanted in ("Mean of 3 settings", "Share the supports.", "lambda_2 = 0 to Inf", "below 10 % of the largest"):
        assert wanted in said
