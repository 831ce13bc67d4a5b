"""Formulas with Surv(), cbind(), offset() and strata() give the fits that arrays give."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL
from sparsekin.errors import FormulaError, OptionError

N = 120


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(N, 5))
    eta = X[:, 0] - 0.8 * X[:, 1]
    trials = rng.integers(1, 7, N)
    days = rng.uniform(1, 4, N)
    return pd.DataFrame(X, columns=[f"x{j}" for j in range(5)]).assign(
        site=np.repeat(["A", "B"], N // 2), sex=rng.choice(["f", "m"], N), trials=trials, days=days,
        ill=rng.binomial(trials, 1 / (1 + np.exp(-eta))), cases=rng.poisson(days * np.exp(0.5 * eta)),
        time=np.ceil(8 * rng.exponential(np.exp(-eta))), dead=(rng.random(N) < 0.7).astype(int),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "options", "y", "given"),
    [
        ("Surv(time, dead) ~ x0 + x1 + x2 + x3 + x4", {}, ["time", "dead"], {"family": "cox"}),
        (
            "Surv(time, dead == 1) ~ x0 + x1 + x2 + x3 + x4 + strata(sex)",
            {"family": "cox", "ties": "breslow"},
            ["time", "dead"],
            {"family": "cox", "strata": "sex", "ties": "breslow"},
        ),
        ("cbind(ill, trials - ill) ~ x0 + x1 + x2 + x3 + x4", {"family": "binomial"}, "counts", {"family": "binomial"}),
        (
            "cases ~ x0 + x1 + x2 + x3 + x4 + offset(log(days))",
            {"family": "poisson"},
            "cases",
            {"family": "poisson", "exposure": "days"},
        ),
    ],
)
def test_as_arrays(frame, formula, options, y, given):
    one = SparseMTL.from_formula(formula, frame, "site", **options).fit(s=2)
    outcome = np.column_stack([frame["ill"], frame["trials"] - frame["ill"]]) if y == "counts" else frame[y].to_numpy()
    vectors = {name: frame[value].to_numpy() if value in frame else value for name, value in given.items()}
    other = SparseMTL(outcome, frame[[f"x{j}" for j in range(5)]].to_numpy(), frame["site"].to_numpy(), **vectors).fit(
        s=2
    )
    assert one.objective == pytest.approx(other.objective, rel=1e-10)
    np.testing.assert_allclose(one.params.to_numpy(), other.params.to_numpy(), atol=1e-7)
    assert one.families == (given["family"],) * 2


def test_dot_leaves_out_what_is_said_elsewhere(frame):
    made = SparseMTL.from_formula("Surv(time, dead) ~ . + strata(sex) - ill - cases - trials - days", frame, "site")
    assert made.blocks.feature_names == ("x0", "x1", "x2", "x3", "x4")


def test_what_does_not_fit_is_said(frame):
    with pytest.raises(FormulaError, match="is successes and failures, which need family='binomial', not 'gaussian'"):
        SparseMTL.from_formula("cbind(ill, trials) ~ x0", frame, "site")
    with pytest.raises(OptionError, match="is survival times, which need family='cox', not 'poisson'"):
        SparseMTL.from_formula("Surv(time, dead) ~ x0", frame, "site", family="poisson")
    with pytest.raises(OptionError, match="is for cox tasks: rows"):
        SparseMTL.from_formula("cases ~ x0 + strata(sex)", frame, "site")
