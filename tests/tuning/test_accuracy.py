"""Standard errors of measures: R's concordance, DeLong's formula, and what bootstrap samples of the rows spread by."""

import json
from pathlib import Path

import numpy as np
import pytest

from bridges.r_here import needs_r, run_r
from sparsekin import SparseMTL
from sparsekin.tuning.accuracy import auc_error, concordance_error, standard_errors
from sparsekin.tuning.family_metrics import auc, aucs, concordance, places
from sparsekin.tuning.judge import judge

N = 250


def drawn(family, seed=0, n=N):
    """Outcomes and predictors that are a little too far apart."""
    rng = np.random.default_rng(seed)
    eta = 1.2 * rng.standard_normal(n)
    truth = 0.2 + 0.7 * eta
    if family == "gaussian":
        return truth + rng.standard_normal(n), eta
    if family == "poisson":
        return rng.poisson(np.exp(truth)).astype(float), eta
    if family == "binomial":
        return (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(float), eta
    if family == "trials":
        trials = rng.integers(1, 5, n)
        good = rng.binomial(trials, 1 / (1 + np.exp(-truth)))
        return np.column_stack([good, trials - good]).astype(float), eta
    time, censored = rng.exponential(np.exp(-truth)), rng.exponential(2.0, n)
    return np.column_stack([np.ceil(20 * np.minimum(time, censored)), time <= censored]).astype(float), eta


def blocks_of(y, family, **options):
    X = np.random.default_rng(9).standard_normal((len(y), 2))
    return SparseMTL(y, X, ["A"] * len(y), family="binomial" if family == "trials" else family, **options).blocks


@pytest.mark.parametrize("family", ["gaussian", "binomial", "trials", "poisson", "cox"])
def test_samples_of_the_rows_spread_as_the_standard_errors_say(family):
    y, eta = drawn(family, n=150)
    rng = np.random.default_rng(1)
    rows = [rng.integers(0, 150, 150) for _ in range(120)]
    found = standard_errors(blocks_of(y, family), 0, eta)
    drawn_again = [judge(blocks_of(y[at], family), 0, eta[at]).values for at in rows]
    names = set(drawn_again[0]) - {"n", "events"}
    assert names == {name for name, se in found.items() if np.isfinite(se)}
    for name in names:
        spread = np.std([one[name] for one in drawn_again], ddof=1)
        assert found[name] == pytest.approx(spread, rel=0.25), name  # a spread of 120 samples is known to 6.5 %


def test_of_an_auc_as_delong_has_it():
    y, eta = drawn("binomial")
    eta = np.round(eta, 1)  # ties
    ones, zeros = eta[y == 1], eta[y == 0]
    won = (ones[:, None] > zeros) + (ones[:, None] == zeros) / 2
    expected = np.sqrt(won.mean(axis=1).var(ddof=1) / len(ones) + won.mean(axis=0).var(ddof=1) / len(zeros))
    assert auc_error(y, eta) == pytest.approx(expected, rel=1e-12)
    assert auc_error(y, eta, weights=np.full(N, 3.0)) == pytest.approx(expected, rel=1e-12)


def test_trials_are_rows_of_their_own():
    y, eta = drawn("trials")
    trials = y.sum(axis=1).astype(int)
    each = np.concatenate([np.r_[np.ones(int(a)), np.zeros(int(b))] for a, b in y])
    apart = standard_errors(blocks_of(each, "binomial"), 0, np.repeat(eta, trials))
    together = standard_errors(blocks_of(y, "trials"), 0, eta)
    for name in ("auc", "brier", "brier_scaled", "cal_intercept", "cal_slope"):
        assert together[name] == pytest.approx(apart[name], rel=1e-9)


@pytest.mark.parametrize("family", ["gaussian", "binomial", "trials", "poisson", "cox"])
def test_weights_have_no_unit(family):
    y, eta = drawn(family)
    w = np.random.default_rng(2).uniform(0.5, 2, N)
    w[:3] = 0
    one, other = (standard_errors(blocks_of(y, family, weights=unit * w), 0, eta) for unit in (1.0, 1e5))
    assert one == pytest.approx(other, rel=1e-6, nan_ok=True)
    same, alone = (standard_errors(blocks_of(y, family, weights=g), 0, eta) for g in (np.full(N, 7.0), None))
    assert same == pytest.approx(alone, rel=1e-6, nan_ok=True)


def survival_cases():
    y, eta = drawn("cox")
    rng = np.random.default_rng(3)
    late = np.column_stack([np.minimum(rng.integers(0, 5, N), y[:, 0] - 1), y])
    return {
        "plain": (y, eta, None), "ties of scores": (y, np.round(eta), None),
        "strata": (y, eta, rng.integers(0, 3, N)), "late entry": (late, eta, None),
    }  # fmt: skip


@needs_r
def test_as_survival_in_r(tmp_path):
    cases = survival_cases()
    told = {
        name: {"y": y.tolist(), "score": eta.tolist()} | ({} if strata is None else {"strata": strata.tolist()})
        for name, (y, eta, strata) in cases.items()
    }
    y, eta = drawn("binomial")
    told["yes and no"] = {"y": y.tolist(), "score": eta.tolist()}
    (tmp_path / "cases.json").write_text(json.dumps(told), encoding="utf-8")
    theirs = json.loads(run_r(Path(__file__).with_name("accuracy.R"), tmp_path / "cases.json"))
    for name, (y, eta, strata) in cases.items():
        assert concordance(y, eta, strata) == pytest.approx(theirs[name]["value"][0], rel=1e-10), name
        assert concordance_error(y, eta, strata) == pytest.approx(theirs[name]["se"][0], rel=1e-8), name
    y, eta = drawn("binomial")
    assert auc_error(y, eta) == pytest.approx(theirs["yes and no"]["se"][0], rel=0.01)  # divisors n, not n - 1


def test_pairs_may_be_looked_at_some_at_a_time(monkeypatch):
    y, eta = drawn("cox")
    whole = concordance_error(y, eta)
    monkeypatch.setattr("sparsekin.tuning.family_metrics._PIECE", 700)
    assert concordance_error(y, eta) == pytest.approx(whole, rel=1e-12)


def test_what_is_not_defined_has_no_standard_error():
    rng = np.random.default_rng(0)
    y, eta = np.r_[1.0, np.zeros(20)], rng.standard_normal(21)
    assert np.isnan(standard_errors(blocks_of(y, "binomial"), 0, eta)["auc"])
    assert standard_errors(blocks_of(y, "binomial"), 0, np.full(21, np.nan)) == {}
    assert np.isnan(standard_errors(blocks_of(y, "binomial"), 0, np.full(21, 0.3))["cal_slope"])


def test_scores_that_differ_by_rounding_are_ties():
    died = np.array([[1.0, 1], [2, 1], [3, 1], [4, 0]])
    score = np.array([0.3, 0.1 + 0.2, 0.2, 0.4])  # the first two are 0.3, apart in the last digit
    assert score[0] != score[1]
    # of six pairs of an event and who stays on: 1-2 is a tie, 1-3 and 2-3 are right, the three with the last are wrong
    assert concordance(died, score) == 2.5 / 6
    assert concordance_error(died, score) == concordance_error(died, np.array([0.3, 0.3, 0.2, 0.4]))
    ill = np.array([1.0, 0, 0, 1])
    assert auc(ill, score) == aucs(ill, score[None])[0] == (0.5 + 1 + 2) / 4
    assert auc(ill, score, np.array([1.0, 2, 1, 1])) == (0.5 * 2 + 1 + 3) / 6
    assert auc_error(ill, score) == auc_error(ill, np.array([0.3, 0.3, 0.2, 0.4]))
    assert places(np.array([[5.0, 5 + 1e-15, 5 - 1e-15], [1, np.nan, 0]])).tolist()[0] == [0, 0, 0]
    assert np.isnan(auc(ill, np.array([1.0, np.nan, 0, 2])))


def test_the_order_of_columns_and_rows_is_nothing_to_the_concordance():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (300, 3)).astype(float)
    beta = np.array([0.1, 0.2, 0.3])  # x1 + x2 - x3 is 0 only up to rounding
    time = np.column_stack([rng.integers(1, 9, 300).astype(float), rng.random(300) < 0.6])
    exact = X @ np.array([1.0, 2, 3])
    ill = time[:, 1].astype(float)
    for columns in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        rows = rng.permutation(300)
        eta = sum(X[:, j] * beta[j] for j in columns)
        assert concordance(time[rows], eta[rows]) == pytest.approx(concordance(time, exact), abs=1e-14)
        assert auc(ill[rows], eta[rows]) == pytest.approx(auc(ill, exact), abs=1e-14)
        assert concordance_error(time[rows], eta[rows]) == pytest.approx(concordance_error(time, exact), abs=1e-14)
    assert len(np.unique(sum(X[:, j] * beta[j] for j in range(3)))) > len(np.unique(exact))
