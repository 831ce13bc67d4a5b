"""Moments from summary statistics with the LD of the very rows give the fits of the rows."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from data.summary.genotypes import genotypes, simple_regressions, standardised
from sparsekin import SparseMTL, moments
from sparsekin.errors import DataError, OptionError

P = 30
NAMES = [f"rs{j}" for j in range(P)]


def cohorts(K=3, n=300):
    rng = np.random.default_rng(5)
    out = {}
    for k in range(K):
        G = genotypes(n + 40 * k, P, rho=0.7 + 0.05 * k, seed=k)
        b = np.zeros(P)
        b[[4, 15]], b[20 + k] = [0.4, -0.5], 0.4
        out[f"cohort{k}"] = (G, 3 + G @ b + rng.standard_normal(len(G)))
    return out


def statistics_of(data, frame=True):
    found = {task: simple_regressions(y, G) for task, (G, y) in data.items()}
    beta, se = (pd.DataFrame({task: pair[i] for task, pair in found.items()}, index=NAMES) for i in range(2))
    n = {task: len(y) for task, (_, y) in data.items()}
    return beta, se, n, {task: np.corrcoef(G.T) for task, (G, _) in data.items()}


def rows_of(data, scaled):
    """The same rows as the model of rows takes them."""
    G = np.vstack([standardised(G) if scaled else G for G, _ in data.values()])
    y = np.concatenate([standardised(y) if scaled else y for _, y in data.values()])
    task = np.repeat(list(data), [len(y) for _, y in data.values()])
    return SparseMTL(y, G, task, feature_names=NAMES)


def assert_same_fit(mine, other, tol=1e-8, intercept=True):
    pd.testing.assert_frame_equal(mine.support, other.support)
    first = 0 if intercept else 1
    assert_allclose(mine.params.to_numpy()[first:], other.params.to_numpy()[first:], atol=tol)
    assert_allclose(mine.objective, other.objective, rtol=tol)
    assert_allclose(mine.task_fit.to_numpy(float), other.task_fit.to_numpy(float), rtol=tol)


@pytest.mark.parametrize("setting", [{"lambda_z": 0.02}, {"lambda_1": 0.1, "lambda_2": 0.1}, {"support": "common"}])
def test_the_fit_is_that_of_standardised_rows(setting):
    data = cohorts()
    beta, se, n, LD = statistics_of(data)
    model = SparseMTL.from_moments(moments.from_summary(beta / se, LD, n))
    assert_same_fit(model.fit(s=3, **setting), rows_of(data, scaled=True).fit(s=3, **setting))


def test_slopes_and_errors_give_units_back():
    data = cohorts()
    beta, se, n, LD = statistics_of(data)
    y_sd = {task: y.std() for task, (_, y) in data.items()}
    found = SparseMTL.from_moments(moments.from_summary(beta=beta, se=se, ld=LD, n=n, y_sd=y_sd)).fit(
        s=3, lambda_z=0.02
    )
    assert_same_fit(found, rows_of(data, scaled=False).fit(s=3, lambda_z=0.02), intercept=False)


def test_z_is_the_t_statistic_of_any_package():
    (G, y) = cohorts(1)["cohort0"]
    t = [sm.OLS(y, sm.add_constant(G[:, j])).fit().tvalues[1] for j in range(P)]
    found = SparseMTL.from_moments(moments.from_summary(t, np.corrcoef(G.T), len(y))).fit(s=3)
    assert_same_fit(
        found, SparseMTL(standardised(y), standardised(G), feature_names=list(found.support.index)).fit(s=3)
    )


def test_outcomes_of_one_sample():
    (G, y) = cohorts(1)["cohort0"]
    Y = np.column_stack([y, np.random.default_rng(1).standard_normal(len(y)) + 0.5 * G[:, 9] + 0.3 * y]) * [1, 40]
    pairs = [simple_regressions(one, G) for one in Y.T]
    beta, se = (np.column_stack([pair[i] for pair in pairs]) for i in range(2))
    given = {"ld": np.corrcoef(G.T), "n": len(y), "one_sample": True}
    mine = SparseMTL.from_moments(moments.from_summary(beta / se, **given)).fit(s=3, lambda_z=0.01)
    assert_same_fit(mine, SparseMTL(standardised(Y), standardised(G)).fit(s=3, lambda_z=0.01))
    units = SparseMTL.from_moments(
        moments.from_summary(beta=beta, se=se, y_sd=Y.std(axis=0), **given), scale_outcome=True
    )
    rows = SparseMTL(Y, G, scale_outcome=True).fit(s=3, lambda_z=0.01)
    assert_same_fit(units.fit(s=3, lambda_z=0.01), rows, intercept=False)
    guessed = moments.from_summary(beta=beta, se=se, **given)  # the second outcome's unit beside the first's
    sd = np.sqrt(np.diag(guessed.parts[0].cross) / len(y))
    assert_allclose(sd[-1] / sd[-2], Y[:, 1].std() / Y[:, 0].std(), rtol=1e-9)


def test_paths_choices_and_proofs_are_those_of_the_rows():
    data = cohorts()
    beta, se, n, LD = statistics_of(data)
    mine, rows = SparseMTL.from_moments(moments.from_summary(beta / se, LD, n)), rows_of(data, scaled=True)
    grid = {"s": [1, 2, 3, 4], "lambda_1": 0.05, "lambda_z": [0.0, 0.02]}
    a, b = mine.path(**grid), rows.path(**grid)
    assert_allclose(a.table["objective"], b.table["objective"], rtol=1e-8)
    chosen, other = mine.select(**grid), rows.select(**grid)
    assert chosen.selected == other.selected
    proven = chosen.certify(time_limit=20)
    assert proven.certificate.status == "optimal"
    assert_allclose(proven.bound, other.certify(time_limit=20).bound, rtol=1e-4)
    pd.testing.assert_frame_equal(
        chosen.alternatives(m=3, time_limit=20), other.alternatives(m=3, time_limit=20), rtol=1e-7
    )


def test_more_variants_than_rows():
    G = genotypes(60, 90, seed=3)
    y = G[:, 5] - G[:, 40] + 0.5 * np.random.default_rng(0).standard_normal(60)
    beta, se = simple_regressions(y, G)
    found = SparseMTL.from_moments(moments.from_summary(beta / se, np.corrcoef(G.T), 60)).fit(s=2)
    assert_same_fit(found, SparseMTL(standardised(y), standardised(G)).fit(s=2))
    with pytest.raises(
        DataError, match=r"^Task 'y' has n = 60, but LD of rank 90: so many rows cannot have it\. Give fewer"
    ):
        moments.from_summary(beta / se, np.corrcoef(G.T), 60, shrink=0.1)


def test_allele_frequencies_make_dosages():
    (G, y) = cohorts(1)["cohort0"]
    beta, se = simple_regressions(y, G)
    f = G.mean(axis=0) / 2
    part = moments.from_summary(beta / se, np.corrcoef(G.T), len(y), maf=f).parts[0]
    assert_allclose(part.mean[:-1], G.mean(axis=0))
    assert_allclose(np.sqrt(np.diag(part.cross)[:-1] / len(y)), np.sqrt(2 * f * (1 - f)))
    part = moments.from_summary(beta=beta, se=se, ld=np.corrcoef(G.T), n=len(y), maf=f).parts[0]
    assert abs(np.sqrt(part.cross[-1, -1] / len(y)) / y.std() - 1) < 0.05  # as far as Hardy and Weinberg hold
    fit = SparseMTL.from_moments(moments.from_summary(beta=beta, se=se, ld=np.corrcoef(G.T), n=len(y), maf=f)).fit(s=1)
    j = np.flatnonzero(fit.support)[0]
    assert_allclose(fit.params.iloc[1 + j, 0], beta[j], rtol=1e-8)


def test_shrinking_is_of_the_ld_alone():
    (G, y) = cohorts(1)["cohort0"]
    beta, se = simple_regressions(y, G)
    z, R, n = beta / se, np.corrcoef(G.T), len(y)
    C = moments.from_summary(z, R, n, shrink=0.2).parts[0].cross / n
    assert_allclose(C[0, 1], 0.8 * R[0, 1])
    assert_allclose(C[-1, :-1], z / np.sqrt(n - 2 + z**2))


def test_the_automatic_share_is_near_the_best_one():
    errors, chosen = [], []
    shares = np.linspace(0, 0.5, 51)
    R = 0.5 ** np.abs(np.subtract.outer(range(25), range(25)))
    for seed in range(5):
        X = np.random.default_rng(seed).standard_normal((60, 25)) @ np.linalg.cholesky(R).T
        S = np.corrcoef(X.T)
        errors.append([np.sum((((1 - a) * S + a * np.eye(25)) - R) ** 2) for a in shares])
        part = moments.from_summary(np.zeros(25), S, 1000, shrink="auto", ld_n=60).parts[0]
        chosen.append(1 - part.cross[0, 1] / 1000 / S[0, 1])
    best = np.min(np.mean(errors, axis=0))
    at = np.interp(np.mean(chosen), shares, np.mean(errors, axis=0))
    assert best <= at < 1.1 * best < np.mean(errors, axis=0)[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z": None}, r"^Give z=, or beta= and se= together\.$"),
        ({"ld": None}, r"^ld= is missing"),
        ({"n": None}, r"^n= is missing"),
        ({"shrink": 1.0}, r'^shrink = 1\.0 must be a number from 0 to below 1, or "auto"\.$'),
        ({"shrink": "auto"}, r'^shrink="auto" needs ld_n=, the number of people'),
        ({"n": {"a": 200, "b": 300}, "one_sample": True}, r"^one_sample=True means one LD and one n"),
        ({"ld_alleles": {"a": {}}}, r"^ld_alleles is a dict by task, but ld is one panel"),
    ],
)
def test_options_that_cannot_be(change, message):
    given = {"z": pd.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]}), "ld": np.eye(2), "n": 100}
    with pytest.raises(OptionError, match=message):
        moments.from_summary(**given | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z": {}}, r"^The statistics are an empty dict"),
        ({"z": 3.0}, r"^The statistics have shape \(\); give \(p,\), \(p, K\), a frame, or a dict by task\."),
        ({"z": {"a": ["x", "y"]}}, r"^z of task 'a' is no array of numbers\."),
        ({"z": {"a": [[1.0]]}}, r"^z of task 'a' has shape \(1, 1\); give one number per variant\."),
        ({"z": [np.nan, 1.0]}, r"^z of task 'y' is missing or infinite for 1 variants, the first of them 'x1'; leave"),
        (
            {"z": None, "beta": [1.0, 1.0], "se": [1.0, 0.0]},
            r"^se of task 'y' is 0 for variant 'x2'; it must",
        ),
        ({"z": None, "beta": [1.0, 1.0], "se": [1.0]}, r"^se of task 'y' has 1 values for 2 variants\."),
        ({"maf": [0.5, 1.0]}, r"^maf of task 'y' is 1 for variant 'x2'; it must be between 0 and 1\."),
        ({"maf": {"b": [0.5, 0.1]}}, r"^maf has no values of task 'y'; give them, or drop the task\."),
        ({"maf": pd.DataFrame({"b": [0.5, 0.1]})}, r"^maf has no column 'y'; give one per task\."),
        ({"maf": np.ones((2, 3))}, r"^maf has 3 columns for 1 tasks\."),
        ({"n": [100, 200]}, r"^n has 2 values for 1 tasks: one per task, not per variant\."),
        ({"n": {"b": 100}}, r"^n has no value of task 'y'\."),
        ({"n": "many"}, r"^n of task 'y' is 'many'; give a number\."),
        ({"n": -5}, r"^n of task 'y' is -5; give a number above 0\."),
        ({"n": 3}, r"^n = 3 of task 'y'; a simple regression needs more than 3 rows\."),
        ({"variants": ["a"]}, r"^variants has 1 names for 2 statistics of task 'y'\."),
        ({"variants": ["a", "a"]}, r"^Variant 'a' is there twice in the statistics of task 'y'; keep one\."),
        ({"ld": {"b": np.eye(2)}}, r"^ld has no LD of task 'y'; it has 'b'\."),
    ],
)
def test_statistics_that_cannot_be(change, message):
    with pytest.raises(DataError, match=message):
        moments.from_summary(**{"z": [1.0, 2.0], "ld": np.eye(2), "n": 100} | change)


def test_parts_are_matched_by_name():
    beta, se = (pd.DataFrame({"a": [1.0, 2.0]}, index=index) for index in (["x", "y"], ["z", "y"]))
    with pytest.raises(DataError, match=r"^se of task 'a' has no value of variant 'x'\.$"):
        moments.from_summary(beta=beta, se=se, ld=np.eye(2), n=100)
    turned = pd.DataFrame({"a": [0.2, 0.1]}, index=["y", "x"])
    z = moments.check_summary(beta=beta, se=turned, ld=np.eye(2), n=100).table["z"]
    assert_allclose(z, [10, 10])
