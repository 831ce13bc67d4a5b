"""What is said of predictors: scikit-learn's numbers, rows that do not count, and reasons."""

import numpy as np
import pytest
from sklearn.metrics import (
    brier_score_loss,
    d2_log_loss_score,
    d2_tweedie_score,
    mean_squared_error,
    r2_score,
    roc_auc_score,
)

from sparsekin import SparseMTL
from sparsekin.tuning.family_metrics import auc, brier, dispersion, scaled_brier
from sparsekin.tuning.judge import judge

N = 90


def blocks_of(y, family, **options):
    X = np.random.default_rng(9).standard_normal((len(y), 3))
    return SparseMTL(y, X, ["A"] * len(y), family=family, **options).blocks


def drawn(seed=0):
    rng = np.random.default_rng(seed)
    return rng, rng.standard_normal(N), rng.integers(0, 3, N).astype(float)


@pytest.mark.parametrize("weighted", [False, True])
def test_yes_and_no(weighted):
    rng, eta, w = drawn()
    y = (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float)
    given = w if weighted else None
    found = judge(blocks_of(y, "binomial", weights=given), 0, eta).values
    mean = 1 / (1 + np.exp(-eta))
    rate = np.full(N, np.average(y, weights=given))
    score = brier_score_loss(y, mean, sample_weight=given)
    assert found["auc"] == pytest.approx(roc_auc_score(y, eta, sample_weight=given), abs=1e-12)
    assert found["brier"] == pytest.approx(score, abs=1e-12)
    assert found["brier_scaled"] == pytest.approx(1 - score / brier_score_loss(y, rate, sample_weight=given), abs=1e-12)
    assert found["explained"] == pytest.approx(d2_log_loss_score(y, mean, sample_weight=given, labels=[0, 1]))
    assert found["n"] == (np.count_nonzero(w) if weighted else N)


def test_trials_are_rows_of_their_own():
    rng, eta, _ = drawn(1)
    trials = rng.integers(1, 5, N)
    good = rng.binomial(trials, 1 / (1 + np.exp(-eta)))
    found = judge(blocks_of(np.column_stack([good, trials - good]), "binomial"), 0, eta).values
    rows = np.repeat(np.arange(N), trials)
    y = np.concatenate([np.r_[np.ones(a), np.zeros(b)] for a, b in zip(good, trials - good, strict=True)])
    mean = 1 / (1 + np.exp(-eta[rows]))
    assert found["auc"] == pytest.approx(roc_auc_score(y, mean), abs=1e-12)
    assert found["brier"] == pytest.approx(brier_score_loss(y, mean), abs=1e-12)
    share, size = good / trials, trials.astype(float)
    assert brier(share, 1 / (1 + np.exp(-eta)), size) == pytest.approx(brier_score_loss(y, mean), abs=1e-12)
    assert auc(share, eta, size) == pytest.approx(roc_auc_score(y, mean), abs=1e-12)


def test_counts_and_numbers():
    rng, eta, _ = drawn(2)
    y = rng.poisson(np.exp(eta)).astype(float)
    found = judge(blocks_of(y, "poisson"), 0, eta, parameters=4).values
    assert found["explained"] == pytest.approx(d2_tweedie_score(y, np.exp(eta), power=1))
    assert found["dispersion"] == pytest.approx(np.sum((y - np.exp(eta)) ** 2 / np.exp(eta)) / (N - 4))
    w = rng.integers(0, 4, N).astype(float)
    there, pearson = w > 0, w @ ((y - np.exp(eta)) ** 2 / np.exp(eta)) / w.sum()
    for unit in (1.0, 1e6):  # weights may be in any unit
        assert dispersion(y, np.exp(eta), 4, unit * w) == pytest.approx(there.sum() * pearson / (there.sum() - 4))
    z = eta + rng.standard_normal(N)
    found = judge(blocks_of(z, "gaussian"), 0, eta).values
    assert found["explained"] == pytest.approx(r2_score(z, eta))
    assert found["rmse"] == pytest.approx(np.sqrt(mean_squared_error(z, eta)))


def test_rows_without_a_predictor_are_not_judged():
    rng, eta, _ = drawn(3)
    y = (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float)
    some = np.where(np.arange(N) < 60, eta, np.nan)
    found, short = judge(blocks_of(y, "binomial"), 0, some), judge(blocks_of(y[:60], "binomial"), 0, eta[:60])
    assert found.values == pytest.approx(short.values)
    assert found.values["n"] == 60


def test_what_is_not_defined_says_why():
    rng, eta, _ = drawn(4)
    y = (rng.random(N) < 0.5).astype(float)
    blocks = blocks_of(y, "binomial")
    ones = judge(blocks, 0, np.where(y == 1, eta, np.nan))
    told = dict.fromkeys(["explained", "auc", "brier_scaled", "cal_intercept", "cal_slope"], "only one outcome")
    assert ones.reasons == told
    assert np.isnan([ones.values[name] for name in told]).all()
    assert np.isfinite(ones.values["brier"])
    assert judge(blocks, 0, np.zeros(N)).reasons == {"cal_slope": "the predictor does not vary"}
    assert set(judge(blocks, 0, np.full(N, np.nan)).reasons.values()) == {"no rows"}
    time = np.column_stack([rng.exponential(1.0, N) + 0.1, rng.random(N) < 0.5]).astype(float)
    none = judge(blocks_of(time, "cox"), 0, np.where(time[:, 1] == 0, eta, np.nan))
    assert none.reasons == dict.fromkeys(["explained", "concordance", "cal_slope"], "no events")
    last = judge(blocks_of(time, "cox"), 0, np.where(np.arange(N) == np.argmax(time[:, 1]), eta, np.nan))
    assert last.reasons["concordance"] == "no comparable pairs"
    counts = rng.poisson(1.0, N).astype(float)
    assert judge(blocks_of(counts, "poisson"), 0, eta, parameters=N).reasons == {
        "dispersion": "no degrees of freedom are left"
    }
    for value in [*ones.values.values()][2:]:
        assert np.isnan(value) or value == ones.values["brier"]


def test_a_brier_score_of_one_outcome_has_no_scale():
    assert np.isnan(scaled_brier(np.ones(4), np.full(4, 0.5)))
