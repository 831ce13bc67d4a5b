"""How the search with linked coefficients (lambda_2 > 0) grows in the number of tasks.

python benchmarks/coupled_growth.py [--tasks 5 10 20] [--sizes 10] [--limit 300]     writes results/coupled_growth.md

Processor seconds of one thread (time.process_time) for one fit, n = 200 rows per task, p = 120; the least of a few
where it is short. Data: simulate_shared_supports, every task 10 of the same 16 columns. --tasks: nothing is written.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from sparsekin import SparseMTL, simulate

PAGE = Path(__file__).resolve().parent / "results" / "coupled_growth.md"
TASKS = (5, 10, 20, 50, 100, 200, 500)
CASES = {  # arguments of fit
    "lambda_2 = .1": {"lambda_2": 0.1},
    "lambda_2 = 10": {"lambda_2": 10.0},
    "lambda_2 = .1, lambda_z = .05": {"lambda_2": 0.1, "lambda_z": 0.05},
    "lambda_2 = .1, common": {"lambda_2": 0.1, "support": "common"},
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


def main() -> None:
    """Tables of all sizes, into one page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, nargs="+", default=None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10])
    parser.add_argument("--limit", type=float, default=300.0)
    asked = parser.parse_args()
    page = [
        "# The linked search over the number of tasks",
        "",
        "Made by `benchmarks/coupled_growth.py`: CPU seconds of one fit on one thread, n = 200 rows per task, p = 120. "
        f"Load of the machine at the start: {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores.",
        "",
    ]
    for s in asked.sizes:
        page += [f"## s = {s}", "", *growth(s, asked.tasks or list(TASKS), asked.limit), ""]
    print("\n".join(page))
    if asked.tasks is None:
        PAGE.write_text("\n".join(page))


if __name__ == "__main__":
    main()
