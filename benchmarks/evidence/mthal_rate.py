"""How fast the error of MTHAL falls as rows are added, beside the rates that theory has.

One truth (a sine, an absolute value, a step and a hinge that another variable switches on, weighted differently in
three tasks), new rows in every replicate. Theory is about steps with a knot at every row and no cap on products: its
rates, o(n^-1/4), and n^-1/3 up to logarithms, are of the root mean squared error.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from experiment import Cell, Experiment, Row
from hal_accuracy import FOLDS, LAMBDAS, NEW_ROWS, functions
from sparsekin import MTHAL
from tables import markdown, mean_se

ROWS = tuple(100 * 2**power for power in range(8))
K, D, NOISE = 3, 3, 0.5
LABELS = {
    "hinges": "hinges, 10 knots (pairs 5)",
    "steps": "steps, 20 knots (pairs 10)",
    "more": "hinges, 2 n^(1/3) knots (pairs n^(1/3))",
    "growing": "steps, a knot at every row (pairs 2 sqrt n)",
}


def options(basis: str, n: int) -> dict:
    """What MTHAL is made with: its defaults, of hinges or of steps, or knots that grow in number."""
    if basis == "growing":
        return {"order": 0, "knots": ["full", int(2 * np.sqrt(n))]}
    if basis == "more":
        return {"order": 1, "knots": [max(10, round(2 * n ** (1 / 3))), max(5, round(n ** (1 / 3)))]}
    return {"order": int(basis == "hinges")}


def fitted(cell: Cell, seed: int) -> list[Row]:
    """Mean squared error on new noiseless rows."""
    n = cell["n"]
    rng = np.random.default_rng([n, seed])
    f = functions("nonlinear", K, D, np.random.default_rng(0), 0.5)
    X, new = (rng.uniform(-2, 2, (rows, D)) for rows in (n, NEW_ROWS))
    truth = f(new)
    center, scale = truth.mean(axis=0), truth.std(axis=0)
    Y = (f(X) - center) / scale + NOISE * rng.normal(size=(n, K))
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MTHAL(Y, X, max_degree=2, **options(cell["basis"], n))
        fit = model.cross_validate(folds=FOLDS, n_lambda=LAMBDAS, rng=seed, linear=None).refit()
    spent = time.process_time() - start
    error = (np.asarray(fit.predict(new)) - (truth - center) / scale) ** 2
    return [{"method": cell["basis"], "mse": float(error.mean()), "cpu": spent, "functions": fit.basis.size}]


def slopes(part: pd.DataFrame, least: int) -> tuple[float, float]:
    """Slope of log root mean squared error in log n from `least` rows on, by least squares, and its standard error."""
    kept = part[part["n"] >= least]
    x = np.log(kept["n"].to_numpy(float))
    y = np.log(kept["mse"].to_numpy()) / 2
    centered = x - x.mean()
    slope = centered @ y / (centered @ centered)
    left = y - y.mean() - slope * centered
    return float(slope), float(np.sqrt(left @ left / (len(y) - 2) / (centered @ centered)))


def page(frame: pd.DataFrame, folder: Path) -> str:
    """Slopes, then means."""
    rows = []
    for basis, label in LABELS.items():
        part = frame[frame["method"] == basis]
        if part["n"].nunique() < 3:
            continue
        middle = sorted(part["n"].unique())[part["n"].nunique() // 2 - 1]
        whole, late = slopes(part, 0), slopes(part, middle)
        texts = [f"{slope:.2f} ({error:.2f})" for slope, error in (whole, late)]
        rows.append([label, f"{part['n'].min()} to {part['n'].max()}", texts[0], f"{texts[1]} (from {middle})"])
    draw(frame, folder / "mthal_rate.png")
    return "\n\n".join(
        [
            "Slope of log root mean squared error in log n (standard error from the residuals). Theory's n^(-1/4) and "
            "n^(-1/3) are of the root mean squared error, so -.25 and -.33 here, and twice that for the squared error.",
            markdown(["basis", "n", "slope", "slope, second half"], rows),
            "Mean squared error of the regression functions (variance 1, noise .25), mean over tasks, and its standard "
            "error over replicates.",
            means(frame),
            "![Root mean squared error against n](mthal_rate.png)",
        ]
    )


def means(frame: pd.DataFrame) -> str:
    """By rows and basis, with replicates and median seconds."""
    lines = []
    for n, part in frame.groupby("n"):
        by = {basis: part[part["method"] == basis] for basis in LABELS}
        errors = [mean_se(one["mse"], 4) for one in by.values()]
        seconds = [f"{one['cpu'].median():.1f}" if len(one) else "-" for one in by.values()]
        lines.append([n, *errors, part["seed"].nunique(), ", ".join(seconds)])
    return markdown(["n", *LABELS.values(), "replicates", "CPU s"], lines)


def draw(frame: pd.DataFrame, path: Path) -> None:
    """Root mean squared error against n, both logarithmic, with the rates of theory."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 4.2), layout="constrained")
    axes = figure.subplots()
    roots = np.sqrt(frame.pivot_table(index="n", columns="method", values="mse"))
    for basis, label in LABELS.items():
        if basis in roots:
            axes.plot(roots.index, roots[basis], marker="o", markersize=4, label=label)
    n = np.array(roots.index, float)
    for power, style in ((1 / 4, ":"), (1 / 3, "--")):
        line = float(roots.iloc[0].max()) * 1.15 * (n / n[0]) ** -power
        axes.plot(n, line, color="0.5", linestyle=style, label=f"$n^{{-1/{round(1 / power)}}}$")
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="root mean squared error")
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


EXPERIMENTS = (
    Experiment(
        "mthal_rate",
        "How fast the error of MTHAL falls",
        [{"basis": basis, "n": n} for basis in LABELS for n in ROWS],
        fitted,
        page,
        sets=5,
        quick=2,
        some=lambda cell: cell["n"] <= 1600,
    ),
)
