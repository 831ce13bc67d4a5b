"""How often `solve` finds the exact optimum of the stored instances, by effort and by kind of problem.

The thresholds are percentages of instances (rounded) with a relative excess below 1e-8.
"""

from __future__ import annotations

import pytest

from oracles.brute_force import exact_refit
from reference.hit_rates import excesses, hit_rates
from reference.l0_instances import stored_optima, stored_problem
from sparsekin.l0.solve import solve

SEPARABLE = {
    0: {"lambda_z=0.0": 75, "common": 90},  # no promise; a fall below would be news
    1: {
        "lambda_z=0.0": 89,
        "lambda_z=0.003": 88,
        "lambda_z=0.02": 92,
        "lambda_z=0.1": 96,
        "lambda_z=0.5": 98,
        "common": 98,
    },
    2: {
        "lambda_z=0.0": 96,
        "lambda_z=0.003": 94,
        "lambda_z=0.02": 97,
        "lambda_z=0.1": 98,
        "lambda_z=0.5": 99,
        "common": 99,
    },
}
COUPLED = {
    "lambda_2=0.05": 100,
    "lambda_2=0.5": 93,
    "lambda_2=1.0": 90,
    "lambda_2=3.0": 90,
    "lambda_2=5.0": 90,
    "lambda_2=10.0": 90,
    "lambda_2=100.0": 100,
}


def too_few(kind: str, effort: int, least: dict[str, int]) -> str:
    """What to say when a group has fewer exact optima than promised; empty when all is well."""
    rates = hit_rates(kind, effort)
    short = {group: rates[group] for group, percent in least.items() if rates[group] < percent}
    return f"too few exact optima at effort {effort}: {short} of {rates}" if short else ""


@pytest.mark.parametrize("effort", [0, 1, 2])
def test_hit_rates_separable(effort):
    assert not too_few("separable", effort, SEPARABLE[effort])


@pytest.mark.parametrize("effort", [1, 2])
def test_hit_rates_coupled(effort):
    assert not too_few("coupled", effort, COUPLED)


@pytest.mark.parametrize("effort", [0, 1, 2])
@pytest.mark.parametrize("kind", ["separable", "coupled"])
def test_never_below_the_optimum(kind, effort):
    assert min(min(found) for found in excesses(kind, effort).values()) >= -1e-9


@pytest.mark.parametrize("kind", ["separable", "coupled"])
def test_more_effort_is_never_worse(kind):
    some, more = excesses(kind, 1), excesses(kind, 2)
    for group, found in some.items():
        assert all(b <= a + 1e-9 for a, b in zip(found, more[group], strict=True)), group


def test_reported_objective_is_that_of_a_full_refit():
    for entry in stored_optima()[::17]:
        problem = stored_problem(entry["instance"], entry["settings"])
        solution = solve(problem)
        assert solution.objective == pytest.approx(exact_refit(problem, solution.support)[1], rel=1e-10)
