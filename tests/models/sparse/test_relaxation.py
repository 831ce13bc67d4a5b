"""solver="relaxation": fractional supports, what they round to, and the bound that comes with them."""

import pickle

import numpy as np
import pytest

from oracles.tiny_problems import value_of_nothing
from sparsekin import SparseMTL, SparseResults
from sparsekin.errors import OptionError, SparsekinError
from sparsekin.l0.exact.relaxation import extract_diagonal
from sparsekin.l0.least_squares import weighted_rows
from sparsekin.l0.state import open_workspace
from sparsekin.models.sparse.exact import problem_of

CASES = [
    {"lambda_z": 0.1},
    {"lambda_z": 0.1, "lambda_2": 0.2},
    {"support": "common"},
    {"support": "common", "lambda_2": 0.2},
    {"support": "independent"},
]


def two_sites(n=60, p=12):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2 * n, p))
    X[:, 1:] += 0.7 * X[:, :-1]
    site = np.repeat(["north", "south"], n)
    y = X[:, 1] - X[:, 4] + X[:, 8] + 0.7 * X[:, 6] * (site == "north") + 2 * rng.standard_normal(2 * n)
    return SparseMTL(y, X, site)


def relaxed(model=None, **settings):
    return (model or two_sites()).fit(s=3, solver="relaxation", **{"lambda_1": 0.05, **settings})


def value_at(fit, z):
    """min over B of the relaxation at fractional z (p, K), by one dense system."""
    problem, workspace = problem_of(fit), open_workspace(problem_of(fit))
    p, K = z.shape
    system, right = np.zeros((K, p, K, p)), np.zeros((K, p))
    for k in range(K):
        columns = np.arange(p)
        X, Y = weighted_rows(problem, np.array([k]), columns)
        G, C = X.T @ X, X.T @ Y
        d = extract_diagonal(workspace, k, columns.astype(np.int32))
        system[k, :, k] = G + np.diag(problem.lambda_1 - d + d / np.maximum(z[:, k], 1e-12))
        right[k] = C[:, 0]
        for other in range(K):
            system[k, columns, other, columns] += problem.lambda_2 * ((k == other) - 1 / K)
    b = np.linalg.solve(system.reshape(K * p, K * p), right.ravel())
    spread = sum(np.abs(z[:, k] - z[:, other]).sum() for k in range(K) for other in range(k))
    return value_of_nothing(problem) - right.ravel() @ b / 2 + problem.lambda_z / (2 * K) * spread


@pytest.mark.parametrize("settings", CASES)
def test_the_shares_are_where_the_relaxation_has_its_optimum(settings):
    fit = relaxed(**settings)
    z = fit.fractional.to_numpy()
    assert z.min() >= 0
    assert z.max() <= 1
    assert (z.sum(axis=0) <= 3 + 1e-9).all()
    assert ((z > 0.01) & (z < 0.99)).any()
    value = value_at(fit, z)
    assert fit.bound <= value + 1e-9
    np.testing.assert_allclose(value, fit.bound, rtol=2e-3)


@pytest.mark.parametrize("settings", CASES)
def test_the_fit_is_the_rounded_one_and_the_bound_is_proven(settings):
    fit = relaxed(**settings)
    for name in fit.fractional:
        largest = fit.fractional[name].nlargest(3).index
        assert set(fit.support.index[fit.support[name]]) == set(largest)
    assert fit.status == "rounded"
    assert fit.certificate.status == "root"
    assert fit.certificate.route == "relaxation"
    assert fit.certificate.nodes == 0
    proven = fit.certify()
    assert fit.bound <= proven.objective * (1 + 1e-9)
    assert proven.objective <= fit.objective
    np.testing.assert_allclose(fit.gap, 1 - fit.bound / fit.objective)


def test_pooled_shares_are_priced_right():
    """Many columns whose share is the same in all tasks: prices once counted the wrong shares, 1 % short."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((5, 150, 120))
    for j in range(1, 120):
        X[..., j] = 0.5 * X[..., j - 1] + 0.75**0.5 * X[..., j]
    y = np.concatenate(
        [
            x[:, [10, 30, 50, 70, 80 + 5 * k]] @ rng.uniform(0, 1, 5) + 0.3 * rng.standard_normal(150)
            for k, x in enumerate(X)
        ]
    )
    model = SparseMTL(y, np.concatenate(X), np.repeat(range(5), 150))
    fit = model.fit(s=5, lambda_1=0.05, lambda_z=0.05, solver="relaxation")
    value = value_at(fit, fit.fractional.to_numpy())
    np.testing.assert_allclose(fit.bound, value, rtol=5e-4)
    assert fit.bound <= value


def test_an_easy_problem_is_solved_by_the_relaxation_alone():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 6))
    fit = SparseMTL(X[:, 1] - X[:, 4] + 0.01 * rng.standard_normal(400), X).fit(s=2, lambda_1=0.1, solver="relaxation")
    assert fit.selected == ["x2", "x5"]
    np.testing.assert_allclose(fit.fractional.loc[["x2", "x5"]], 1.0)


def test_more_features_than_rows():
    fit = relaxed(two_sites(n=15, p=40), lambda_z=0.1, lambda_1=0.2)
    assert fit.bound > 0
    assert (fit.support.sum() == 3).all()


def test_kept_in_files_and_pickles_and_shown(tmp_path):
    fit = relaxed(lambda_z=0.1)
    fit.save(tmp_path / "fit.npz")
    for again in (SparseResults.load(tmp_path / "fit.npz"), pickle.loads(pickle.dumps(fit))):
        np.testing.assert_array_equal(again.fractional, fit.fractional)
        assert list(again.fractional.columns) == ["north", "south"]
        assert again.certificate == fit.certificate
    assert "rounded from the relaxation, no search" in str(fit.summary())


def test_a_search_has_no_fractional_supports(tmp_path):
    fit = two_sites().fit(s=3, lambda_1=0.05)
    with pytest.raises(SparsekinError, match='solver="relaxation"'):
        fit.fractional["north"]
    fit.save(tmp_path / "fit.npz")
    assert "relaxation" in str(SparseResults.load(tmp_path / "fit.npz").fractional)


def test_without_a_ridge_it_needs_rows():
    assert relaxed(lambda_1=0.0).bound > 0
    with pytest.raises(OptionError, match="With lambda_1 = 0 the relaxation needs more rows than features in every"):
        relaxed(two_sites(n=10, p=20), lambda_1=0.0)
