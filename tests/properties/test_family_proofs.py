"""Proofs of other losses than squares against all supports: no bound above the optimum, no list that misses one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from oracles.family_instances import family_problem, subsets
from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.relaxation import Marks
from sparsekin.l0.glm import tangent as tangents
from sparsekin.l0.glm.bound import bound_of
from sparsekin.l0.glm.fit import refit
from sparsekin.l0.glm.prove import certify, runners_up
from sparsekin.l0.glm.tangent import tangent_at
from sparsekin.l0.problem import Problem, losses_of, zbar_penalty

FAMILIES = ("binomial", "poisson", "cox", "gaussian")
BLUR = 1e-10  # of F without columns


def a_problem(seed: int) -> Problem:
    """One to three tasks, families mixed, times tied, weights of 0 to 2, a column always in, every way of sharing."""
    rng = np.random.default_rng(seed)
    K, linked = int(rng.integers(1, 4)), bool(rng.random() < 0.3)
    p, s = (4, 2) if K == 3 or linked else (6, 2)
    first = FAMILIES[seed % 3]
    families = [first, *(str(rng.choice(FAMILIES)) if rng.random() < 0.3 else first for _ in range(K - 1))]
    problem = family_problem(
        rng, families, int(rng.integers(30, 60)), p, s, rng.choice([0.0, 0.6, 0.95]), rng.choice([0.3, 0.8, 1.5]),
        weighted=bool(rng.random() < 0.4), kept=int(rng.random() < 0.3), lambda_1=10 ** rng.uniform(-2.5, -0.3),
        lambda_2=10 ** rng.uniform(-2, 0) if linked and K > 1 else 0.0,
        lambda_z=rng.choice([0.0, 10 ** rng.uniform(-3, -0.5)]),
        support=str(rng.choice(["heterogeneous", "heterogeneous", "common", "independent"])),
        task_weights=rng.choice([0.5, 1.0, 3.0], K),
    )  # fmt: skip
    assert problem.blocks.responses is not None
    ties = str(rng.choice(["efron", "breslow"]))
    blocks = replace(problem.blocks, responses=replace(problem.blocks.responses, ties=ties))
    changed = replace(problem, blocks=blocks)
    return replace(changed, losses=losses_of(blocks, problem.task_weights), s=rng.integers(1, s + 1, K))


def every_value(problem: Problem) -> tuple[Floats, np.ndarray]:
    """F of every choice of supports, and the choices (n, K, p)."""
    K, p = problem.n_tasks, problem.n_features
    sets = [subsets(p, int(size)) for size in problem.s]
    if problem.support == "common":
        choices = [[S] * K for S in subsets(p, int(problem.s.min()))]
    else:
        choices = [list(choice) for choice in product(*sets)]
    masks = np.zeros((len(choices), K, p), bool)
    values = np.zeros(len(choices))
    known: dict[tuple[int, bytes], float] = {}
    for i, choice in enumerate(choices):
        for k, S in enumerate(choice):
            masks[i, k, S] = True
        if problem.lambda_2 > 0 and K > 1:
            fit = refit(problem, choice)
            assert fit is not None
            values[i] = fit.F
            continue
        for k, S in enumerate(choice):
            if (k, S.tobytes()) not in known:
                alone = [S if t == k else np.empty(0, np.int32) for t in range(K)]
                fit = refit(replace(problem, support="independent"), alone)
                assert fit is not None
                known[k, S.tobytes()] = float(fit.values[k])
            values[i] += known[k, S.tobytes()]
        if problem.support == "heterogeneous":
            values[i] += zbar_penalty(problem, masks[i].T)
    return values, masks


def random_marks(rng: np.random.Generator, problem: Problem) -> Marks:
    """Some columns decided."""
    units = 1 if problem.support == "common" else problem.n_tasks
    return rng.choice(np.array([-1, -1, 0, 1], np.int8), (units, problem.n_features))


def allowed(marks: Marks, masks: np.ndarray) -> np.ndarray:
    """Which choices are within marks."""
    wide = np.broadcast_to(marks, masks.shape[1:])
    return np.asarray(((wide == -1) | (masks == (wide == 1))).all(axis=(1, 2)))


def check_nodes(problem: Problem, values: Floats, masks: np.ndarray, rng: np.random.Generator) -> int:
    """Bounds at random slopes and nodes are below everything there; what is fixed is so in all that is better."""
    cells = 0
    for trial in range(3):
        marks = random_marks(rng, problem) if trial else np.full_like(random_marks(rng, problem), -1)
        may = np.broadcast_to(marks.T != 0, (problem.n_features, problem.n_tasks))
        inside = allowed(marks, masks)
        B = np.where(may, 0.4 * rng.standard_normal(may.shape), 0.0)
        null = float(values[~masks.any(axis=(1, 2))][0])
        found = bound_of(problem, tangent_at(problem, B, may), null, marks=marks)
        least = values[inside].min() if inside.any() else np.inf
        assert found.value <= least + BLUR * null
        cutoff = float(rng.choice([least, np.median(values)])) + 1e-6 * null
        if inside.any() and np.isfinite(found.value):
            fixed = found.fix(cutoff)
            kept = allowed(fixed, masks)
            assert not (inside & ~kept & (values < cutoff - BLUR * null)).any()
        cells += 1
    return cells


def check(seed: int) -> int:
    """Cells looked at."""
    problem, rng = a_problem(seed), np.random.default_rng([seed, 1])
    values, masks = every_value(problem)
    null, best = float(values[~masks.any(axis=(1, 2))][0]), float(values.min())
    start = [np.zeros(1, np.int32)] * problem.n_tasks
    cells = check_nodes(problem, values, masks, rng)
    for limits in ({"root_only": True}, {"node_limit": 3}, {}):
        _, proof = certify(problem, start, gap=1e-5, **limits)
        assert proof.bound <= best + BLUR * null, f"seed {seed}: {proof.bound} above {best}"
        assert proof.objective >= best - BLUR * null
        cells += 1
    assert proof.status == "optimal", f"seed {seed}: {proof}"
    assert proof.objective <= best * (1 + 1.1e-5) + BLUR * null
    return cells


def check_list(seed: int) -> None:
    """The next best supports are those of the enumeration."""
    problem = a_problem(seed)
    values, _ = every_value(problem)
    start = [np.zeros(1, np.int32)] * problem.n_tasks
    found, status = runners_up(problem, start, 4)
    assert status == "proven"
    expected = np.sort(values)[1:5]
    np.testing.assert_allclose([value for value, _ in found], expected, rtol=1e-8)


def test_no_bound_is_above_the_optimum_of_a_few() -> None:
    assert sum(check(seed) for seed in range(4)) >= 24


def test_bbar_by_its_tangent_is_a_bound_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tangents, "EVERY_SET", 1)
    linked = [seed for seed in range(60) if a_problem(seed).lambda_2 > 0][:1]
    assert sum(check(seed) for seed in linked) >= 6


@pytest.mark.parametrize("seed", [1, 5])
def test_lists_of_the_next_best_are_those_of_the_enumeration(seed: int) -> None:
    check_list(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 120, 20))
def test_no_bound_is_above_the_optimum_of_many(start: int) -> None:
    assert sum(check(seed) for seed in range(start, start + 20)) >= 120


@pytest.mark.slow
def test_lists_of_the_next_best_of_many() -> None:
    for seed in range(60):
        check_list(seed)
