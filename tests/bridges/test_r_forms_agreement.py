"""The same data and settings give the same mixed form in R and in Python, and R decodes rows as Python does."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import needs_r, run_r
from sparsekin import MixedForms

pytestmark = needs_r

# formula in R, formula in Python, options of both
CASES = {
    "tasks": ("y1 + y2 ~ x1 + x2 + x3", "y1 + y2 ~ x1 + x2 + x3", {"task": "site", "d": 2}),
    "all columns": ("y1 + y2 ~ .", "y1 + y2 ~ .", {"task": "site", "d": 2, "ridge": 0.5}),
    "slopes": ("y1 + y2 ~ x1 + x2", "y1 + y2 ~ x1 + x2", {"task": "site", "d": 1, "random": "1 + x3"}),
    "a random table": ("y1 + y2 ~ x1 + x2 | x3 + g", "y1 + y2 ~ x1 + x2 | x3 + g", {"d": 2, "weights": "equal"}),
    "no random part": ("y1 + y2 ~ x1 + x2 + x3", "y1 + y2 ~ x1 + x2 + x3", {"d": 2, "l1": 0.5}),
    "maximum likelihood": ("y1 + y2 ~ .", "y1 + y2 ~ .", {"task": "site", "d": 2, "algorithm": "em"}),
    "published": ("y1 + y2 ~ x1 + x2 + x3", "y1 + y2 ~ x1 + x2 + x3", {"task": "site", "d": 2,
                  "algorithm": "published"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    """Two factors, three sites, and cells that are missing."""
    rng = np.random.default_rng(13)
    n = 140
    K, site = rng.standard_normal((n, 2)), np.arange(n) % 3
    H = np.array([[1.0, -1], [0, 0.5], [-1, 0]])[site]
    noise = 0.3 * rng.standard_normal((n, 5))
    frame = pd.DataFrame(K @ rng.standard_normal((2, 3)) + noise[:, :3], columns=["x1", "x2", "x3"])
    frame[["y1", "y2"]] = (K + H) @ rng.standard_normal((2, 2)) + noise[:, 3:]
    frame["g"] = np.where(K[:, 0] > 0, "p", "q")
    frame["site"] = np.array(["north", "south", "west"])[site]
    for row, column in [(2, "x1"), (5, "x3"), (9, "y1"), (11, "g"), (30, "y2"), (31, "x2")]:
        frame.loc[row, column] = None
    return frame


@pytest.fixture(scope="module")
def in_r(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("r")
    data.to_csv(folder / "data.csv", index=False, float_format="%.17g")
    asked = {name: {"formula": r, "options": options} for name, (r, _, options) in CASES.items()}
    (folder / "cases.json").write_text(json.dumps(asked))
    run_r(Path(__file__).with_name("forms_cases.R"), folder / "data.csv", folder / "cases.json", folder / "out.json")
    return json.loads((folder / "out.json").read_text())


@pytest.mark.filterwarnings("ignore::sparsekin.errors.SparsekinWarning")
@pytest.mark.parametrize("name", CASES)
def test_loadings_predictions_and_translations_agree(data, in_r, name):
    _, formula, options = CASES[name]
    options = dict(options)
    entrance = {key: options.pop(key) for key in ("task", "random") if key in options}
    found, theirs = MixedForms.from_formula(formula, data, **entrance).fit(**options), in_r[name]
    ours = {
        "alpha": found.alpha, "beta": found.beta, "predicted": found.predict(data.iloc[:20]),
        "codes": found.transform(data.iloc[:20]), "imputed": found.impute()["y"],
        "translated": found.translate(data.iloc[:20], from_="y", to="x"), "correlation": found.implied_correlation,
    }  # fmt: skip
    for what, table in ours.items():
        values = np.array(theirs[what], float)
        np.testing.assert_allclose(values, table.to_numpy().ravel(order="F"), rtol=1e-10, atol=1e-11, err_msg=what)
