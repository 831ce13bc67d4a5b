"""What sharing of supports is worth for yes/no outcomes and survival times, and where it harms: truth known.

    python benchmarks/family_sharing.py [--sets 20] [--minutes 30]     adds to results/family_sharing.csv (it goes on
where the last run stopped) and writes results/family_sharing.md.

Five tasks of n rows, 100 AR(1) columns (rho .5); each task has 5 of a pool of q features, slopes .48 to 1.12 with one
sign per feature (q = 25: hardly any in common). Censoring of survival times about 30 %. s = 5 and lambda_1 = 1 / n are
given; lambda_z is 0 (apart), chosen by 5-fold cross-validation, or infinite (common). Judged on 1,500 new rows a task:
deviance explained against the null model of the training rows (survival times: against eta = 0), and F1 of the
supports. Seeds start at 5000.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from inference.cases import ar1
from sparsekin import SparseMTL
from sparsekin.losses.binomial import binomial
from sparsekin.losses.cox import cox

CSV, PAGE = (Path(__file__).parent / "results" / f"family_sharing.{ending}" for ending in ("csv", "md"))
K, P, S, NEW = 5, 100, 5, 1500
SHARES = [0.0, 0.005, 0.01, 0.02, 0.04, 0.08]
CELLS = [(family, n, q) for family in ("binomial", "cox") for n in (80, 200) for q in (5, 7, 12, 25)]


def outcome(rng: np.random.Generator, family: str, eta: np.ndarray) -> np.ndarray:
    """Yes or no, or time and status."""
    if family == "binomial":
        return (rng.random(len(eta)) < 1 / (1 + np.exp(-eta))).astype(float)
    time_, censored = rng.exponential(np.exp(-eta)), rng.exponential(3.0, len(eta))
    return np.column_stack([np.minimum(time_, censored), time_ <= censored]).astype(float)


def one(family: str, n: int, q: int, seed: int) -> list[dict[str, float]]:
    """A row per way of sharing."""
    rng = np.random.default_rng([seed, n, q, len(family)])
    pool, sign = rng.choice(P, q, replace=False), rng.choice([-1, 1], q)
    X, y, new, told, truth = [], [], [], [], np.zeros((P, K), bool)
    for k in range(K):
        pick = rng.choice(q, S, replace=False)
        b = np.zeros(P)
        b[pool[pick]] = sign[pick] * 0.8 * rng.uniform(0.6, 1.4, S)
        truth[:, k] = b != 0
        A = ar1(rng, n + NEW, P)
        z = outcome(rng, family, A @ b)
        X, y, new, told = [*X, A[:n]], [*y, z[:n]], [*new, A[n:]], [*told, z[n:]]
    model = SparseMTL(np.concatenate(y), np.vstack(X), np.repeat(np.arange(K), n), family=family)
    tuned = model.cross_validate(s=S, lambda_1=1 / n, lambda_2=0, lambda_z=SHARES, folds=5, rng=seed)
    fits = {
        "apart": model.fit(s=S, lambda_1=1 / n),
        "lambda_z by CV": tuned.refit("best"),
        "common": model.fit(s=S, lambda_1=1 / n, support="common"),
    }
    rows = []
    for name, fit in fits.items():
        B, found = fit.params.iloc[-P:].fillna(0.0).to_numpy(), fit.support.to_numpy()
        c = np.zeros(K) if family == "cox" else fit.params.iloc[0].to_numpy()
        explained = [gained(family, y[k], told[k], c[k] + new[k] @ B[:, k]) for k in range(K)]
        f1 = 2 * (found & truth).sum() / (found.sum() + truth.sum())
        rows.append({"family": family, "n": n, "q": q, "seed": seed, "way": name, "explained": np.mean(explained),
                     "f1": f1, "lambda_z": fit.lambda_z})  # fmt: skip
    return rows


def gained(family: str, y: np.ndarray, told: np.ndarray, eta: np.ndarray) -> float:
    """Share of the deviance of new rows that eta explains."""
    if family == "cox":
        loss, null = cox(told), np.zeros(len(eta))
    else:
        loss, null = binomial(told), np.full(len(eta), np.log(y.mean() / (1 - y.mean())))
    return 1 - loss.value(eta) / loss.value(null)


def page(table: pd.DataFrame) -> str:
    """Means and paired standard errors."""
    lines = [
        "# Sharing supports, yes/no outcomes and survival times", "",
        "Mean over data sets; in brackets the paired difference to apart and its standard error.", "",
        "| family | n | q | sets | explained: apart | lambda_z by CV | common | F1: apart | lambda_z by CV | common |",
        "|" + " --- |" * 10,
    ]  # fmt: skip
    for (family, n, q), part in table.groupby(["family", "n", "q"], sort=False):
        cells = []
        for what in ("explained", "f1"):
            wide = part.pivot_table(index="seed", columns="way", values=what)
            cells.append(f"{wide['apart'].mean():.3f}")
            for way in ("lambda_z by CV", "common"):
                gap = wide[way] - wide["apart"]
                cells.append(f"{wide[way].mean():.3f} ({gap.mean():+.3f}, {gap.sem():.3f})")
        lines.append(f"| {family} | {n} | {q} | {part['seed'].nunique()} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Go on where the last run stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=np.inf)
    asked, started = parser.parse_args(), time.monotonic()
    warnings.simplefilter("ignore")
    table = pd.read_csv(CSV) if CSV.exists() else pd.DataFrame(columns=["family", "n", "q", "seed"])
    done = set(zip(table["family"], table["n"], table["q"], table["seed"], strict=True))
    for seed in range(5000, 5000 + asked.sets):
        for cell in CELLS:
            if (*cell, seed) in done or time.monotonic() - started > 60 * asked.minutes:
                continue
            table = pd.concat([table, pd.DataFrame(one(*cell, seed))])
            table.to_csv(CSV, index=False)
    PAGE.write_text(page(table.sort_values(["family", "n", "q", "seed"])), encoding="utf-8")


if __name__ == "__main__":
    main()
