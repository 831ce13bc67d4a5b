"""Certificates as users meet them: proofs, limits, Ctrl-C, files, next-best supports."""

import pickle
import re
import signal
import time
from itertools import combinations

import numpy as np
import pytest

from oracles import instances
from sparsekin import SparseMTL, SparseResults
from sparsekin.errors import InterruptedWarning, OptionError
from sparsekin.l0.exact.certify import certify
from sparsekin.l0.polish import refit_value
from sparsekin.models.sparse.exact import problem_of


def two_sites(n=100, p=30, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((2 * n, p))
    site = np.repeat(["north", "south"], n)
    y = 2 * X[:, 1] - X[:, 4] + 0.5 * X[:, 3] * (site == "north") + rng.standard_normal(2 * n)
    return SparseMTL(y, X, site)


def hard():
    """Noise, next to no ridge and few rows: nothing closes this in seconds."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((160, 300))
    X[:, 1:] += X[:, :-1]
    return SparseMTL(rng.standard_normal(160), X, np.repeat(["a", "b"], 80)).fit(s=8, lambda_1=1e-3, lambda_z=0.01)


@pytest.mark.parametrize(
    "settings",
    [
        {"lambda_z": 0.05},
        {"lambda_z": 0.05, "lambda_2": 0.2},
        {"support": "common"},
        {"support": "independent"},
        {"lambda_z": 5.0},
    ],
)
def test_optimal_to_the_gap(settings):
    fit = two_sites().fit(s=3, lambda_1=0.05, **settings)
    proven = fit.certify()
    assert proven.status == proven.certificate.status == "optimal"
    assert 0 <= proven.gap <= 1e-4
    assert proven.bound <= proven.objective <= fit.objective
    assert fit.certificate is None


def test_a_poor_start_is_left_behind():
    problem = problem_of(two_sites().fit(s=2, lambda_1=0.05, lambda_z=0.05))
    poor = [np.array([20, 21])] * 2
    supports, certificate = certify(problem, poor)
    assert certificate.status == "optimal"
    assert [S.tolist() for S in supports] == [[1, 4], [1, 4]]


def test_solver_scip_is_search_then_proof():
    proven = two_sites().fit(s=3, lambda_1=0.05, lambda_z=0.05, solver="scip", gap=1e-3)
    assert proven.status == "optimal"
    assert proven.certificate.asked == 1e-3


def test_bound_root_is_a_bound_and_leaves_the_fit_alone():
    fit = two_sites().fit(s=3, lambda_1=0.05, lambda_z=0.05)
    root, proven = fit.bound_root(), fit.certify()
    assert 0 < root.bound <= proven.objective
    assert root.certificate.nodes == 0
    assert root.status == fit.status
    assert root.swap_optimal == fit.swap_optimal


def test_shown_saved_and_pickled(tmp_path):
    proven = two_sites().fit(s=3, lambda_1=0.05, lambda_z=0.05).certify()
    text = str(proven.summary())
    assert "Certificate" in text
    assert "no big-M used" in text
    assert "optimal" in text
    assert proven.glance().loc[0, "nodes"] == proven.certificate.nodes
    proven.save(tmp_path / "fit.npz")
    loaded = SparseResults.load(tmp_path / "fit.npz")
    assert loaded.certificate == proven.certificate
    assert str(loaded.summary()) == text
    assert pickle.loads(pickle.dumps(proven)).certificate == proven.certificate


def test_nothing_is_printed(capfd):
    two_sites().fit(s=3, lambda_1=1e-3, lambda_z=0.05).certify()
    hard().certify(time_limit=0.5)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", ["tree", "outer-approximation"])
def test_the_bar_shows_bound_and_objective(method, capfd):
    fit = hard()
    fit.certify(time_limit=1.0, progress=True, method=method)
    out, err = capfd.readouterr()
    assert out == ""
    shown = re.findall(r"bound ([-.e\d]+), objective ([.e\d]+), gap ([.\d]+) %", err)
    assert shown
    for bound, objective, gap in np.array(shown, float):
        assert 0 <= bound <= objective <= fit.objective * 1.00001
        np.testing.assert_allclose(gap, 100 * (1 - bound / objective), atol=0.01)


@pytest.mark.parametrize(
    ("limits", "status"),
    [({"time_limit": 1.0}, "time limit"), ({"node_limit": 20}, "node limit"), ({"memory_limit": 0.5}, "memory limit")],
)
def test_limits(limits, status):
    fit = hard()
    started = time.perf_counter()
    proven = fit.certify(**{"time_limit": 20.0, **limits})
    assert proven.status == status
    assert proven.bound <= proven.objective <= fit.objective
    assert proven.gap > 1e-4
    if "time_limit" in limits:
        assert time.perf_counter() - started < 1.5


def test_ctrl_c_keeps_what_is_proven(ctrl_c):
    fit = hard()
    ctrl_c(1.0)
    with pytest.warns(InterruptedWarning, match="solution and bound so far are kept"):
        proven = fit.certify(time_limit=20.0)
    assert proven.status == "interrupted"
    assert proven.certificate.seconds < 5
    assert 0 <= proven.bound <= proven.objective
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def every_support(problem, s):
    """All pairs of supports of two tasks and their values."""
    sets = [S for m in range(s + 1) for S in combinations(range(problem.n_features), m)]
    for first in sets:
        for second in sets:
            mask = np.zeros((problem.n_features, 2), bool)
            mask[list(first), 0] = mask[list(second), 1] = True
            yield refit_value(problem, mask)


@pytest.mark.parametrize("settings", [{"lambda_z": 0.05}, {"lambda_z": 0.05, "lambda_2": 0.2}, {}])
def test_alternatives_against_enumeration(settings):
    fit = two_sites(n=40, p=5, seed=3).fit(s=2, lambda_1=0.05, **settings)
    table = fit.alternatives(6)
    values = np.sort(list(every_support(problem_of(fit), 2)))
    np.testing.assert_allclose(fit.objective, values[0])
    np.testing.assert_allclose(table["objective"], values[1:7])
    assert table["proven"].all()
    assert (table["excess"] > 0).all()


def test_alternatives_say_who_differs():
    fit = two_sites(n=40, p=5, seed=3).fit(s=2, lambda_1=0.05, lambda_z=0.05)
    for enters, leaves in fit.alternatives(6)[["enters", "leaves"]].to_numpy():
        assert enters or leaves
        assert "(north)" in enters + leaves or "(south)" in enters + leaves or not set(enters) & set("()")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda fit: fit.certify(gap=0), "gap = 0 must be a number between 0 and 1"),
        (lambda fit: fit.certify(time_limit=-1), "time_limit = -1 must be a positive number of seconds"),
        (lambda fit: fit.alternatives(0), "m = 0 must be a whole number of at least 1"),
    ],
)
def test_bad_options(call, message):
    with pytest.raises(OptionError, match=message):
        call(two_sites().fit(s=2))


def test_no_such_solver():
    with pytest.raises(OptionError, match="solver = 'gurobi' is not one of 'search', 'relaxation', 'scip'"):
        two_sites().fit(s=2, solver="gurobi")


def test_supports_larger_than_s_are_refused():
    problem = instances.problem_of(
        instances.kindred_tasks(seed=0, n=30, p=6, n_tasks=2, s=2, rho=0.0, snr=2.0), 2, lambda_1=0.1
    )
    with pytest.raises(ValueError, match=r"supports\[1\] has 3 columns; at most s = 2"):
        certify(problem, [np.array([0, 1]), np.array([0, 1, 2])])
