"""How sure? Errors, power and coverage of selections by half-samples, where the truth is known.

python benchmarks/half_samples.py [--only NAME ...] [--sets 60] [--minutes 30]     adds to results/half_samples.csv (it
goes on where the last run stopped) and writes results/half_samples.md.

K tasks of n rows, AR(1) columns (rho .5), s of q candidates active in each task, half of these with one slope in all
tasks, the others varying (sd .25; weak .1), noise of sd 1. s and lambda_z by 5-fold cross-validation, lambda_1 = 1e-3,
`stability(pairs=50)` at fdr .1; of yes/no outcomes, counts and survival times 3 folds, 4 / n, effort 0 and 25 pairs.
"groups": rows of a group of 4 have half of the variance of X and of the noise in common, in the second of the two they
are told to `stability(groups=)`. Noise that changes has the sd .4 + .6 x^2, scaled to variance 1 for normal x, where x
is an active column; outliers are five times as large as other errors; skewed columns are exp(.8 z), scaled. Seeds
start at 7000; none was used to choose a rule.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from half_samples_refits import beside, naive
from sparsekin import SparseMTL
from tables import markdown, read

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from inference.cases import kindred  # noqa: E402

CSV, PAGE = HERE / "results" / "half_samples.csv", HERE / "results" / "half_samples.md"
PARTLY = {"K": 4, "n": 100, "p": 200, "s": 8, "q": 14, "low": 0.2, "high": 0.6}
YES = {"K": 3, "n": 200, "p": 60}
COUNTS = {"K": 3, "n": 100, "p": 60, "rate": 1.5}
SURVIVAL = {"K": 3, "n": 120, "p": 60, "events": 0.5}
DESIGNS = {
    "null": {"K": 4, "n": 100, "p": 100, "null": True},
    "shared": {"K": 4, "n": 100, "p": 100, "s": 8, "q": 8},
    "weak": {"K": 4, "n": 100, "p": 100, "s": 8, "q": 8, "low": 0.1, "high": 0.4, "differ": 0.1},
    "partly": PARTLY,
    "private": {"K": 4, "n": 100, "p": 100, "s": 8, "q": 20, "low": 0.3, "high": 0.7},
    "few": {"K": 5, "n": 50, "p": 250, "s": 6, "q": 9, "low": 0.4, "high": 1.0},
    "many": {"K": 3, "n": 200, "p": 100, "s": 5, "q": 7, "low": 0.15, "high": 0.5},
    "partly, rho .8": PARTLY | {"rho": 0.8},
    "partly, t3 noise": PARTLY | {"noise": "t3"},
    "partly, skewed noise": PARTLY | {"noise": "skewed"},
    "groups of 4 rows": {"K": 4, "n": 200, "p": 100, "s": 6, "q": 9, "size": 4},
    "groups, told": {"K": 4, "n": 200, "p": 100, "s": 6, "q": 9, "size": 4},
    "yes/no, 25 % yes": YES | {"s": 5, "q": 7, "low": 0.6, "high": 1.2, "yes": 0.25},
    "yes/no, null": YES | {"null": True, "yes": 0.25},
    "yes/no, few events": YES | {"s": 3, "q": 5, "low": 0.7, "high": 1.2, "yes": 0.08},
    "yes/no, few events, null": YES | {"null": True, "yes": 0.12},
    "counts": COUNTS | {"s": 5, "q": 7, "low": 0.15, "high": 0.45, "differ": 0.1},
    "counts, null": COUNTS | {"null": True},
    "survival": SURVIVAL | {"s": 5, "q": 7, "low": 0.4, "high": 0.9},
    "survival, null": SURVIVAL | {"null": True},
    "partly, noise changes": PARTLY | {"noise": "changing"},
    "partly, 5 % outliers": PARTLY | {"noise": "outliers"},
    "partly, skewed columns": PARTLY | {"columns": "skewed"},
    "groups told, noise changes": {"K": 4, "n": 200, "p": 100, "s": 6, "q": 9, "size": 4, "noise": "changing"},
}
FAMILIES = {"yes": "binomial", "rate": "poisson", "events": "cox"}
GRID = {"s": [1, 3, 5, 7, 9, 11], "lambda_1": 1e-3, "lambda_2": 0, "lambda_z": [0, 0.05, 0.15, 0.4], "folds": 5}
GRID_OF_FAMILIES = {"s": [1, 3, 5, 7], "lambda_2": 0, "lambda_z": [0, 0.1, 0.4], "folds": 3, "effort": 0}
ROWS = ("rho", "noise", "size", "yes", "rate", "events")


def one(name: str, seed: int) -> dict[str, float]:
    """All counts of one data set."""
    design = DESIGNS[name]
    rng = np.random.default_rng([seed, list(DESIGNS).index(name)])
    X, y, B = kindred(rng, **design)
    K, p, n = len(y), B.shape[0], len(y[0])
    family = next((family for word, family in FAMILIES.items() if word in design), "gaussian")
    model = SparseMTL(np.concatenate(y), np.vstack(X), np.repeat(np.arange(K), n), family=family)
    groups = np.arange(K * n) // design.get("size", 1) if "told" in name else None
    tuned = model.cross_validate(
        **(GRID if family == "gaussian" else GRID_OF_FAMILIES | {"lambda_1": 4 / n}), rng=seed, groups=groups
    )
    fit = tuned.refit("best")
    started = time.process_time()
    sure = fit.stability(pairs=50 if family == "gaussian" else 25, rng=seed, groups=groups)
    cpu = time.process_time() - started
    true, S = B != 0, fit.support.to_numpy()
    found, chosen = sure.discoveries(0.1)
    row: dict[str, float] = {"cpu": cpu, "cutoff": chosen.cutoff, "s": int(fit.s[0])}
    features = np.zeros(p, bool)
    features[found.features[chosen.features]] = True
    cells = np.zeros((p, K), bool)
    cells[found.features] = chosen.cells
    row |= counts("features", features, true.any(axis=1)) | counts("cells", cells, true) | counts("fit", S, true)
    for r in range(2, K + 1):
        several = np.zeros(p, bool)
        several[[sure.blocks.feature_names.index(f) for f in sure.select(0.1, at_least=r).features]] = True
        row |= counts(f"r{r}", several, true.sum(axis=1) >= r)
    low, high = found.interval(0.95)
    told = S[found.features] & np.isfinite(low)
    truth = B[found.features]
    row |= {
        "told": told.sum(), "covered": ((low <= truth) & (truth <= high) & told).sum(), "untold": S.sum() - told.sum(),
        "width": np.median((high - low)[told]) if told.any() else np.nan,
    }  # fmt: skip
    row |= naive(family, X, y, S, B)
    if family != "gaussian":
        target = beside(family, S, B, {word: design[word] for word in ROWS if word in design})[found.features]
        row["covered_beside"] = ((low <= target) & (target <= high) & told).sum()
        row["events"] = np.mean([np.sum(b[:, 1]) if b.ndim == 2 else np.sum(b > 0) for b in y]) / max(fit.s[0], 1)
    table = sure.heterogeneity()
    same = np.array([np.ptp(B[sure.blocks.feature_names.index(name)]) < 1e-12 for name in table.index], bool)
    rejected = table["p_value"].to_numpy() < 0.05
    return row | {
        "same": same.sum(), "same_rejected": rejected[same].sum(), "differ": (~same).sum(),
        "differ_rejected": rejected[~same].sum(),
    }  # fmt: skip


def counts(name: str, found: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """True and false ones, and how many there are."""
    return {f"{name}_true": (found & true).sum(), f"{name}_false": (found & ~true).sum(), f"{name}_all": true.sum()}


def rate(a: pd.Series, b: pd.Series) -> str:
    """Pooled share a / b with its Monte-Carlo standard error over data sets."""
    total = b.sum()
    if total == 0:
        return "-"
    share = a.sum() / total
    error = np.sqrt(((a - share * b) ** 2).sum()) / total
    return f"{share:.3f} ({error:.3f})"


def fdr(table: pd.DataFrame, name: str) -> str:
    """Mean share of false ones among those found."""
    found = table[f"{name}_true"] + table[f"{name}_false"]
    share = table[f"{name}_false"] / np.maximum(found, 1)
    return f"{share.mean():.3f} ({share.sem():.3f})"


def page(table: pd.DataFrame) -> str:
    """The results as tables."""
    rows, several = [], []
    for name in DESIGNS:
        part = table[table["design"] == name]
        if part.empty:
            continue
        any_found = (part["features_true"] + part["features_false"] > 0).mean()
        power = [rate(part[f"{what}_true"], part[f"{what}_all"]) for what in ("features", "cells")]
        rows.append([
            name, len(part), fdr(part, "fit"), fdr(part, "features"), power[0], fdr(part, "cells"), power[1],
            rate(part["covered"], part["told"]), f"{part['width'].median():.2f}",
            rate(part["naive_covered"], part["naive_told"]), f"{part['naive_width'].median():.2f}",
            rate(part["same_rejected"], part["same"]), rate(part["differ_rejected"], part["differ"]),
            f"{any_found:.2f}", f"{part['cpu'].median():.2f}",
        ])  # fmt: skip
        columns = [r for r in range(2, 6) if f"r{r}_all" in part and part[f"r{r}_all"].notna().any()]
        several.append(
            [name, *(f"{fdr(part, f'r{r}')} / {rate(part[f'r{r}_true'], part[f'r{r}_all'])}" for r in columns)]
        )
    heads = [
        "design", "sets", "FDR of the fit's cells", "FDR features", "power features", "FDR cells", "power cells",
        "coverage 95 %", "width", "naive coverage", "width", "equal slopes rejected (5 %)", "different slopes rejected",
        "any discovery", "CPU s",
    ]  # fmt: skip
    text = ["# Selections by half-samples, truth known", "", "Monte-Carlo standard errors in brackets.", ""]
    text += [markdown(heads, rows)]
    text += ["", '"Active in at least r tasks": FDR / power.', ""]
    text += [markdown(["design", *(f"r = {r}" for r in range(2, 6))], [row + [""] * (5 - len(row)) for row in several])]
    text += [
        "",
        "Yes/no outcomes, counts and survival times, 25 pairs: coverage of the true slopes, and of what these are in ",
    ]
    text[-1] += "a large population beside the features that the fit selects."
    text += ["", markdown(
        ["design", "sets", "events per feature", "coverage 95 % of the truth", "of slopes beside the selected"],
        [
            [name, len(part), f"{part['events'].median():.0f}", rate(part["covered"], part["told"]),
             rate(part["covered_beside"], part["told"])]
            for name in DESIGNS if "covered_beside" in table
            for part in [table[(table["design"] == name) & table["covered_beside"].notna()]] if len(part)
        ],
    )]  # fmt: skip
    return "\n".join([*text, ""])


def main() -> None:
    """Go on where the last run stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=list(DESIGNS))
    parser.add_argument("--sets", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=np.inf)
    asked = parser.parse_args()
    table = pd.DataFrame(columns=["design", "seed"])
    if CSV.exists():
        table = read(CSV)
    done = set(zip(table["design"], table["seed"], strict=True))
    started = time.monotonic()
    for seed in range(7000, 7000 + asked.sets):
        for name in asked.only:
            if (name, seed) in done or time.monotonic() - started > 60 * asked.minutes:
                continue
            table = pd.concat([table, pd.DataFrame([{"design": name, "seed": seed, **one(name, seed)}])])
            table.to_csv(CSV, index=False)
    PAGE.write_text(page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
