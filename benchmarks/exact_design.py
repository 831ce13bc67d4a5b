"""Instances of the exact benchmarks, and how they are written down."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.standardize import standardize
from sparsekin.l0.problem import Problem, make_problem
from sparsekin.l0.search import Supports
from sparsekin.l0.solve import solve

Floats = NDArray[np.float64]
DEMO: dict[str, Any] = {"p": 200, "rho": 0.4, "snr": 40.0, "decibel": True, "lambda_1": 1e-6}


def simulated(
    p: int, *, n: int = 500, n_tasks: int = 5, s: int = 5, rho: float = 0.5, snr: float = 5.0, decibel: bool = False,
    lambda_1: float, lambda_z: float = 0.05, seed: int = 1,
) -> Problem:  # fmt: skip
    """Design of the published exact script: s - 1 shared features and one private one, AR(1) columns."""
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n * n_tasks, p))
    X = np.empty((n * n_tasks, p), order="F")
    X[:, 0] = Z[:, 0]
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * Z[:, j]
    order, y, rows = rng.permutation(p), [], []
    for k in range(n_tasks):
        part = slice(k * n, (k + 1) * n)
        beta = rng.uniform(0, 1, s)
        signal = X[part][:, [*order[: s - 1], order[s - 1 + k]]] @ (beta / np.linalg.norm(beta))
        noise = rng.standard_normal(n)
        if decibel:
            noise *= np.linalg.norm(signal) / np.linalg.norm(noise) * 10 ** (-snr / 20)
        else:
            noise *= signal.std() / np.sqrt(snr)
        y.append(signal + noise)
        rows.append(part)
    names = tuple(map(str, range(p)))
    unweighted, nothing = (None,) * n_tasks, np.empty((len(X), 0))
    blocks = TaskBlocks(X, tuple(y), tuple(rows), unweighted, nothing, tuple(range(n_tasks)), names, ())
    sizes, shared = np.full(n_tasks, s), lambda_z if n_tasks > 1 else 0.0
    return make_problem(blocks, standardize(blocks), sizes, lambda_1=lambda_1, lambda_z=shared)


def start(problem: Problem) -> tuple[Supports, float]:
    """What the search finds, and F there."""
    found = solve(problem, effort=1)
    return [np.flatnonzero(z).astype(np.int32) for z in found.support.T], found.objective


def described(settings: dict[str, Any]) -> str:
    """The settings in words, K for the number of tasks."""
    words, units = {"n_tasks": "K", "snr": "SNR"}, {"snr": " dB" if "decibel" in settings else ""}
    shown = {name: value for name, value in settings.items() if name != "decibel"}
    return ", ".join(f"{words.get(name, name)} {value:g}{units.get(name, '')}" for name, value in shown.items())


def percent(gap: float) -> str:
    """0 where the gap is closed."""
    return "0" if gap <= 1e-4 else f"{100 * gap:.2g} %" if gap < 0.995 else "100 %"
