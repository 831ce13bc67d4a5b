"""How the time of an MTHAL path grows in n, d, K and degree.

python benchmarks/hal_growth.py     writes results/hal-growth.md and docs/images/hal-growth.png

One size is changed at a time around n = 1000, d = 10, K = 3, degree 2, hinges at the default knots; a path is 50
lambdas from the largest to a hundredth of it, at a duality gap of 1e-6. Processor seconds of one thread, the least of
three runs.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from hal import made
from sparsekin import MTHAL

ROOT = Path(__file__).resolve().parents[1]
PAGE, IMAGE = ROOT / "benchmarks" / "results" / "hal-growth.md", ROOT / "docs" / "images" / "hal-growth.png"
BASE = {"n": 1000, "d": 10, "K": 3, "degree": 2}
SIZES = {
    "n": [500, 1000, 2000, 4000, 8000, 16000, 32000, 64000],
    "d": [5, 10, 20, 40, 60],
    "K": [1, 2, 4, 8, 16],
    "degree": [1, 2, 3, 4],
}


def run(size: dict[str, int]) -> dict[str, float]:
    """One path."""
    X, Y = made(size["n"], size["d"], size["K"])
    seconds = []
    for _ in range(3):
        start = time.process_time()
        model = MTHAL(Y, X, max_degree=size["degree"])
        path = model.path(model.lambda_max * np.geomspace(1, 1e-2, 50))
        seconds.append(time.process_time() - start)
    table = path.table
    return {
        "functions": model.n_functions,
        "selected": int(table["selected"].iloc[-1]),
        "seconds": min(seconds),
        "gap": table["gap"].max(),
    }


def slope(part: pd.DataFrame, name: str) -> float:
    """Exponent of a power law through the times."""
    return float(np.polyfit(np.log(part[name]), np.log(part["seconds"]), 1)[0])


def draw(found: pd.DataFrame) -> None:
    """A panel per size."""
    figure, axes = plt.subplots(1, 4, figsize=(11, 2.9), sharey=True, layout="constrained")
    for ax, name in zip(axes, SIZES, strict=True):
        part = found[found["changed"] == name]
        ax.loglog(part[name], part["seconds"], "o-", color="#2c3e50", linewidth=1.5, markersize=4)
        ax.set_xlabel(name)
        ax.set_xticks(part[name], [f"{v // 1000}k" if v >= 1000 else str(v) for v in part[name]], fontsize=7)
        ax.minorticks_off()
        law = "" if name == "degree" else f"seconds ~ {name}^{slope(part, name):.1f}"
        ax.set_title(law, loc="left", fontsize=9)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("processor seconds of a path")
    figure.savefig(IMAGE, dpi=130)


def write(found: pd.DataFrame) -> None:
    """The table."""
    exponents = ", ".join(
        f"{slope(found[found['changed'] == name], name):.1f} in {name}" for name in SIZES if name != "degree"
    )
    lines = [
        "One size changed at a time; 50 lambdas from the largest to a hundredth of it, duality gap 1e-6, one thread, "
        "hinges at the default knots.",
        f"Exponents of power laws fitted to these times: {exponents}.",
        "",
        "| n | d | K | degree | functions | selected at the end | processor s | largest gap |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found.drop_duplicates(list(BASE)).itertuples():
        lines.append(
            f"| {row.n} | {row.d} | {row.K} | {row.degree} | {row.functions} | {row.selected} | {row.seconds:.2f} | "
            f"{row.gap:.0e} |"
        )
    PAGE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    run(BASE | {"n": 200})  # first calls load libraries
    rows = [
        {"changed": name} | (size := BASE | {name: value}) | run(size)
        for name, values in SIZES.items()
        for value in values
    ]
    found = pd.DataFrame(rows)
    draw(found)
    write(found)
