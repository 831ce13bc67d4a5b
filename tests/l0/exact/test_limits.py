"""Limits are kept, and a proof that a limit ended says so."""

import signal
import time

import numpy as np
import pytest

from oracles.family_instances import family_problem
from oracles.instances import kindred_tasks, problem_of
from sparsekin.l0.exact.certify import certify, runners_up
from sparsekin.l0.exact.tree import Limits, Search, Task
from sparsekin.l0.glm.prove import certify as certify_family
from sparsekin.l0.glm.prove import runners_up as runners_up_family
from sparsekin.l0.solve import solve
from sparsekin.l0.state import open_workspace


@pytest.mark.parametrize(("p", "limit"), [(400, 0.3), (400, 1.0), (6000, 1e-3), (6000, 0.5)])
def test_a_proof_that_ran_out_of_time_says_so_and_keeps_its_bound(p, limit):
    blocks = kindred_tasks(2, n=60, p=p, n_tasks=4, s=6, rho=0.5, snr=2.0)
    problem = problem_of(blocks, 6, lambda_1=0.005, lambda_z=0.02)
    supports = [np.flatnonzero(z).astype(np.int32) for z in solve(problem).support.T]
    _, found = certify(problem, supports, time_limit=limit)
    assert found.status == "time limit"
    assert 0 <= found.bound <= found.objective
    assert found.gap > 1e-4
    assert found.seconds < 10 * limit + 10  # a hang, not a race: how closely limits are kept is a benchmark


def test_a_node_limit_is_kept():
    blocks = kindred_tasks(2, n=60, p=200, n_tasks=4, s=6, rho=0.5, snr=2.0)
    problem = problem_of(blocks, 6, lambda_1=0.005, lambda_z=0.02)
    supports = [np.flatnonzero(z).astype(np.int32) for z in solve(problem).support.T]
    _, found = certify(problem, supports, node_limit=25)
    assert found.status == "node limit"
    assert found.nodes <= 30


REGIMES = [{}, {"lambda_z": 0.02}, {"lambda_2": 0.1}, {"support": "common"}]


@pytest.mark.parametrize("settings", REGIMES, ids=str)
@pytest.mark.parametrize("p", [60, 6000])
def test_no_time_at_all_leaves_the_bound_that_needs_no_proof(settings, p):
    problem = problem_of(kindred_tasks(0, n=20, p=p, n_tasks=3, s=2, rho=0.3, snr=2.0), 2, lambda_1=0.05, **settings)
    supports = [np.array([0, 1], np.int32)] * 3
    for options in ({}, {"root_only": True}, {"method": "outer-approximation"}):
        kept, found = certify(problem, supports, time_limit=0.0, **options)
        assert found.status == "time limit"
        assert found.bound == 0
        assert found.gap == 1
        assert all(np.array_equal(S, old) for S, old in zip(kept, supports, strict=True))
    assert runners_up(problem, supports, 3, time_limit=0.0) == ([], "time limit")


@pytest.mark.parametrize("settings", REGIMES, ids=str)
def test_loops_over_many_tasks_know_the_time(settings):
    """Two hundred tasks: setting up their trees alone used to take ten times the limit."""
    problem = problem_of(kindred_tasks(0, n=20, p=30, n_tasks=200, s=2, rho=0.3, snr=2.0), 2, lambda_1=0.05, **settings)
    supports = [np.array([0, 1], np.int32)] * 200
    for prove in (certify, lambda *given, **limits: (None, runners_up(*given, 3, **limits)[1])):
        started = time.process_time()
        _, found = prove(problem, supports, time_limit=0.5)
        assert time.process_time() - started < 6.0  # one and a half where nothing else runs
        assert (found if isinstance(found, str) else found.status) in ("time limit", "optimal", "proven")


def test_a_limit_within_the_set_up_is_heard_while_columns_are_read():
    """The clock of the native core ends a look at X between two columns."""
    problem = problem_of(kindred_tasks(0, n=20, p=500, n_tasks=2, s=2, rho=0.3, snr=2.0), 2, lambda_1=0.05)
    with pytest.raises(TimeoutError):
        open_workspace(problem, deadline=time.perf_counter())
    assert open_workspace(problem).null > 0


def test_ctrl_c_within_the_set_up_keeps_the_fit(monkeypatch):
    def interrupt(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr("sparsekin.l0.exact.certify.open_workspace", interrupt)
    problem = problem_of(kindred_tasks(0, n=20, p=10, n_tasks=2, s=2, rho=0.3, snr=2.0), 2, lambda_1=0.05)
    _, found = certify(problem, [np.array([0, 1])] * 2)
    assert (found.status, found.bound) == ("interrupted", 0.0)


@pytest.mark.parametrize("settings", REGIMES, ids=str)
def test_many_tasks_of_other_families_know_the_time(settings):
    """A hundred tasks: one look at all of them must not outlast the limit."""
    problem = family_problem(np.random.default_rng(0), ["binomial"] * 100, 30, 30, 2, lambda_1=0.05, **settings)
    supports = [np.array([0, 1], np.int32)] * 100
    for prove in (certify_family, lambda *given, **limits: (None, runners_up_family(*given, 3, **limits)[1])):
        started = time.process_time()
        _, found = prove(problem, supports, time_limit=0.5)
        assert time.process_time() - started < 6.0  # one where nothing else runs
        assert (found if isinstance(found, str) else found.status) in ("time limit", "optimal", "proven")
    for limits in ({"time_limit": 0.0}, {"time_limit": 0.0, "root_only": True}):
        kept, nothing = certify_family(problem, supports, **limits)
        assert nothing.status == "time limit"
        assert nothing.bound == 0
        assert all(np.array_equal(S, old) for S, old in zip(kept, supports, strict=True))


@pytest.mark.parametrize("settings", REGIMES, ids=str)
def test_ctrl_c_ends_a_proof_of_other_families(settings, ctrl_c):
    problem = family_problem(np.random.default_rng(1), ["binomial"] * 4, 60, 150, 6, lambda_1=0.003, **settings)
    supports = [np.arange(6, dtype=np.int32)] * 4
    ctrl_c(1.0)
    _, found = certify_family(problem, supports, time_limit=30.0)
    assert found.status == "interrupted"
    assert found.seconds < 15
    assert 0 <= found.bound <= found.objective
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_was_stopped_goes_no_deeper():
    """Within a node columns are tried one after the other: Ctrl-C was heard only after all of them, seconds later."""
    search = Search.__new__(Search)
    search.stopped = "interrupted"
    assert search.reached_limit(0.0) == "interrupted"


@pytest.mark.parametrize(("stopped", "deadline"), [("interrupted", np.inf), ("", 0.0), ("", np.inf)])
def test_a_node_that_is_listed_knows_of_the_limit_and_of_ctrl_c(stopped, deadline):
    heard = []

    class Listing:
        constant = 1.0

        def close(self, marks, room, below, most, stop):
            heard.append(stop())

    search = Search.__new__(Search)
    search.task, search.best, search.stopped = Task(Listing(), None, None, 1.0, 0.1, Limits(deadline)), 1.0, stopped
    assert not search._list(np.full((1, 3), -1, np.int8), 2, 0.0)
    assert heard == [stopped != "" or deadline == 0.0]
