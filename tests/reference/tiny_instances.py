"""Tiny correlated problems whose exact optima `tiny_optima.json` holds, regenerated from seeds.

8 to 20 rows, 50 to 100 columns, correlations up to .98, s of 2 or 3: few rows tell the columns apart, and the best pair
often holds neither of the columns that are best alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracles.instances import blocks_of, problem_of, toeplitz_normal
from sparsekin.data.blocks import TaskBlocks
from sparsekin.l0.problem import Problem

STORED = Path(__file__).with_name("tiny_optima.json")
RHO = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
LAYOUTS = ("neighbours", "one factor", "differences")
ONE_TASK = 160
SEVERAL = (
    {"n_tasks": 2, "lambda_1": 1e-3},
    {"n_tasks": 3, "lambda_1": 1e-3, "support": "independent"},
    {"n_tasks": 2, "lambda_1": 1e-3, "lambda_z": 0.02},
    {"n_tasks": 2, "lambda_1": 1e-3, "lambda_z": 0.2},
    {"n_tasks": 2, "support": "common"},
    {"n_tasks": 3, "lambda_1": 1e-3, "support": "common"},
    {"n_tasks": 2, "lambda_1": 1e-2, "lambda_2": 0.5, "support": "common"},
    {"n_tasks": 2, "lambda_1": 1e-2, "lambda_2": 0.5, "lambda_z": 0.02, "s": 2, "p": 50},
)


def tiny_instances(first_seed: int = 81_000) -> list[dict[str, Any]]:
    """200 instances: 160 of one task, then 5 for each line of `SEVERAL`."""
    rng = np.random.default_rng(first_seed)
    settings = [{"n_tasks": 1, "lambda_1": 0.0 if i % 2 else 1e-3} for i in range(ONE_TASK)]
    settings += [line for line in SEVERAL for _ in range(5)]
    return [
        {
            "seed": first_seed + i,
            "n": int(rng.integers(8, 21)),
            "p": int(rng.integers(50, 101)),
            "s": int(rng.integers(2, 4)),
            "rho": float(rng.choice(RHO)),
            "layout": str(rng.choice(LAYOUTS)),
            "snr": float(rng.choice([1.0, 4.0, 50.0])),
            **line,
        }
        for i, line in enumerate(settings)
    ]


def tiny_problem(instance: dict[str, Any]) -> Problem:
    """The problem of an instance."""
    settings = {key: instance[key] for key in ("lambda_1", "lambda_2", "lambda_z", "support") if key in instance}
    return problem_of(_blocks(instance), instance["s"], **settings)


def stored_tiny_optima() -> list[tuple[dict[str, Any], float, list[list[int]]]]:
    """Instance, optimal F, and the selected features per task."""
    stored = json.loads(STORED.read_text())
    return [(instance, *entry) for instance, entry in zip(tiny_instances(), stored, strict=True)]


def _blocks(instance: dict[str, Any]) -> TaskBlocks:
    rng = np.random.default_rng(instance["seed"])
    chosen = rng.permutation(instance["p"])[: instance["s"]]
    signs = rng.choice([-1.0, 1.0], instance["s"])
    X, y = [], []
    for _ in range(instance["n_tasks"]):
        x = _columns(rng, instance)
        signal = x[:, chosen] @ (signs * rng.uniform(0.5, 1.5, instance["s"]))
        X.append(x)
        y.append(signal + rng.standard_normal(instance["n"]) * signal.std() / np.sqrt(instance["snr"]))
    return blocks_of(X, y)


def _columns(rng: np.random.Generator, instance: dict[str, Any]) -> NDArray[np.float64]:
    """Correlated with their neighbours, all with one another, or sums that leave the signal in small differences."""
    n, p, rho = instance["n"], instance["p"], instance["rho"]
    if instance["layout"] == "neighbours":
        return toeplitz_normal(rng, n, p, rho)
    shared = rng.standard_normal((n, 1 if instance["layout"] == "one factor" else 3))
    loads = np.ones((shared.shape[1], p)) if shared.shape[1] == 1 else rng.standard_normal((3, p)) / np.sqrt(3)
    return np.sqrt(rho) * shared @ loads + np.sqrt(1 - rho) * rng.standard_normal((n, p))
