"""The search against the best of all supports, and never below it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles.family_instances import family_problem, linked_optimum, optimum, task_values_everywhere
from sparsekin.l0.solve import solve

CELLS = [("binomial", 0.0), ("binomial", 0.8), ("poisson", 0.5), ("cox", 0.0), ("cox", 0.5)]


@pytest.mark.parametrize(("family", "rho"), CELLS)
def test_the_optimum_is_found_at_every_lambda_z(family: str, rho: float) -> None:
    rng = np.random.default_rng([len(family), int(10 * rho)])
    problem = family_problem(rng, [family, family], 50, 7, 2, rho, lambda_1=0.01, weighted=rho > 0)
    values, masks = task_values_everywhere(problem)
    null = values[:, 0].sum()
    for changes in ({"lambda_z": z} for z in (0.0, 0.02, 0.2)):
        asked = replace(problem, **changes)
        found = solve(asked)
        assert found.objective == pytest.approx(optimum(asked, values, masks), abs=1e-9 * null)
    asked = replace(problem, support="common")
    assert solve(asked).objective == pytest.approx(optimum(asked, values, masks), abs=1e-9 * null)


@pytest.mark.slow
def test_nearly_all_of_many_small_problems_are_solved() -> None:
    hits, cells, worst = 0, 0, 0.0
    for seed in range(24):
        for family in ("binomial", "poisson", "cox"):
            rng = np.random.default_rng([seed, len(family)])
            problem = family_problem(
                rng, [family] * (1 + seed % 2), (40, 70)[seed % 2], 9, 3, (0, 0.8)[seed // 2 % 2],
                (0.5, 1.2)[seed // 4 % 2], lambda_1=(0.001, 0.03)[seed // 8 % 2],
            )  # fmt: skip
            values, masks = task_values_everywhere(problem)
            null = values[:, 0].sum()
            for z in (0.0, 0.003, 0.02, 0.1, 0.5, None):
                asked = replace(problem, support="common") if z is None else replace(problem, lambda_z=z)
                gap = (solve(asked).objective - optimum(asked, values, masks)) / null
                assert gap > -1e-9
                hits, cells, worst = hits + (gap < 1e-7), cells + 1, max(worst, gap)
    assert hits >= 0.99 * cells
    assert worst < 1e-3


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
@pytest.mark.parametrize("lambda_2", [0.02, 0.5])
def test_the_optimum_is_found_with_values_that_answer_to_each_other(family: str, lambda_2: float) -> None:
    rng = np.random.default_rng(len(family))
    problem = family_problem(rng, [family, family], 50, 5, 2, lambda_1=0.01, lambda_2=lambda_2)
    for changes in ({"lambda_z": 0.02}, {"support": "common"}):
        asked = replace(problem, **changes)
        assert solve(asked).objective == pytest.approx(linked_optimum(asked), rel=1e-9)


def test_tasks_of_different_families_share_supports() -> None:
    families = ["gaussian", "binomial", "poisson", "cox"]
    problem = family_problem(np.random.default_rng(3), families, 80, 12, 2, lambda_1=0.01, lambda_z=10.0)
    found = solve(problem)
    assert (found.support == found.support[:, :1]).all()
    assert found.intercept[3] == 0
    assert found.objective == pytest.approx(solve(replace(problem, lambda_z=0.0, support="common")).objective)
