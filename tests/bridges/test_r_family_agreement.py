"""Yes and no, counts and survival times give the same in R and in Python, each with designs of its own."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import needs_r, run_r
from sparsekin import SparseMTL

pytestmark = needs_r
_HEART = Path("shared") / "data" / "heart_centres.csv"
HEART = next((p / _HEART for p in Path(__file__).resolve().parents if (p / _HEART).exists()), _HEART)

FIT = {"task": "site", "s": 2, "lambda_z": 0.02}
X = " ~ x1 + x2 + x3 + text"
# formula in R, formula in Python, options beyond FIT
CASES = {
    "yes and no": (f"ill{X}", None, {"family": "binomial", "weights": "w"}),
    "a ridge of its own": (f"ill{X}", None, {"family": "binomial", "lambda_1": 0.05, "keep": "x3"}),
    "trials": (f"cbind(cured, trials - cured){X}", None, {"family": "binomial", "lambda_1": 0.0}),
    "counts": (f"cases{X} + offset(log(days))", f"cases{X} + offset(np.log(days))", {"family": "poisson"}),
    "exposure": (f"cases{X}", None, {"family": "poisson", "exposure": "days", "support": "common"}),
    "survival times": (f"Surv(time, dead){X}", None, {"lambda_1": 0.0}),
    "delayed entry, Breslow, strata": (
        f"Surv(entry, time, dead){X} + strata(sex)", None, {"family": "cox", "ties": "breslow", "weights": "w"},
    ),
    "families by task": (
        f"mixed{X}", None, {"family": {"north": "binomial", "south": "gaussian", "west": "poisson"}, "lambda_z": 0.05},
    ),
    "two outcomes": (
        "cbind(dead, cases) ~ x1 + x2 + x3", "dead + cases ~ x1 + x2 + x3",
        {"task": None, "family": {"dead": "binomial", "cases": "poisson"}},
    ),
    "similar values": (f"ill{X}", None, {"family": "binomial", "lambda_2": 0.3}),
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    """Three sites, an outcome of each family, and rows with something missing."""
    rng = np.random.default_rng(12)
    n = 240
    frame = pd.DataFrame(rng.standard_normal((n, 3)), columns=["x1", "x2", "x3"])
    frame["text"] = rng.choice(["p", "q", "r"], n)
    frame["sex"] = rng.choice(["f", "m"], n)
    frame["site"] = rng.choice(["north", "south", "west"], n)
    frame["w"] = rng.uniform(0.5, 2, n)
    eta = frame["x1"] - 0.7 * frame["x2"]
    frame["ill"] = np.where(rng.random(n) < 1 / (1 + np.exp(-eta)), "yes", "no")
    frame["trials"] = rng.integers(1, 7, n)
    frame["cured"] = rng.binomial(frame["trials"], 1 / (1 + np.exp(-eta)))
    frame["days"] = rng.uniform(0.5, 3, n)
    frame["cases"] = rng.poisson(frame["days"] * np.exp(eta / 2))
    frame["time"] = np.ceil(10 * rng.exponential(np.exp(-eta)))
    frame["dead"] = rng.integers(0, 2, n)
    frame["entry"] = frame["time"] * rng.uniform(0, 0.9, n)
    frame["mixed"] = np.select(
        [frame["site"] == "north", frame["site"] == "south"],
        [frame["ill"] == "yes", eta + 0.5 * rng.standard_normal(n)],
        frame["cases"],
    )
    for row, column in [(25, "x1"), (31, "text"), (42, "site")]:
        frame.loc[row, column] = None
    return frame


@pytest.fixture(scope="module")
def in_r(data, tmp_path_factory):
    """What R says of every case."""
    return ask_r(data, {name: (r, options) for name, (r, _, options) in CASES.items()}, tmp_path_factory.mktemp("r"))


def ask_r(data, cases, folder):
    data.to_csv(folder / "data.csv", index=False, float_format="%.17g")
    asked = {
        name: {"formula": formula, "options": {k: v for k, v in (FIT | options).items() if v is not None}}
        for name, (formula, options) in cases.items()
    }
    (folder / "cases.json").write_text(json.dumps(asked))
    run_r(Path(__file__).with_name("family_cases.R"), folder / "data.csv", folder / "cases.json", folder / "out.json")
    return json.loads((folder / "out.json").read_text())


def in_python(data, formula, options):
    options = FIT | options
    entrance = {
        key: options.pop(key) for key in ("task", "weights", "keep", "family", "ties", "exposure") if key in options
    }
    return SparseMTL.from_formula(formula, data, missing="drop", **entrance).fit(**options)


def numbers(texts):
    return np.array([float(text) for text in texts])


def check_same(found, theirs, rtol, atol):
    coef = numbers(theirs["coef"]).reshape(theirs["dim"], order="F")
    np.testing.assert_allclose(coef, found.params.to_numpy(), rtol=rtol, atol=atol)
    for name, values in (("fitted", found.fittedvalues), ("resid", found.resid)):
        np.testing.assert_allclose(numbers(theirs[name]), values.to_numpy().ravel(order="F"), rtol=rtol, atol=10 * atol)
    table = found.task_fit
    assert list(theirs["table"]) == list(table.columns)
    for name, values in theirs["table"].items():
        np.testing.assert_allclose(numbers(values), table[name].to_numpy(float), rtol=rtol, atol=atol, err_msg=name)
    np.testing.assert_allclose(numbers(theirs["deviance"]), found.deviance.sum(), rtol=rtol)
    if theirs["survival"]:
        curves = found.predict(type="survival", times=[1, 5, 20]).to_numpy().ravel(order="F")
        np.testing.assert_allclose(numbers(theirs["survival"]), curves, rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", CASES)
def test_fits_of_families_agree(data, in_r, name):
    r, formula, options = CASES[name]
    check_same(in_python(data, formula or r, options), in_r[name], 1e-11, 1e-12)


@pytest.mark.skipif(not HEART.exists(), reason="heart_centres.csv is not in shared/data beside the repository")
@pytest.mark.filterwarnings("ignore:Task 'switzerland' has 1 event")
def test_four_heart_centres_agree(tmp_path):
    heart = pd.read_csv(HEART)
    right = " ~ . - slope - ca - thal"
    options = {"task": "centre", "s": 4, "lambda_z": 0.05, "family": "binomial"}
    theirs = ask_r(heart, {"heart": (f"target > 0{right}", options)}, tmp_path)["heart"]
    diseased = heart.drop(columns="target").assign(diseased=(heart["target"] > 0).astype(float))
    found = in_python(diseased, f"diseased{right}", options)
    assert found.families == ("binomial",) * 4
    check_same(found, theirs, 1e-8, 1e-8)
