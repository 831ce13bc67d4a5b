"""What a user might take instead of MTHAL where all tasks have the same rows: X (n, d), Y (n, K), new X -> (m, K).

All are tuned on the rows they are given: by 5 folds, or as the package does it.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from hal_accuracy import FOLDS, boosting, lasso, timed

Method: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]
BAGS = 4  # of the explainable boosting machine, whose own 14 take 40 s a data set
EARTH = """
suppressPackageStartupMessages(library(earth))
given <- commandArgs(TRUE)
read <- function(name) as.matrix(read.csv(file.path(given, name), header = FALSE))
X <- read("X"); Y <- read("Y"); new <- read("new")
start <- proc.time()
fit <- earth(X, Y, degree = 2)
out <- predict(fit, new)
cat(sum((proc.time() - start)[1:2]))
write.table(out, file.path(given, "out"), sep = ",", row.names = FALSE, col.names = FALSE)
"""


def each(fit: Callable[[np.ndarray, np.ndarray, int], object]) -> Method:
    """A method of one outcome, applied to each: X (n, d), y (n,), seed -> what predicts."""

    def method(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> np.ndarray:
        return np.column_stack([fit(X, y, seed).predict(new) for y in Y.T])

    return method


@each
def splines(X: np.ndarray, y: np.ndarray, seed: int) -> object:
    """Cubic splines of every covariate and a ridge penalty; both sizes by cross-validation."""
    model = make_pipeline(SplineTransformer(extrapolation="linear"), RidgeCV(np.geomspace(1e-4, 1e3, 15)))
    grid = {"splinetransformer__n_knots": [4, 7, 12]}
    return GridSearchCV(model, grid, cv=KFold(FOLDS, shuffle=True, random_state=seed)).fit(X, y)


@each
def gam(X: np.ndarray, y: np.ndarray, seed: int) -> object:
    """pygam's, its penalty by generalized cross-validation."""
    from pygam import LinearGAM

    return LinearGAM().gridsearch(X, y, progress=False)


@each
def ebm(X: np.ndarray, y: np.ndarray, seed: int) -> object:
    """Explainable boosting machine: curves and the pairs it finds."""
    from interpret.glassbox import ExplainableBoostingRegressor

    return ExplainableBoostingRegressor(outer_bags=BAGS, n_jobs=1, random_state=seed).fit(X, y)


@each
def forest(X: np.ndarray, y: np.ndarray, seed: int) -> object:
    """scikit-learn's, at its defaults but for more trees."""
    return RandomForestRegressor(300, random_state=seed).fit(X, y)


def shrunk(B: np.ndarray, by: float) -> np.ndarray:
    """Singular values less `by`: the proximal step of the trace norm."""
    U, values, V = np.linalg.svd(B, full_matrices=False)
    return np.asarray((U * np.maximum(values - by, 0.0)) @ V)


def low_rank_path(X: np.ndarray, Y: np.ndarray, alphas: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Slopes (d, K) and intercepts (K,) of ||Y - X B||^2 / (2 n) + alpha ||B||_*, by accelerated proximal steps."""
    center, level = X.mean(axis=0), Y.mean(axis=0)
    gram, cross = (X - center).T @ (X - center) / len(X), (X - center).T @ (Y - level) / len(X)
    step = 1 / np.linalg.eigvalsh(gram)[-1]
    B, out = np.zeros_like(cross), []
    for alpha in alphas:
        ahead, t = B, 1.0
        for _ in range(2000):
            after = shrunk(ahead - step * (gram @ ahead - cross), step * alpha)
            t, before = (1 + np.sqrt(1 + 4 * t * t)) / 2, t
            ahead = after + (before - 1) / t * (after - B)
            moved, B = np.abs(after - B).max(), after
            if moved <= 1e-9:
                break
        out.append((B, level - center @ B))
    return out


def trace_norm(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> np.ndarray:
    """Lines whose slopes have a low rank, as RMTL's `Trace`."""
    top = np.linalg.norm((X - X.mean(axis=0)).T @ (Y - Y.mean(axis=0)) / len(X), 2)
    alphas, errors = top * np.geomspace(1, 1e-4, 30), np.zeros(30)
    for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(X):
        found = low_rank_path(X[train], Y[train], alphas)
        errors += [np.mean((Y[test] - X[test] @ B - level) ** 2) for B, level in found]
    B, level = low_rank_path(X, Y, alphas)[int(np.argmin(errors))]
    return np.asarray(new @ B + level)


def earth(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """What R's earth predicts, one basis of hinges and pairs for all tasks, and the seconds of its fit."""
    with tempfile.TemporaryDirectory() as folder:
        for name, values in {"X": X, "Y": Y, "new": new}.items():
            np.savetxt(Path(folder, name), values, delimiter=",")
        done = subprocess.run(["Rscript", "-e", EARTH, folder], capture_output=True, text=True)
        if done.returncode:
            raise ImportError(f"earth: {done.stderr.strip()}")
        return np.loadtxt(Path(folder, "out"), delimiter=",", ndmin=2), float(done.stdout)


METHODS: dict[str, Method] = {
    "multi-task lasso": lasso,
    "trace norm": trace_norm,
    "spline ridge": splines,
    "GAM": gam,
    "forest": forest,
    "boosting": boosting,
    "EBM": ebm,
}


def predicted(X: np.ndarray, Y: np.ndarray, new: np.ndarray, seed: int, slow: bool) -> dict:
    """What every rival that is installed predicts, with its processor seconds; `slow`: the EBM as well."""
    methods = {name: partial(timed, method) for name, method in METHODS.items() if slow or name != "EBM"}
    out = {}
    for name, method in (methods | {"earth": earth}).items():
        with suppress(ImportError, FileNotFoundError):
            out[name] = method(X, Y, new, seed)
    return out
