"""The first figure of arXiv 2212.08697: two tasks, 25 rows, 50 columns, seven features each, four of them shared.

With slopes of +-1 and noise sd 1 the truth is hardly ever the minimum of F, whatever the penalties, so no solver can
return it in nine of ten draws (the published picture is one draw): there we ask for the published ordering. Exact
recovery is asked for with noise sd `QUIET`. Penalties were chosen once, for all seeds.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from oracles.instances import blocks_of, problem_of
from sparsekin.data.simulate import simulate_figure_1
from sparsekin.l0.polish import refit_value
from sparsekin.l0.problem import Problem
from sparsekin.l0.solve import solve

SEEDS = range(40)
QUIET = 0.5
SHARING = {"lambda_1": 0.01, "lambda_z": 0.07}
ALONE = {"lambda_1": 0.01, "support": "independent"}


def figure_1(seed: int, noise_sd: float, penalties: dict) -> tuple[Problem, np.ndarray]:
    """The problem and the true support."""
    truth = simulate_figure_1(noise_sd=noise_sd, rng=seed)
    tasks = [truth.task == k for k in (0, 1)]
    blocks = blocks_of([truth.X[rows] for rows in tasks], [truth.y[rows] for rows in tasks])
    return problem_of(blocks, 7, **penalties), truth.support


@cache
def found(noise_sd: float, sharing: bool) -> np.ndarray:
    """(seeds, 2 tasks) true features found of 7; as 7 are selected, the rest are false."""
    hits = []
    for seed in SEEDS:
        problem, truth = figure_1(seed, noise_sd, SHARING if sharing else ALONE)
        support = solve(problem, effort=2).support
        assert (support.sum(axis=0) == 7).all()
        hits.append((support & truth).sum(axis=0))
    return np.array(hits)


def exact(noise_sd: float, sharing: bool) -> int:
    """Seeds with 7 of 7 and no false positive in both tasks."""
    return int((found(noise_sd, sharing) == 7).all(axis=1).sum())


def test_sharing_supports_finds_the_truth(record_property):
    shared, alone = exact(QUIET, True), exact(QUIET, False)
    record_property("seeds with the exact supports: shared, independent", (shared, alone))
    assert shared >= 0.9 * len(SEEDS), f"{shared} of {len(SEEDS)} seeds, independent fits {alone}"
    assert shared >= alone


@pytest.mark.parametrize("noise_sd", [QUIET, 1.0])
def test_sharing_supports_finds_more_than_independent_fits(noise_sd, record_property):
    shared, alone = float(found(noise_sd, True).mean()), float(found(noise_sd, False).mean())
    record_property("true features of 7: shared, independent", (shared, alone))
    assert shared > alone + 0.05


def test_at_the_published_noise_the_truth_is_not_the_minimum():
    beaten = 0
    for seed in SEEDS:
        problem, truth = figure_1(seed, 1.0, SHARING)
        beaten += solve(problem, effort=2).objective < refit_value(problem, truth)
    assert beaten >= 0.8 * len(SEEDS)
