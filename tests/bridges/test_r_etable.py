"""etable() of R says what etable() of Python says, in numbers and in cells."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import needs_r, run_r
from sparsekin import SparseMTL, etable

pytestmark = needs_r


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    at = tmp_path_factory.mktemp("etable")
    rng = np.random.default_rng(4)
    data = pd.DataFrame(rng.standard_normal((90, 5)), columns=[f"x{j}" for j in range(5)])
    data["site"] = np.tile(["a", "b", "c"], 30)
    data["y"] = 2000 * data["x0"] - 0.4 * data["x1"] * (data["site"] == "b") + 0.3 * rng.standard_normal(90)
    data.to_csv(at / "data.csv", index=False, float_format="%.17g")
    run_r(Path(__file__).with_name("etable_case.R"), at / "data.csv", at / "out.json")
    model = SparseMTL.from_formula("y ~ .", data, "site", keep=["x4"])
    each = model.fit(2, 0.1, lambda_z=0.01)
    average = SparseMTL.from_formula("y ~ .", data, "site").cross_validate(folds=3, rng=0, effort=0).refit("average")
    mine = {
        "fitted": etable({"one": model.fit(2, 0.0, np.inf), "each": each, "average": average}),
        "heldout": etable(each.stability(20, rng=1), heldout=True),
    }
    return mine, json.loads((at / "out.json").read_text())


@pytest.mark.parametrize("which", ["fitted", "heldout"])
def test_numbers_are_equal(both, which):
    mine, theirs = both[0][which], pd.DataFrame(both[1][which]["tidy"]).replace("NA", "nan")
    names = {"estimate": "estimate", "std_error": "std.error", "conf_low": "conf.low", "p_value": "p.value"}
    compared = 0
    for column in mine.columns:
        here = theirs[(theirs["model"] == column.model) & (theirs["task"] == column.task)].set_index("term")
        for name in set(names) & set(column.terms):
            found = here.loc[here["kind"] == "term", names[name]].astype(float)
            np.testing.assert_allclose(found[column.terms.index], column.terms[name], rtol=1e-10)
            compared += len(found)
        feet = here.loc[here["kind"] == "foot", "estimate"].astype(float)
        assert set(feet.index) == set(column.feet)
        np.testing.assert_allclose(feet[list(column.feet)], list(column.feet.values()), rtol=1e-10)
    assert compared > 0


@pytest.mark.parametrize("which", ["fitted", "heldout"])
def test_cells_are_equal(both, which):
    mine, theirs = both[0][which], dict(both[1][which]["cells"])
    assert theirs.pop("term") == mine.frame.index.tolist()
    heads = [f"{model}: {task}" if model else task for model, task in mine.frame.columns]
    assert list(theirs) == heads
    for head, cells in zip(heads, mine.frame.to_numpy().T.tolist(), strict=True):
        assert theirs[head] == cells
