"""Prediction intervals of new rows of the tasks of a fit: coverage and width, truth known.

python benchmarks/prediction_intervals.py [--only NAME ...] [--sets 40] [--tuned 20]     adds to
results/prediction_intervals.csv (it goes on where the last run stopped) and writes results/prediction_intervals.md. The
first 20 sets of each design are tuned inside as well, which takes a hundred times as long.

4 tasks (or 2) of n rows, 50 AR(1) columns (or 15; rho .5), 4 of 6 candidates active in each task with slopes of .3 to
.8, half of these with one slope in all tasks; s and lambda_z by 5-fold cross-validation at lambda_1 = 1e-3. Noise of
variance 1: normal, Student's t with 3 degrees of freedom, or of sd .4 + .6 x1^2 scaled to variance 1 on average. "As
if chosen": fitted value +- t sd of the refit of each task on its selected columns, which knows of no selection.
Coverage is of 500 new rows of each task; its spread over data sets is that of the mean over tasks. "curves": a
`MTHAL` of 2 tasks, a sine and a line of two of four columns, lambda by cross-validation. Seeds start at 300.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import statsmodels.api as sm

from sparsekin import MTHAL, SparseMTL

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from inference.cases import ar1, kindred  # noqa: E402

CSV, PAGE = HERE / "results" / "prediction_intervals.csv", HERE / "results" / "prediction_intervals.md"
LEVEL, NEW = 0.9, 500
GRID = {"s": [1, 2, 4, 6, 8], "lambda_1": 1e-3, "lambda_2": 0, "lambda_z": [0, 0.05, 0.15, 0.4], "folds": 5}
CPU = ("cv_plus", "tuned")
DESIGNS = {
    "n 30": {"n": 30}, "n 50": {"n": 50}, "n 100": {"n": 100},
    "n 30, 2 tasks, 15 columns": {"n": 30, "K": 2, "columns": 15},
    "n 50, t3 noise": {"n": 50, "noise": "t3"}, "n 50, sd changes with x1": {"n": 50, "noise": "changing"},
    "n 60, curves": {"n": 60, "curves": True},
}  # fmt: skip


def errors(rng: np.random.Generator, X: np.ndarray, kind: str) -> np.ndarray:
    """Of variance 1, on average over rows."""
    if kind == "t3":
        return rng.standard_t(3, len(X)) / np.sqrt(3)
    z = rng.standard_normal(len(X))
    return z * (0.4 + 0.6 * X[:, 0] ** 2) / np.sqrt(0.16 + 0.48 + 0.36 * 3) if kind == "changing" else z


def as_if_chosen(fit: object, X: list, y: list, new: list) -> list[np.ndarray]:
    """Intervals of least squares on the selected columns."""
    out = []
    for k, S in enumerate(fit.support.to_numpy().T):
        found = sm.OLS(y[k], sm.add_constant(X[k][:, S], has_constant="add")).fit()
        told = found.get_prediction(sm.add_constant(new[k][:, S], has_constant="add"))
        out.append(told.conf_int(obs=True, alpha=1 - LEVEL))
    return out


def one(name: str, seed: int, retune: bool) -> dict[str, float]:
    """Coverage and width by method."""
    design = DESIGNS[name]
    n, kind = design["n"], design.get("noise", "normal")
    rng = np.random.default_rng([seed, 29])
    if design.get("curves"):
        return curves(rng, n, seed, retune)
    K, p = design.get("K", 4), design.get("columns", 50)
    _, _, B = kindred(rng, K=K, n=4, p=p, s=4, q=6, low=0.3, high=0.8)
    X, new = ([ar1(rng, m, p) for _ in range(K)] for m in (n, NEW))
    y, truth = ([x @ B[:, k] + errors(rng, x, kind) for k, x in enumerate(own)] for own in (X, new))
    model = SparseMTL(np.concatenate(y), np.vstack(X), np.repeat(np.arange(K), n))
    fit = model.cross_validate(**GRID, rng=seed).refit("best")
    row = judged("naive", as_if_chosen(fit, X, y, new), truth)
    return row | asked(fit, np.vstack(new), np.repeat(np.arange(K), NEW), truth, retune)


def curves(rng: np.random.Generator, n: int, seed: int, retune: bool) -> dict[str, float]:
    """The same of a sine and a line."""
    X, new = ([rng.uniform(-2, 2, (m, 4)) for _ in range(2)] for m in (n, NEW))
    y, truth = (
        [np.sin(2 * x[:, 0]) + (0.5 - k) * x[:, 1] + rng.standard_normal(len(x)) for k, x in enumerate(own)]
        for own in (X, new)
    )
    model = MTHAL(np.concatenate(y), np.vstack(X), np.repeat(np.arange(2), n), max_degree=1)
    fit = model.cross_validate(folds=5, n_lambda=50, rng=seed).refit("best")
    return asked(fit, np.vstack(new), np.repeat(np.arange(2), NEW), truth, retune)


def asked(fit: object, new: np.ndarray, task: np.ndarray, truth: list, tuned: bool) -> dict[str, float]:
    """CV+ at the settings of the fit, and tuned inside."""
    row = {}
    for what, retune in (("cv_plus", False), ("tuned", True))[: 1 + tuned]:
        started = time.process_time()
        found = fit.predict(new, task=task, interval="prediction", level=LEVEL, retune=retune)
        row[f"{what}_cpu"] = time.process_time() - started
        ends = found[["lower", "upper"]].to_numpy().reshape(len(truth), NEW, 2)
        row |= judged(what, list(ends), truth)
    return row


def judged(what: str, ends: list, truth: list) -> dict[str, float]:
    """Share of new rows covered, mean over tasks, and median width."""
    covers = [np.mean((e[:, 0] <= y) & (y <= e[:, 1])) for e, y in zip(ends, truth, strict=True)]
    return {f"{what}_covers": np.mean(covers), f"{what}_width": np.median(np.vstack(ends) @ [-1.0, 1.0])}


def page(table: pd.DataFrame) -> str:
    """The results as a table."""
    ways = {"naive": "as if chosen", "cv_plus": "CV+", "tuned": "CV+, tuned inside"}
    heads = ["design", "sets", *(f"{label}: {what}" for label in ways.values() for what in ("coverage", "sd", "width"))]
    lines = [[*heads, "CPU s", "tuned inside"]]
    lines.append(["---"] * len(lines[0]))
    for name in DESIGNS:
        part = table[table["design"] == name]
        if part.empty:
            continue
        row = [name, len(part)]
        for way in ways:
            covers = part.get(f"{way}_covers", pd.Series([], dtype=float)).dropna()
            told = len(covers) > 1
            row += [f"{covers.mean():.3f} ({covers.sem():.3f})", f"{covers.std():.2f}"] if told else ["-", "-"]
            row += [f"{part[f'{way}_width'].median():.2f}"] if told else ["-"]
        lines.append([*row, *(cpu(part, way) for way in CPU)])
    text = ["# Prediction intervals of 90 %, truth known", ""]
    text += ["Monte-Carlo standard errors in brackets; sd: of the coverage over data sets.", ""]
    return "\n".join([*text, *(f"| {' | '.join(map(str, line))} |" for line in lines), ""])


def cpu(part: pd.DataFrame, way: str) -> str:
    """Median CPU seconds of the intervals of one way."""
    seconds = part.get(f"{way}_cpu", pd.Series([], dtype=float)).dropna()
    return f"{seconds.median():.2f}" if len(seconds) else "-"


def main() -> None:
    """Go on where the last run stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=list(DESIGNS))
    parser.add_argument("--sets", type=int, default=40)
    parser.add_argument("--tuned", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=np.inf)
    asked_for = parser.parse_args()
    warnings.simplefilter("ignore")
    table = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame(columns=["design", "seed"])
    started = time.monotonic()
    for seed in range(300, 300 + asked_for.sets):
        for name in asked_for.only:
            retune = seed < 300 + asked_for.tuned
            there = table[(table["design"] == name) & (table["seed"] == seed)]
            finished = len(there) and not (retune and there.get("tuned_covers", there["seed"] * np.nan).isna().all())
            if finished or time.monotonic() - started > 60 * asked_for.minutes:
                continue
            found = pd.DataFrame([{"design": name, "seed": seed, **one(name, seed, retune)}])
            table = pd.concat([table.drop(there.index), found], ignore_index=True)
            table.to_csv(CSV, index=False)
    PAGE.write_text(page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
