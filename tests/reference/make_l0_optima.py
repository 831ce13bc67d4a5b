"""Enumerate the exact optima of the stored L0 instances and write `l0_optima.json` (about a minute).

Run from the repository root: `PYTHONPATH=python:tests python tests/reference/make_l0_optima.py`
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from oracles.brute_force import enumerate_optimum
from reference.l0_instances import STORED, coupled_instances, separable_instances, settings_of, stored_problem

log = logging.getLogger("make_l0_optima")


def optima(kind: str, instance: dict[str, Any]) -> dict[str, Any]:
    """One entry: the seed, and [objective, selected features per task] for each of the settings of this kind."""
    found = [enumerate_optimum(stored_problem(instance, settings)) for settings in settings_of(kind)]
    log.info("%s %s", kind, instance)
    return {
        "seed": instance["seed"],
        "optima": [[best.objective, [np.flatnonzero(z).tolist() for z in best.support.T]] for best in found],
    }


def main() -> None:
    """Write the file, one instance per line."""
    kinds = {"separable": separable_instances(), "coupled": coupled_instances()}
    parts = []
    for kind, instances in kinds.items():
        lines = ",\n".join(json.dumps(optima(kind, instance)) for instance in instances)
        parts.append(f'"{kind}": [\n{lines}\n]')
    STORED.write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
