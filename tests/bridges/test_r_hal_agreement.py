"""The same data and settings give the same highly adaptive lasso in R and in Python."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import needs_r, run_r
from sparsekin import MTHAL

pytestmark = needs_r

FIT = {"task": "site", "lambda": 0.05}
# formula in R, formula in Python, options beyond FIT
CASES = {
    "main effects": ("y ~ h(x1) + h(x2)", "y ~ h(x1) + h(x2)", {}),
    "everything": (
        "y ~ h(.) + h(., ., k = 4) + b + g2", "y ~ h(.) + h(., ., k=4) + b + g2", {"weights": "w", "lambda": 0.1},
    ),
    "steps": ("y ~ h(x1, order = 0, k = 'full') + h(x2, x3)", "y ~ h(x1, order=0, k='full') + h(x2, x3)", {}),
    "squared hinges": ("y ~ h(x1) + h(x2, pf = 2)", "y ~ h(x1) + h(x2, pf=2)", {"order": 2}),
    "plain terms": ("y ~ h(x1) + g * x2", "y ~ h(x1) + g * x2", {}),
    "a polynomial": ("y ~ h(x1) + poly(x2, 3)", "y ~ h(x1) + poly(x2, degree=3)", {}),
    "a factor in h()": ("y ~ h(text) + h(text, x1)", "y ~ h(text) + h(text, x1)", {}),
    "sparse-group": ("y ~ h(x1) + h(x2)", "y ~ h(x1) + h(x2)", {"penalty": "sparse-group", "l1_ratio": 0.3}),
    "rising": ("y ~ h(x1, monotone = 'i') + h(x2)", "y ~ h(x1, monotone='i') + h(x2)", {}),
    "binomial": ("g2 ~ h(x1) + x2", "g2 ~ h(x1) + x2", {"family": "binomial", "lambda": 0.02}),
    "mixed families": (
        "cbind(y, b) ~ h(x1) + x2", "y + b ~ h(x1) + x2",
        {"task": None, "family": {"y": "gaussian", "b": "binomial"}, "lambda": 0.02},
    ),
    "lasso": ("y ~ h(x1) + h(x2)", "y ~ h(x1) + h(x2)", {"penalty": "lasso"}),
    "two outcomes": ("cbind(y, w) ~ h(x1) + h(x2) + x3", "y + w ~ h(x1) + h(x2) + x3", {"task": None}),
    "a transformed outcome": ("log(w) ~ h(x1) + h(x2)", "log(w) ~ h(x1) + h(x2)", {"lambda": 0.01}),
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(12)
    n = 160
    frame = pd.DataFrame(rng.standard_normal((n, 3)), columns=["x1", "x2", "x3"])
    frame["g"] = pd.Categorical(rng.choice(["a", "b", "c"], n), categories=["b", "a", "c"])
    frame["text"] = rng.choice(["p", "q", "r"], n)
    frame["site"] = rng.choice(["north", "south", "west"], n)
    frame["w"] = rng.uniform(0.5, 2, n)
    frame["y"] = np.maximum(frame["x1"], 0) - (frame["x2"] > 1) * (frame["site"] == "west") + (frame["g"] == "a")
    frame["y"] += 0.3 * rng.standard_normal(n)
    frame["b"] = (frame["y"] > 0.5).astype(float)
    frame["g2"] = np.where(frame["y"] > 0.5, "yes", "no")
    for row, column in [(25, "x1"), (30, "g"), (31, "text"), (40, "y"), (41, "w"), (42, "site")]:
        frame.loc[row, column] = None
    return frame


@pytest.fixture(scope="module")
def in_r(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("r")
    data.to_csv(folder / "data.csv", index=False, float_format="%.17g")
    asked = {
        name: {"formula": r, "options": {k: v for k, v in (FIT | options).items() if v is not None}}
        for name, (r, _, options) in CASES.items()
    }
    (folder / "cases.json").write_text(json.dumps(asked))
    run_r(Path(__file__).with_name("hal_cases.R"), folder / "data.csv", folder / "cases.json", folder / "out.json")
    return json.loads((folder / "out.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_coefficients_and_predictions_agree(data, in_r, name):
    _, formula, options = CASES[name]
    options = FIT | options
    lambda_ = options.pop("lambda")
    found, theirs = MTHAL.from_formula(formula, data, missing="drop", **options).fit(lambda_), in_r[name]
    assert float(theirs["objective"][0]) == pytest.approx(found.objective, rel=1e-10)
    blank = ["nan" if one == "NA" else one for one in theirs["coef"]]  # kept terms that cannot be estimated
    coef = np.array(blank, float).reshape(theirs["dim"], order="F")
    np.testing.assert_allclose(coef, found.params.to_numpy(), rtol=1e-9, atol=1e-10)
    predicted = found.predict(data.iloc[:20]).to_numpy().ravel(order="F")
    np.testing.assert_allclose(np.array(theirs["predicted"], float), predicted, rtol=1e-10, atol=1e-10)
