"""The data of `pool_share_separate.py`: for each set and seed, rows to train on and rows to judge on.

Of real data a seed is a split. They are read from ../shared/data, which is not part of the project.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from sparsekin import simulate
from tables import read

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ROWS = (100, 80, 60, 40, 30)  # of the five tasks of pooled, partly pooled and separate truths
TESTED = 400  # rows per task to judge simulated fits on
DRUGS, LINES, SITES = 12, 100, 200
SCHOOLS, PUPILS = 20, 60
SHARE = 0.5  # rows to judge on per cell line or pupil to train on


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some rows.

    ===== ================ =============================================
    field shape            meaning
    ===== ================ =============================================
    X     (n, p)
    y     (n,) or (n, K)   (n, K): K outcomes of the same rows
    task  (n,) int or None 0 to K - 1; None where tasks are outcomes
    keep  (n, q)           always-in columns
    ===== ================ =============================================
    """

    X: np.ndarray
    y: np.ndarray
    task: np.ndarray | None
    keep: np.ndarray

    def take(self, rows: np.ndarray) -> Rows:
        """Some of them, those of a task together."""
        return Rows(self.X[rows], self.y[rows], None if self.task is None else self.task[rows], self.keep[rows])

    def of_task(self, k: int) -> Rows:
        """The rows of a task, with its outcome alone."""
        if self.task is None:
            return Rows(self.X, self.y[:, k], None, self.keep)
        return self.take(np.flatnonzero(self.task == k))


@dataclass(frozen=True, slots=True)
class Source:
    """A set: its rows to train and to test by seed, and test rows per training row (0: every seed has new data)."""

    make: Callable[[int], tuple[Rows, Rows]]
    overlap: float = 0.0
    file: str = field(default="")

    @property
    def there(self) -> bool:
        """Whether its file is."""
        return not self.file or (DATA / self.file).exists()


def no_keep(n: int) -> np.ndarray:
    """No always-in columns."""
    return np.zeros((n, 0))


def sequence(rng: np.random.Generator, n: int, p: int, rho: float) -> np.ndarray:
    """(n, p) standard normal columns, neighbours correlated rho."""
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def truth(kind: str, r2: float, seed: int) -> tuple[Rows, Rows]:
    """Five tasks of 100 to 30 rows, p = 100, neighbours correlated .3, intercepts N(0, 1), R2 as asked.

    pooled: 10 features of one coefficient (+-1); partly: 8 whose coefficients vary between tasks (sd .5) and 3 of each
    task's own; separate: 8 of each task's own.
    """
    rng, p, K = np.random.default_rng(seed), 100, len(ROWS)
    B = np.zeros((p, K))
    if kind == "pooled":
        B[rng.choice(p, 10, False)] = rng.choice([-1.0, 1.0], (10, 1))
    elif kind == "partly":
        B[rng.choice(p, 8, False)] = rng.choice([-1.0, 1.0], (8, 1)) + 0.5 * rng.standard_normal((8, K))
    own = {"pooled": 0, "partly": 3, "separate": 8}[kind]
    for k in range(K):
        B[rng.choice(p, own, False), k] += rng.choice([-1.0, 1.0], own)
    level = rng.standard_normal(K)
    tasks = np.repeat(np.arange(K), ROWS), np.repeat(np.arange(K), TESTED)
    designs = [sequence(rng, len(task), p, 0.3) for task in tasks]
    signals = [np.einsum("ij,ij->i", X, B[:, task].T) for X, task in zip(designs, tasks, strict=True)]
    variance = np.mean([signals[1][tasks[1] == k].var() for k in range(K)])
    sd = np.sqrt(variance * (1 - r2) / r2)
    train, test = (
        Rows(X, signal + level[task] + sd * rng.standard_normal(len(task)), task, no_keep(len(task)))
        for X, signal, task in zip(designs, signals, tasks, strict=True)
    )
    return train, test


def supports(q: int, seed: int) -> tuple[Rows, Rows]:
    """arXiv 2212.08697: n = 50 rows per task, p = 250, ten features per task of q candidates; 0: none in common."""
    n, p, s, K = 50, 250, 10, 5
    if q:
        made = simulate.simulate_shared_supports(n_tasks=K, n=n, p=p, s=s, q=q, rng=seed)
    else:
        made = simulate.simulate_disjoint(K, n, p, s, rng=seed)
    rng, task = np.random.default_rng([seed, 1]), np.repeat(np.arange(K), TESTED)
    X = sequence(rng, len(task), p, 0.5)
    y = np.einsum("ij,ij->i", X, made.coef[:, task].T) + made.intercept[task]
    y += made.noise_sd[task] * rng.standard_normal(len(task))
    train = Rows(made.X, made.y, np.asarray(made.task, int), no_keep(len(made.y)))
    return train, Rows(X, y, task, no_keep(len(task)))


def pretraining(seed: int) -> tuple[Rows, Rows]:
    """As ptLasso's example: 5 groups of 200, p = 120; 10 features of all, sizes 4 to .8; 10 of each group's own, 3."""
    rng, K, n, p, sd = np.random.default_rng(seed), 5, 200, 120, 20.0
    B = np.zeros((p, K))
    for k in range(K):
        B[:10, k] = 4 - 0.8 * k
        B[10 + 10 * k : 20 + 10 * k, k] = 3
    out = []
    for rows in (n, TESTED):
        task = np.repeat(np.arange(K), rows)
        X = rng.standard_normal((len(task), p))
        y = np.einsum("ij,ij->i", X, B[:, task].T) + sd * rng.standard_normal(len(task))
        out.append(Rows(X, y, task, no_keep(len(task))))
    return out[0], out[1]


def split(rows: Rows, share: float, seed: int) -> tuple[Rows, Rows]:
    """A share of the rows of each task to judge on."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(rows.X), bool)
    for k in np.unique(rows.task):
        own = rng.permutation(np.flatnonzero(rows.task == k))
        held[own[: round(share * len(own))]] = True
    return rows.take(np.flatnonzero(~held)), rows.take(np.flatnonzero(held))


def sorted_rows(frame: pd.DataFrame, outcome: str, task: str, keep: list[str]) -> Rows:
    """Rows of a frame of numbers, tasks numbered in the order of their names."""
    codes = frame[task].astype("category").cat.codes.to_numpy(int)
    order = np.argsort(codes, kind="stable")
    X = frame.drop(columns=[outcome, task, *keep]).to_numpy(float)
    return Rows(X, frame[outcome].to_numpy(float), codes, frame[keep].to_numpy(float)).take(order)


@cache
def exposome(outcome: str) -> Rows:
    """222 exposures and covariates of 1,301 children of six cohorts; text levels as indicators.

    Out: the other outcomes, and height and weight of the child, which define its z-BMI. Always in: sex, and for z-BMI
    age.
    """
    data = read(DATA / "exposome_cohorts.csv.gz")
    others = {
        "hs_zbmi_who", "e3_bw", "hs_asthma", "hs_correct_raven", "hs_Gen_Tot", "hs_bmi_c_cat", "hs_c_height_None",
        "hs_c_weight_None",
    } - {outcome}  # fmt: skip
    data = data.drop(columns=sorted(others))
    text = [name for name in data if not pd.api.types.is_numeric_dtype(data[name])]
    data = pd.get_dummies(data, columns=text, drop_first=True, dtype=float)
    keep = ["e3_sex_None_male", *(["hs_child_age_None"] if outcome == "hs_zbmi_who" else [])]
    return sorted_rows(data, outcome, "h_cohort", keep)


@cache
def csf() -> Rows:
    """385 proteins of the CSF of 181 people at three sites; log tau; age and sex always in."""
    return sorted_rows(pd.read_csv(DATA / "csf_proteome_sites.csv.gz"), "tau", "site", ["age", "male"])


@cache
def cell_lines() -> Rows:
    """ln IC50 of the 12 drugs with most cell lines, for lines that have all 12; the 200 sites of most variance."""
    doses, features = (pd.read_csv(DATA / f"gdsc_{name}.csv.gz") for name in ("ln_ic50", "methylation"))
    both = features.merge(doses, on="cell_line")
    counts = both[[name for name in doses if name.startswith("GDSC_")]].notna().sum()
    drugs = counts.sort_values(ascending=False, kind="stable").index[:DRUGS]
    both = both.dropna(subset=list(drugs))
    X = both[[name for name in features if name not in ("cell_line", "site")]].to_numpy(float)
    varied = np.sort(np.argsort(-X.var(axis=0), kind="stable")[:SITES])
    return Rows(X[:, varied], both[list(drugs)].to_numpy(float), None, no_keep(len(both)))


def drugs(seed: int) -> tuple[Rows, Rows]:
    """100 cell lines to train on, 50 to judge on."""
    rows, order = cell_lines(), np.random.default_rng(seed).permutation(len(cell_lines().X))
    return rows.take(order[:LINES]), rows.take(order[LINES : round((1 + SHARE) * LINES)])


@cache
def pupils() -> Rows:
    """The first 20 schools (by number) with 90 or more pupils; x28 is constant."""
    data = pd.read_csv(DATA / "ilea_school.csv.gz").drop(columns="x28")
    counts = data["school"].value_counts()
    some = sorted(counts.index[counts >= (1 + SHARE) * PUPILS])[:SCHOOLS]
    return sorted_rows(data[data["school"].isin(some)], "score", "school", [])


def schools(seed: int) -> tuple[Rows, Rows]:
    """60 pupils of each school to train on, 30 to judge on."""
    rows, rng = pupils(), np.random.default_rng(seed)
    parts = [rng.permutation(np.flatnonzero(rows.task == k)) for k in range(SCHOOLS)]
    most = round((1 + SHARE) * PUPILS)
    train, test = (np.concatenate(some) for some in ([p[:PUPILS] for p in parts], [p[PUPILS:most] for p in parts]))
    return rows.take(np.sort(train)), rows.take(np.sort(test))


SETS = {
    **{
        f"{kind}, R2 {r2}": Source(partial(truth, kind, r2))
        for r2 in (0.3, 0.8)
        for kind in ("pooled", "partly", "separate")
    },
    **{f"supports, q {q}" if q else "disjoint": Source(partial(supports, q)) for q in (10, 16, 30, 40, 0)},
    "CSF tau": Source(lambda seed: split(csf(), 0.2, seed), 0.25, "csf_proteome_sites.csv.gz"),
    "schools": Source(schools, SHARE, "ilea_school.csv.gz"),
    "ptLasso-like": Source(pretraining),
    "exposome z-BMI": Source(
        lambda seed: split(exposome("hs_zbmi_who"), 0.2, seed), 0.25, "exposome_cohorts.csv.gz"
    ),
    "exposome birth weight": Source(
        lambda seed: split(exposome("e3_bw"), 0.2, seed), 0.25, "exposome_cohorts.csv.gz"
    ),
    "12 drugs": Source(drugs, SHARE, "gdsc_ln_ic50.csv.gz"),
}  # fmt: skip
