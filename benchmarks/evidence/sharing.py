"""When does sharing help, and when does it harm? SparseMTL beside what else there is, truth known.

The design is that of arXiv 2212.08697 (`simulate_shared_supports`): tasks with rows of their own, ten features per task
of q candidates, slopes unrelated between tasks; q = 0: no feature in common. Noise is such that the signal explains the
share R2 of the variance of the outcomes. All methods are tuned by the same 5 folds within tasks.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from itertools import chain, combinations, product
from typing import Any

import numpy as np

from experiment import Cell, Experiment, Row
from hal_accuracy import timed
from pool_share_separate import baselines, dials, error, model_of
from pooling_sets import Rows, no_keep, sequence
from rivals import RIVALS, Tasks, lines
from sharing_page import page
from sparsekin import SparseMTL
from sparsekin.data.simulate import simulate_disjoint, simulate_shared_supports
from sparsekin.tuning.sparse.scoring import Models

FEATURES, TESTED, FOLDS, ZERO = 10, 400, 5, 1e-9
BASE = {"K": 5, "n": 50, "p": 100, "q": 16, "r2": 0.8, "rho": 0.5}
PHASES = [{"n": n, "q": q, "r2": r2} for n, q, r2 in product((30, 60, 120), (10, 20, 40, 0), (0.3, 0.6, 0.9))]
SWEEPS = [{"K": 2}, {"K": 10}, {"rho": 0.2}, {"rho": 0.8}, {"p": 400}, {"n": 25}, {"n": 200, "q": 30}, {}]
PAPER = [{"p": 250, "r2": 0.998}]  # about its noise; in its main design all tasks have the same X
WRONG, RIDGES = (7, 13), [0.0, 0.02, 0.1, 0.4, 1.5, 6.0]  # ridges: those of independent L0 in `compare()`


def simulate(cell: Cell, seed: int) -> tuple[Tasks, Rows, np.ndarray]:
    """Rows to train on with their folds, rows to test, true support (p, K)."""
    K, n, p, q = (int(cell[name]) for name in ("K", "n", "p", "q"))
    if q:
        made = simulate_shared_supports(K, n, p, FEATURES, q, rho=cell["rho"], rng=seed)
    else:
        made = simulate_disjoint(K, n, p, FEATURES, rho=cell["rho"], rng=seed)
    given = np.tile(made.X[:n], (K, 1)) if cell["part"].endswith("one X") else made.X
    rng = np.random.default_rng([seed, 1])
    task, tested = np.repeat(np.arange(K), n), np.repeat(np.arange(K), TESTED)
    X = sequence(rng, len(tested), p, cell["rho"])
    signals = [np.einsum("ij,ji->i", A, made.coef[:, k]) for A, k in ((given, task), (X, tested))]
    spread = np.array([signals[1][tested == k].std() for k in range(K)])
    sd = spread * np.sqrt((1 - cell["r2"]) / cell["r2"])
    y, y_test = (
        signal + sd[k] * rng.standard_normal(len(k)) for signal, k in zip(signals, (task, tested), strict=True)
    )
    fold = np.concatenate([rng.permutation(n) % FOLDS for _ in range(K)])
    scale = spread.mean() / np.sqrt(cell["r2"])  # outcomes of variance 1, on average
    return (
        Tasks(given, y / scale, task, fold),
        Rows(X, y_test / scale, tested, no_keep(len(tested))),
        made.support,
    )


def ours(data: Tasks, seed: int) -> Iterator[tuple[str, Models, float]]:
    """The default of `cross_validate`, the rows of `compare()`, and sizes fixed wrongly."""
    model = model_of(data.rows)
    for name, models, seconds, _ in chain(dials(model, seed, data.fold), baselines(model, seed, data.fold)):
        yield name, models, seconds
    yield "shared supports, ridge", *tuned(model, data.fold, "auto", RIDGES)
    for s in WRONG:
        if s <= (np.bincount(data.task).min() * (FOLDS - 1)) // FOLDS - 2:
            yield f"shared supports, s = {s}", *tuned(model, data.fold, [s], RIDGES)


def tuned(model: SparseMTL, fold: np.ndarray, s: Any, ridges: list[float]) -> tuple[Models, float]:
    """lambda_z tuned and nothing tying values: what independent L0 is with supports shared."""
    started = time.process_time()
    cv = model.cross_validate(s=s, lambda_1=ridges, lambda_2=0.0, lambda_z="auto", folds=fold)
    found = cv.refit("best").solution
    return lines(found.coef, found.intercept), time.process_time() - started


def methods(data: Tasks, seed: int) -> Iterator[tuple[str, Models, float]]:
    """Name, model, CPU seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from ours(data, seed)
        for name, fit in RIVALS.items():
            yield name, *timed(fit, data)


def overlap(support: np.ndarray) -> float:
    """Mean Jaccard index of the supports of two tasks."""
    pairs = [(support[:, i], support[:, j]) for i, j in combinations(range(support.shape[1]), 2)]
    return float(np.mean([(a & b).sum() / max((a | b).sum(), 1) for a, b in pairs]))


def refitted(support: np.ndarray, data: Tasks) -> Models:
    """Least squares on the features selected, of those that the rows allow the first ones."""
    coef, intercept = np.zeros(support.shape), np.zeros(support.shape[1])
    for k in range(support.shape[1]):
        rows = data.task == k
        columns = np.flatnonzero(support[:, k])
        X, y = data.X[rows][:, columns], data.y[rows]
        slopes = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=1e-10)[0]
        coef[columns, k] = slopes
        intercept[k] = y.mean() - X.mean(axis=0) @ slopes
    return lines(coef, intercept)


def run(cell: Cell, seed: int) -> list[Row]:
    """All methods on one data set."""
    data, test, true = simulate(cell, seed)
    out = []
    units = np.ones(data.K)
    for name, models, seconds in methods(data, seed):
        support = np.abs(models.coef) > ZERO
        hits = (support & true).sum(axis=0)
        f1 = 2 * hits / np.maximum(support.sum(axis=0) + true.sum(axis=0), 1)
        out.append({
            "method": name,
            "rmse": error(models, test, units),
            "rmse_refit": error(refitted(support, data), test, units),
            "f1": float(f1.mean()),
            "size": float(support.sum(axis=0).mean()),
            "homogeneity": overlap(support) - overlap(true),
            "cpu": seconds,
        })  # fmt: skip
    return out


def cells() -> list[Cell]:
    """The phases, then the sweeps around the base."""
    parts = {"phase": PHASES, "sweep": SWEEPS, "paper": PAPER, "paper, one X": PAPER}
    return [BASE | {"part": part} | one for part, some in parts.items() for one in some]


EXPERIMENTS = (
    Experiment(
        name="sharing",
        title="When sharing supports helps and when it harms",
        cells=cells(),
        run=run,
        page=page,
        sets=6,
        some=lambda cell: cell["part"] != "phase" or cell["n"] == 60,
    ),
)
