"""`stability()` where what it assumes is wrong: the designs of half_samples.py, and fresh seeds of them.

results/half_samples.csv has 60 data sets of each design; a replicate here is one more.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import half_samples
from experiment import Cell, Experiment, Row
from tables import markdown, read

WRONG = {
    "partly": "nothing: normal columns and errors",
    "partly, 5 % outliers": "a twentieth of the errors is five times as large",
    "groups of 4 rows": "rows of a subject have half of the variance in common, and nobody says so",
    "groups, told": "the same, with `groups=`",
    "partly, noise changes": "the size of errors changes with an active column",
    "groups told, noise changes": "both, with `groups=`",
    "partly, t3 noise": "errors have a t distribution with 3 degrees of freedom",
    "partly, skewed noise": "errors are skewed",
    "partly, skewed columns": "columns are exponentials of normal ones",
    "partly, rho .8": "neighbouring columns are correlated .8",
}


def one(cell: Cell, seed: int) -> list[Row]:
    """All counts of one data set."""
    return [half_samples.one(cell["design"], seed)]


def both(fresh: pd.DataFrame) -> pd.DataFrame:
    """The data sets there were, and the fresh ones."""
    known = read(half_samples.CSV)
    return pd.concat([known[known["design"].isin(list(WRONG))], fresh], ignore_index=True)


def page(frame: pd.DataFrame, folder: Path) -> str:
    """A row per design."""
    table, lines = both(frame), []
    for name, what in WRONG.items():
        part, fresh = table[table["design"] == name], frame[frame["design"] == name]
        lines.append([
            what, f"{len(part)} ({len(fresh)})", half_samples.fdr(part, "features"),
            half_samples.rate(part["features_true"], part["features_all"]), half_samples.fdr(part, "cells"),
            half_samples.rate(part["cells_true"], part["cells_all"]), half_samples.fdr(part, "fit"),
            half_samples.rate(part["covered"], part["told"]), f"{part['width'].median():.2f}",
            half_samples.rate(part["naive_covered"], part["naive_told"]),
            half_samples.rate(part["same_rejected"], part["same"]),
        ])  # fmt: skip
    heads = ["what is wrong", "data sets (fresh)", "FDR of features", "power", "FDR of cells", "power",
             "false cells of the fit itself", "coverage of 95 %", "width", "coverage of naive intervals",
             "equal slopes rejected at 5 %"]  # fmt: skip
    text = (
        "`select(fdr=.1)` and 95 % intervals of `stability(pairs=50)`; four tasks of 100 rows and 200 columns, of "
        "groups 200 rows and 100 columns. Data sets of `half_samples.csv` and, in brackets, fresh ones; Monte-Carlo "
        "standard errors in brackets. Naive intervals are least squares on the rows that chose."
    )
    return text + "\n\n" + markdown(heads, lines)


EXPERIMENTS = (
    Experiment(
        "misspecification", "Selections by half-samples where assumptions are wrong",
        [{"design": name} for name in WRONG], one, page, sets=60, quick=1, first=7060,
        some=lambda cell: "group" not in cell["design"],
    ),
)  # fmt: skip
