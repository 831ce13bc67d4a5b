"""The evidence: every experiment, its replicates and its page.

    python benchmarks/evidence/run.py [--quick] [--only NAME ...] [--minutes M] [--jobs J] [--table] [--list]

Rows are added to benchmarks/results/evidence/NAME.csv as they are made, so that a run can be stopped and goes on; pages
are written from the rows there are. --quick: a tenth of the replicates, fewer designs, into build/evidence. --minutes:
of each experiment. --table: only the pages.
"""

from __future__ import annotations

import argparse
import importlib

from experiment import ROOT, Experiment, run, write

MODULES = (
    "sharing",
    "published",
    "cohorts",
    "mthal",
    "mthal_rate",
    "treatment",
    "unseen_study",
    "misspecification",
    "speed",
)  # in the order of the pages


def experiments() -> dict[str, Experiment]:
    """All of them by name."""
    return {one.name: one for name in MODULES for one in importlib.import_module(name).EXPERIMENTS}


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = experiments()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", default=list(known), choices=list(known), metavar="NAME")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    folder = ROOT / "build" / "evidence" if asked.quick else ROOT / "benchmarks" / "results" / "evidence"
    for name in asked.only:
        one = known[name]
        if asked.list:
            print(f"{name}: {one.title} ({len(one.cells)} designs, {one.sets} replicates)")
        elif asked.table:
            write(one, folder, asked.quick)
        else:
            run(one, folder, quick=asked.quick, minutes=asked.minutes, jobs=asked.jobs)


if __name__ == "__main__":
    main()
