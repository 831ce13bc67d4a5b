"""What a proof says does not depend on units of outcomes, and it ends with a word where there is nothing to do."""

from itertools import combinations

import numpy as np
import pytest

from oracles.badly_scaled import every_support
from oracles.instances import blocks_of, kindred_tasks, problem_of
from sparsekin import SparseMTL
from sparsekin.l0.exact.certify import certify
from sparsekin.l0.polish import refit


def sites(n=80, p=12, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((2 * n, p))
    X[:, 1:] += X[:, :-1]
    return X, X[:, 0] - X[:, 5] + 0.5 * X[:, 9] + rng.standard_normal(2 * n), np.repeat(["a", "b"], n)


@pytest.mark.parametrize("settings", [{}, {"lambda_z": 0.05}, {"lambda_2": 0.2}, {"support": "common"}])
@pytest.mark.parametrize("unit", [1e-8, 1e8])
def test_bounds_follow_the_unit_of_the_outcome(settings, unit):
    X, y, site = sites()
    scaled = {name: value * unit**2 if name == "lambda_z" else value for name, value in settings.items()}
    one = SparseMTL(y, X, site).fit(s=3, lambda_1=0.02, **settings)
    other = SparseMTL(unit * y, X, site).fit(s=3, lambda_1=0.02, **scaled)
    np.testing.assert_allclose(other.bound_root().bound, unit**2 * one.bound_root().bound, rtol=1e-6)
    proven, again = one.certify(), other.certify()
    assert proven.status == again.status == "optimal"
    np.testing.assert_allclose(again.bound, unit**2 * proven.bound, rtol=1e-4)
    assert abs(again.certificate.nodes - proven.certificate.nodes) <= 5 + 0.2 * proven.certificate.nodes


def test_tasks_that_nothing_ties_are_each_proven_in_their_own_units():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((40, 8))
    X[:, 4:] = X[:, :4] + 0.3 * X[:, 4:]
    y = [X[:, 0] + X[:, 5] + rng.standard_normal(40), X[:, 6] - X[:, 2] + rng.standard_normal(40)]
    problem = problem_of(blocks_of(X, [1e5 * y[0], y[1]]), 2, support="independent")
    supports, found = certify(problem, [np.array([1, 3])] * 2)
    assert found.status == "optimal"
    for k in range(2):
        alone = every_support(problem_of(blocks_of(X, [y[k]]), 2))
        assert tuple(supports[k]) == alone[0][1][0]


@pytest.mark.parametrize("outcome", ["constant", "constant in one site", "without noise"])
@pytest.mark.parametrize(
    "settings", [{}, {"lambda_z": 0.05}, {"lambda_2": 0.3}, {"support": "common"}, {"lambda_1": 0.0}]
)
def test_every_verb_where_there_is_nothing_to_explain(outcome, settings):
    X, _, site = sites(n=15, p=10)
    X = X[:, :4]
    y = {
        "constant": 3.0 + 0 * X[:, 0],
        "constant in one site": np.where(site == "a", 1.0, X[:, 1]),
        "without noise": X[:, 2],
    }
    model, settings = SparseMTL(y[outcome], X, site), {"lambda_1": 0.1, **settings}
    fit = model.fit(s=2, **settings)
    proofs = [fit.certify()]
    if settings["lambda_1"] > 0:
        proofs += [fit.certify(method="outer-approximation"), model.fit(s=2, solver="relaxation", **settings)]
    for proven in proofs:
        assert proven.certificate.status in ("optimal", "root")
        assert 0 <= proven.bound <= proven.objective
    assert 0 <= fit.bound_root().bound <= fit.objective
    table = fit.alternatives(3)
    assert table["proven"].all()
    assert not table["excess"].isna().any()
    path = model.path(s=[1, 2], lambda_z=[0.0, 0.1], bounds=True, support=settings.pop("support", "heterogeneous"))
    assert np.all(path.bounds <= path.grid.objective)


@pytest.mark.parametrize("gap", [1e-3, 1e-5, 1e-7])
def test_signal_in_the_difference_of_two_columns_that_are_nearly_one(gap):
    """A proof used to end at once, without a status and with a quarter of the objective open."""
    rng = np.random.default_rng(0)
    x, apart = rng.standard_normal((2, 100))
    X = np.column_stack([x, x + gap * apart, rng.standard_normal((100, 4))])
    y = apart + 0.2 * rng.standard_normal(100)
    centred = X - X.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=0)
    values = []
    for pair in combinations(range(6), 2):
        Q, _ = np.linalg.qr(centred[:, pair])
        values.append(np.sum((y - y.mean() - Q @ (Q.T @ (y - y.mean()))) ** 2) / 200)
    proven = SparseMTL(y, X).fit(s=2).certify()
    assert proven.status == "optimal"
    np.testing.assert_allclose(proven.objective, min(values), rtol=1e-6)
    assert proven.bound <= min(values)


def test_a_column_that_the_always_in_columns_explain_gets_nothing():
    rng = np.random.default_rng(0)
    keep, X = rng.standard_normal((30, 1)), rng.standard_normal((30, 3))
    X[:, 1] = 2 * keep[:, 0] + 5
    problem = problem_of(blocks_of([X], [X[:, 0] + rng.standard_normal(30)], keep=[keep]), 3)
    coef = refit(problem, np.ones((3, 1), bool))
    assert coef[1] == 0
    assert np.abs(coef).max() < 10


def test_supports_that_differ_are_no_start_for_a_common_one():
    problem = problem_of(kindred_tasks(seed=0, n=30, p=6, n_tasks=2, s=2, rho=0.0, snr=2.0), 2, support="common")
    with pytest.raises(ValueError, match="supports differ between tasks"):
        certify(problem, [np.array([0, 1]), np.array([0, 2])])
