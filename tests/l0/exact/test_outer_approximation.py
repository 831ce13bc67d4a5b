"""Outer approximation with valid cuts: against enumeration, its limits, and what it refuses."""

import signal

import numpy as np
import pytest

from oracles.tiny_problems import n_combinations, smallest_value, some_supports, tiny_problem, value_of_nothing
from sparsekin import SparseMTL
from sparsekin.errors import InterruptedWarning, OptionError
from sparsekin.l0.exact.certify import certify
from sparsekin.l0.exact.outer import cuts_at
from sparsekin.l0.polish import refit, refit_value
from sparsekin.l0.search import as_mask
from sparsekin.models.sparse.exact import problem_of

GAP = 1e-4
SEEDS = [seed for seed in range(80) if tiny_problem(seed).lambda_1 > 0 and n_combinations(tiny_problem(seed)) <= 600]


def two_sites(p, s, lambda_1, noise, **options):
    """60 rows in each of two tasks; little noise and a large ridge are quick, the opposite is not."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((120, p))
    model = SparseMTL(X[:, 0] - X[:, 1] + noise * rng.standard_normal(120), X, np.repeat(["a", "b"], 60))
    return model.fit(s=s, lambda_1=lambda_1, lambda_z=0.05, **options)


def quick(**options):
    return two_sites(p=8, s=3, lambda_1=0.5, noise=0.5, **options)


def slow():
    return two_sites(p=60, s=5, lambda_1=0.01, noise=3.0)


@pytest.mark.parametrize("part", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_valid_and_optimal_against_enumeration(part):
    closed, seeds = [], SEEDS[part::3]
    for seed in seeds:
        problem = tiny_problem(seed)
        optimum, scale = smallest_value(problem), value_of_nothing(problem)
        allowance = 1e-9 * (optimum + scale) + 1e-25
        _, found = certify(problem, some_supports(problem, seed), gap=GAP, node_limit=25, method="outer-approximation")
        assert found.bound <= optimum + allowance, f"seed {seed}: bound {found.bound} above {optimum}"
        assert found.objective >= optimum - allowance
        if found.status == "optimal":
            closed.append(seed)
            assert found.objective - optimum <= GAP * found.objective + allowance, f"seed {seed}: {found}, {optimum}"
    assert len(seeds) >= 16
    assert len(closed) >= 10


@pytest.mark.parametrize("settings", [{}, {"lambda_2": 0.3}, {"support": "common"}])
def test_cuts_hold_everywhere_and_are_tight_where_they_are_made(settings):
    fit = quick(**settings)
    problem, rng = problem_of(fit), np.random.default_rng(0)
    here = as_mask(problem, [np.array([0, 3, 5])] * 2)
    constants, slopes = cuts_at(problem, refit(problem, here))
    zbar = lambda Z: problem.lambda_z / 2 * float((Z.sum(axis=1) == 1).sum()) / 2  # noqa: E731
    tight = constants.sum() + slopes.T[here].sum() + zbar(here)
    np.testing.assert_allclose(tight, refit_value(problem, here), rtol=1e-10)
    inexact, inexact_slopes = cuts_at(problem, refit(problem, here) + 0.1 * rng.standard_normal(here.shape))
    for _ in range(50):
        Z = rng.random(here.shape) < 0.4
        value = refit_value(problem, Z) - zbar(Z)
        assert constants.sum() + slopes.T[Z].sum() <= value + 1e-12
        assert inexact.sum() + inexact_slopes.T[Z].sum() <= value + 1e-12


def test_same_optimum_as_the_tree():
    fit = quick()
    cut, tree = fit.certify(method="outer-approximation", time_limit=20), fit.certify()
    assert cut.status == tree.status == "optimal"
    assert cut.certificate.route == "outer approximation"
    np.testing.assert_allclose(cut.objective, tree.objective, rtol=GAP)


def test_solver_scip_takes_the_method():
    fit = quick(solver="scip", method="outer-approximation", time_limit=20)
    assert fit.certificate.route == "outer approximation"


@pytest.mark.parametrize(("limits", "status"), [({"time_limit": 0.5}, "time limit"), ({"node_limit": 5}, "node limit")])
def test_limits(limits, status, capfd):
    proven = slow().certify(**{"time_limit": 20.0, **limits}, method="outer-approximation")
    assert proven.status == status
    assert 0 <= proven.bound < proven.objective
    assert proven.certificate.seconds < 2
    assert capfd.readouterr() == ("", "")


def test_a_time_limit_that_ends_while_the_master_is_built():
    fit = two_sites(p=3000, s=2, lambda_1=0.5, noise=0.5)
    proven = fit.certify(time_limit=0.05, method="outer-approximation")
    assert proven.status == "time limit"
    assert proven.bound == 0
    assert proven.certificate.seconds < 1


def test_ctrl_c_keeps_what_is_proven(capfd, ctrl_c):
    fit = slow()
    ctrl_c(1.0)
    with pytest.warns(InterruptedWarning, match="solution and bound so far are kept"):
        proven = fit.certify(time_limit=20.0, method="outer-approximation")
    assert proven.status == "interrupted"
    assert proven.certificate.seconds < 5
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert capfd.readouterr() == ("", "")


def test_refuses_what_it_cannot():
    fit = quick()
    with pytest.raises(OptionError, match=r"method='outer-approximation' divides by lambda_1, which is 0 here"):
        SparseMTL(np.arange(20.0), np.eye(20)[:, :4]).fit(s=1, solver="scip", method="outer-approximation")
    with pytest.raises(OptionError, match="method = 'bnb' is not one of 'tree', 'outer-approximation'"):
        fit.certify(method="bnb")
