"""The same data and settings give the same coefficients and predictions in R and in Python.

R makes its designs with model.matrix, Python with formulaic: neither has seen the other's.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import needs_r, run_r
from sparsekin import SparseMTL

pytestmark = needs_r

FIT = {"task": "site", "s": 3, "lambda_1": 0.01, "lambda_z": 0.02}
G = "C(g, levels=['b', 'a', 'c'])"
# formula in R, formula in Python, options beyond FIT, contrasts of g in R
CASES = {
    "numbers": ("y ~ x1 + x2 + x3", "y ~ x1 + x2 + x3", {}, None),
    "all columns": ("y ~ .", f"y ~ x1 + x2 + x3 + {G} + text", {"weights": "w"}, None),
    "weights, a kept factor": ("y ~ x1 + x2 + g", f"y ~ x1 + x2 + {G}", {"weights": "w", "keep": "g"}, None),
    "treatment contrasts": ("y ~ g + x1", f"y ~ {G} + x1", {}, None),
    "sum contrasts": ("y ~ g + x1", "y ~ C(g, contr.sum, levels=['b', 'a', 'c']) + x1", {}, "contr.sum"),
    "helmert contrasts": ("y ~ g + x1", "y ~ C(g, contr.helmert, levels=['b', 'a', 'c']) + x1", {}, "contr.helmert"),
    "text": ("y ~ text + x1", "y ~ text + x1", {}, None),
    "interaction of numbers": ("y ~ x1 * x2", "y ~ x1 * x2", {}, None),
    "all pairs": ("y ~ (x1 + x2 + x3)^2", "y ~ (x1 + x2 + x3)**2", {"s": 5}, None),
    "interaction with a factor": ("y ~ x1 + x1:g", f"y ~ x1 + x1:{G}", {}, None),
    "two factors": ("y ~ g * text", f"y ~ {G} * text", {"s": 4}, None),
    "a power": ("y ~ x1 + I(x2^2)", "y ~ x1 + I(x2**2)", {}, None),
    "polynomial": ("y ~ poly(x1, 3) + x2", "y ~ poly(x1, degree=3) + x2", {}, None),
    "B-spline": (
        "y ~ splines::bs(x1, df = 5) + x2", "y ~ bs(x1, df=5) + x2", {"s": 6, "lambda_z": 0.0}, None,
    ),
    "functions": ("log(w) ~ sqrt(abs(x1)) + exp(x2)", "log(w) ~ np.sqrt(abs(x1)) + exp(x2)", {}, None),
    "no intercept": ("y ~ x1 + x2 - 1", "y ~ x1 + x2 - 1", {}, None),
    "no intercept, a factor": ("y ~ 0 + g + x1", f"y ~ 0 + {G} + x1", {}, None),
    "two outcomes": ("cbind(y, w) ~ x1 + x2 + x3", "y + w ~ x1 + x2 + x3", {"task": None}, None),
    "common support, rows": (
        "y ~ x1 + x2 + x3 + text", "y ~ x1 + x2 + x3 + text", {"support": "common", "task_weights": "rows"}, None,
    ),
    "coupled values": ("y ~ x1 + x2 + x3", "y ~ x1 + x2 + x3", {"lambda_2": 0.5, "standardize": "pooled"}, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    """Three sites, a factor, text, weights, and rows with something missing."""
    rng = np.random.default_rng(11)
    n = 150
    frame = pd.DataFrame(rng.standard_normal((n, 3)), columns=["x1", "x2", "x3"])
    frame["g"] = rng.choice(["a", "b", "c"], n)
    frame["text"] = rng.choice(["p", "q", "r"], n)
    frame["site"] = rng.choice(["north", "south", "west"], n)
    frame["w"] = rng.uniform(0.5, 2, n)
    frame["y"] = 2 * frame["x1"] - frame["x2"] * (frame["site"] == "west") + (frame["g"] == "a")
    frame["y"] += 0.3 * rng.standard_normal(n)
    for row, column in [(25, "x1"), (30, "g"), (31, "text"), (40, "y"), (41, "w"), (42, "site")]:
        frame.loc[row, column] = None
    return frame


@pytest.fixture(scope="module")
def in_r(data, tmp_path_factory):
    """Coefficients (terms, tasks) and predictions of every case, by one run of R."""
    folder = tmp_path_factory.mktemp("r")
    data.to_csv(folder / "data.csv", index=False, float_format="%.17g")
    asked = {
        name: {"formula": r, "options": {k: v for k, v in (FIT | options).items() if v is not None}, "contrasts": made}
        for name, (r, _, options, made) in CASES.items()
    }
    (folder / "cases.json").write_text(json.dumps(asked))
    run_r(Path(__file__).with_name("fit_cases.R"), folder / "data.csv", folder / "cases.json", folder / "out.json")
    return json.loads((folder / "out.json").read_text())


def fitted_in_python(data, name):
    _, formula, options, _ = CASES[name]
    options = FIT | options
    entrance = {key: options.pop(key) for key in ("task", "weights", "keep", "standardize") if key in options}
    if name == "weights, a kept factor":
        entrance["keep"] = [G]
    return SparseMTL.from_formula(formula, data, missing="drop", **entrance).fit(**options)


@pytest.mark.parametrize("name", CASES)
def test_coefficients_and_predictions_agree(data, in_r, name):
    found, theirs = fitted_in_python(data, name), in_r[name]
    coef = np.array(theirs["coef"], float).reshape(theirs["dim"], order="F")
    np.testing.assert_allclose(coef, found.params.to_numpy(), rtol=1e-10, atol=1e-10)
    predicted = found.predict(data.iloc[:20]).to_numpy().ravel(order="F")
    np.testing.assert_allclose(np.array(theirs["predicted"], float), predicted, rtol=1e-10, atol=1e-10)
