"""Formulas mean the same in R and in Python: more than twenty for each family, each with designs of its own.

R makes its designs with model.matrix, Python with formulaic. Coefficients, the objective, fitted values and
predictions of new rows are compared.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import needs_r, run_r
from sparsekin import SparseMTL

pytestmark = needs_r

FIT = {"task": "site", "s": 3, "lambda_1": 0.02, "lambda_z": 0.02, "effort": 0, "missing": "drop"}
G = "C(g, levels=['b', 'a', 'c'])"
# right side in R, right side in Python, options beyond FIT
RIGHT = {
    "numbers": ("x1 + x2 + x3", None, {}),
    "a difference": ("x1 + x2 + x3 - x2", None, {}),
    "a factor": ("g + x1 + x2", f"{G} + x1 + x2", {}),
    "a kept factor": ("x1 + x2 + g", f"x1 + x2 + {G}", {"keep": "g"}),
    "a kept number": ("x1 + x2 + x3", None, {"keep": "x3", "s": 1}),
    "sums of a factor": ("C(g, contr.sum) + x1", "C(g, contr.sum, levels=['b', 'a', 'c']) + x1", {}),
    "text": ("text + x1", None, {}),
    "yes and no": ("smoker + x1", None, {"s": 1}),
    "a factor by yes and no": ("g * smoker", f"{G} * smoker", {"s": 4}),
    "a factor by a number": ("x1 * g", f"x1 * {G}", {"s": 4}),
    "slopes by level": ("x1:g + x2", f"x1:{G} + x2", {}),
    "numbers within a factor": ("g / x1", f"{G} / x1", {}),
    "numbers that multiply": ("x1 * x2 + x3", None, {}),
    "all pairs": ("(x1 + x2 + x3)^2", "(x1 + x2 + x3)**2", {"s": 4}),
    "a square": ("x1 + I(x2^2)", "x1 + I(x2**2)", {"s": 1}),
    "a comparison": ("I(x1 > 0) + x2", None, {"s": 1}),
    "a polynomial": ("poly(x1, 3) + x2", "poly(x1, degree=3) + x2", {}),
    "a B-spline": ("splines::bs(x1, df = 5) + x2", "bs(x1, df=5) + x2", {"s": 4}),
    "functions": ("log(w) + sqrt(abs(x1)) + exp(x2)", None, {"s": 2}),
    "a scaled number": ("scale(x1) + x2", None, {"s": 1}),
    "the larger of two": ("pmax(x1, 0) + ifelse(x2 > 0, x2, x3)", "maximum(x1, 0) + where(x2 > 0, x2, x3)", {"s": 1}),
    "a count as a factor": ("factor(trials) + x1", "C(trials) + x1", {"s": 4}),
    "an ordered factor": ("ordered(trials) + x1", "C(trials, contr.poly) + x1", {"s": 4}),
    "another first level": ("relevel(g, 'a') + x1", "C(g, contr.treatment(base='a')) + x1", {}),
    "slopes by yes and no": ("smoker:x1 + x2", "C(smoker):x1 + x2", {"s": 2}),
    "both comparisons": ("I(x1 > 0 & x2 > 0) + x3", "I((x1 > 0) & (x2 > 0)) + x3", {"s": 1}),
    "an offset": ("x1 + x2 + offset(x3 / 4)", None, {"s": 1}),
    "no intercept": ("x1 + x2 + x3 - 1", None, {"s": 2}),
    "all levels, no intercept": ("0 + g + x1", f"0 + {G} + x1", {}),
    "a name with a space": ("`odd name` + x1", None, {"s": 1}),
    "some rows": ("x1 + x2 + x3", None, {"subset": "x3 > -0.8"}),
    "weights, a common support": ("x1 + x2 + g", f"x1 + x2 + {G}", {"weights": "w", "support": "common"}),
    "gaps": ("gappy + x1 + x2", None, {}),
}  # fmt: skip
LEFT = {
    "gaussian": ("y", {}),
    "binomial": ("ill", {"family": "binomial"}),
    "poisson": ("cases", {"family": "poisson"}),
    "cox": ("Surv(time, dead)", {"family": "cox"}),
}
# What one family has: formula in R, formula in Python, options
OF_FAMILY = {
    "gaussian": {
        "a function of the outcome": ("log(w) ~ x1 + x2 + g", f"log(w) ~ x1 + x2 + {G}", {}),
        "two outcomes": ("cbind(y, w) ~ x1 + x2 + x3", "y + w ~ x1 + x2 + x3", {"task": None}),
    },
    "binomial": {
        "outcome of logicals": ("well ~ x1 + x2 + x3", None, {}),
        "successes and failures": ("cbind(cured, trials - cured) ~ x1 + x2 + text", None, {}),
        "two outcomes": ("cbind(ill01, dead) ~ x1 + x2 + x3", "ill01 + dead ~ x1 + x2 + x3", {"task": None}),
    },
    "poisson": {
        "time at risk": ("cases ~ x1 + x2 + text", None, {"exposure": "days"}),
        "log time at risk": ("cases ~ x1 + x2 + offset(log(days))", None, {}),
        "counts of no events left out": ("cases ~ x1 + x2", None, {"subset": "days > 1"}),
    },
    "cox": {
        "strata": ("Surv(time, dead) ~ x1 + x2 + x3 + strata(sex)", None, {}),
        "strata of two": ("Surv(time, dead) ~ x1 + x2 + x3 + strata(sex, smoker)", None, {}),
        "delayed entry, Breslow": (
            "Surv(entry, time, dead) ~ x1 + x2 + g", f"Surv(entry, time, dead) ~ x1 + x2 + {G}", {"ties": "breslow"},
        ),
    },
}  # fmt: skip


def cases():
    """By (family, name): formula in R, formula in Python, options."""
    table = {}
    for family, (outcome, options) in LEFT.items():
        for name, (r, py, more) in RIGHT.items():
            table[family, name] = (f"{outcome} ~ {r}", f"{outcome} ~ {py or r}", options | more)
        for name, (r, py, more) in OF_FAMILY[family].items():
            table[family, name] = (r, py or r, options | more)
    return table


CASES = cases()


def studies(n, seed):
    """Three sites, outcomes of each family, predictors of every kind."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((n, 3)), columns=["x1", "x2", "x3"])
    frame["g"], frame["text"], frame["sex"] = (rng.choice(list(of), n) for of in ("abc", "pqr", "fm"))
    frame["site"] = rng.choice(["north", "south", "west"], n)
    frame["smoker"] = rng.random(n) < 0.4
    frame["odd name"] = frame["x2"] ** 2
    frame["gappy"] = np.where(rng.random(n) < 0.1, np.nan, rng.standard_normal(n))
    frame["w"], frame["days"] = rng.uniform(0.5, 2, n), rng.uniform(0.5, 3, n)
    eta = frame["x1"] - 0.7 * frame["x2"] * (frame["site"] != "west") + 0.5 * (frame["g"] == "a")
    frame["y"] = eta + 0.5 * rng.standard_normal(n)
    frame["ill01"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    frame["ill"], frame["well"] = np.where(frame["ill01"] == 1, "yes", "no"), frame["ill01"] == 0
    frame["trials"] = rng.integers(1, 7, n)
    frame["cured"] = rng.binomial(frame["trials"], 1 / (1 + np.exp(-eta)))
    frame["cases"] = rng.poisson(frame["days"] * np.exp(eta / 2))
    frame["time"] = np.ceil(10 * rng.exponential(np.exp(-eta)))
    frame["dead"] = (rng.random(n) < 0.7).astype(int)
    frame["entry"] = frame["time"] * rng.uniform(0, 0.9, n)
    return frame


@pytest.fixture(scope="module")
def data():
    frame = studies(210, 21)
    for row, column in [(25, "x1"), (30, "g"), (31, "text"), (42, "site")]:
        frame.loc[row, column] = None
    return frame


@pytest.fixture(scope="module")
def new():
    return studies(25, 22).drop(columns=["gappy"]).assign(gappy=0.3)


@pytest.fixture(scope="module")
def in_r(data, new, tmp_path_factory):
    """What one run of R says of every case."""
    folder = tmp_path_factory.mktemp("r")
    for name, frame in (("data", data), ("new", new)):
        frame.to_csv(folder / f"{name}.csv", index=False, float_format="%.17g")
    asked = []
    for formula, _, more in CASES.values():
        options = {key: value for key, value in (FIT | more).items() if value is not None}
        asked.append({"formula": formula, "subset": options.pop("subset", None), "options": options})
    (folder / "cases.json").write_text(json.dumps(asked))
    script = Path(__file__).with_name("formula_cases.R")
    run_r(script, *(folder / name for name in ("data.csv", "new.csv", "cases.json", "out.json")))
    return dict(zip(CASES, json.loads((folder / "out.json").read_text()), strict=True))


def in_python(data, formula, more):
    options = FIT | more
    if options.get("keep") == "g":
        options["keep"] = [G]
    rows = data.query(options.pop("subset")) if "subset" in options else data
    taken = ("task", "family", "ties", "exposure", "keep", "weights", "missing")
    entrance = {key: options.pop(key) for key in taken if key in options}
    return SparseMTL.from_formula(formula, rows, **entrance).fit(**options)


def check_equal(theirs, ours):
    theirs = np.array([float(text) for text in theirs])
    np.testing.assert_allclose(theirs, np.asarray(ours, float).ravel(order="F"), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("family", "name"), CASES)
def test_a_formula_means_the_same(data, new, in_r, family, name):
    _, formula, more = CASES[family, name]
    found, theirs = in_python(data, formula, more), in_r[family, name]
    assert "error" not in theirs, theirs["error"]
    assert theirs["nobs"] == [found.nobs]
    assert theirs["dim"] == list(found.params.shape)
    check_equal(theirs["coef"], found.params)
    check_equal(theirs["objective"], found.objective)
    check_equal(theirs["fitted"], found.fittedvalues)
    check_equal(theirs["predicted"], found.predict(new, type="link"))


def test_every_family_has_twenty_formulas():
    for family in LEFT:
        assert len({formula for (of, _), (formula, _, _) in CASES.items() if of == family}) >= 20
