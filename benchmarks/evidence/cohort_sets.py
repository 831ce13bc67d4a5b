"""Real data of several studies: those of `pooling_sets.py`, heart centres, and survival times from R.

Heart centres: 852 patients without gaps of four centres, `chol`, `ca`, `thal` and others that a centre lacks left out;
sick or not, and the largest heart rate reached. Breast cancer: years without recurrence in Rotterdam and in a German
trial (R package survival); 200 patients of each to train on, 200 others to judge on. A seed is a split.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from pooling_sets import DATA, SETS, Rows, csf, exposome, no_keep, pupils, split
from worked_pages import breast_data, heart_data

PATIENTS = 200


@dataclass(frozen=True, slots=True)
class Cohort:
    """Studies that ask one question.

    ======= ======================== =========================================================
    field   type                     meaning
    ======= ======================== =========================================================
    make    seed -> (train, test)
    overlap float                    rows to judge on per row to train on
    family  str
    studies () -> Rows, or None      all rows, where studies are left out in turn
    K       int                      of these
    there   bool                     whether the data can be read
    ======= ======================== =========================================================
    """

    make: Callable[[int], tuple[Rows, Rows]]
    overlap: float
    family: str = "gaussian"
    studies: Callable[[], Rows] | None = None
    K: int = 0
    there: bool = True


def numbered(X: pd.DataFrame, y: np.ndarray, task: pd.Series) -> Rows:
    """Rows in the order of their tasks, text columns as indicators."""
    text = [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]
    columns = pd.get_dummies(X, columns=text, drop_first=True, dtype=float).to_numpy(float)
    codes = task.astype("category").cat.codes.to_numpy(int)
    return Rows(columns, np.asarray(y, float), codes, no_keep(len(codes))).take(np.argsort(codes, kind="stable"))


@cache
def heart(outcome: str) -> Rows:
    """Four centres; what is not the outcome is a column."""
    data = heart_data(True).dropna()
    data = data.assign(ill=data["ill"].astype(float))
    return numbered(data.drop(columns=["centre", outcome]), data[outcome].to_numpy(float), data["centre"])


@cache
def breast() -> Rows:
    """Rotterdam and Germany, columns as of the worked page."""
    parts = pd.concat(dict(zip(("rotterdam", "germany"), breast_data(), strict=True)), names=["study"]).reset_index(0)
    times = parts[["years", "event"]].to_numpy(float)
    columns = parts.drop(columns=["study", "years", "event"])
    return numbered(columns, times, parts["study"])


def breast_split(seed: int) -> tuple[Rows, Rows]:
    """So many patients of each to train and to judge."""
    rows, rng = breast(), np.random.default_rng(seed)
    parts = [rng.permutation(np.flatnonzero(rows.task == k)) for k in range(2)]
    train, test = (np.concatenate([p[at : at + PATIENTS] for p in parts]) for at in (0, PATIENTS))
    return rows.take(train), rows.take(test)


HEART = (DATA / "heart_centres.csv").exists()
R = shutil.which("Rscript") is not None
STUDIES: dict[str, tuple[Callable[[], Rows] | None, int]] = {
    "CSF tau": (csf, 3), "12 drugs": (None, 0), "exposome z-BMI": (lambda: exposome("hs_zbmi_who"), 6),
    "exposome birth weight": (lambda: exposome("e3_bw"), 6), "schools": (pupils, 20),
}  # fmt: skip
COHORTS = {
    "heart disease": Cohort(
        lambda seed: split(heart("ill"), 0.2, seed), 0.25, "binomial", lambda: heart("ill"), 4, HEART
    ),
    "heart rate": Cohort(
        lambda seed: split(heart("thalach"), 0.2, seed), 0.25, "gaussian", lambda: heart("thalach"), 4, HEART
    ),
    "breast cancer": Cohort(breast_split, 1.0, "cox", there=R),
    **{
        name: Cohort(SETS[name].make, SETS[name].overlap, "gaussian", *studies, SETS[name].there)
        for name, studies in STUDIES.items()
    },
}  # fmt: skip
