"""Refits and baseline hazards are those of R's glm and coxph, weights included."""

import json
from pathlib import Path

import numpy as np
import pytest

from bridges.r_here import needs_r, run_r
from losses.cases import NAMES, case
from sparsekin.losses.refit import null_model, refit

ASKED = [name for name in NAMES if name != "gaussian"]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    told = {}
    for name in ASKED:
        one = case(name, n=150)
        told[name] = {
            "family": one.family, "y": one.y.tolist(), "X": one.X.tolist(), "weights": one.weights.tolist(),
            "offset": one.offset.tolist(), "ties": one.options.get("ties", "efron"),
        }  # fmt: skip
        if "strata" in one.options:
            told[name]["strata"] = one.options["strata"].tolist()
    path = tmp_path_factory.mktemp("r") / "cases.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return json.loads(run_r(Path(__file__).with_name("refits.R"), path))


@needs_r
@pytest.mark.parametrize("name", ASKED)
def test_as_glm_and_coxph(name, answers):
    one, theirs = case(name, n=150), answers[name]
    loss = one.loss()
    ours = refit(loss, one.X, one.U)
    np.testing.assert_allclose([*ours.keep, *ours.coef], theirs["coef"], atol=1e-8)
    total = (one.weights * (one.y.sum(axis=1) if name == "trials" else 1.0)).sum()
    fall = 2 * total * (null_model(loss, one.U).value - ours.value)
    assert fall == pytest.approx(theirs["twice"][0], rel=1e-8)


@needs_r
@pytest.mark.parametrize("name", [name for name in ASKED if case(name).family == "cox"])
def test_baseline_hazard(name, answers):
    one, theirs = case(name, n=150), answers[name]
    loss = one.loss()
    eta = refit(loss, one.X, one.U).eta
    base = loss.baseline(eta)
    found = [hazard for _, hazards in base for hazard in hazards]
    assert all(np.all(np.diff(times) > 0) for times, _ in base)
    known = np.asarray(theirs["hazard"])
    np.testing.assert_allclose(sorted(found), np.sort(known[np.diff(known, prepend=0.0) != 0]), rtol=1e-7)
