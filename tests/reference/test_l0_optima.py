"""The stored optima belong to the regenerated instances, and a second exact enumeration finds the same values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oracles.brute_force import best_of_all_combinations, enumerate_optimum, exact_refit, single_move_gains
from reference.l0_instances import as_support, coupled_instances, separable_instances, stored_optima, stored_problem


def test_as_many_instances_as_promised():
    entries = stored_optima()
    assert len(separable_instances()) == 90
    assert len(coupled_instances()) == 20
    assert len(entries) == 90 * 6 + 20 * 21


def test_stored_values_are_the_refits_of_the_stored_supports():
    for entry in stored_optima():
        problem = stored_problem(entry["instance"], entry["settings"])
        support = as_support(entry["support"], problem.n_features)
        assert (support.sum(axis=0) <= problem.s).all()
        assert exact_refit(problem, support)[1] == pytest.approx(entry["objective"], rel=1e-10)


def test_enumerating_again_gives_the_stored_values():
    for entry in stored_optima()[::13]:
        problem = stored_problem(entry["instance"], entry["settings"])
        assert enumerate_optimum(problem).objective == pytest.approx(entry["objective"], rel=1e-12)


def test_no_single_move_improves_a_stored_optimum():
    for entry in stored_optima()[::41]:
        problem = stored_problem(entry["instance"], entry["settings"])
        assert single_move_gains(problem, as_support(entry["support"], problem.n_features)) < 1e-11


def test_branch_and_bound_optima_equal_the_enumeration_of_all_pairs():
    small = [
        entry
        for entry in stored_optima()
        if entry["kind"] == "separable"
        and entry["instance"]["n_tasks"] == 2
        and entry["instance"]["s"] == 3
        and entry["instance"]["p"] <= 13
        and entry["settings"].get("support") != "common"
    ]
    assert len(small) >= 20
    for entry in small[::3]:
        problem = stored_problem(entry["instance"], entry["settings"])
        support = best_of_all_combinations(replace(problem, lambda_2=0.0))
        assert exact_refit(problem, support)[1] == pytest.approx(entry["objective"], rel=1e-12)
