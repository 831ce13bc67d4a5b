"""Effects of an exposure that is always in, its confounders selected: coverage of double selection, truth known.

python benchmarks/kept_terms.py [--only FAMILY ...] [--sets 100]     adds to results/kept_terms.csv (it goes on where
the last run stopped) and writes results/kept_terms.md.

A task of 200 rows, 40 columns with correlations .3^|i-j|; the exposure is .4 times the sum of six of them and noise of
variance 1; these six also have effects of their own on the outcome, too small to be selected for certain. Fits of 3
features at lambda_1 = 4 / n (gaussian 1e-3); `double_selection(folds=3)`. "Naive" refits the exposure
and the features of the fit on the same rows, "oracle" the exposure and the six. Seeds start at 0.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import statsmodels.api as sm
from scipy import stats

from sparsekin import SparseMTL

HERE = Path(__file__).parent
CSV, PAGE = HERE / "results" / "kept_terms.csv", HERE / "results" / "kept_terms.md"
K, ROWS, COLUMNS = 1, 200, 40
CONFOUNDERS = np.arange(0, 12, 2)
EFFECTS = {  # of the exposure, of each confounder
    "gaussian": (0.3, 0.2), "binomial": (0.5, 0.35), "poisson": (0.2, 0.15), "cox": (0.4, 0.25),
}  # fmt: skip


def draw(family: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """X, outcomes, exposure and task."""
    rng = np.random.default_rng([seed, list(EFFECTS).index(family)])
    effect, beta = EFFECTS[family]
    X, y, D = [], [], []
    for _ in range(K):
        x = rng.standard_normal((ROWS, COLUMNS))
        for j in range(1, COLUMNS):
            x[:, j] = 0.3 * x[:, j - 1] + np.sqrt(1 - 0.09) * x[:, j]
        together = x[:, CONFOUNDERS].sum(axis=1)
        d = 0.4 * together + rng.standard_normal(ROWS)
        X, y, D = [*X, x], [*y, outcome(rng, family, effect * d + beta * together)], [*D, d]
    return np.vstack(X), np.concatenate(y), np.concatenate(D), np.repeat(np.arange(K), ROWS)


def outcome(rng: np.random.Generator, family: str, eta: np.ndarray) -> np.ndarray:
    """Outcomes of linear predictors; about half of the times are censored."""
    if family == "gaussian":
        return eta + rng.standard_normal(len(eta))
    if family == "binomial":
        return (rng.random(len(eta)) < 1 / (1 + np.exp(0.5 - eta))).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(eta - 0.2)).astype(float)
    time, until = rng.exponential(np.exp(-eta)), rng.exponential(1.0, len(eta))
    return np.column_stack([np.minimum(time, until), time <= until]).astype(float)


def refit(family: str, y: np.ndarray, Z: np.ndarray) -> tuple[float, float]:
    """The first slope, and half of its interval."""
    if family == "cox":
        found = sm.PHReg(y[:, 0], Z, status=y[:, 1], ties="efron").fit()
        return found.params[0], stats.norm.ppf(0.975) * found.bse[0]
    Z = np.column_stack([Z, np.ones(len(Z))])
    if family == "gaussian":
        found = sm.OLS(y, Z).fit()
        return found.params[0], stats.t.ppf(0.975, found.df_resid) * found.bse[0]
    found = sm.GLM(y, Z, family=sm.families.Binomial() if family == "binomial" else sm.families.Poisson()).fit()
    return found.params[0], stats.norm.ppf(0.975) * found.bse[0]


def one(family: str, seed: int) -> list[dict[str, float]]:
    """A row per task: error, coverage and width of each interval."""
    X, y, D, task = draw(family, seed)
    ridge = {"lambda_1": 1e-3} if family == "gaussian" else {"lambda_1": 4 / ROWS, "effort": 0}
    model = SparseMTL(y, X, task, keep=D[:, None], family=family)
    fit = model.fit(s=3, **ridge)
    found, chosen = fit.double_selection(folds=3, rng=seed), fit.support.to_numpy()
    rows = []
    for k in range(K):
        mine, told, truth = task == k, found.iloc[k], EFFECTS[family][0]
        row = {"double_error": told["estimate"] - truth, "controls": told["controls"],
               "double_covers": told["conf_low"] <= truth <= told["conf_high"],
               "double_width": told["conf_high"] - told["conf_low"]}  # fmt: skip
        for name, columns in (("naive", np.flatnonzero(chosen[:, k])), ("oracle", CONFOUNDERS)):
            slope, half = refit(family, y[mine], np.column_stack([D[mine], X[mine][:, columns]]))
            row |= {f"{name}_error": slope - truth, f"{name}_covers": abs(slope - truth) <= half}
            row |= {f"{name}_width": 2 * half}
        rows.append({"family": family, "seed": seed, "task": k, **row})
    return rows


def page(table: pd.DataFrame) -> str:
    """The results as a table."""
    heads = ["family", "sets", *(f"{what}, {name}" for name in ("double selection", "naive", "oracle")
                                 for what in ("bias", "coverage 95 %", "width")), "controls"]  # fmt: skip
    lines = [heads, ["---"] * len(heads)]
    for family in EFFECTS:
        part = table[table["family"] == family]
        if part.empty:
            continue
        sets = part.groupby("seed")[[name for name in part if name.endswith(("_error", "_covers"))]].mean()
        row = [family, len(sets)]
        for name in ("double", "naive", "oracle"):
            error, covers = sets[f"{name}_error"], sets[f"{name}_covers"].astype(float)
            row += [f"{error.mean():.3f} ({error.sem():.3f})", f"{covers.mean():.3f} ({covers.sem():.3f})",
                    f"{part[f'{name}_width'].median():.2f}"]  # fmt: skip
        lines.append([*row, f"{part['controls'].mean():.1f}"])
    text = ["# Effects of an exposure, its confounders selected", "", "Monte-Carlo standard errors in brackets.", ""]
    return "\n".join([*text, *(f"| {' | '.join(map(str, line))} |" for line in lines), ""])


def main() -> None:
    """Go on where the last run stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=list(EFFECTS))
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=np.inf)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    table = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame(columns=["family", "seed"])
    done = set(zip(table["family"], table["seed"], strict=True))
    started = time.monotonic()
    for seed in range(asked.sets):
        for family in asked.only:
            if (family, seed) in done or time.monotonic() - started > 60 * asked.minutes:
                continue
            table = pd.concat([table, pd.DataFrame(one(family, seed))])
            table.to_csv(CSV, index=False)
    PAGE.write_text(page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
