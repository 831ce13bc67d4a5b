"""Accuracy of MTHAL on simulated tasks, against methods that share less or assume more.

python benchmarks/hal_accuracy.py [--replicates 20] [--first 0]   adds rows to build/hal_accuracy.csv, writes the page
python benchmarks/hal_accuracy.py --render                        writes results/hal-accuracy.md from the rows there are

One replicate of every cell is run before the next replicate of any, and what is in the csv is not run again, so the
script can be stopped at any time. The design is a stand-in of ours: that of arXiv 2301.12029 was not available.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import MultiTaskLassoCV
from sklearn.model_selection import KFold

from sparsekin import MTHAL
from sparsekin.models.hal.cv import HALCV

Predictions: TypeAlias = "dict[str, tuple[np.ndarray, float]]"

ROOT = Path(__file__).resolve().parents[1]
CSV, PAGE = ROOT / "build" / "hal_accuracy.csv", ROOT / "benchmarks" / "results" / "hal-accuracy.md"
CELL, NEW_ROWS = ["scenario", "K", "d", "n"], 2000
FOLDS, LAMBDAS, TREES = 5, 50, 300
BASES = ({"order": 0, "knots": [50, 10]}, {"order": 1})
SCENARIOS = ("linear", "nonlinear", "sparse", "unrelated")
RIVALS = ["hal", "lasso", "boosting"]
LABELS = {
    "mthal": "MTHAL",
    "l21": "MTHAL, l21 only",
    "adapted": "MTHAL, l21, adapted",
    "hal": "HAL per task",
    "lasso": "multi-task lasso",
    "boosting": "boosting per task",
}


def related(rng: np.random.Generator, size: int, K: int, share: float = 0.7) -> np.ndarray:
    """(size, K) normal coefficients, correlation `share` between tasks."""
    common, own = rng.normal(size=(size, 1)), rng.normal(size=(size, K))
    return np.sqrt(share) * common + np.sqrt(1 - share) * own


def functions(
    scenario: str, K: int, d: int, rng: np.random.Generator, share: float = 0.7
) -> Callable[[np.ndarray], np.ndarray]:
    """The regression functions of the tasks, X (m, d) -> (m, K)."""
    if scenario == "linear":
        B = related(rng, d, K, share)
        return lambda X: X @ B
    if scenario == "unrelated":
        pairs = [rng.permutation(d)[:2] for _ in range(K)]
        signs = rng.choice([-1.0, 1.0], K)
        return lambda X: np.column_stack([
            sign * np.sin(2 * X[:, i]) + (X[:, j] > 0) for (i, j), sign in zip(pairs, signs, strict=True)
        ])  # fmt: skip
    a = related(rng, 4, K, share) + 1.0
    if scenario == "sparse":
        return lambda X: np.column_stack([np.sin(2 * X[:, 0]), X[:, 0] * (X[:, 1] > 0)]) @ a[:2]
    return lambda X: (
        np.column_stack([np.sin(2 * X[:, 0]), np.abs(X[:, 1]), 1.0 * (X[:, 2] > 0), X[:, 0] * (X[:, 1] > 0)]) @ a
    )


def simulate(
    scenario: str, K: int, d: int, n: int, rng: np.random.Generator, share: float = 0.7
) -> tuple[np.ndarray, ...]:
    """Rows with noise of half the standard deviation of the functions, and noiseless new rows."""
    f = functions(scenario, K, d, rng, share)
    X, new = rng.uniform(-2, 2, (n, d)), rng.uniform(-2, 2, (NEW_ROWS, d))
    truth = f(new)
    center, scale = truth.mean(axis=0), truth.std(axis=0)
    Y = (f(X) - center) / scale + 0.5 * rng.normal(size=(n, K))
    return X, Y, new, (truth - center) / scale


def models(X: np.ndarray, Y: np.ndarray) -> list[MTHAL]:
    """Steps, and hinges; pairs at most."""
    return [MTHAL(Y, X, max_degree=2, **basis) for basis in BASES]


def judged(given: list[MTHAL], seed: int, ratios: tuple[float, ...] = (0.0,)) -> list[HALCV]:
    """Their cross-validations, lines as any other function; hal_linear.py is about those."""
    return [one.cross_validate(n_lambda=LAMBDAS, l1_ratio=ratios, folds=FOLDS, rng=seed, linear=None) for one in given]


def predict_best(found: list[HALCV], new: np.ndarray) -> np.ndarray:
    """With the basis and penalty that cross-validation finds best."""
    best = min(found, key=lambda cv: cv.table["mean"].min()).refit()
    return np.asarray(best.predict(new)).reshape(len(new), -1)


def mthal(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> Predictions:
    """One fit for all tasks: a function is in for all or none; the penalty adapted to that fit; or chosen too."""
    start, given = time.process_time(), models(X, Y)
    found = judged(given, seed)
    common = predict_best(found, new)
    first = time.process_time() - start
    fits = [cv.refit() for cv in found]
    second = [one.adapt(fit) if fit.selected else one for one, fit in zip(given, fits, strict=True)]
    adapted = predict_best(judged(second, seed), new)
    both = time.process_time() - start
    chosen = predict_best(found + judged(given, seed, (0.5, 1.0)), new)
    third = time.process_time() - start - (both - first)
    return {"l21": (common, first), "adapted": (adapted, both), "mthal": (chosen, third)}


def hal(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> np.ndarray:
    """A fit of its own per task, on the same folds."""
    return np.column_stack([predict_best(judged(models(X, y), seed), new) for y in Y.T])


def lasso(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> np.ndarray:
    """Linear in the covariates."""
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    return np.asarray(MultiTaskLassoCV(cv=folds, max_iter=20_000).fit(X, Y).predict(new))


def boosting(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> np.ndarray:
    """Trees of depth 2, as many as cross-validation chooses for the task."""
    out = []
    for y in Y.T:
        errors = np.zeros(TREES)
        for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(X):
            fit = GradientBoostingRegressor(max_depth=2, n_estimators=TREES, random_state=0).fit(X[train], y[train])
            errors += [np.sum((y[test] - one) ** 2) for one in fit.staged_predict(X[test])]
        trees = int(np.argmin(errors)) + 1
        out.append(GradientBoostingRegressor(max_depth=2, n_estimators=trees, random_state=0).fit(X, y).predict(new))
    return np.column_stack(out)


def timed(method: Callable[..., np.ndarray], *given: Any) -> tuple[np.ndarray, float]:
    """What a method predicts, and its processor time."""
    start = time.process_time()
    return method(*given), time.process_time() - start


def predict_all(*given: Any) -> Predictions:
    """Every method on one set of data."""
    alone = {"hal": hal, "lasso": lasso, "boosting": boosting}
    return mthal(*given) | {name: timed(method, *given) for name, method in alone.items()}


def run(first: int, replicates: int) -> None:
    """Run what the csv does not have yet."""
    CSV.parent.mkdir(exist_ok=True)
    cells = list(product(SCENARIOS, (3, 5), (3, 5, 10), (100, 500)))
    done = set()
    if CSV.exists():
        done = set(pd.read_csv(CSV)[[*CELL, "replicate"]].itertuples(index=False, name=None))
    for replicate in range(first, first + replicates):
        for i, cell in enumerate(cells):
            if (*cell, replicate) in done:
                continue
            X, Y, new, truth = simulate(*cell, np.random.default_rng([i, replicate]))
            row = dict(zip(CELL, cell, strict=True)) | {"replicate": replicate}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = predict_all(X, Y, new, replicate)
            for name, (predicted, seconds) in found.items():
                row[name] = float(np.mean((predicted - truth) ** 2))
                row[f"{name}_seconds"] = round(seconds, 3)
            pd.DataFrame([row]).to_csv(CSV, mode="a", header=not CSV.exists(), index=False)


def cell_text(values: pd.Series, best: bool) -> str:
    """Mean and standard error, the best in bold."""
    text = f"{values.mean():.4f} ({values.std(ddof=1) / np.sqrt(len(values)):.4f})"
    return f"**{text}**" if best else text


def near_best(found: pd.DataFrame, ours: str) -> str:
    """In how many cells of each scenario no rival is better by more than a (paired) standard error."""
    texts = []
    for scenario, rows in found.groupby("scenario"):
        cells = [part[ours] - part[part[RIVALS].mean().idxmin()] for _, part in rows.groupby(CELL)]
        near = sum(apart.mean() <= apart.std(ddof=1) / np.sqrt(len(apart)) for apart in cells)
        texts.append(f"{near} of {len(cells)} {scenario}")
    return ", ".join(texts[:-1]) + f" and {texts[-1]} cells"


def verdicts(found: pd.DataFrame) -> list[str]:
    """What the rows say about what was expected of them."""
    names = list(LABELS)
    unrelated = found[found["scenario"] == "unrelated"].groupby(CELL)[["mthal", "l21", "adapted", "hal"]].mean()
    ratio, alone, adapted = (unrelated[name] / unrelated["hal"] for name in ("mthal", "l21", "adapted"))
    seconds = found[[f"{name}_seconds" for name in names]].mean()
    spent = ", ".join(f"{LABELS[name]} {seconds[f'{name}_seconds']:.1f} s" for name in names)
    return [
        '- Lines are functions as any other here (`linear=None`, as published). What the default, `linear="auto"`, '
        "does in the linear cells is in `hal-linear.md`.",
        "- Against HAL per task, multi-task lasso and boosting, MTHAL is the best, or within one standard error of the "
        f"difference to the best, in {near_best(found, 'mthal')}.",
        f"- MTHAL adapted to a first fit: in {near_best(found, 'adapted')}.",
        f"- Unrelated tasks: mean error over that of HAL per task {ratio.mean():.2f} over the cells, {ratio.max():.2f} "
        f"in the worst (K = {ratio.idxmax()[1]}, d = {ratio.idxmax()[2]}, n = {ratio.idxmax()[3]}); with l21 only "
        f"{alone.mean():.2f} and {alone.max():.2f}, adapted {adapted.mean():.2f} and {adapted.max():.2f}.",
        f"- Mean processor time of a run with its tuning: {spent}.",
    ]


def render() -> None:
    """Write the page."""
    found = pd.read_csv(CSV)
    names = list(LABELS)
    counts = found.groupby(CELL).size()
    lines = [
        "Mean squared error on 2,000 noiseless new points, mean over tasks; outcomes are scaled so that the regression "
        "functions have",
        "variance 1, and the noise has variance 0.25. Mean over replicates and its standard error; the least in bold.",
        f"Replicates per cell: {counts.min()}" + (f" to {counts.max()}." if counts.max() > counts.min() else "."),
        "",
        *verdicts(found),
    ]
    for scenario in SCENARIOS:
        part = found[found["scenario"] == scenario]
        head = ["K", "d", "n", *(LABELS[name] for name in names), "MTHAL / HAL per task"]
        lines += ["", f"**{scenario.capitalize()}**", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        for (_, K, d, n), rows in part.groupby(CELL):
            means = rows[names].mean()
            texts = [cell_text(rows[name], means[name] == means.min()) for name in names]
            lines.append(f"| {K} | {d} | {n} | {' | '.join(texts)} | {means['mthal'] / means['hal']:.2f} |")
    PAGE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--render", action="store_true")
    given = parser.parse_args()
    if not given.render:
        run(given.first, given.replicates)
    render()
