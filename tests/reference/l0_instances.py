"""The stored instances whose exact optima `l0_optima.json` holds, regenerated from seeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracles.instances import kindred_tasks, problem_of
from sparsekin.l0.problem import Problem

STORED = Path(__file__).with_name("l0_optima.json")
LAMBDA_1 = 0.01
LAMBDA_Z = (0.0, 0.003, 0.02, 0.1, 0.5)
LAMBDA_2 = (0.05, 0.5, 1.0, 3.0, 5.0, 10.0, 100.0)


def separable_instances() -> list[dict[str, Any]]:
    """90 instances: 10 of random p (11-20), K (2-4), s (3-4) for each correlation and signal-to-noise ratio."""
    rng = np.random.default_rng(20260)
    cells = [(rho, snr) for rho in (0.0, 0.5, 0.9) for snr in (1.0, 2.5, 5.0) for _ in range(10)]
    return [
        {
            "seed": 1000 + i,
            "n": 30,
            "p": int(rng.integers(11, 21)),
            "n_tasks": int(rng.integers(2, 5)),
            "s": int(rng.integers(3, 5)),
            "rho": rho,
            "snr": snr,
        }
        for i, (rho, snr) in enumerate(cells)
    ]


def coupled_instances() -> list[dict[str, Any]]:
    """20 instances with K = 2, p = 12, s = 3: all pairs of supports can be solved."""
    return [
        {"seed": 5000 + i, "n": 30, "p": 12, "n_tasks": 2, "s": 3, "rho": rho, "snr": snr}
        for i, (rho, snr) in enumerate((rho, snr) for rho in (0.0, 0.3, 0.6, 0.9) for snr in (1.0, 2.0, 3.0, 4.0, 5.0))
    ]


def settings_of(kind: str) -> list[dict[str, Any]]:
    """Penalties and support mode of every problem made from one instance of this kind."""
    if kind == "separable":
        return [{"lambda_z": z} for z in LAMBDA_Z] + [{"support": "common"}]
    modes: list[dict[str, Any]] = [{"lambda_z": 0.0}, {"lambda_z": 0.05}, {"support": "common"}]
    return [{"lambda_2": value, **mode} for value in LAMBDA_2 for mode in modes]


def stored_problem(instance: dict[str, Any], settings: dict[str, Any]) -> Problem:
    """The problem an entry of the stored file belongs to."""
    return problem_of(kindred_tasks(**instance), instance["s"], lambda_1=LAMBDA_1, **settings)


def stored_optima() -> list[dict[str, Any]]:
    """Entries {kind, instance, settings, objective, support}; support lists the selected features per task."""
    instances = {"separable": separable_instances(), "coupled": coupled_instances()}
    by_seed = {(kind, i["seed"]): i for kind, found in instances.items() for i in found}
    stored = json.loads(STORED.read_text())
    return [
        {
            "kind": kind,
            "instance": by_seed[kind, entry["seed"]],
            "settings": settings,
            "objective": value,
            "support": chosen,
        }
        for kind, entries in stored.items()
        for entry in entries
        for settings, (value, chosen) in zip(settings_of(kind), entry["optima"], strict=True)
    ]


def as_support(chosen: list[list[int]], p: int) -> NDArray[np.bool_]:
    """(p, K) bool from the selected features per task."""
    support = np.zeros((p, len(chosen)), bool)
    for k, columns in enumerate(chosen):
        support[columns, k] = True
    return support
