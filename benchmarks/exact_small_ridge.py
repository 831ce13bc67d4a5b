"""Proofs at small ridges with more features than rows: what closes, how long a node takes, and where a gap stays.

python benchmarks/exact_small_ridge.py [--limit SECONDS] [--quick] [--only ROW ...]
    writes results/exact_small_ridge.md

Rows asked for replace those of the page; --quick runs the small ones and writes nothing. CPU seconds of one thread
(time.process_time); the limit is a wall clock of `--limit` seconds.
"""

from __future__ import annotations

import argparse
import datetime
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from commit import commit
from exact_design import percent, simulated, start
from sparsekin.l0.exact.certify import certify

PAGE = Path(__file__).resolve().parent / "results" / "exact_small_ridge.md"
CASES: list[dict[str, Any]] = [
    {"p": 1000, "lambda_1": 0.02},
    {"p": 1000, "lambda_1": 0.01},
    {"p": 2500, "lambda_1": 0.02},
    {"p": 2500, "lambda_1": 0.01},
    {"p": 2500, "lambda_1": 0.01, "n_tasks": 1},
    {"p": 10_000, "lambda_1": 0.05},
    {"p": 10_000, "lambda_1": 0.02},
    {"p": 10_000, "lambda_1": 0.02, "n_tasks": 1},
    {"p": 10_000, "lambda_1": 0.1, "n": 200},
    {"p": 100_000, "lambda_1": 0.3},
    {"p": 100_000, "lambda_1": 0.2},
    {"p": 100_000, "lambda_1": 0.1},
]
QUICK = (0, 1, 4)
HEADER = (
    "| n | p | K | s | lambda_1 | correlation | CPU s | nodes | ms per node | gap of the root | gap | status, route "
    "| commit, date |"
)
HEAD = """# Proofs at small ridges

Made by `benchmarks/exact_small_ridge.py`. Design of `benchmarks/exact_design.py` (AR(1) columns, SNR 5, lambda_z .05
with several tasks), started from the support of the search; a gap of 1e-4 is asked for (0: closed).
CPU seconds of one thread, reading the data and roots included, so `ms per node` is all of it over the nodes.

<!-- table -->

"""


def row(settings: dict[str, Any], limit: float) -> str:
    """One line of the table."""
    problem = simulated(**settings)
    supports, _ = start(problem)
    _, root = certify(problem, supports, root_only=True, time_limit=limit)
    began = time.process_time()
    _, proof = certify(problem, supports, time_limit=limit)
    spent = time.process_time() - began
    each = f"{1e3 * spent / proof.nodes:.0f}" if proof.nodes else "-"
    found = (f"{spent:.1f}", proof.nodes, each, percent(root.gap), percent(proof.gap), f"{proof.status}, {proof.route}")
    return f"{start_of(settings)} {' | '.join(map(str, found))} |"


def start_of(settings: dict[str, Any]) -> str:
    """The cells of a line that say what was proven."""
    n, K, s = (settings.get(name, default) for name, default in (("n", 500), ("n_tasks", 5), ("s", 5)))
    return f"| {n} | {settings['p']:,} | {K} | {s} | {settings['lambda_1']:g} | {settings.get('rho', 0.5)} |"


def key(line: str) -> str:
    """The same of a line."""
    return "|".join(line.split("|")[:7]) + "|"


def main() -> None:
    """Run the rows asked for and put them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=float, default=300.0, help="seconds per row")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", type=int, nargs="+", default=None, help="numbers of rows, from 0")
    asked = parser.parse_args()
    wanted = QUICK if asked.quick else asked.only or range(len(CASES))
    old = PAGE.read_text() if PAGE.exists() else ""
    lines = {key(line): line for line in old.splitlines() if line.startswith("| ") and line != HEADER}
    for i in wanted:
        made = f"{commit()}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
        line = row(CASES[i], asked.limit)
        print(line, flush=True)
        if asked.quick:
            continue
        lines[key(line)] = f"{line} {made} |"
        order = [key(known) for known in map(start_of, CASES)]
        table = [HEADER, "|---" * 13 + "|", *(lines[name] for name in order if name in lines)]
        PAGE.write_text(HEAD + "\n".join(table) + "\n")


if __name__ == "__main__":
    main()
