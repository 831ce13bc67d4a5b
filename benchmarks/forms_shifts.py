"""Shifts of tasks by a mixed form: how often the bootstrap's intervals hold them, truth known.

python benchmarks/forms_shifts.py [--only NAME ...] [--sets 5]     adds to results/forms_shifts.csv (it goes on where
the last run stopped) and writes results/forms_shifts.md.

Ten tasks of n rows: three outcomes, 20 normal columns with slopes of sd .4, noise of sd 1, effects of tasks of sd 1 or
.3; in "columns shifted" a task's columns have means of their own, of sd .5, and in "latent" columns and outcomes come
from five common codes. d by `cross_validate(target="y")` among 5, 10 and 20, then `bootstrap(100, level=.95)`. The
truth is a task's effect less the mean effect, which the fit's level holds. Seeds start at 900.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from sparsekin import MixedForms

HERE = Path(__file__).parent
CSV, PAGE = HERE / "results" / "forms_shifts.csv", HERE / "results" / "forms_shifts.md"
TASKS, OUTCOMES, COLUMNS = 10, 3, 20
DESIGNS = {
    "n 40": {},
    "n 15": {"n": 15},
    "n 40, effects .3": {"effect": 0.3},
    "n 40, columns shifted": {"shifted": 0.5},
    "n 40, latent": {"latent": True},
}


def one(name: str, seed: int) -> dict[str, float]:
    """Coverage, width and errors of one data set."""
    design = {"n": 40, "effect": 1.0, "shifted": 0.0, "latent": False} | DESIGNS[name]
    rng = np.random.default_rng([seed, list(DESIGNS).index(name)])
    task = np.repeat(np.arange(TASKS), int(design["n"]))
    X = rng.standard_normal((len(task), COLUMNS))
    B = 0.4 * rng.standard_normal((COLUMNS, OUTCOMES))
    if design["latent"]:
        codes, loadings = rng.standard_normal((len(task), 5)), rng.standard_normal((5, COLUMNS))
        X = codes @ loadings + X
        signal = codes @ rng.standard_normal((5, OUTCOMES))
    else:
        X += design["shifted"] * rng.standard_normal((TASKS, COLUMNS))[task]
        signal = X @ B
    effect = design["effect"] * rng.standard_normal((TASKS, OUTCOMES))
    Y = signal + effect[task] + rng.standard_normal((len(task), OUTCOMES))
    truth = (effect - effect.mean(axis=0)).ravel()

    started = time.process_time()
    model = MixedForms(Y, X, task=task)
    chosen = model.cross_validate(d=(5, 10, 20), folds=5, target="y", rng=seed).best
    found = model.fit(**chosen).bootstrap(100, rng=seed).shift_intervals
    assert found is not None
    low, high, estimate = (found[name].to_numpy() for name in ("conf_low", "conf_high", "estimate"))
    return {
        "d": chosen["d"], "cpu": time.process_time() - started, "coverage": np.mean((low <= truth) & (truth <= high)),
        "width": np.median(high - low), "slope": float(estimate @ truth / (truth @ truth)),
        "rmse": float(np.sqrt(np.mean((estimate - truth) ** 2))),
    }  # fmt: skip


def page(table: pd.DataFrame) -> str:
    """The results as a table."""
    text = ["# Shifts of tasks by a mixed form, truth known", "", "Monte-Carlo standard errors in brackets.", ""]
    heads = ["design", "sets", "coverage 95 %", "width", "shift per unit of the truth", "RMSE", "d, median", "CPU s"]
    rows = [heads, ["---"] * len(heads)]
    for name in DESIGNS:
        part = table[table["design"] == name]
        if part.empty:
            continue
        share = f"{part['coverage'].mean():.3f} ({part['coverage'].sem():.3f})"
        middle = [f"{part[column].median():.2f}" for column in ("width", "slope", "rmse")]
        rows.append([name, str(len(part)), share, *middle, f"{part['d'].median():.0f}", f"{part['cpu'].median():.1f}"])
    return "\n".join([*text, *(f"| {' | '.join(row)} |" for row in rows), ""])


def main() -> None:
    """Go on where the last run stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=list(DESIGNS))
    parser.add_argument("--sets", type=int, default=5)
    asked = parser.parse_args()
    table = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame(columns=["design", "seed"])
    done = set(zip(table["design"], table["seed"], strict=True))
    for seed in range(900, 900 + asked.sets):
        for name in asked.only:
            if (name, seed) not in done:
                table = pd.concat([table, pd.DataFrame([{"design": name, "seed": seed, **one(name, seed)}])])
                table.to_csv(CSV, index=False)
    PAGE.write_text(page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
