"""Data for `benchmarks/forms.py`: planted, simulated by sites, and real, cut into training and test rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.data.datasets import load_ad_biomarkers

Floats = NDArray[np.float64]
SCHOOLS = Path(__file__).resolve().parents[2] / "shared" / "data" / "ilea_school.csv.gz"


@dataclass(frozen=True)
class Split:
    """Training and test tables; Z holds columns of its own, or the task indicators when `task` is given."""

    Y: Floats
    X: Floats
    Z: Floats
    task: NDArray[np.object_] | None
    test: NDArray[np.bool_]
    truth: Floats
    dims: tuple[int, ...]


def factors(seed: int) -> Split:
    """The planted form: n = 500 + 500, q = 10, p_x = 50, p_z = 20, d = 3, noise .5 sd, 10 % of cells missing."""
    rng = np.random.default_rng(seed)
    K, H = rng.standard_normal((1000, 3)), 0.7 * rng.standard_normal((1000, 3))
    tables = []
    for codes, p in ((K + H, 10), (K, 50), (H, 20)):
        signal = codes @ rng.standard_normal((3, p))
        tables.append(signal + 0.5 * signal.std() * rng.standard_normal(signal.shape))
    test = np.arange(1000) >= 500
    Y, X, Z = (np.where(rng.random(t.shape) < 0.1, np.nan, t) for t in tables)
    return Split(Y, X, Z, None, test, tables[0], (2, 3, 4))


def sites(seed: int) -> Split:
    """A linear mixed model: Y = X B + site + noise, q = 3, p_x = 20, ten sites of 40; nothing latent."""
    rng = np.random.default_rng(seed)
    task = np.repeat([f"s{k}" for k in range(10)], 40).astype(object)
    X = rng.standard_normal((400, 20))
    effect = rng.standard_normal((10, 3))
    Y = X @ (0.4 * rng.standard_normal((20, 3))) + np.repeat(effect, 40, axis=0) + rng.standard_normal((400, 3))
    return Split(Y, X, indicators(task), task, rng.random(400) < 0.25, Y, (10, 20))


def biomarkers(seed: int) -> Split:
    """ad_biomarkers: tau, p_tau, Ab_42 from proteins, age and sex; genotype as task; a fifth held out."""
    data = load_ad_biomarkers()
    names = ["tau", "p_tau", "Ab_42"]
    Y = data[names].to_numpy(float)
    X = data.drop(columns=[*names, "genotype", "diagnosis"]).to_numpy(float)
    task = data["genotype"].to_numpy(object)
    test = np.random.default_rng(seed).random(len(data)) < 0.2
    return Split(Y, X, indicators(task), task, test, Y, (5, 10, 16))


def schools(seed: int) -> Split:
    """Exam scores of pupils of 20 schools, drawn anew from 139, from the columns that vary; a quarter held out."""
    data = pd.read_csv(SCHOOLS)
    drawn = np.random.default_rng(seed).choice(data["school"].unique(), 20, replace=False)
    data = data[data["school"].isin(drawn)]
    Y = data[["score"]].to_numpy(float)
    X = data.drop(columns=["school", "score"]).to_numpy(float)
    X = X[:, X.std(axis=0) > 0]
    task = data["school"].to_numpy(object)
    test = np.random.default_rng(seed).random(len(data)) < 0.25
    return Split(Y, X, indicators(task), task, test, Y, (5, 12, 25))


def indicators(task: NDArray[np.object_]) -> Floats:
    return (task[:, None] == np.unique(task)[None, :]).astype(float)
