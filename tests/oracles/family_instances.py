"""Small problems of every family, and their optima by looking at all supports."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from oracles.instances import blocks_of, toeplitz_normal
from sparsekin.data.blocks import Floats, Responses
from sparsekin.data.standardize import standardize
from sparsekin.l0.glm.fit import refit, refit_task
from sparsekin.l0.problem import Problem, make_problem


def outcome(rng: np.random.Generator, family: str, eta: Floats) -> Floats:
    """(n,), or (n, 2) of times, some of them tied, and status."""
    if family == "binomial":
        return (rng.random(len(eta)) < 1 / (1 + np.exp(-eta))).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(np.clip(0.5 * eta, -3, 3))).astype(float)
    if family == "gaussian":
        return eta + rng.standard_normal(len(eta))
    time, censored = rng.exponential(np.exp(-eta)), rng.exponential(1.5, len(eta))
    return np.column_stack([np.round(np.minimum(time, censored), 1) + 0.05, time <= censored]).astype(float)


def family_problem(
    rng: np.random.Generator, families: list[str], n: int, p: int, s: int, rho: float = 0.5, signal: float = 1.0,
    weighted: bool = False, kept: int = 0, **settings: Any,
) -> Problem:  # fmt: skip
    """One task per family in the list, features drawn per task."""
    X = [toeplitz_normal(rng, n, p, rho) for _ in families]
    keep = [rng.standard_normal((n, kept)) for _ in families]
    weights = [rng.integers(0, 3, n).astype(float) if weighted else None for _ in families]
    y = []
    for Z, U, family in zip(X, keep, families, strict=True):
        b = np.zeros(p)
        b[rng.choice(p, s, replace=False)] = signal * rng.choice([-1.0, 1.0], s)
        y.append(outcome(rng, family, Z @ b + U.sum(axis=1)))
    flat = [one if one.ndim == 1 else one[:, 0] for one in y]
    blocks = blocks_of(X, flat, weights, keep if kept else None)
    none = (None,) * len(families)
    blocks = replace(blocks, responses=Responses(tuple(families), tuple(y), none, none, none))
    sizes = np.full(len(families), s, np.int64)
    return make_problem(blocks, standardize(blocks), sizes, **settings)


def subsets(p: int, s: int) -> list[np.ndarray]:
    """All supports of at most s of p columns."""
    return [np.array(S, np.int32) for size in range(s + 1) for S in combinations(range(p), size)]


def task_values_everywhere(problem: Problem) -> tuple[Floats, np.ndarray]:
    """(K, m) what each task adds to F on each of m supports, and the supports (m, p)."""
    sets = subsets(problem.n_features, int(problem.s.max()))
    values = np.array([[refit_task(problem, k, S).value for S in sets] for k in range(problem.n_tasks)])
    masks = np.zeros((len(sets), problem.n_features), int)
    for i, S in enumerate(sets):
        masks[i, S] = 1
    return values, masks


def optimum(problem: Problem, values: Floats, masks: np.ndarray) -> float:
    """The least F, one or two tasks, lambda_2 = 0."""
    if problem.support == "common":
        return float(values.sum(axis=0).min())
    if problem.n_tasks == 1:
        return float(values.min())
    differ = np.abs(masks[:, None, :] - masks[None, :, :]).sum(axis=2)
    return float((values[0][:, None] + values[1][None, :] + problem.lambda_z / 4 * differ).min())


def linked_optimum(problem: Problem) -> float:
    """The least F of two tasks, with lambda_2."""
    sets = subsets(problem.n_features, int(problem.s.max()))
    pairs = [(S, S) for S in sets] if problem.support == "common" else [(S, T) for S in sets for T in sets]
    return min(fit.F for pair in pairs if (fit := refit(problem, list(pair))) is not None)
