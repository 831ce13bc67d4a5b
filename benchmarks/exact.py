"""Certified optima: over a grid, against other exact routes, and how often the search had the optimum already.

python benchmarks/exact.py [--limit SECONDS] [--only grid routes l0bnb search]
    writes results/exact.md (the sections asked for) and, with the grid, docs/images/exact-gap.png
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from exact_design import DEMO, described, percent, simulated, start
from exact_routes import l0bnb_table, routes_table
from sparsekin.l0.exact.certify import certify
from sparsekin.l0.problem import Problem

HERE = Path(__file__).resolve().parent
REPORT, PLOT = HERE / "results" / "exact.md", HERE.parent / "docs" / "images" / "exact-gap.png"
GRID: list[dict[str, Any]] = [
    *({"p": 1000, "lambda_1": a} for a in (0.1, 0.05, 0.02, 0.01)),
    *({"p": 2500, "lambda_1": a} for a in (0.1, 0.05, 0.02, 0.01)),
    *({"p": 10_000, "lambda_1": a} for a in (0.1, 0.05, 0.02)),
    {"p": 1000, "lambda_1": 0.1, "n": 200},
    {"p": 10_000, "lambda_1": 0.1, "n": 200},
    {"p": 1000, "lambda_1": 0.1, "n_tasks": 10},
    {"p": 1000, "lambda_1": 0.1, "s": 10},
    {"p": 2500, "lambda_1": 0.1, "s": 10},
    {"p": 1000, "lambda_1": 0.05, "rho": 0.2},
    {"p": 1000, "lambda_1": 0.05, "rho": 0.9},
    *({"p": 1000, "lambda_1": 0.05, "lambda_z": z} for z in (0.0, 0.01, 0.2, 0.5)),
    *({"p": p, "lambda_1": 0.2, "snr": 1.0} for p in (1000, 10_000)),
    DEMO,
    {**DEMO, "seed": 2},
    {**DEMO, "seed": 3},
    {**DEMO, "p": 450},
    *({"p": 200, "lambda_1": 1e-6, "rho": rho, "snr": 1.0} for rho in (0.4, 0.9)),
    {"p": 50, "n": 100, "n_tasks": 2, "lambda_1": 1e-6, "rho": 0.8, "snr": 1.0},
]
DRAWN = (0, 1, 2, 5, 6, 17, 18, 22)  # of the grid, in the plot
GROUPS: dict[str, Callable[[int], Problem]] = {
    "p 50, K 3, n 100, SNR 5, lambda_1 .05": lambda i: simulated(50, n=100, n_tasks=3, lambda_1=0.05, seed=i),
    "p 200, K 4, n 150, SNR 3, lambda_1 .1": lambda i: simulated(200, n=150, n_tasks=4, snr=3.0, lambda_1=0.1, seed=i),
    "p 50, K 2, n 100, SNR 1, rho .8, lambda_1 .1": lambda i: simulated(
        50, n=100, n_tasks=2, snr=1.0, rho=0.8, lambda_1=0.1, seed=i
    ),
    "p 100, K 3, n 80, SNR 1, s 8, lambda_1 .5": lambda i: simulated(
        100, n=80, n_tasks=3, snr=1.0, s=8, lambda_1=0.5, seed=i
    ),
    "p 500, K 5, n 500, SNR 5, lambda_1 .1": lambda i: simulated(500, lambda_1=0.1, seed=i),
}
Trace = list[tuple[float, float]]  # seconds, gap


def grid_table(limit: float) -> list[str]:
    """One line per instance; draws the gaps of some of them over time."""
    lines = [
        f"| instance ({limit:g} s each) | search, s | gap of the root | gap | seconds | nodes | status "
        "| search was optimal |",
        "|---|---|---|---|---|---|---|---|",
    ]
    traces: dict[str, Trace] = {}
    for i, settings in enumerate(GRID):
        problem = simulated(**settings)
        began = time.perf_counter()
        supports, value = start(problem)
        searched = time.perf_counter() - began
        _, root = certify(problem, supports, root_only=True, time_limit=limit)
        trace: Trace = []
        began = time.perf_counter()
        _, proof = certify(
            problem, supports, time_limit=limit,
            report=lambda bound, best, t=trace, b=began: t.append((time.perf_counter() - b, 1 - bound / best)),
        )  # fmt: skip
        same = "yes" if value - proof.objective <= 1e-9 * value else "no"
        lines.append(
            f"| {described(settings)} | {searched:.2f} | {percent(root.gap)} | {percent(proof.gap)} "
            f"| {proof.seconds:.2f} | {proof.nodes} | {proof.status} | {same if proof.status == 'optimal' else '-'} |"
        )
        print(lines[-1], flush=True)
        if i in DRAWN:
            traces[described(settings)] = [*trace, (proof.seconds, proof.gap)]
    draw(traces)
    return lines


def draw(traces: dict[str, Trace], floor: float = 1e-4) -> None:
    """Gap over time, both axes logarithmic; a dot where the gap was closed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5), layout="constrained")
    ax = figure.subplots()
    ends = []
    for name, trace in traces.items():
        seconds, gaps = np.maximum(np.transpose(trace), [[1e-2], [floor]])
        (line,) = ax.step(seconds, gaps, where="post", lw=1.8)
        closed = gaps[-1] <= floor
        ax.plot(seconds[-1], gaps[-1], "o" if closed else ">", color=line.get_color(), clip_on=False)
        ends.append((seconds[-1], gaps[-1], name, line.get_color()))
    ax.set(xscale="log", yscale="log", xlabel="seconds", ylabel="proven gap", ylim=(floor, 1))
    label_ends(ax, ends, floor)
    ax.xaxis.set_major_formatter(lambda seconds, _: f"{seconds:g}")
    ax.yaxis.set_major_formatter(lambda gap, _: "closed" if gap <= floor else f"{100 * gap:g} %")
    ax.spines[["top", "right"]].set_visible(False)
    PLOT.parent.mkdir(exist_ok=True)
    figure.savefig(PLOT, dpi=150)


def label_ends(ax: Any, ends: list[tuple[float, float, str, str]], floor: float) -> None:
    """Names to the right of the axes, in the order of the ends (closed ones by time), far enough apart to be read."""
    ranked = sorted(ends, key=lambda end: (end[1] <= floor, -end[1], -end[0]))
    height = 0.97
    for _, gap, name, color in ranked:
        height = min(height, 0.02 + 0.95 * (1 - np.log10(gap) / np.log10(floor)) if gap > floor else height)
        text = name if gap > floor else f"{name} (closed)"
        ax.annotate(text, (1.02, height), xycoords="axes fraction", color=color, va="center", annotation_clip=False)
        height -= 0.065


def search_table(limit: float, count: int = 60) -> list[str]:
    """How often the search had the optimum already."""
    lines = ["| group | certified | search was optimal | largest excess |", "|---|---|---|---|"]
    every: list[float] = []
    for name, make in GROUPS.items():
        excesses = []
        for seed in range(count):
            problem = make(seed)
            supports, value = start(problem)
            _, proof = certify(problem, supports, time_limit=limit)
            if proof.status == "optimal":
                excesses.append(max(value / proof.objective - 1.0, 0.0))
        lines.append(counted(name, excesses, count))
        every += excesses
        print(lines[-1], flush=True)
    return [*lines, counted("all", every, count * len(GROUPS))]


def counted(name: str, excesses: list[float], count: int) -> str:
    """A line of `search_table`."""
    optimal = sum(excess <= 1e-9 for excess in excesses)
    return f"| {name} | {len(excesses)} of {count} | {optimal} | {percent(max(excesses, default=0.0))} |"


SECTIONS: dict[str, tuple[str, Callable[[float], list[str]]]] = {
    "grid": ("Over the grid", grid_table),
    "routes": ("Other exact routes from the same incumbent", routes_table),
    "l0bnb": ("One task, against l0bnb", l0bnb_table),
    "search": ("How often the search had the optimum already", lambda limit: search_table(min(limit, 4.0))),
}
HEAD = """# Certified optima

Gap asked: 1e-4 (0: closed). Design: K 5, n 500 per task, s 5, one private feature per task, rho .5, SNR 5, lambda_z .05
unless said. Wall seconds unless said, on a machine with 2 cores.
"""


def main() -> None:
    """Run the sections and put them into the report; the docs include what stands between the marks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=float, default=20.0, help="seconds per instance and route")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parsed = parser.parse_args()
    old = REPORT.read_text() if REPORT.exists() else ""
    parts = {name: found[1] for name in SECTIONS if (found := re.search(f"<!-- {name} -->\n(.*?)<!-- end", old, re.S))}
    for name in parsed.only:
        title, make = SECTIONS[name]
        print(title, flush=True)
        parts[name] = f"\n## {title}\n\n" + "\n".join(make(parsed.limit)) + "\n\n"
        marked = (f"<!-- {name} -->\n{parts[name]}<!-- end {name} -->\n" for name in SECTIONS if name in parts)
        REPORT.write_text("\n".join([HEAD, *marked]))


if __name__ == "__main__":
    main()
