"""Bounds against the best of all supports: none above it, wherever they are computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles.family_instances import family_problem, linked_optimum, optimum, task_values_everywhere
from sparsekin.l0.exact.apart import prove_apart
from sparsekin.l0.exact.relaxation import Point
from sparsekin.l0.exact.tree import Limits
from sparsekin.l0.glm.bound import bound_of
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.prove import certify, open_family
from sparsekin.l0.glm.relaxation import Relaxation
from sparsekin.l0.glm.tangent import tangent_at
from sparsekin.l0.problem import Problem

REGIMES = ({}, {"lambda_z": 0.02}, {"lambda_z": 0.2}, {"support": "common"})


def root_of(problem: Problem) -> float:
    """The bound of the root."""
    return opened(problem)[1]


def opened(problem: Problem) -> tuple[Relaxation, float]:
    """The relaxation over all columns, and the bound of its root."""
    descent = Descent.open(problem)
    found = Relaxation(descent, np.arange(problem.n_features, dtype=np.int32))
    return found, found.bound(found.marks, np.inf, 1e-4 * descent.null.F, Point.nothing())


def check(seed: int, family: str, n_tasks: int, lambda_1: float, points: int) -> int:
    """Cells looked at."""
    rng = np.random.default_rng([seed, len(family), n_tasks, int(100 * lambda_1)])
    whole = family_problem(
        rng, [family] * n_tasks, 50, 7, 2, (0, 0.6)[seed % 2], (0.6, 1.2)[seed // 2 % 2], lambda_1=lambda_1,
        weighted=seed % 3 == 1, kept=seed % 2,
    )  # fmt: skip
    values, masks = task_values_everywhere(whole)
    null, cells, may = values[:, 0].sum(), 0, np.ones((7, n_tasks), bool)
    for changes in REGIMES if n_tasks > 1 else REGIMES[:1]:
        problem = replace(whole, **changes)
        best = optimum(problem, values, masks)
        bounds = [root_of(problem)]
        for _ in range(points):
            at = tangent_at(problem, 0.4 * rng.standard_normal((7, n_tasks)), may)
            bounds.append(bound_of(problem, at, null).value)
        assert max(bounds) <= best + 1e-10 * null
        cells += len(bounds)
    return cells


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_no_bound_is_above_the_optimum(family: str) -> None:
    assert sum(check(seed, family, 1 + seed % 2, (0.1, 0.01)[seed % 2], 3) for seed in range(4)) > 30


@pytest.mark.slow
def test_no_bound_of_many_is_above_the_optimum() -> None:
    cells = 0
    for seed in range(4):
        for family in ("binomial", "poisson", "cox"):
            for n_tasks in (1, 2):
                for lambda_1 in (0.3, 0.1, 0.03, 0.01):
                    cells += check(seed, family, n_tasks, lambda_1, 2)
    assert cells >= 500


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_bounds_with_values_that_answer_to_each_other(family: str) -> None:
    rng = np.random.default_rng(len(family))
    for lambda_2 in (0.02, 0.5):
        whole = family_problem(rng, [family, family], 50, 5, 2, lambda_1=0.05, lambda_2=lambda_2)
        for changes in ({"lambda_z": 0.02}, {"support": "common"}):
            problem = replace(whole, **changes)
            best = linked_optimum(problem)
            found = root_of(problem)
            assert 0.8 * best < found <= best * (1 + 1e-10)
            for _ in range(3):
                at = tangent_at(problem, 0.4 * rng.standard_normal((5, 2)), np.ones((5, 2), bool))
                assert bound_of(problem, at, best).value <= best * (1 + 1e-10)


@pytest.mark.parametrize("regime", REGIMES)
def test_the_bound_is_that_of_the_relaxation(regime: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = replace(family_problem(np.random.default_rng(3), ["binomial", "cox"], 60, 9, 3, lambda_1=0.05), **regime)
    relaxation, bound = opened(problem)
    seen, place = [], Relaxation._place

    def watched(*args):
        found = place(*args)
        seen.append(found.value)
        return found

    monkeypatch.setattr(Relaxation, "_place", watched)
    again = relaxation.bound(relaxation.marks, np.inf, 1e-4 * relaxation.constant, Point.nothing())
    assert again == pytest.approx(bound)
    assert 0 <= min(seen) - bound < 2e-3 * seen[0]


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
@pytest.mark.parametrize("lambda_1", [0.1, 0.01])
def test_a_tree_ends_at_the_optimum_from_a_bad_start(family: str, lambda_1: float) -> None:
    rng = np.random.default_rng([len(family), int(100 * lambda_1)])
    problem = family_problem(rng, [family, family], 50, 8, 2, 0.5, 0.8, lambda_1=lambda_1, kept=1)
    values, masks = task_values_everywhere(problem)
    start = [np.array([0, 1], np.int32)] * 2
    supports, proof = certify(problem, start, gap=1e-6)
    assert proof.status == "optimal"
    assert proof.objective == pytest.approx(optimum(problem, values, masks), rel=1e-6)
    assert proof.bound <= optimum(problem, values, masks) * (1 + 1e-10)
    assert proof.gap <= 1e-6
    assert all(len(S) <= 2 for S in supports)
    _, cut = certify(problem, start, gap=1e-6, node_limit=1)
    assert cut.bound <= optimum(problem, values, masks)


def proven_apart(seed: int, family: str, lambda_1: float, lambda_z: float) -> bool:
    """Two tasks apart, from prices of nothing: the optimum is found where they can show it, and no bound is above."""
    rng = np.random.default_rng([seed, len(family), 8])
    problem = family_problem(
        rng, [family, family], 50, 9, 3, (0, 0.6)[seed % 2], 0.8, lambda_1=lambda_1, lambda_z=lambda_z
    )
    best = optimum(problem, *task_values_everywhere(problem))
    proof = open_family(problem, [np.array([0, 1], np.int32)] * 2, 1e-5, Limits())
    proof.offer(proof.polished(proof.supports, np.arange(9)))
    prove_apart(proof, np.zeros((2, 9)), False)
    assert proof.bound <= best * (1 + 1e-10)
    if proof.prices is None:  # prices that leave more than 1 % are given up before any tree
        return False
    assert np.abs(proof.prices).max() <= lambda_z / 4 * (1 + 1e-9)
    if proof.done:
        assert proof.objective == pytest.approx(best, rel=1e-6)
    return proof.done


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_prices_of_tasks_apart_are_tuned(family: str) -> None:
    assert proven_apart(1, family, 0.03, 0.05)


@pytest.mark.slow
def test_no_bound_of_tasks_apart_is_above_the_optimum() -> None:
    cells = [
        proven_apart(seed, family, lambda_1, lambda_z)
        for seed in range(8) for family in ("binomial", "poisson", "cox") for lambda_1 in (0.1, 0.03, 0.01)
        for lambda_z in (0.02, 0.1)
    ]  # fmt: skip
    assert np.mean(cells) > 0.5
