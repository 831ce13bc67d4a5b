"""What the cross-validation from pooled to separate costs.

python benchmarks/dial_cost.py [--quick] [--only small | edge | dials | grid ...]     writes results/dial_cost.md

Processor seconds of one thread (time.process_time). "small": sets of `pooling_sets.py`, the dial and the default before
in turn, the least of `--times` runs of each. The default before is that of `pool_share_separate.py`: shared supports
with s and lambda_z tuned and no ridge, all settings on 5 folds and on all rows. The dial is
`cross_validate(folds=5)` and `refit("average")`. Both begin with the model and make grid and folds themselves.
"edge": the same on a split where the best ridge is the largest, so that larger ones are tried as well. The others:
simulate_shared_supports. Sections that are not asked for stay as they are.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import pool_share_separate as judged
from pooling_sets import SETS
from sparsekin import SparseMTL, simulate
from sparsekin.tuning.sparse.baselines.methods import methods
from sparsekin.tuning.sparse.baselines.run import run_methods
from sparsekin.tuning.sparse.grid import make_grid

PAGE = Path(__file__).resolve().parent / "results" / "dial_cost.md"
DIALS = [  # K, n per task, p, folds, what was asked
    (5, 200, 120, 10, "< 10"), (4, 250, 1000, 10, "< 60"), (20, 50, 50, 5, ""), (40, 50, 50, 5, ""),
]  # fmt: skip
SECTIONS = ["small", "edge", "dials", "grid"]
SMALL = [
    "pooled, R2 0.3", "partly, R2 0.3", "separate, R2 0.8", "supports, q 10", "supports, q 30", "disjoint", "CSF tau",
    "exposome z-BMI",
]  # fmt: skip
EDGE = "12 drugs"
SEED, EDGE_SEED = 2000, 2001


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


def default_before(model: SparseMTL, seed: int) -> None:
    """Shared supports, s and lambda_z tuned, no ridge."""
    problem = model._problem("heterogeneous", "auto", 1)
    asked = [
        one
        for one in methods(problem, make_grid(problem, "auto", 0.0, 0.0, "auto"), 1)
        if one.name == "shared supports"
    ]
    runs = run_methods(problem.blocks, asked, model._folds("within-task", judged.FOLDS, None, seed), "rmse")
    judged.refit(model, asked[0], asked, {run.name: judged.choose(run, "rmse") for run in runs})


def dial(model: SparseMTL, seed: int) -> None:
    """What there is now."""
    model.cross_validate(folds=judged.FOLDS, rng=seed).refit("average")


def beside(names: list[str], seed: int, times: int) -> list[str]:
    """The dial beside the default before."""
    lines = ["| set | rows | features | default before | dial | ratio |", "|---|---|---|---|---|---|"]
    for name in names:
        if not SETS[name].there:
            continue
        train = SETS[name].make(seed)[0]
        model = judged.model_of(train)
        ways = [partial(default_before, model, seed), partial(dial, model, seed)]
        spent = np.array([[seconds(way) for way in ways] for _ in range(times)])
        before, now = spent.min(axis=0)
        row = (name, len(train.y), train.X.shape[1], f"{before:.2f}", f"{now:.2f}", f"{now / before:.2f}")
        lines.append(f"| {' | '.join(map(str, row))} |")
        print(lines[-1], flush=True)
    return lines


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


def load() -> str:
    """Of the machine: processor seconds grow with it."""
    return f"Load of the machine at the start: {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores."


def sections() -> dict[str, str]:
    """What the page says already, by head."""
    parts = PAGE.read_text().split("\n## ")[1:] if PAGE.exists() else []
    return dict(part.split("\n\n", 1) for part in parts)


def main() -> None:
    """What is asked for, into one page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="the smallest case of each; writes nothing")
    parser.add_argument("--only", nargs="*", default=SECTIONS, choices=SECTIONS)
    parser.add_argument("--times", type=int, default=4)
    asked = parser.parse_args()
    few = SMALL[: 1 if asked.quick else None]
    made: dict[str, tuple[str, Any]] = {
        "small": ("Small sets: the default and the default before", lambda: beside(few, SEED, asked.times)),
        "edge": ("Where larger ridges are tried", lambda: beside([EDGE], EDGE_SEED, asked.times)),
        "dials": ("`cross_validate()` as it is", lambda: dials(asked.quick)),
        "grid": ("A grid of coupled fits", lambda: [grid(asked.quick)]),
    }
    page = sections()
    for name in asked.only:
        head, work = made[name]
        page[head] = "\n".join([load(), "", *work()])
    text = ["# What the dial from pooled to separate costs", "Made by `benchmarks/dial_cost.py`, on one thread."]
    text += [f"## {head}\n\n{page[head].strip()}" for head, _ in made.values() if head in page]
    if asked.quick:
        print("\n\n".join(text))
    else:
        PAGE.write_text("\n\n".join(text) + "\n")


if __name__ == "__main__":
    main()
