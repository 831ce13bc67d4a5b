"""MTHAL as it comes, against what else a user has, and how fast its error falls as rows are added.

Errors are mean squared errors of the regression functions, which have variance 1, on 2,000 noiseless new points, mean
over tasks. The noise has variance .25. The rows have no say in the tuning of others.
"""

from __future__ import annotations

import time
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from experiment import Cell, Experiment, Row
from hal_accuracy import BASES, FOLDS, LAMBDAS, predict_best, simulate, timed
from mthal_rivals import BAGS, predicted
from sparsekin import MTHAL
from tables import best_rival, markdown, mean_se, paired, percent, wide

SCENARIOS = ("linear", "nonlinear", "sparse", "unrelated")
OURS = ("MTHAL", "MTHAL adapted", "steps or hinges", "HAL per task")
LIGHT = {"folds": FOLDS, "n_lambda": LAMBDAS}
RIVALS = ("multi-task lasso", "trace norm", "spline ridge", "GAM", "EBM", "forest", "boosting", "earth")
CELL = ["scenario", "d", "correlation", "n"]
SLOW = 1  # first seeds, that have the EBM


def cells() -> list[Cell]:
    """Five covariates at three correlations, ten at one and few rows; unrelated tasks have no correlation."""
    out = []
    for share, (d, n), scenario in product((0.5, 0.0, 0.9), ((5, 100), (5, 500), (10, 100)), SCENARIOS):
        if share == 0.5 or (d == 5 and scenario != "unrelated"):
            correlation = 0.0 if scenario == "unrelated" else share
            out.append({"scenario": scenario, "d": d, "correlation": correlation, "n": n})
    return out


def accurate(cell: Cell, seed: int) -> list[Row]:
    """Every method on the same rows."""
    code = [SCENARIOS.index(cell["scenario"]), cell["d"], round(10 * cell["correlation"]), cell["n"], seed]
    share = cell["correlation"]
    X, Y, new, truth = simulate(cell["scenario"], 3, cell["d"], cell["n"], np.random.default_rng(code), share)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slow = seed < SLOW and cell["n"] == 500 and cell["correlation"] == 0.5
        found = ours(X, Y, new, seed) | predicted(X, Y, new, seed, slow)
    return [
        {"method": name, "mse": float(np.mean((values - truth) ** 2)), "cpu": seconds}
        for name, (values, seconds) in found.items()
    ]


def ours(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> dict[str, tuple[np.ndarray, float]]:
    """The default; and, with 5 folds and 50 lambdas, a second stage after it, steps or hinges, and each task alone."""
    start = time.process_time()
    model = MTHAL(Y, X, max_degree=2)
    first = model.cross_validate(rng=seed).refit()
    plain = np.asarray(first.predict(new)), time.process_time() - start
    second = model.adapt(first).cross_validate(**LIGHT, rng=seed).refit() if first.selected else first
    adapted = np.asarray(second.predict(new)), time.process_time() - start
    return {
        "MTHAL": plain,
        "MTHAL adapted": adapted,
        "steps or hinges": timed(steps_or_hinges, X, Y, new, seed),
        "HAL per task": timed(alone, X, Y, new, seed),
    }


def steps_or_hinges(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> np.ndarray:
    """MTHAL with the basis that cross-validation finds best."""
    given = [MTHAL(Y, X, max_degree=2, **basis).cross_validate(**LIGHT, rng=seed) for basis in BASES]
    return predict_best(given, new)


def alone(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> np.ndarray:
    """Each task by itself."""
    fits = [MTHAL(y, X, max_degree=2).cross_validate(**LIGHT, rng=seed).refit() for y in Y.T]
    return np.column_stack([np.asarray(fit.predict(new)).ravel() for fit in fits])


def against(part: pd.DataFrame, rivals: tuple[str, ...] = RIVALS) -> tuple[str, dict[str, np.ndarray]]:
    """The best rival of those that all replicates have, and the log ratios of ours to it."""
    table = wide(part, "mse").dropna(axis=1)
    other = best_rival(table, rivals)
    return other, {name: np.asarray(paired(table, name, other)) for name in OURS}


def comparisons(frame: pd.DataFrame) -> tuple[list[list[object]], list[list[object]]]:
    """Cells where the default is behind by more than a standard error, the worst first; and the others."""
    behind, others = [], []
    for cell, part in frame.groupby(CELL):
        other, logs = against(part)
        default = logs["MTHAL"]
        error = default.std(ddof=1) / np.sqrt(len(default)) if len(default) > 1 else 0.0
        row = [*cell, other, *(percent(logs[name], 0) for name in OURS), len(default)]
        (behind if default.mean() > error else others).append((default.mean(), row))
    ordered = [sorted(part, key=lambda pair: -pair[0]) for part in (behind, others)]
    return [row for _, row in ordered[0]], [row for _, row in ordered[1]]


def means(frame: pd.DataFrame) -> str:
    """Of every method in every cell, the least in bold."""
    rows = []
    for cell, part in frame.groupby(CELL):
        table = wide(part, "mse")
        best = table.mean().idxmin()
        texts = [mean_se(table[name], 3) if name in table else "-" for name in (*OURS, *RIVALS)]
        bold = [f"**{one}**" if name == best else one for name, one in zip((*OURS, *RIVALS), texts, strict=True)]
        rows.append([*cell, *bold])
    return markdown([*CELL, *OURS, *RIVALS], rows)


def seconds(frame: pd.DataFrame) -> str:
    """Median processor seconds by size."""
    table = frame.pivot_table(index=["d", "n"], columns="method", values="cpu", aggfunc="median")
    names = [name for name in (*OURS, *RIVALS) if name in table]
    rows = [[*size, *(f"{row[name]:.2f}" for name in names)] for size, row in table.iterrows()]
    return markdown(["d", "n", *names], rows)


def counts(frame: pd.DataFrame) -> str:
    """In how many cells of each scenario, of those with replicates, ours are near the best rival, or ahead."""
    rows = []
    for scenario, part in frame.groupby("scenario"):
        found = [against(one)[1] for _, one in part.groupby(CELL) if one["seed"].nunique() > 1]
        near = [
            sum(logs[name].mean() <= logs[name].std(ddof=1) / np.sqrt(len(logs[name])) for logs in found)
            for name in OURS
        ]
        rows.append([scenario, len(found), *near])
    return markdown(["scenario", "cells with 2 or more", *OURS], rows)


def page(frame: pd.DataFrame, folder: Path) -> str:
    """Losses, then the other cells, then every mean, then seconds."""
    heads = [*CELL, "best rival", *OURS, "replicates"]
    behind, others = comparisons(frame)
    absent = sorted(set(RIVALS) - set(frame["method"]))
    return "\n\n".join(
        [
            "Mean squared error of the regression functions on 2,000 noiseless new points, mean over K = 3 tasks; the "
            "functions have variance 1, the noise .25. The best rival is named after the fact, which favours it; the "
            f"EBM ({BAGS} bags) has replicates in a few cells only and is compared in the table of means. "
            + (f"Not run, since not installed: {', '.join(absent)}." if absent else ""),
            "## Losses",
            "Squared error of ours to that of the best rival, % (paired standard error): cells where MTHAL at its "
            "default is behind by more than one standard error.",
            markdown(heads, behind),
            "## Level, or ahead",
            markdown(heads, others),
            "## In how many cells ours are within a standard error of the best rival, or ahead",
            counts(frame),
            "## Every mean",
            "Mean and standard error, the least in bold.",
            means(frame),
            "## Processor seconds",
            "Median, with the tuning.",
            seconds(frame),
        ]
    )


EXPERIMENTS = (
    Experiment(
        "mthal",
        "MTHAL as it comes, against its rivals",
        cells(),
        accurate,
        page,
        sets=10,
        quick=1,
        some=lambda cell: cell["d"] == 5 and cell["correlation"] in (0.0, 0.5),
    ),
)
