"""What the cross-validation from pooled to separate costs.

python benchmarks/dial_cost.py [--quick]     writes results/dial_cost.md

Processor seconds of one thread (time.process_time), best of two where it is short. Data: simulate_shared_supports.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from sparsekin import SparseMTL, simulate

PAGE = Path(__file__).resolve().parent / "results" / "dial_cost.md"
DIALS = [  # K, n per task, p, folds, what was asked
    (5, 200, 120, 10, "< 10"), (4, 250, 1000, 10, "< 60"), (20, 50, 50, 5, ""), (40, 50, 50, 5, ""),
]  # fmt: skip


def model_of(K: int, n: int, p: int, s: int = 10, q: int = 16, rng: int = 11) -> SparseMTL:
    """K tasks of n rows."""
    made = simulate.simulate_shared_supports(n_tasks=K, n=n, p=p, s=s, q=q, rng=rng)
    return SparseMTL(made.y, made.X, made.task)


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """The least processor time of a few runs."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def dials(quick: bool) -> list[str]:
    """The default cross-validation."""
    lines = ["| K | n per task | p | folds | settings | CPU s | asked | refit('best') | refit('average') |"]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for K, n, p, folds, asked in DIALS[: 1 if quick else None]:
        model, held = model_of(K, n, p, min(10, p // 5), min(16, p // 3)), []
        spent = seconds(
            lambda model=model, folds=folds, held=held: held.append(model.cross_validate(folds=folds, rng=0))
        )
        cv = held[-1]
        best, average = (seconds(lambda cv=cv, which=which: cv.refit(which)) for which in ("best", "average"))
        row = (K, n, p, folds, len(cv.settings), f"{spent:.1f}", asked, f"{best:.1f}", f"{average:.1f}")
        lines.append(f"| {' | '.join(map(str, row))} |")
        print(lines[-1], flush=True)
    return lines


def grid(quick: bool) -> str:
    """5,600 coupled fits: 4 sizes x 4 lambda_1 x 5 lambda_2 x 70 lambda_z."""
    model = model_of(5, 200, 120)
    values = {"s": [2, 4, 7, 10], "lambda_1": [0.0, 0.02, 0.1, 0.4], "lambda_2": [0.03, 0.1, 0.3, 1.0, 10.0]}
    lambda_z = np.geomspace(1e-3, 10.0, 7 if quick else 70)
    fits = 80 * len(lambda_z)
    spent = seconds(lambda: model.path(**values, lambda_z=lambda_z))
    return f"{fits:,} coupled fits (K = 5, n = 200, p = 120, s to 10; `path` with numbers): {spent:.1f} CPU s."


def main() -> None:
    """Both, into one page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="the smallest case of each; writes nothing")
    quick = parser.parse_args().quick
    page = [
        "# What the dial from pooled to separate costs",
        "",
        "Made by `benchmarks/dial_cost.py`, on one thread. Load of the machine at the start: "
        f"{os.getloadavg()[0]:.0f} on {os.cpu_count()} cores; CPU seconds grow with it.",
        "",
    ]
    page += ["## `cross_validate()` as it is", "", *dials(quick), ""]
    text = grid(quick)
    print(text, flush=True)
    page += ["## A grid of coupled fits", "", text, ""]
    if not quick:
        PAGE.write_text("\n".join(page))


if __name__ == "__main__":
    main()
