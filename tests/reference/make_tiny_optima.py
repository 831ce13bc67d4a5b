"""Enumerate the exact optima of the tiny correlated problems and write `tiny_optima.json` (about a minute).

Run from the repository root: `PYTHONPATH=python:tests python tests/reference/make_tiny_optima.py`
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from oracles.pair_enumeration import tiny_optimum
from reference.tiny_instances import STORED, tiny_instances, tiny_problem

log = logging.getLogger("make_tiny_optima")


def main() -> None:
    """Write the file, one instance per line: F and the selected features per task."""
    lines = []
    for instance in tiny_instances():
        best = tiny_optimum(tiny_problem(instance))
        lines.append(json.dumps([best.objective, [np.flatnonzero(z).tolist() for z in best.support.T]]))
        log.info("%s", instance)
    STORED.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
