"""How the search with linked coefficients (lambda_2 > 0), and fit, path and CV, grow in the number of tasks.

python benchmarks/coupled_growth.py [--only linked verbs] [--tasks 5 10 20] [--sizes 10] [--limit 300]
    writes results/coupled_growth.md; parts not asked for stay as they are; --tasks: nothing is written

Processor seconds of one thread (time.process_time), the least of a few where it is short. Linked: one fit, n = 200 rows
per task, p = 120, every task 10 of the same 16 columns. Verbs: defaults, n = 30, p = 200, every task 5 of the same 8.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from commit import commit
from sparsekin import SparseMTL, simulate

PAGE = Path(__file__).resolve().parent / "results" / "coupled_growth.md"
TASKS = (5, 10, 20, 50, 100, 200, 500)
HEAD = """# Growth in the number of tasks

Made by `benchmarks/coupled_growth.py`: CPU seconds on one thread. Linked coefficients: one fit, n = 200 rows per task,
p = 120. Fit, path and cross-validation: the defaults, n = 30, p = 200.

"""
CASES = {  # arguments of fit
    "lambda_2 = .1": {"lambda_2": 0.1},
    "lambda_2 = 10": {"lambda_2": 10.0},
    "lambda_2 = .1, lambda_z = .05": {"lambda_2": 0.1, "lambda_z": 0.05},
    "lambda_2 = .1, common": {"lambda_2": 0.1, "support": "common"},
}
VERBS: dict[str, Callable[[SparseMTL], object]] = {
    "fit": lambda model: model.fit(5),
    "path": lambda model: model.path(),
    "cross_validate": lambda model: model.cross_validate(),
}
SHORT = 2.0  # seconds below which a fit is repeated


def model_of(K: int, s: int) -> SparseMTL:
    """K tasks whose s columns are among the same 1.6 s."""
    made = simulate.simulate_shared_supports(n_tasks=K, n=200, p=120, s=s, q=int(1.6 * s), rng=11)
    return SparseMTL(made.y, made.X, made.task)


def seconds(model: SparseMTL, s: int, case: dict[str, object]) -> tuple[float, float]:
    """Processor time and F of one fit."""
    spent = []
    while len(spent) < 3 and (not spent or spent[-1] < SHORT):
        start = time.process_time()
        fit = model.fit(s, 0.02, **case, task_weights="rows")
        spent.append(time.process_time() - start)
    return min(spent), float(fit.objective)


def growth(s: int, tasks: list[int], limit: float) -> list[str]:
    """One table; what took longer than `limit` is not tried with more tasks."""
    lines = [f"| K | {' | '.join(CASES)} |", "|---" * (len(CASES) + 1) + "|"]
    found: dict[str, list[float]] = {name: [] for name in CASES}
    for K in tasks:
        model = model_of(K, s)
        for name, case in CASES.items():
            if found[name] and not found[name][-1] < limit:
                found[name].append(np.nan)
                continue
            spent, objective = seconds(model, s, case)
            found[name].append(spent)
            print(f"s {s}  K {K}  {name}: {spent:.4f} s  F {objective:.12g}", flush=True)
        lines.append(f"| {K} | {' | '.join(_short(column[-1]) for column in found.values())} |")
    powers = [_power(tasks, column) for column in found.values()]
    return [*lines, f"| power of K | {' | '.join(powers)} |"]


def _short(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3g}"


def _power(tasks: list[int], spent: list[float]) -> str:
    there = np.isfinite(spent)
    return f"{np.polyfit(np.log(tasks)[there], np.log(spent)[there], 1)[0]:.2f}" if there.sum() > 1 else "-"


def verbs(tasks: list[int], limit: float) -> list[str]:
    """Seconds of each verb, and milliseconds per task; what would take longer than `limit` is not tried."""
    lines = [f"| K | {' | '.join(f'{name}, s | ms per task' for name in VERBS)} |", "|---" * (2 * len(VERBS) + 1) + "|"]
    found: dict[str, list[float]] = {name: [] for name in VERBS}
    for at, K in enumerate(tasks):
        made = simulate.simulate_shared_supports(n_tasks=K, n=30, p=200, s=5, q=8, rng=11)
        model, cells = SparseMTL(made.y, made.X, made.task), []
        for name, verb in VERBS.items():
            before = found[name][-1] * K / tasks[at - 1] if at else 0.0
            found[name].append(least_seconds(verb, model) if before < limit else np.nan)
            cells += [_short(found[name][-1]), _short(1e3 * found[name][-1] / K)]
            print(f"K {K}  {name}: {found[name][-1]:.4f} s", flush=True)
        lines.append(f"| {K} | {' | '.join(cells)} |")
    powers = " | ".join(f"{_power(tasks, column)} | " for column in found.values())
    return [*lines, f"| power of K | {powers}|"]


def least_seconds(verb: Callable[[SparseMTL], object], model: SparseMTL) -> float:
    """Processor time, the least of three where it is short."""
    spent: list[float] = []
    while len(spent) < 3 and (not spent or spent[-1] < SHORT):
        start = time.process_time()
        verb(model)
        spent.append(time.process_time() - start)
    return min(spent)


def main() -> None:
    """The parts asked for, into one page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", choices=("linked", "verbs"), default=["linked", "verbs"])
    parser.add_argument("--tasks", type=int, nargs="+", default=None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10])
    parser.add_argument("--limit", type=float, default=300.0)
    asked = parser.parse_args()
    old = PAGE.read_text() if PAGE.exists() else ""
    parts = dict(re.findall(r"^## (.*?)\n\n(.*?)(?=^## |\Z)", old, re.M | re.S))
    made = f"Commit {commit()}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d}."
    tasks = asked.tasks or list(TASKS)
    if "linked" in asked.only:
        for s in asked.sizes:
            parts[f"Linked coefficients, s = {s}"] = "\n".join([*growth(s, tasks, asked.limit), "", made, ""])
    if "verbs" in asked.only:
        parts["Fit, path and cross-validation"] = "\n".join([*verbs(tasks, asked.limit), "", made, ""])
    page = HEAD + "\n".join(f"## {title}\n\n{text}" for title, text in parts.items())
    print(page)
    if asked.tasks is None:
        PAGE.write_text(page)


if __name__ == "__main__":
    main()
