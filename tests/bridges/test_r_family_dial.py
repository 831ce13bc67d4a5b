"""Pool, share or separate for yes/no outcomes, counts and survival times: R says what Python says."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import needs_r, run_r
from sparsekin import SparseMTL

pytestmark = needs_r

X = " ~ x1 + x2 + x3 + x4"
CASES = {
    "binomial": ("ill", {"family": "binomial"}, {"metric": "auc"}),
    "poisson": ("cases", {"family": "poisson", "exposure": "days"}, {}),
    "cox": ("Surv(time, dead)", {"ties": "breslow"}, {}),
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    n = 44
    frame = pd.DataFrame(rng.standard_normal((n, 4)), columns=["x1", "x2", "x3", "x4"])
    frame["site"] = np.where(np.arange(n) < 20, "east", "west")
    eta = frame["x1"] - 0.6 * frame["x2"]
    frame["ill"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    frame["days"] = rng.uniform(0.5, 3, n)
    frame["cases"] = rng.poisson(frame["days"] * np.exp(eta / 2))
    frame["time"] = np.ceil(10 * rng.exponential(np.exp(-eta))) / 10
    frame["dead"] = (rng.random(n) < 0.8).astype(int)
    return frame


@pytest.fixture(scope="module")
def in_r(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("r")
    data.to_csv(folder / "data.csv", index=False, float_format="%.17g")
    run_r(Path(__file__).with_name("family_dial_cases.R"), folder / "data.csv", folder / "out.json")
    return json.loads((folder / "out.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_the_dial_and_its_average_agree(data, in_r, name):
    left, entrance, judged = CASES[name]
    theirs = in_r[name]
    model = SparseMTL.from_formula(left + X, data, "site", **entrance)
    cv = model.cross_validate(s=[1, 2], folds=3, rng=2, **judged)
    average = cv.refit("average")
    new = data[:4].assign(site="elsewhere")

    def same(key, values):
        found = np.array([float(one) for one in theirs[key]])
        np.testing.assert_allclose(found, np.asarray(values, float).ravel(order="F"), rtol=1e-8, atol=1e-10)

    assert theirs["verdict"] == [cv.verdict]
    same("means", cv.families["mean"])
    same("coef", average.params)
    same("fitted", average.fittedvalues)
    same("mean", average.predict(new, how="mean"))
    same("link", average.predict(new, how="mean", type="link"))
    same("deviance", [average.deviance.sum()])
    same("ratios", average.tidy(exponentiate=True)["estimate"])
    if name == "cox":
        same("survival", average.predict(data, type="survival", times=[0.2, 1]))


def test_the_comparison_agrees(data, in_r):
    left, entrance, judged = CASES["binomial"]
    theirs = in_r["binomial"]
    compared = SparseMTL.from_formula(left + X, data, "site", **entrance).compare(s=[1], folds=3, rng=2, **judged)
    assert theirs["metric"] == [compared.metric]
    assert theirs["words"] == [compared.verdict]
    assert list(theirs["compared"]) == list(compared.per_fold.columns)
    for method, errors in compared.per_fold.items():
        found = [float(one) for one in theirs["compared"][method]]
        np.testing.assert_allclose(found, errors, rtol=1e-8, err_msg=method)
