"""Bands of curves by half-samples of a multi-task HAL: coverage where the curves are known.

python benchmarks/hal_bands.py [--only NAME ...] [--sets 40]     adds to results/hal_bands.csv (it goes on where the
last run stopped) and writes results/hal_bands.md.

3 tasks of 150 rows, 5 uniform columns: a sine, a step and a line of the first three, each in two sizes over the tasks
(1 and .6 times sin 1.5 x; 1.2 and .7 at x > .3; .5 x and .4 x), nothing of the others; noise of sd 1 or .4. Main
effects at the default knots, the lambda that is best in 5-fold cross-validation, or the largest within a standard error
of it; `stability(pairs=25)`. Coverage is of the true curve, mean 0 over the rows, at 13 points from -1.8 to 1.8, over
all tasks. Errors are of the middle of the band, and of the fit's own curve.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from sparsekin import MTHAL

HERE = Path(__file__).parent
CSV, PAGE = HERE / "results" / "hal_bands.csv", HERE / "results" / "hal_bands.md"
K, ROWS, COLUMNS = 3, 150, 5
AT = np.linspace(-1.8, 1.8, 13)
CURVES = {
    "sine": (lambda x: np.sin(1.5 * x), (1.0, 1.0, 0.6)),
    "step": (lambda x: 1.2 * (x > 0.3), (1.0, 1.0, 0.6)),
    "line": (lambda x: 0.5 * x, (1.0, 0.8, 1.0)),
}
DESIGNS = {
    "hinges, noise 1": {"order": 1, "noise": 1.0},
    "hinges, noise .4": {"order": 1, "noise": 0.4},
    "hinges, noise 1, 1-SE lambda": {"order": 1, "noise": 1.0, "which": "1se"},
    "steps, noise 1": {"order": 0, "noise": 1.0},
}


def one(name: str, seed: int) -> list[dict[str, float]]:
    """A row per curve."""
    design = DESIGNS[name]
    rng = np.random.default_rng([seed, 17])
    X, task = rng.uniform(-2, 2, (K * ROWS, COLUMNS)), np.repeat(np.arange(K), ROWS)
    y = design["noise"] * rng.standard_normal(K * ROWS)
    for j, (curve, sizes) in enumerate(CURVES.values()):
        y += np.array(sizes)[task] * curve(X[:, j])
    model = MTHAL(y, X, task, order=design["order"], max_degree=1)
    fit = model.cross_validate(folds=5, n_lambda=50, rng=seed).refit(design.get("which", "best"))
    started = time.process_time()
    sure = fit.stability(pairs=25, rng=seed)
    cpu = time.process_time() - started
    rows = []
    for j, (curve_name, (curve, sizes)) in enumerate(CURVES.items()):
        band, variable = sure.band(f"x{j + 1}"), f"x{j + 1}"
        own = fit.curve(variable, AT) - fit.curve(variable, X[:, j]).mean()
        row: dict[str, float] = {"told": 0, "covered": 0, "width": 0, "error": 0, "own_error": 0}
        for k in range(K):
            truth = sizes[k] * (curve(AT) - curve(X[:, j]).mean())
            ends = [np.interp(AT, band.index, band[k, what]) for what in ("estimate", "lower", "upper")]
            there = np.isfinite(ends[1])
            row["told"] += there.sum()
            row["covered"] += ((ends[1] <= truth) & (truth <= ends[2]) & there).sum()
            row["width"] += np.nansum(ends[2] - ends[1])
            row["error"] += np.nansum((ends[0] - truth) ** 2)
            row["own_error"] += np.sum((own[k].to_numpy() - truth) ** 2)
        rows.append({
            "design": name, "seed": seed, "curve": curve_name, "cpu": cpu, "functions": fit.basis.size, **row,
            "frequency": sure.variable_frequency.loc[variable, "any"],
            "noise_frequency": sure.variable_frequency["any"].iloc[len(CURVES) :].mean(),
        })  # fmt: skip
    return rows


def page(table: pd.DataFrame) -> str:
    """The results as a table."""
    heads = ["design", "curve", "sets", "coverage 95 %", "width", "rms error of the held-out curve", "of the fit's",
             "functions", "share of half-samples with it", "with a variable that does nothing", "CPU s"]  # fmt: skip
    lines = [heads, ["---"] * len(heads)]
    for (name, curve), part in table.groupby(["design", "curve"], sort=False):
        covers, points = part["covered"] / part["told"], part["told"].sum()
        lines.append([
            name, curve, len(part), f"{covers.mean():.3f} ({covers.sem():.3f})", f"{part['width'].sum() / points:.2f}",
            f"{np.sqrt(part['error'].sum() / points):.2f}", f"{np.sqrt(part['own_error'].sum() / points):.2f}",
            f"{part['functions'].median():.0f}", f"{part['frequency'].mean():.2f}",
            f"{part['noise_frequency'].mean():.2f}", f"{part['cpu'].median():.1f}",
        ])  # fmt: skip
    text = ["# Bands of curves by half-samples, truth known", "", "Monte-Carlo standard errors in brackets.", ""]
    return "\n".join([*text, *(f"| {' | '.join(map(str, line))} |" for line in lines), ""])


def main() -> None:
    """Go on where the last run stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=list(DESIGNS))
    parser.add_argument("--sets", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=np.inf)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    table = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame(columns=["design", "seed"])
    done = set(zip(table["design"], table["seed"], strict=True))
    started = time.monotonic()
    for seed in range(asked.sets):
        for name in asked.only:
            if (name, seed) in done or time.monotonic() - started > 60 * asked.minutes:
                continue
            table = pd.concat([table, pd.DataFrame(one(name, seed))])
            table.to_csv(CSV, index=False)
    PAGE.write_text(page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
